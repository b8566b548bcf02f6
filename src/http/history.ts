// History and visits, from the audit log, a page at a time: readings in short for a chart, whole
// interrogations, refills as the pump reports them. By cursor, oldest first; never more is read than a
// page needs. Pure, over an iteration of records.
import type { Reading, Refill, Visit } from '../model/api.ts'
import type { ApiRecord, RecordOf } from '../model/record.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Position to go on after; null = the end. */
  readonly next: number | null
}

type Records = AsyncIterable<ApiRecord>

const moment = ({ position, at, deviceTime, session, source }: ApiRecord) => ({
  position,
  readAt: at,
  deviceTime,
  session,
  source,
})

/** What moves, from interrogations and live exchanges alike. */
export async function* readings(records: Records): AsyncGenerator<Reading> {
  for await (const record of records) {
    if (record.kind === 'interrogation') {
      const { reservoir, infusion } = record
      const { reportedVolume } = reservoir
      yield { ...moment(record), kind: record.kind, reportedVolume, rate: infusion.rate }
    } else if (record.kind === 'live') {
      const { reportedVolume, rate } = record
      yield { ...moment(record), kind: record.kind, reportedVolume, rate }
    }
  }
}

/** Interrogations in short, each once it is known how its session ended, or that nobody knows. */
export async function* visits(records: Records): AsyncGenerator<Visit> {
  let open: { visit: Visit; port: string | null } | null = null
  for await (const record of records) {
    if (record.kind === 'session' && record.event === 'ended' && open) {
      if (record.session !== open.visit.session || record.port !== open.port) continue
      yield { ...open.visit, closeConfirmed: record.how === 'confirmed' }
      open = null
    }
    if (record.kind !== 'interrogation') continue
    if (open) yield open.visit
    open = { visit: visit(record), port: record.port }
  }
  if (open) yield open.visit
}

function visit(record: RecordOf<'interrogation'>): Visit {
  const { reservoir, infusion, alarms } = record
  return {
    ...moment(record),
    reportedVolume: reservoir.reportedVolume,
    rate: infusion.rate,
    activeAlarms: alarms.length,
    closeConfirmed: null,
  }
}

/**
 * Refills: the pump reports another time of its last refill than in the reading before. `after` and
 * `from` say which are wanted; readings before those are needed to tell.
 */
export async function* refills(
  records: Records,
  {
    after = -1,
    from = '',
  }: { readonly after?: number | undefined; readonly from?: string | undefined } = {},
): AsyncGenerator<Refill> {
  let before: RecordOf<'interrogation'> | null = null
  /** A pump that does not say it once has not been refilled again. */
  let last: string | null = null
  let sheets: Refill['worksheets'] = []
  for await (const record of records) {
    if (record.kind === 'worksheet') {
      const { position, at, sheet, step } = record
      sheets.push({ position, at, sheet, step })
    }
    if (record.kind !== 'interrogation') continue
    const { filledAt, filledVolume } = record.reservoir
    const { position, source } = record
    if (filledAt.value !== null && filledAt.value !== last) {
      last = filledAt.value
      const refill = {
        position,
        filledAt: filledAt.value,
        filledVolume,
        source,
        before: beside(before),
        after: beside(record),
        worksheets: sheets,
      }
      sheets = []
      if (position > after && record.at >= from) yield refill
    }
    before = record
  }
}

function beside(record: RecordOf<'interrogation'> | null): Refill['before'] {
  if (!record) return null
  const { position, at, reservoir } = record
  return { position, readAt: at, reportedVolume: reservoir.reportedVolume }
}

/** The first `limit` items; one more is looked for, to know whether there is a next page. */
export async function page<T extends { readonly position: number }>(
  items: AsyncIterable<T>,
  limit: number,
): Promise<Page<T>> {
  const taken: T[] = []
  for await (const item of items) {
    if (taken.length === limit) return { items: taken, next: taken.at(-1)?.position ?? null }
    taken.push(item)
  }
  return { items: taken, next: null }
}

/** The first `limit` items, as they come. */
export async function* first<T>(items: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  let left = limit
  if (left <= 0) return
  for await (const item of items) {
    yield item
    left -= 1
    if (left === 0) return
  }
}
