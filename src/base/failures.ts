// Failures that end nothing: what could not be done is done without, or tried again, and no reading is
// wrong for it. They are counted by what failed for the whole process, so that none of them goes on for
// ever unseen: metrics give the counts, and whoever asked to be told hears the first of every row.

/** What can fail without a reading, a record or a session suffering. */
export type Overlooked =
  | 'capture'
  | 'delivery-place'
  | 'device-list'
  | 'page-sessions'
  | 'token-directory'
  | 'audit-ballast'

interface Row {
  total: number
  /** The message of the failure that is going on; null = it went well last. */
  message: string | null
}

const rows = new Map<Overlooked, Row>()
let told: (what: Overlooked, message: string | null) => void = () => {}

/** `error` was caught, and the work goes on without what failed. */
export function overlooked(what: Overlooked, error: unknown): void {
  const row = rows.get(what) ?? { total: 0, message: null }
  rows.set(what, row)
  row.total += 1
  const message = error instanceof Error ? error.message : String(error)
  if (row.message === message) return
  row.message = message
  told(what, message)
}

/** What failed before has gone well. */
export function wellAgain(what: Overlooked): void {
  const row = rows.get(what)
  if (!row || row.message === null) return
  row.message = null
  told(what, null)
}

/** How often each has failed since the process began. */
export const overlookedTotals = (): ReadonlyMap<Overlooked, number> =>
  new Map([...rows].map(([what, { total }]) => [what, total]))

/** Calls `listener` when a failure is new or another one, and with null when it is over. */
export function onOverlooked(listener: typeof told): void {
  told = listener
}
