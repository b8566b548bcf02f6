// What a destination is owed, in the order of the log, as the feed gives it. Never more than a portion of it
// is held: the rest waits in the log. Each entry says how far the destination is when it is done with, and
// what was dropped or replaced has an entry of its own, before anything newer.
import { type Env, utc } from '../base/env.ts'
import type { Cursor } from '../feed/cursor.ts'
import type { Feed, FeedItem } from '../feed/feed.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import type { Saved } from './saved.ts'
import type { Message, Sender } from './sender.ts'

export type Records = Pick<Feed, 'head' | 'look' | 'read' | 'follow'>

/** Records that the destination never gets. */
export interface Gap {
  readonly log: string
  readonly from: number
  /** Null = to its end, wherever that is. */
  readonly to: number | null
  readonly why: 'dropped' | 'other-log' | 'ahead'
}

export type Entry = { cursor: Cursor } & (
  | { readonly kind: 'message'; readonly record: FeedRecord; readonly message: Message }
  | { readonly kind: 'gap'; readonly gap: Gap }
  /** Nothing up to here is for it. */
  | { readonly kind: 'nothing' }
)

const PORTION = 200

export class Outbox {
  readonly #env: Env
  readonly #records: Records
  readonly #sender: Sender
  readonly #entries: Entry[] = []
  readonly #waiting: (() => void)[] = []
  #held = 0
  /** Everything up to here was taken from the feed. */
  #taken: Cursor | null = null
  /** UTC: since when it is not known whether more is owed; null = it is known. */
  #unknown: string | null

  constructor(env: Env, records: Records, sender: Sender) {
    this.#env = env
    this.#records = records
    this.#sender = sender
    this.#unknown = utc(env.wall())
  }

  /** Messages that are held. */
  get held(): number {
    return this.#held
  }

  /** The next one, left where it is; null = there is none now. */
  get first(): Entry | null {
    return this.#entries[0] ?? null
  }

  /** The nth message that waits and is none of these, and from the beginning again; null = none is. */
  other(these: ReadonlySet<string>, n: number): Message | null {
    const all = this.#entries.flatMap((one) =>
      one.kind === 'message' && !these.has(one.message.control) ? [one.message] : [],
    )
    return all[n % all.length] ?? null
  }

  /** The first one is done with. */
  shift(): void {
    if (this.#entries.shift()?.kind === 'message') this.#held -= 1
    this.wake()
  }

  /** Resolves when an entry has come or gone, or at `wake`. */
  changed(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  wake(): void {
    for (const go of this.#waiting.splice(0)) go()
  }

  /** Whether all that is durable was looked at, and nothing of it is owed. `place`: how far it is. */
  isEmpty(place: Cursor | null): boolean {
    const head = this.#records.head()
    return (
      head !== null &&
      this.#entries.length === 0 &&
      place?.log === head.log &&
      place.position >= head.size - 1
    )
  }

  /** UTC: when the oldest that is owed was recorded, or since when that is not known; null = nothing is. */
  owedSince(place: Cursor | null): string | null {
    if (this.isEmpty(place)) return null
    for (const entry of this.#entries) if (entry.kind === 'message') return entry.record.at
    this.#unknown ??= utc(this.#env.wall())
    return this.#unknown
  }

  /** Takes from the feed until the signal; rejects when the log cannot be read. Goes on where it was. */
  async follow(from: Cursor, signal: AbortSignal, readable: () => void): Promise<void> {
    this.#taken ??= from
    const { kinds } = this.#sender
    try {
      for await (const item of this.#records.follow(this.#taken, { kinds, signal })) {
        readable()
        this.#take(item)
        while (this.#held >= PORTION && !signal.aborted) await this.changed()
      }
    } catch (error) {
      this.#unknown ??= utc(this.#env.wall())
      throw error
    }
  }

  #take(item: FeedItem): void {
    const { cursor } = item
    if (item.kind === 'record') {
      const { record } = item
      const message = this.#sender.messageOf(record)
      if (message) {
        this.#entries.push({ kind: 'message', cursor, record, message })
        this.#held += 1
      } else this.#nothing(cursor)
    } else if (item.kind === 'caught-up') {
      this.#unknown = null
      this.#nothing(cursor)
    } else {
      const { log, from, why } = item
      const to = item.kind === 'gap' ? item.to : null
      this.#entries.push({ kind: 'gap', cursor, gap: { log, from, to, why } })
    }
    this.#taken = cursor
    this.wake()
  }

  #nothing(cursor: Cursor): void {
    const last = this.#entries.at(-1)
    if (last) last.cursor = cursor
    else this.#entries.push({ kind: 'nothing', cursor })
  }
}

/**
 * Where a destination begins that has no place yet: before the first record since then, or at the head.
 * Waits for the log to be there; null = the signal came first.
 */
export async function beginning(
  records: Records,
  since: string,
  signal: AbortSignal,
): Promise<Cursor | null> {
  for await (const { cursor } of records.follow(null, { signal })) {
    for await (const { log, position } of records.read({ from: since, limit: 1 })) {
      return { log, position: position - 1 }
    }
    return cursor
  }
  return null
}

/** What a destination would be sent now, in order; for whoever only looks. */
export async function* owed(
  records: Records,
  sender: Sender,
  { place, since }: Pick<Saved, 'place' | 'since'>,
): AsyncGenerator<{ readonly record: FeedRecord; readonly message: Message }> {
  if ((await records.look()) === null) return
  const { signal } = new AbortController()
  const from = place ?? (await beginning(records, since, signal))
  for await (const item of records.follow(from, { kinds: sender.kinds, signal })) {
    if (item.kind === 'caught-up') return
    if (item.kind !== 'record') continue
    const message = sender.messageOf(item.record)
    if (message) yield { record: item.record, message }
  }
}
