// What will fail in the weeks to come if nobody does anything: the disk that the log fills, the key that signs it,
// certificates that end, a Node without security fixes. Facts in, findings out; the day is the computer's own.
import { type Finding, note, ok, wrong } from './finding.ts'

export interface Ahead {
  /** Milliseconds since 1970. */
  readonly wall: number
  readonly node: string
  readonly disk: {
    readonly freeBytes: number | null
    /** What the log grew by in `days`; null = it is younger than a day. */
    readonly grown: { readonly bytes: number; readonly days: number } | null
  }
  /** Of the log; null = there is no log yet. `missing`: another one, as by systemd, may be used instead. */
  readonly key: 'kept' | 'open' | 'missing' | 'unreadable' | null
  readonly certificates: readonly Certificate[]
}

export interface Certificate {
  /** The setting that names it. */
  readonly setting: string
  readonly file: string
  /** When it ends, in ms since 1970; or why it cannot be read. */
  readonly until: number | string
  /** What to do; not given = it is read again while the bridge runs. */
  readonly todo?: string
}

const DAY_MS = 86_400_000
/** Who looks once a month learns of it in time. */
const SOON_DAYS = 31
/** Room for a computer to be bought, or a release to be tried. */
const LATER_DAYS = 366

/** When a line of Node gets its last security fix (the release schedule of the Node project). */
export const NODE_ENDS: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  22: '2027-04-30',
  24: '2028-04-30',
  26: '2029-04-30',
}

export function lookAhead(facts: Ahead): Finding[] {
  return [
    ...node(facts),
    ...disk(facts),
    ...key(facts),
    ...facts.certificates.map((one) => certificate(one, facts.wall)),
  ]
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

function node({ node: version, wall }: Ahead): Finding[] {
  const end = NODE_ENDS[Number(version.split('.')[0])]
  const todo = 'Install Node 24, or the newest line that this release takes.'
  if (end === undefined) {
    return [note('Node ahead', `Node ${version} is of no line that is kept for years.`, todo)]
  }
  const left = (Date.parse(end) - wall) / DAY_MS
  const until = `Node ${version} gets security fixes until ${end}`
  if (left < 0) return [note('Node ahead', `${until}: no more of them.`, todo)]
  return [
    left < 2 * SOON_DAYS ? note('Node ahead', `${until}.`, todo) : ok('Node ahead', `${until}.`),
  ]
}

function disk({ disk: { freeBytes, grown }, wall }: Ahead): Finding[] {
  if (freeBytes === null || grown === null || grown.days < 1) return []
  const perDay = grown.bytes / grown.days
  const month = `The log grows by ${mebibytes(perDay * 30)} a month`
  const left = perDay > 0 ? freeBytes / perDay : Number.POSITIVE_INFINITY
  if (left > LATER_DAYS * 3)
    return [ok('Disk ahead', `${month}; there is room for more than three years.`)]
  const says = `${month}; at that pace the disk is full about ${dayOf(wall + left * DAY_MS)}. Then nothing can be recorded, and nothing newer is shown.`
  const todo = 'Make room, move the state directory to a larger disk, or set audit.keepDays.'
  if (left < SOON_DAYS) return [wrong('Disk ahead', says, todo)]
  return [left < LATER_DAYS ? note('Disk ahead', says, todo) : ok('Disk ahead', says)]
}

const mebibytes = (bytes: number) =>
  bytes < 1 << 20 ? 'less than 1 MiB' : `${Math.round(bytes / (1 << 20))} MiB`

function key({ key: how }: Ahead): Finding[] {
  switch (how) {
    case null:
      return []
    case 'kept':
      return [ok('Key', 'The key that signs the log is there, for this user alone.')]
    case 'open':
      return [
        wrong(
          'Key',
          'Others than its owner may read the key that signs the log: they could write a log that looks genuine.',
          'chmod -R go= the directory keys of the state directory, then: wandbridge audit rotate',
        ),
      ]
    case 'unreadable':
      return [
        wrong(
          'Key',
          'The key that signs the log cannot be read: at its next start the bridge sets the log aside.',
          'Run this as the user of the bridge; if it is the same then, put the key back from a backup.',
        ),
      ]
    case 'missing':
      return [
        note(
          'Key',
          'There is no key beside the log. Unless systemd gives one to the service, the bridge sets the log aside at its next start.',
          'See LoadCredential= of the service, or put the key back from a backup.',
        ),
      ]
  }
}

const AGAIN = 'Put a new one in its place: it is read again while the bridge runs.'

function certificate({ setting, file, until, todo = AGAIN }: Certificate, wall: number): Finding {
  const topic = 'Certificate'
  if (typeof until === 'string') {
    return wrong(topic, `${file} (${setting}) cannot be read as a certificate: ${until}.`, todo)
  }
  const left = (until - wall) / DAY_MS
  const says = `${file} (${setting}) is good until ${dayOf(until)}`
  if (left < 0) return wrong(topic, `${says}: it is refused by whoever connects.`, todo)
  return left < SOON_DAYS ? wrong(topic, `${says}.`, todo) : ok(topic, `${says}.`)
}
