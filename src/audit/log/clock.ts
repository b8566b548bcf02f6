// How old the log is by its own records, whatever the wall clock of this computer says. Within one process
// the monotonic clock counts; over restarts the wall clock, while it moves on by no more than a month.
// Anything else is a jump: it is recorded, and it adds no age by itself. Between two moments at which a
// time service kept the clock the wall clock is believed over any gap, but after a gap longer than a
// month only once the clock has stayed there for a week: a clock that was set wrong is noticed by then.
// The age never exceeds the truth by more than that rule lets it, because retention deletes by it. Pure.
import type { AuditRecord, Opened } from '../format/record.ts'

/** A clock that is kept drifts and is slewed by less: 2 s, and 500 millionths of the time between. */
const TOLERANCE_MS = 2_000
const SLEW = 500e-6
const DAY_MS = 86_400_000
/** A start that is further behind the last record than this is a jump. */
export const MONTH_MS = 30 * DAY_MS
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

export class LogClock {
  #ms = 0
  #last: Moment | null = null
  /** The furthest that the wall clock was, since it last jumped. */
  #high = 0
  /** A moment at which the clock was kept, and the age then. */
  #anchor: { readonly at: number; readonly ms: number } | null = null
  /** The newest moment at which the clock was kept. */
  #kept = 0
  /** Since when the clock has stayed where a long gap had put it; null = there is no such gap. */
  #since: number | null = null

  /** Age of the log at the moment seen last, in ms. */
  get ms(): number {
    return this.#ms
  }

  /** What the `segment` record says, so that counting can go on from there. */
  get state(): Opened['age'] {
    return {
      ms: this.#ms,
      anchor: this.#anchor && { ...this.#anchor },
      kept: this.#kept,
      since: this.#since,
    }
  }

  /** Goes on from what a `segment` record of that moment says. */
  restore(state: Opened['age'], moment: Moment): void {
    this.#ms = state.ms
    this.#anchor = state.anchor
    this.#kept = state.kept
    this.#since = state.since
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

  /** A time service keeps the clock: what passed since it did so before is known. */
  #believe(at: number): void {
    const kept = this.#kept
    this.#kept = at
    if (!this.#anchor || at < kept - TOLERANCE_MS) {
      this.#anchor = { at, ms: this.#ms }
      this.#since = null
    } else if (at - kept > MONTH_MS) {
      // What was believed for now has been borne out by a later moment.
      if (this.#since !== null) this.#credit(kept)
      this.#since = at
    } else if (this.#since === null || at - this.#since >= WEEK_MS) {
      this.#credit(at)
      this.#since = null
    }
  }

  #credit(at: number): void {
    if (!this.#anchor) return
    this.#ms = Math.max(this.#ms, this.#anchor.ms + at - this.#anchor.at)
    this.#anchor = { at, ms: this.#ms }
  }
}
