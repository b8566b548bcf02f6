// The records of the audit logs as the surfaces take them: read back from the disk, and one by one as
// they become durable.
import { join } from 'node:path'
import { filter, map, type Observable, share } from 'rxjs'
import type { AuditRecord } from '../audit/format/record.ts'
import { LogReader } from '../audit/read/log-reader.ts'
import { readRecords } from '../audit/read/reader.ts'
import { type Env, sleep } from '../base/env.ts'
import { pumpId } from '../base/pump-id.ts'
import type { LogHead, RecordQuery, RecordSource } from '../http/sources.ts'
import type { Source } from '../model/reading.ts'
import type { ApiRecord } from '../model/record.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { apiRecord } from './api-record.ts'

/** How long a wand may take to say which log the bridge is about, before the last one is taken for it. */
const SPEAK_MS = 5_000
/** Whoever reads a long log pauses after working for so long: what is live must not wait for history. */
const TURN_MS = 10

/** The id of the pump that a record is about; null = it is about none. */
const idOf = ({ source, pump, model }: AuditRecord) =>
  pump === undefined ? null : pumpId(source, pump, model ?? null)

export class RecordFeed implements RecordSource {
  readonly records$: Observable<ApiRecord>
  readonly #env: Env
  readonly #auditor: Auditor
  readonly #began: number
  /** By log. */
  readonly #readers = new Map<string, LogReader>()

  constructor(env: Env, auditor: Auditor) {
    this.#env = env
    this.#auditor = auditor
    this.#began = env.monotonic()
    this.records$ = auditor.written$.pipe(
      map(({ record, ...place }) => apiRecord(record, place)),
      filter((record) => record !== null),
      share(),
    )
  }

  head(source?: Source): LogHead | null {
    const own = source ?? this.#auditor.spoken ?? this.#guess()
    const state = this.#auditor.states.find((one) => one.source === own)
    if (!state || state.log === null) return null
    return { log: state.log, source: state.source, size: state.size }
  }

  #guess(): Source | null {
    return this.#env.monotonic() - this.#began > SPEAK_MS ? this.#auditor.home : null
  }

  async oldest(source: Source): Promise<number> {
    const place = this.#place(source)
    return place ? place.reader.oldest() : 0
  }

  async *read({ source, pump, gone, ...range }: RecordQuery): AsyncGenerator<ApiRecord> {
    const place = this.#place(source)
    if (!place) return
    const { disk } = this.#auditor
    const { dir, log, reader } = place
    for await (const { position, record } of this.#fairly(readRecords(disk, dir, range, reader))) {
      if (gone?.()) return
      if (pump !== undefined && idOf(record) !== pump) continue
      const found = apiRecord(record, { position, log, source })
      if (found) yield found
    }
  }

  /** Records of every kind, as they stand in the log. */
  async *stored(
    source: Source,
    range: Pick<RecordQuery, 'after' | 'from' | 'to'>,
  ): AsyncGenerator<AuditRecord> {
    const place = this.#place(source)
    if (!place) return
    const { disk } = this.#auditor
    const found = this.#fairly(readRecords(disk, place.dir, range, place.reader))
    for await (const { record } of found) yield record
  }

  /** The work of whoever takes them counts, too. */
  async *#fairly<T>(all: AsyncIterable<T>): AsyncGenerator<T> {
    let since = this.#env.monotonic()
    for await (const one of all) {
      yield one
      if (this.#env.monotonic() - since < TURN_MS) continue
      await sleep(this.#env, 0)
      since = this.#env.monotonic()
    }
  }

  #place(source: Source) {
    const head = this.head(source)
    if (!head) return null
    const dir = join(this.#auditor.dir, head.log)
    const reader = this.#readers.get(head.log) ?? new LogReader(this.#auditor.disk, dir)
    this.#readers.set(head.log, reader)
    return { log: head.log, dir, reader }
  }
}
