// How old the log's records are by its own evidence, whatever the wall clock of this computer says. Two
// counts are kept, and neither is ever more than the truth as far as that can be known:
// `ms` counts what surely passed: within one process the monotonic clock, over restarts the wall clock
// while it moves on by no more than a month. Anything else is a jump: it is recorded, and adds nothing.
// `confirmed` is the furthest wall clock that a time service vouched for and that was borne out: after a
// gap of more than a month it counts only when the clock has stayed there for a week or a later start
// agrees with it, because by then a clock that was set wrong has been noticed. Retention deletes by
// these. Pure.
import type { AuditRecord, Opened } from '../format/record.ts'

/** A clock that is kept drifts and is slewed by less: 2 s, and 500 millionths of the time between. */
const TOLERANCE_MS = 2_000
const SLEW = 500e-6
const DAY_MS = 86_400_000
/** A start that is further behind the last record than this is a jump. */
const MONTH_MS = 30 * DAY_MS
const WEEK_MS = 7 * DAY_MS

/** What a record says of its time. */
export interface Moment {
  /** Wall clock, ms since 1970. */
  readonly at: number
  readonly mono: number
  readonly boot: string
  readonly clock: AuditRecord['clock']
}

export interface Jump {
  readonly from: number
  readonly to: number
  /** What the wall clock moved more than the time that passed, as far as that is known. */
  readonly size: number
  /** A time service keeps the clock that it jumped to. */
  readonly vouched: boolean
}

export function momentOf({ at, mono, boot, clock }: AuditRecord): Moment {
  return { at: Date.parse(at), mono, boot, clock }
}

export type Age = Opened['age']

export class LogClock {
  #ms = 0
  #confirmed: number | null = null
  #last: Moment | null = null
  /** The furthest that the wall clock was, since it last jumped. */
  #high = 0
  /** The newest moment at which the clock was kept. */
  #kept = 0
  /** Since when the clock has stayed where a long gap had put it; null = there is no such gap. */
  #since: number | null = null

  /** What a `segment` record says, so that counting can go on from there. */
  get age(): Age {
    return { ms: this.#ms, confirmed: this.#confirmed, kept: this.#kept, since: this.#since }
  }

  /** Goes on from what the `segment` record of that moment says. */
  restore(age: Age, moment: Moment): void {
    this.#ms = age.ms
    this.#confirmed = age.confirmed
    this.#kept = age.kept
    this.#since = age.since
    this.#last = moment
    this.#high = moment.at
  }

  /** Counts on to a moment; the jump if the wall clock did not simply move on. */
  see(now: Moment): Jump | null {
    const last = this.#last
    this.#last = now
    const jump = last && this.#advance(last, now)
    if (!last) this.#high = now.at
    if (now.clock === 'synchronised') this.#believe(now.at)
    return jump
  }

  #advance(last: Moment, now: Moment): Jump | null {
    const moved = now.at - last.at
    const vouched = now.clock === 'synchronised'
    if (last.boot === now.boot) {
      const passed = Math.max(0, Math.floor(now.mono - last.mono))
      this.#ms += passed
      const size = moved - passed
      const jumped = Math.abs(size) > TOLERANCE_MS + passed * SLEW
      this.#high = jumped ? now.at : Math.max(this.#high, now.at)
      return jumped ? { from: last.at, to: now.at, size, vouched } : null
    }
    if (moved < -TOLERANCE_MS || moved > MONTH_MS) {
      this.#high = now.at
      return { from: last.at, to: now.at, size: moved, vouched }
    }
    this.#ms += Math.max(0, now.at - this.#high)
    this.#high = Math.max(this.#high, now.at)
    return null
  }

  #believe(at: number): void {
    const kept = this.#kept
    this.#kept = at
    if (this.#confirmed === null || at < this.#confirmed) {
      this.#confirmed = at
      this.#since = null
    } else if (at < kept - TOLERANCE_MS) {
      // What was believed for now was wrong.
      this.#since = at - this.#confirmed > MONTH_MS ? at : null
      if (this.#since === null) this.#confirmed = at
    } else if (at - kept > MONTH_MS) {
      if (this.#since !== null) this.#confirmed = kept
      this.#since = at
    } else if (this.#since === null || at - this.#since >= WEEK_MS) {
      this.#confirmed = at
      this.#since = null
    }
  }
}
