// The newest records of one log, encoded once for everybody, so that a client that was away for a
// moment goes on without the disk. Bounded. Pure.
import type { Source } from '../model/reading.ts'
import type { ApiRecord, RecordKind } from '../model/record.ts'

export interface Encoded {
  readonly position: number
  readonly log: string
  readonly kind: RecordKind
  readonly source: Source
  readonly pump: string | null
  readonly bytes: Buffer
}

/** As it goes over the wire: id, event, data. */
export function encodeRecord(record: ApiRecord): Encoded {
  const { position, log, kind, source, pump } = record
  const text = `id: ${position}\nevent: ${kind}\ndata: ${JSON.stringify(record)}\n\n`
  return { position, log, kind, source, pump: pump?.id ?? null, bytes: Buffer.from(text) }
}

export const MOST_RECORDS = 4_000
const MOST_BYTES = 8 << 20

export class Ring {
  readonly log: string
  /** Every record behind this position is here. */
  from: number
  /** The newest position known, of whatever kind. */
  last: number
  #entries: Encoded[] = []
  #bytes = 0

  constructor(log: string, last: number) {
    this.log = log
    this.from = last
    this.last = last
  }

  /** Records come in order; one that is known already is left. */
  push(entry: Encoded): boolean {
    if (entry.position <= this.last) return false
    this.#entries.push(entry)
    this.#bytes += entry.bytes.length
    this.last = entry.position
    while (this.#entries.length > MOST_RECORDS || this.#bytes > MOST_BYTES) {
      const gone = this.#entries.shift() as Encoded
      this.#bytes -= gone.bytes.length
      this.from = gone.position
    }
    return true
  }

  /** Records behind `position`, at most `most`; only when `position >= from`. */
  after(position: number, most: number): readonly Encoded[] {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle] as Encoded).position <= position) low = middle + 1
      else high = middle
    }
    return this.#entries.slice(low, low + most)
  }
}
