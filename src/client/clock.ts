// The client's door to the clock and timers, as src/base/env.ts is the bridge's: it also runs in a browser.

export interface Clock {
  /** Milliseconds that never go back. They may stop while the computer sleeps. */
  monotonic(): number
  /** Milliseconds since 1970 UTC. May jump. */
  wall(): number
  /** Calls `fn` once after `ms`; returns how to stop that. */
  after(ms: number, fn: () => void): () => void
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms)
    return () => clearTimeout(timer)
  },
}
