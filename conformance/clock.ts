// The kit's door to time and chance: the one file here that may use the globals for them. Everything else is
// given a `Clock`, so that the whole kit also runs in virtual time, from a seed.
import { randomBytes } from 'node:crypto'

export interface Clock {
  /** Milliseconds that never go back. */
  monotonic(): number
  /** Calls `fn` once after `ms`; returns how to stop that. */
  after(ms: number, fn: () => void): () => void
  /** `n` random bytes. */
  random(n: number): Uint8Array
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms)
    return () => clearTimeout(timer)
  },
  random: (n) => randomBytes(n),
}

export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve))

/** A random number of 32 bits, neither 0 nor all ones: the link of one opening. */
export function nonce(clock: Clock): number {
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = clock.random(4)
    const n = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
    if (n !== 0 && n !== 0xffffffff) return n
  }
}
