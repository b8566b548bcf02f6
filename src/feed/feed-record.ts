// A record as followers take it, and which ones somebody wants. What a record says is parsed, and turned
// into public units, once, and only when somebody asks.
import type { AuditRecord, Kind } from '../audit/format/record.ts'
import type { Stored, Wanted } from '../audit/read/scan.ts'
import { pumpId } from '../base/pump-id.ts'
import type { CodedRecord } from '../model/record.ts'
import { sourceOf } from '../model/source.ts'
import { apiRecord } from './api-record.ts'
import type { Cursor } from './cursor.ts'

/** What is not set selects all. */
export interface Selection extends Wanted {
  readonly kinds?: readonly Kind[] | undefined
  /** Id of a pump: only records about it. With its serial number beside it the others need not be parsed. */
  readonly pump?: string | undefined
}

export class FeedRecord implements Cursor {
  readonly log: string
  readonly #stored: Stored
  #api: CodedRecord | null | undefined
  #pump: string | null | undefined

  constructor(log: string, stored: Stored) {
    this.log = log
    this.#stored = stored
  }

  get position(): number {
    return this.#stored.position
  }

  get kind(): string {
    return this.#stored.kind
  }

  get at(): string {
    return this.#stored.at
  }

  /** As it stands in the log. */
  get line(): string {
    return this.#stored.line
  }

  get record(): AuditRecord {
    return this.#stored.record
  }

  /** Id of the pump that it is about; null = it is about none. */
  get pump(): string | null {
    if (this.#pump === undefined) {
      const { source, pump, model } = this.record
      this.#pump = pump === undefined ? null : pumpId(source, pump, model ?? null)
    }
    return this.#pump
  }

  /** What it says is worked out again if somebody asks once more; which pump it is about stays known. */
  forget(): void {
    try {
      void this.pump
    } catch {
      // Its line is damaged. Whoever asks for this record is told so; those after it are not held up.
    }
    this.#api = undefined
    this.#stored.forget()
  }

  /** As the API gives it; null = it is of a kind that the API does not give. */
  api(): CodedRecord | null {
    const { log, position } = this
    this.#api ??= apiRecord(this.record, { log, position, source: sourceOf(log) })
    return this.#api
  }
}

/** Whether a record is selected. */
export function selector(selection: Selection): (record: FeedRecord) => boolean {
  const { from, to, pump } = selection
  const kinds = selection.kinds && new Set<string>(selection.kinds)
  return (record) =>
    (kinds?.has(record.kind) ?? true) &&
    (from === undefined || record.at >= from) &&
    (to === undefined || record.at < to) &&
    (pump === undefined || record.pump === pump)
}
