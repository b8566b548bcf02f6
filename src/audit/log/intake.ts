// How a record comes into the queue: drafted with where and when, behind the jump of a wall clock that it is
// the first to see. What is no valid record, or finds no place, becomes part of a gap record.
import { utc } from '../../base/env.ts'
import { draft, type Origin } from '../format/entry.ts'
import type { NewRecord } from '../format/record.ts'
import type { Jump, Moment } from './clock.ts'
import type { Entry, Queue, Receipt } from './queue.ts'
import type { Tail } from './tail.ts'

export class Intake {
  readonly #queue: Queue
  readonly #tail: Pick<Tail, 'clock' | 'end'>
  readonly #origin: Origin

  constructor(queue: Queue, tail: Pick<Tail, 'clock' | 'end'>, origin: Origin) {
    this.#queue = queue
    this.#tail = tail
    this.#origin = origin
  }

  /** Its receipt, once it is durable; null when it could not be kept, as in a log that is closed. */
  take(record: NewRecord, closed: boolean): Promise<Receipt | null> {
    if (this.#tail.end !== null && !closed) this.#watchClock()
    const made = draft(record, this.#origin)
    if ('refused' in made || closed || !this.#room(made.bytes)) {
      const why = 'refused' in made ? made.refused : 'queue-full'
      this.#queue.lose(why, record.kind, record.at ?? utc(this.#origin.env.wall()))
      return Promise.resolve(null)
    }
    return new Promise((resolve) => this.#queue.push({ draft: made, done: resolve }))
  }

  moment(): Moment {
    const { env, boot, clock } = this.#origin
    return {
      at: Math.floor(env.wall()),
      mono: Math.floor(env.monotonic()),
      boot,
      clock: clock(),
    }
  }

  /** A wall clock that jumped is recorded before what comes after it. */
  #watchClock(): void {
    const jump = this.#tail.clock.see(this.moment())
    if (jump) this.#queue.push(this.jumped(jump))
  }

  jumped({ from, to, size, vouched }: Jump): Entry {
    const body = { fromWall: utc(from), toWall: utc(to), sizeMs: size, vouched }
    const made = draft({ kind: 'clock-jump', body, outcome: { ok: vouched } }, this.#origin)
    if ('refused' in made) throw new Error(made.reason)
    return { draft: made, done: () => {} }
  }

  /** One place is kept for the gap itself. */
  #room(bytes: number): boolean {
    if (this.#queue.hasGap) this.gap()
    return !this.#queue.hasGap && this.#queue.fits(bytes)
  }

  /** The records that were lost become one record, as soon as it finds a place. */
  gap(): void {
    if (!this.#queue.fits(2_000)) return
    const made = draft(this.#queue.takeGap(), this.#origin)
    if (!('refused' in made)) this.#queue.push({ draft: made, done: () => {} })
  }
}
