// The audit log of one source as it is followed: by everybody, and only here. Whoever follows has a cursor,
// the last position that was taken. The feed wakes up when something is durable and reads from the cursor to
// the head; it holds nothing that it could read, but for the newest records, which all followers share.
//
// A position is given once. What is not given is told: as a gap, when retention has dropped it, or as
// replaced, when another log is written now. A file that cannot be read rejects, and whoever asked comes
// again with the cursor. Reading pauses for what is live, and ends when nobody waits for it.
import type { Observable } from 'rxjs'
import type { Disk } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import type { Source } from '../model/reading.ts'
import { ordinalOf, sourceOf } from '../model/source.ts'
import { type Cursor, cursorText } from './cursor.ts'
import type { FeedRecord, Selection } from './feed-record.ts'
import { type Logs, logsAt, type RecordReader } from './logs.ts'
import { type HistoryQuery, Passes } from './passes.ts'
import { Wakes } from './wakes.ts'

/** The current log: its name, and how many durable records it has. */
export interface LogHead {
  readonly log: string
  readonly size: number
}

export type FeedOptions = {
  readonly env: Env
  readonly source: Source
  /** Only this log, also when another one is written now. Default: the current one. */
  readonly log?: string
  /** So many of the newest records are held for all who follow; where there are many feeds, fewer. */
  readonly held?: number
  /** The writer's word in its own process; without it the head is looked for on the disk. */
  readonly head?: () => LogHead | null
  /** Something may be new; without it the disk is looked at every now and then, while somebody follows. */
  readonly wake$?: Observable<unknown>
} & (
  | {
      readonly disk: Disk
      /** `<state>/audit` */
      readonly dir: string
    }
  | { readonly logs: Logs }
)

/** What a follower is given. Whoever has taken it goes on from its cursor. */
export type FeedItem = { readonly cursor: Cursor } & (
  | { readonly kind: 'record'; readonly record: FeedRecord }
  /** Positions `from` to `to` are not kept any more. */
  | {
      readonly kind: 'gap'
      readonly log: string
      readonly from: number
      readonly to: number
      readonly why: 'dropped'
    }
  /**
   * Of `log`, positions from `from` on are not given. `other-log`: it goes on with the first record of
   * `by`. `ahead`: the same log has fewer records now, so an older copy was put back, and it goes on behind
   * the last one it has.
   */
  | {
      readonly kind: 'replaced'
      readonly log: string
      readonly from: number
      readonly by: string
      readonly why: 'other-log' | 'ahead'
    }
  /** Everything up to here was looked at; said again whenever that has moved. */
  | { readonly kind: 'caught-up' }
)

export class Feed {
  readonly #options: FeedOptions
  readonly #logs: Logs
  readonly #wakes: Wakes
  readonly #passes: Passes
  #reader: RecordReader | null = null
  #known: LogHead | null = null
  #looking: Promise<LogHead | null> | null = null

  constructor(options: FeedOptions) {
    this.#options = options
    this.#logs =
      'logs' in options ? options.logs : logsAt(options.disk, options.dir, options.source)
    this.#wakes = new Wakes(options.env, options.wake$ ?? null)
    this.#passes = new Passes(options.env, this.#wakes, options.held)
  }

  /** The head as it is known; without a writer, as it was when the disk was last looked at. */
  head(): LogHead | null {
    return this.#options.head ? this.#noted(this.#options.head()) : this.#known
  }

