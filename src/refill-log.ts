// What the worksheet reads of the audit logs: its own sheets, and the newest reading of each pump. It
// reads the files themselves, as `audit show` does, and only what is new since it last looked.
import { join } from 'node:path'
import { apiRecord } from './api-records.ts'
import { nodeDisk } from './audit/disk.ts'
import { newestCheckpoint } from './audit/opening.ts'
import { readRecords } from './audit/reader.ts'
import type { Intros } from './audit/seek.ts'
import { listLogs } from './audit/tail.ts'
import type { Source } from './model/reading.ts'
import type { InterrogationRecord, RecordOf } from './model/record.ts'
import { type Sheet, sheetsOf } from './refill/sheet.ts'

interface Seen {
  readonly intros: Intros
  after: number
  readonly sheets: RecordOf<'worksheet'>[]
  /** By serial. */
  readonly newest: Map<string, InterrogationRecord>
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

  /** The newest reading of every pump. */
  newest(): InterrogationRecord[] {
    return [...this.#seen.values()].flatMap(({ newest }) => [...newest.values()])
  }

  /** The newest signed checkpoint of a log with its key; null when there is none yet. */
  async checkpoint(log: string): Promise<{ checkpoint: string; key: string } | null> {
    const found = await newestCheckpoint(nodeDisk, join(this.#dir, log))
    return typeof found === 'string' ? null : found
  }

  async #look(): Promise<void> {
    for (const log of await listLogs(nodeDisk, this.#dir).catch(() => [])) {
      const seen = this.#seen.get(log) ?? begin()
      this.#seen.set(log, seen)
      const { after, intros } = seen
      const source = log.split('-')[0] as Source
      const range = { kinds: KINDS, ...(after >= 0 && { after }) }
      for await (const { position, record } of readRecords(
        nodeDisk,
        join(this.#dir, log),
        range,
        intros,
      )) {
        seen.after = position
        const read = apiRecord(record, { position, log, source })
        if (read?.kind === 'worksheet') seen.sheets.push(read)
        if (read?.kind === 'interrogation' && read.pump) seen.newest.set(read.pump.serial, read)
      }
    }
  }
}

const begin = (): Seen => ({ intros: new Map(), after: -1, sheets: [], newest: new Map() })
