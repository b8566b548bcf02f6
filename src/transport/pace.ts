// How fast bytes are taken from somebody who may send without end: a burst at once, then so many a second.
// What comes faster waits with the sender, so that one wand's noise never takes the time of another.

/** A serial line carries 11,520 bytes a second; a wand has nothing to say that needs more than this. */
const PER_SECOND = 128 * 1024
const BURST = 32 * 1024

export class Pace {
  /** Bytes that may still be taken at once; less than 0 = they were taken before their time. */
  #left = BURST
  #at = Number.NEGATIVE_INFINITY

  /** So many were taken at `now`, in ms; says how long nothing more is to be taken. */
  taken(bytes: number, now: number): number {
    const earned = ((now - this.#at) * PER_SECOND) / 1_000
    this.#left = Math.min(BURST, this.#left + earned) - bytes
    this.#at = now
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1_000) / PER_SECOND)
  }
}
