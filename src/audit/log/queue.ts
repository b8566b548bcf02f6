// Records that wait for the disk, in order and bounded. What finds no place is counted and becomes
// one `gap` record at the place where it is missing.
import type { Draft } from '../format/entry.ts'
import type { NewRecord } from '../format/record.ts'

/** A record that is durable. */
export interface Receipt {
  /** Its place in the log: leaf index, SSE id, outbox cursor. */
  readonly position: number
  readonly log: string
}

export interface Entry {
  readonly draft: Draft
  /** Null = it is not in the log, and a gap says so. */
  done(receipt: Receipt | null): void
}

type Why = 'queue-full' | 'too-long' | 'not-valid'

export class Queue {
  readonly #maxRecords: number
  readonly #maxBytes: number
  #entries: Entry[] = []
  #bytes = 0
  #lost: { why: Why; kind: string; at: string }[] = []
  #lostCounts = new Map<string, number>()
  dropped = 0

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#entries.length
  }

  get hasGap(): boolean {
    return this.#lostCounts.size > 0
  }

  fits(bytes: number): boolean {
    return this.#entries.length < this.#maxRecords && this.#bytes + bytes <= this.#maxBytes
  }

  push(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += entry.draft.bytes
  }

  /** What was taken comes back to the front: it never reached a log. */
  putBack(entries: readonly Entry[]): void {
    this.#entries = [...entries, ...this.#entries]
    for (const entry of entries) this.#bytes += entry.draft.bytes
  }

  take(maxRecords: number, maxBytes: number): Entry[] {
    let bytes = 0
    let n = 0
    for (const entry of this.#entries) {
      if (n > 0 && (n >= maxRecords || bytes + entry.draft.bytes > maxBytes)) break
      bytes += entry.draft.bytes
      n += 1
    }
    this.#bytes -= bytes
    return this.#entries.splice(0, n)
  }

  lose(why: Why, kind: string, at: string): void {
    this.dropped += 1
    const key = `${why} ${kind}`
    this.#lostCounts.set(key, (this.#lostCounts.get(key) ?? 0) + 1)
    const seen = this.#lost
    if (seen.length < 2) seen.push({ why, kind, at })
    else seen[1] = { why, kind, at }
  }

  /** The gap as a record; it is forgotten here. */
  takeGap(): NewRecord<'gap'> {
    const reasons = new Map<Why, number>()
    const kinds = new Map<string, number>()
    let dropped = 0
    for (const [key, n] of this.#lostCounts) {
      const [why, kind] = key.split(' ') as [Why, string]
      reasons.set(why, (reasons.get(why) ?? 0) + n)
      kinds.set(kind, (kinds.get(kind) ?? 0) + n)
      dropped += n
    }
    const from = this.#lost[0]?.at ?? ''
    const to = this.#lost.at(-1)?.at ?? from
    this.#lost = []
    this.#lostCounts = new Map()
    return {
      kind: 'gap',
      outcome: { ok: false, reason: 'not-kept' },
      body: {
        dropped,
        reasons: [...reasons].map(([why, count]) => ({ why, count })),
        kinds: [...kinds].map(([kind, count]) => ({ kind, count })),
        from,
        to,
      },
    }
  }
}
