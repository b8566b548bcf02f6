// The newest records of the log, read once for everybody who follows near its head. It is filled by reading
// the files and by nothing else, from where it stopped to read, and it is bounded.
import type { Place } from '../audit/read/scan.ts'
import { FeedRecord } from './feed-record.ts'
import type { RecordReader } from './logs.ts'

const RECORDS = 4_000
const BYTES = 8 << 20

export class Tail {
  readonly #most: number
  #reader: RecordReader | null = null
  /** Every record from `#from` on. */
  #records: FeedRecord[] = []
  #from = 0
  #next = 0
  #bytes = 0
  #place: Place | null = null
  #reading: Promise<void> | null = null

  /** It holds at most so many records. */
  constructor(most: number = RECORDS) {
    this.#most = most
  }

  /** The first position of this log that it holds; what is before must be read from the files. */
  fromOf(reader: RecordReader): number {
    return this.#reader === reader ? this.#from : Number.POSITIVE_INFINITY
  }

  holds(reader: RecordReader, position: number): boolean {
    return position >= this.fromOf(reader) && position < this.#next
  }

  /** Reads on until the log's first `size` records were seen, once for all who wait. */
  async reach(reader: RecordReader, size: number): Promise<void> {
    while (this.#reader !== reader || this.#next < size) {
      this.#reading ??= this.#read(reader, size).finally(() => {
        this.#reading = null
      })
      await this.#reading
    }
  }

  /** Its records with positions in [from, to). */
  slice(from: number, to: number): FeedRecord[] {
    return this.#records.slice(Math.max(0, from - this.#from), Math.max(0, to - this.#from))
  }

  async #read(reader: RecordReader, until: number): Promise<void> {
    // Of what it would not hold, nothing before the last segment is read.
    const other = this.#reader !== reader
    if (other || until - this.#next > this.#most) {
      const begin = until === 0 ? 0 : await reader.beginOf(until - 1, until)
      if (other || begin > this.#next) this.#clear(begin)
      this.#reader = reader
    }
    const range = { first: this.#next, until, place: this.#place }
    for await (const { records, next, place, missing } of reader.forward(range)) {
      if (missing) this.#clear(next)
      for (const stored of records) {
        this.#records.push(new FeedRecord(reader.log, stored))
        this.#bytes += stored.line.length
      }
      this.#next = next
      this.#place = place
      this.#trim()
    }
  }

  #clear(at: number): void {
    this.#records = []
    this.#bytes = 0
    this.#place = null
    this.#from = at
    this.#next = at
  }

  #trim(): void {
    let drop = Math.max(0, this.#records.length - this.#most)
    for (const record of this.#records.slice(0, drop)) this.#bytes -= record.line.length
    for (; this.#bytes > BYTES; drop += 1) this.#bytes -= this.#records[drop]?.line.length ?? 0
    this.#records.splice(0, drop)
    this.#from += drop
  }
}
