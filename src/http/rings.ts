// One ring of newest records for each log that somebody follows, filled from the disk when the first one
// asks for it.
import type { ApiRecord } from '../model/record.ts'
import { encodeRecord, MOST_RECORDS, Ring } from './ring.ts'
import type { LogHead, RecordSource } from './sources.ts'

export class Rings {
  readonly #records: RecordSource
  readonly #filling = new Map<string, Promise<Ring>>()
  readonly #filled = new Map<string, Ring>()

  constructor(records: RecordSource) {
    this.#records = records
  }

  /** The ring of a log once it is filled; from then on its records are to be pushed to it. */
  get(log: string): Ring | undefined {
    return this.#filled.get(log)
  }

  /** The ring of a log, with its newest records read in. Rejects when they cannot be read. */
  fill(head: LogHead): Promise<Ring> {
    const known = this.#filling.get(head.log)
    if (known) return known
    const made = this.#fill(head)
    this.#filling.set(head.log, made)
    made.catch(() => this.#filling.delete(head.log))
    return made
  }

  async #fill({ log, source, size }: LogHead): Promise<Ring> {
    // What becomes durable meanwhile waits its turn.
    const late: ApiRecord[] = []
    const subscription = this.#records.records$.subscribe((record) => {
      if (record.log === log) late.push(record)
    })
    try {
      const oldest = await this.#records.oldest(source)
      const from = Math.max(size - 1 - MOST_RECORDS, oldest - 1)
      const ring = new Ring(log, from)
      for await (const record of this.#records.read({ source, after: from })) {
        if (record.log === log) ring.push(encodeRecord(record))
      }
      ring.last = Math.max(ring.last, size - 1)
      for (const record of late) ring.push(encodeRecord(record))
      this.#filled.set(log, ring)
      return ring
    } finally {
      subscription.unsubscribe()
    }
  }
}
