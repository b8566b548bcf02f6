// What a destination is still owed, in the order of the log: read back from the disk in portions while
// it is behind, taken as it comes when it is not. Never more than a portion is held.
import type { ApiRecord } from '../model/record.ts'
import type { Saved } from './cursor.ts'
import { isSendable, type Sendable } from './messages.ts'

export interface Records {
  head(): { readonly log: string; readonly size: number } | null
  /** Position of the first record that is kept. */
  oldest(): Promise<number>
  read(query: {
    readonly after?: number
    readonly from?: string
    readonly kinds?: readonly ('interrogation' | 'alarm')[]
  }): AsyncIterable<ApiRecord>
}

export interface Gap {
  readonly log: string
  readonly from: number
  /** Null = to its end, wherever that is. */
  readonly to: number | null
}

const PORTION = 200

export class Backlog {
  readonly #records: Records
  readonly #kinds: readonly ('interrogation' | 'alarm')[]
  #held: Sendable[] = []
  /** Whether everything that is owed is held. */
  #whole = false
  /** Logs that were looked at: one is opened when its first wand has said what it is. */
  readonly #seen = new Set<string>()

  constructor(records: Records, alarms: boolean) {
    this.#records = records
    this.#kinds = alarms ? ['interrogation', 'alarm'] : ['interrogation']
  }

  get held(): number {
    return this.#held.length
  }

  /** When the oldest that is owed was recorded. */
  get oldest(): string | null {
    return this.#held[0]?.at ?? null
  }

  /** A record has just become durable. True = it is for this destination. */
  take(record: ApiRecord): boolean {
    if (!isSendable(record) || !(this.#kinds as readonly string[]).includes(record.kind))
      return false
    const known = this.#seen.has(record.log)
    if (known && this.#whole && this.#held.length < PORTION) this.#held.push(record)
    else this.#whole = false
    return true
  }

  /** Whether a log has come into sight that nobody has looked at. */
  recheck(): boolean {
    const log = this.#records.head()?.log
    const news = log !== undefined && !this.#seen.has(log)
    if (news) this.#whole = false
    return news
  }

  /** The next one, left where it is; null = nothing is owed. */
  async next(saved: Saved, gap: (gap: Gap) => Promise<void>): Promise<Sendable | null> {
    while (this.#held.length === 0 && !this.#whole) {
      try {
        await this.#fill(saved, gap)
      } catch (error) {
        this.#whole = false
        throw error
      }
    }
    return this.#held[0] ?? null
  }

  /** The first one is done with. */
  shift(): void {
    this.#held.shift()
  }

  async #fill(saved: Saved, gap: (gap: Gap) => Promise<void>): Promise<void> {
    // What becomes durable from here on is either read, or makes this not whole again.
    this.#whole = true
    const found: Sendable[] = []
    const head = this.#records.head()
    if (head) {
      this.#seen.add(head.log)
      await this.#leave(saved, head.log, gap)
      await this.#check(saved, head.log, gap)
      const after = saved.logs[head.log]
      const place = after === undefined ? { from: saved.since } : { after }
      for await (const record of this.#records.read({ kinds: this.#kinds, ...place })) {
        if (!isSendable(record)) continue
        found.push(record)
        if (found.length >= PORTION) break
      }
      // From here on its place is a position: no clock that is set, and no retention, can move it.
      const first = found.find((one) => one.log === head.log)
      if (after === undefined || !first) {
        saved.logs[head.log] = Math.max(after ?? -1, (first?.position ?? head.size) - 1)
      }
      if (found.length >= PORTION) this.#whole = false
    }
    // Taken meanwhile: some may stand in what was read.
    const known = new Set(found.map(({ log, position }) => `${log} ${position}`))
    const late = this.#held.filter(({ log, position }) => {
      const done = saved.logs[log]
      return !known.has(`${log} ${position}`) && (done === undefined || position > done)
    })
    this.#held = this.#whole ? [...found, ...late] : found
  }

  /** A log that another one has taken the place of does not match its notes: nothing of it is sent. */
  async #leave(saved: Saved, current: string, gap: (gap: Gap) => Promise<void>) {
    for (const [log, after] of Object.entries(saved.logs)) {
      if (log === current) continue
      await gap({ log, from: after + 1, to: null })
      delete saved.logs[log]
    }
  }

  /** What was dropped from the log before it could be sent. */
  async #check(saved: Saved, log: string, gap: (gap: Gap) => Promise<void>) {
    const after = saved.logs[log]
    if (after === undefined) return
    const oldest = await this.#records.oldest()
    if (oldest <= after + 1) return
    await gap({ log, from: after + 1, to: oldest - 1 })
    saved.logs[log] = oldest - 1
  }
}
