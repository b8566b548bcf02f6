// One pass over one log, forward or backward: from the files, and the newest records from the tail that all
// followers share. It gives records piece by piece, and pauses for what is live.
import type { Range } from '../audit/read/log-reader.ts'
import type { Place, Stored } from '../audit/read/scan.ts'
import { type Env, sleep } from '../base/env.ts'
import { FeedRecord, type Selection, selector } from './feed-record.ts'
import type { RecordReader } from './logs.ts'
import { Tail } from './tail.ts'
import type { Wakes } from './wakes.ts'

export interface HistoryQuery extends Selection {
  /** Positions: only behind this one, and only before that one. */
  readonly after?: number
  readonly before?: number
  /** Default: rising. */
  readonly order?: 'asc' | 'desc'
  readonly limit?: number
  /** True = nobody waits for it any more. */
  readonly gone?: () => boolean
}

/** Whoever reads a long log pauses after working for so long: what is live must not wait for history. */
const TURN_MS = 10
/** Records given at once. */
const PIECE = 256

interface Piece {
  readonly records: readonly FeedRecord[]
  /** It goes on at this position. */
  readonly next: number
  readonly missing: { readonly from: number; readonly to: number } | null
}

export class Passes {
  readonly #env: Env
  readonly #wakes: Wakes
  readonly #tail: Tail

  /** `held`: so many of the newest records are held for all who follow. */
  constructor(env: Env, wakes: Wakes, held?: number) {
    this.#tail = new Tail(held)
    this.#env = env
    this.#wakes = wakes
  }

  /** Selected records in order, as far as the head: from the files, and the newest from the tail. */
  async *forward(reader: RecordReader, size: number, query: HistoryQuery): AsyncGenerator<Piece> {
    const { after = -1, before = size, gone = () => false } = query
    const end = Math.min(before, size)
    const selected = selector(query)
    const pause = this.turns()
    let next = after + 1
    let place: Place | null = null
    while (next < end) {
      if (this.#wakes.followed) await this.#tail.reach(reader, size)
      if (this.#tail.holds(reader, next)) {
        const records = this.#tail.slice(next, Math.min(end, next + PIECE))
        next += records.length
        yield { records: records.filter(selected), next, missing: null }
        await pause()
        continue
      }
      const tail = this.#tail.fromOf(reader)
      const range: Range = {
        ...wantedOf(query),
        first: next,
        before: next < tail ? Math.min(tail, end) : end,
        until: size,
        place,
      }
      for await (const batch of reader.forward(range)) {
        for (const records of pieces(reader.log, batch.records, selected)) {
          yield { records, next: (records.at(-1) as FeedRecord).position + 1, missing: null }
          await pause()
        }
        next = batch.next
        place = batch.place
        yield { records: [], next, missing: batch.missing }
        await pause()
        if (gone()) return
      }
    }
  }

  /** Selected records, newest first. */
  async *backward(reader: RecordReader, size: number, query: HistoryQuery): AsyncGenerator<Piece> {
    const { after = -1, before = size } = query
    const selected = selector(query)
    const pause = this.turns()
    let end = Math.min(before, size)
    if (this.#wakes.followed) await this.#tail.reach(reader, size)
    while (end > after + 1 && this.#tail.holds(reader, end - 1)) {
      const begin = Math.max(after + 1, this.#tail.fromOf(reader), end - PIECE)
      const records = this.#tail.slice(begin, end).filter(selected).reverse()
      end = begin
      yield { records, next: end, missing: null }
      await pause()
    }
    const range = { first: after + 1, before: end, until: size }
    for await (const batch of reader.backward({ ...wantedOf(query), ...range })) {
      for (const records of pieces(reader.log, batch.records, selected)) {
        yield { records, next: batch.next, missing: null }
        await pause()
      }
    }
  }

  /** Gives a function that pauses when work has gone on for long; the work of whoever takes counts, too. */
  turns(): () => Promise<void> | undefined {
    const env = this.#env
    let since = env.monotonic()
    return () => {
      if (env.monotonic() - since < TURN_MS) return undefined
      return sleep(env, 0).then(() => {
        since = env.monotonic()
      })
    }
  }
}

const wantedOf = ({ kinds, from, to }: Selection) => ({ kinds, from, to })

function* pieces(log: string, all: readonly Stored[], selected: (record: FeedRecord) => boolean) {
  for (let from = 0; from < all.length; from += PIECE) {
    const piece = all.slice(from, from + PIECE).map((stored) => new FeedRecord(log, stored))
    const records = piece.filter(selected)
    if (records.length > 0) yield records
  }
}