  /** The head as it is now. */
  look(): Promise<LogHead | null> {
    if (this.#options.head) return Promise.resolve(this.#noted(this.#options.head()))
    this.#looking ??= this.#lookAtDisk()
      .then((head) => this.#noted(head))
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  /** First position of the current log whose entry is kept. */
  async oldest(): Promise<number> {
    const head = await this.look()
    return head ? this.#readerOf(head.log).oldest() : 0
  }

  /** History of the current log. */
  async *read({
    limit = Number.POSITIVE_INFINITY,
    ...query
  }: HistoryQuery = {}): AsyncGenerator<FeedRecord> {
    let left = limit
    if (left <= 0) return
    const pause = this.#passes.turns()
    for await (const records of this.scan(query)) {
      for (const record of records) {
        if (query.gone?.()) return
        yield record
        left -= 1
        if (left <= 0) return
        await pause()
      }
    }
  }

  /** The same, many at a time: for whoever goes through all of it. */
  async *scan(query: Omit<HistoryQuery, 'limit'> = {}): AsyncGenerator<readonly FeedRecord[]> {
    const head = await this.look()
    if (!head) return
    const { order = 'asc', gone = () => false } = query
    // The newest records may be in memory still when retention has dropped them.
    const reader = this.#readerOf(head.log)
    const kept = { ...query, after: Math.max(query.after ?? -1, (await reader.oldest()) - 1) }
    const pass =
      order === 'asc'
        ? this.#passes.forward(reader, head.size, kept)
        : this.#passes.backward(reader, head.size, kept)
    for await (const { records } of pass) {
      if (gone()) return
      if (records.length > 0) yield records
    }
  }

  /** From the cursor on, or from the head on if there is none, until the signal. */
  async *follow(
    cursor: Cursor | null,
    { signal, ...selection }: Selection & { readonly signal: AbortSignal },
  ): AsyncGenerator<FeedItem> {
    const leave = this.#wakes.join()
    let at = cursor
    let told = ''
    try {
      while (!signal.aborted) {
        const seen = this.#wakes.count
        const head = await this.look()
        if (head) {
          at ??= { log: head.log, position: head.size - 1 }
          for (const item of await this.#replaced(at, head)) {
            yield item
            at = item.cursor
          }
          try {
            const query = { ...selection, after: at.position }
            const reader = this.#readerOf(head.log)
            for await (const piece of this.#passes.forward(reader, head.size, query)) {
              if (signal.aborted) return
              const { missing, next, records } = piece
              const { log } = head
              for (const record of records) {
                yield { kind: 'record', cursor: { log, position: record.position }, record }
                if (signal.aborted) return
              }
              at = { log, position: next - 1 }
              if (missing) yield { kind: 'gap', cursor: at, log, ...missing, why: 'dropped' }
            }
          } catch (error) {
            // A log that was set aside meanwhile need not be readable any more.
            if ((await this.look())?.log === head.log) throw error
            continue
          }
          if (told !== cursorText(at)) {
            told = cursorText(at)
            yield { kind: 'caught-up', cursor: at }
          }
        }
        await this.#wakes.after(seen, signal)
      }
    } finally {
      leave()
    }
  }

  /** From a cursor's log to the current one, over every log that was begun between them. */
  async #replaced({ log, position }: Cursor, head: LogHead) {
    const from = position + 1
    const kind = 'replaced' as const
    if (log === head.log) {
      const cursor = { log, position: head.size - 1 }
      return from > head.size ? [{ kind, cursor, log, from, by: log, why: 'ahead' as const }] : []
    }
    const { source } = this.#options
    const logs = await this.#logs.list()
    const last = ordinalOf(head.log)
    // Where another log has its ordinal, or none has one so high, all was begun anew, and all is new.
    const own = sourceOf(log) === source ? ordinalOf(log) : last
    const anew = !logs.includes(log) && (own >= last || logs.some((one) => ordinalOf(one) === own))
    const between = logs.filter((one) => ordinalOf(one) > (anew ? 0 : own) && ordinalOf(one) < last)
    const chain = [log, ...between, head.log]
    return chain.slice(1).map((by, i) => ({
      kind,
      cursor: { log: by, position: -1 },
      log: chain[i] as string,
      from: i === 0 ? from : 0,
      by,
      why: 'other-log' as const,
    }))
  }

  async #lookAtDisk(): Promise<LogHead | null> {
    const log = this.#options.log ?? (await this.#logs.list()).at(-1)
    return log === undefined ? null : { log, size: await this.#readerOf(log).size() }
  }

  #readerOf(log: string): RecordReader {
    if (this.#reader?.log !== log) this.#reader = this.#logs.of(log)
    return this.#reader
  }

  /**
   * A log without a record is still being opened, or begun: there is no head yet. One with fewer records
   * than before is an older copy: what was read of it is forgotten.
   */
  #noted(head: LogHead | null): LogHead | null {
    if (head === null || head.size === 0) return null
    if (head.log === this.#known?.log && head.size < this.#known.size) this.#reader = null
    this.#known = head
    return head
  }
}
