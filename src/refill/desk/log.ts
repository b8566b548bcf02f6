// What the worksheet reads of the audit logs: its own sheets, and the newest reading of each pump. It
// reads the files themselves, as `audit show` does, and only what is new since it last looked.
import { join } from 'node:path'
import { newestCheckpoint } from '../../audit/log/opening.ts'
import { listLogs } from '../../audit/read/files.ts'
import { LogReader } from '../../audit/read/log-reader.ts'
import { readRecords, type Stored } from '../../audit/read/reader.ts'
import { nodeDisk } from '../../base/disk.ts'
import { apiRecord } from '../../feed/api-record.ts'
import { sourceOf } from '../../model/reading.ts'
import type { InterrogationRecord, RecordOf } from '../../model/record.ts'
import { type Sheet, sheetsOf } from '../sheet/sheet.ts'

interface Seen {
  readonly log: string
  readonly reader: LogReader
  after: number
  readonly sheets: RecordOf<'worksheet'>[]
  /** By serial; taken apart only when somebody asks. */
  readonly newest: Map<string, Stored>
}

const KINDS = ['worksheet', 'interrogation'] as const

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
    const all = [...this.#seen.values()].flatMap(({ log, newest }) =>
      [...newest.values()].flatMap(({ position, record }) => {
        const read = apiRecord(record, { position, log, source: sourceOf(log) })
        return read?.kind === 'interrogation' ? [read] : []
      }),
    )
    return all.sort((one, other) => (one.at < other.at ? -1 : 1))
  }

  /** The newest signed checkpoint of a log with its key; null when there is none yet. */
  async checkpoint(log: string): Promise<{ checkpoint: string; key: string } | null> {
    const found = await newestCheckpoint(nodeDisk, join(this.#dir, log))
    return typeof found === 'string' ? null : found
  }

  async #look(): Promise<void> {
    for (const log of await listLogs(nodeDisk, this.#dir).catch(() => [])) {
      const dir = join(this.#dir, log)
      const seen = this.#seen.get(log) ?? begin(log, dir)
      this.#seen.set(log, seen)
      const { after, newest, reader, sheets } = seen
      const range = { kinds: KINDS, ...(after >= 0 && { after }) }
      for await (const stored of readRecords(nodeDisk, dir, range, reader)) {
        const { position, record } = stored
        seen.after = position
        if (record.kind === 'interrogation') newest.set(record.pump ?? '', stored)
        else {
          const read = apiRecord(record, { position, log, source: sourceOf(log) })
          if (read?.kind === 'worksheet') sheets.push(read)
        }
      }
    }
  }
}

const begin = (log: string, dir: string): Seen => ({
  log,
  reader: new LogReader(nodeDisk, dir),
  after: -1,
  sheets: [],
  newest: new Map(),
})
