// What the worksheet reads of the audit logs: its own sheets, and the newest reading of each pump. It
// reads the files themselves, as `audit show` does, and only what is new since it last looked.
import { join } from 'node:path'
import { listLogs, newestCheckpoint } from '../../audit/read/files.ts'
import { nodeDisk } from '../../base/disk.ts'
import { systemEnv } from '../../base/env.ts'
import { Feed } from '../../feed/feed.ts'
import type { FeedRecord } from '../../feed/feed-record.ts'
import { contradicts } from '../../model/contradicted.ts'
import { readAtOf } from '../../model/read-at.ts'
import type { InterrogationRecord, RecordOf } from '../../model/record.ts'
import { sourceOf } from '../../model/source.ts'
import { ofTwoVisits } from '../../model/visit.ts'
import { type Sheet, sheetsOf } from '../sheet/sheet.ts'

interface Seen {
  readonly feed: Feed
  after: number
  readonly sheets: RecordOf<'worksheet'>[]
  /** By the pump's id; taken apart only when somebody asks. */
  readonly newest: Map<string, Visits>
}

/** The newest reading of a pump, and the last one of the visit before; null = there was none. */
interface Visits {
  readonly newest: FeedRecord
  readonly before: FeedRecord | null
  /** The pump said something else than the newest one afterwards, in the same session. */
  readonly contradicted: boolean
}

const whenOf = ({ record }: FeedRecord) => ({
  readAt: readAtOf(record),
  deviceTime: record.deviceTime ?? null,
})

const KINDS = ['worksheet', 'interrogation', 'session'] as const

export class RefillLog {
  readonly #dir: string
  readonly #seen = new Map<string, Seen>()
  #busy: Promise<void> = Promise.resolve()

  constructor(stateDir: string) {
    this.#dir = join(stateDir, 'audit')
  }

  /** Reads what is new. One look at a time. */
  refresh(): Promise<void> {
    this.#busy = this.#busy.catch(() => {}).then(() => this.#look())
    return this.#busy
  }

  /** Every sheet, in the order they were begun. */
  sheets(): Sheet[] {
    const all = [...this.#seen.values()].flatMap(({ sheets }) => [...sheetsOf(sheets).values()])
    return all.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  sheet(id: string): Sheet | null {
    return this.sheets().find((sheet) => sheet.id === id) ?? null
  }

  /** The newest reading of every pump, the latest last. */
  newest(): InterrogationRecord[] {
    const all = [...this.#seen.values()].flatMap(({ newest }) =>
      [...newest.values()].flatMap(({ newest: record, contradicted }) => {
        const read = readIn(record)
        return read ? { ...read, ...(contradicted && { contradicted: true as const }) } : []
      }),
    )
    return all.sort((one, other) => (one.at < other.at ? -1 : 1))
  }

  /** The last reading of the visit before that of a pump's newest reading; null = the log has none. */
  before({ log, pump }: InterrogationRecord): InterrogationRecord | null {
    const before = this.#seen.get(log)?.newest.get(pump?.id ?? '')?.before
    return before ? readIn(before) : null
  }

  /** The newest signed checkpoint of a log with its key; null when there is none yet. */
  async checkpoint(log: string): Promise<{ checkpoint: string; key: string } | null> {
    const found = await newestCheckpoint(nodeDisk, join(this.#dir, log))
    return typeof found === 'string' ? null : found
  }

  async #look(): Promise<void> {
    for (const log of await listLogs(nodeDisk, this.#dir).catch(() => [])) {
      const seen = this.#seen.get(log) ?? this.#begin(log)
      this.#seen.set(log, seen)
      const { feed, newest, sheets } = seen
      for await (const record of feed.read({ kinds: KINDS, after: seen.after })) {
        seen.after = record.position
        if (record.kind === 'interrogation') {
          const id = record.pump ?? ''
          newest.set(id, visited(newest.get(id), record))
        } else if (record.kind === 'session') {
          const id = record.pump ?? ''
          const known = newest.get(id)
          if (known && contradicts(record.record, known.newest.record))
            newest.set(id, { ...known, contradicted: true })
        } else {
          const read = record.api()
          if (read?.kind === 'worksheet') sheets.push(read)
        }
      }
    }
  }

  #begin(log: string): Seen {
    const options = { env: systemEnv(), disk: nodeDisk, dir: this.#dir, source: sourceOf(log), log }
    return { feed: new Feed(options), after: -1, sheets: [], newest: new Map() }
  }
}

function visited(known: Visits | undefined, record: FeedRecord): Visits {
  if (!known) return { newest: record, before: null, contradicted: false }
  const { newest, before } = known
  const two = ofTwoVisits(whenOf(newest), whenOf(record))
  return { newest: record, before: two ? newest : before, contradicted: false }
}

function readIn(record: FeedRecord): InterrogationRecord | null {
  const read = record.api()
  return read?.kind === 'interrogation' ? read : null
}
