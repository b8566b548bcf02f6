// The only door to the clock, timers and randomness (lint forbids those globals elsewhere).
//
// `systemEnv()` is the real thing. `VirtualEnv` runs the same code in virtual time from a seed: time
// moves only in `advance`, timers fire in order of due time then of creation, and between two timers
// everything that was queued (promises, streams) settles. Two runs from one seed are identical.
import { randomBytes } from 'node:crypto'
import { setImmediate as settled } from 'node:timers/promises'

export type Cancel = () => void

export interface Env {
  /** Wall clock: milliseconds since 1970 UTC. May jump. */
  wall(): number
  /** Monotonic clock: milliseconds since an arbitrary start. Never goes back; may stop in suspend. */
  monotonic(): number
  /** Calls `fn` once after `ms`. A real timer does not keep the process alive if `background`. */
  after(ms: number, fn: () => void, options?: { background?: boolean }): Cancel
  /** `n` random bytes. */
  random(n: number): Uint8Array
}

export function systemEnv(): Env {
  return {
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, fn, options) {
      // What is due already is due now; Node warns of less than nothing.
      const timer = setTimeout(fn, Math.max(0, ms))
      if (options?.background) timer.unref()
      return () => clearTimeout(timer)
    },
    random: (n) => randomBytes(n),
  }
}

/** A random 32-bit number, never 0: the nonce of one port open. */
export function nonce(env: Env): number {
  for (;;) {
    const b = env.random(4)
    const n = new DataView(b.buffer, b.byteOffset, 4).getUint32(0)
    if (n !== 0) return n
  }
}

/** Resolves when the event loop has seen to whatever sockets and files had ready. Takes no time of any clock. */
export const turn = (): Promise<void> => settled()

/** Resolves after `ms` of the environment's own time. */
export function sleep(env: Env, ms: number): Promise<void> {
  return new Promise((resolve) => void env.after(ms, resolve))
}

/** Resolves after `ms`, or at the signal; a real timer does not keep the process alive. */
export function pause(env: Env, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = env.after(ms, end, { background: true })
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}

/** Resolves with `promise`, which never rejects, or after `ms`; a real timer does not keep the process alive. */
export function within(env: Env, ms: number, promise: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = env.after(ms, resolve, { background: true })
    void promise.then(() => {
      cancel()
      resolve()
    })
  })
}

let second = Number.NaN
let prefix = ''

/** The wall time as ISO 8601 UTC with milliseconds. */
export function utc(wall: number): string {
  // Every record carries one, and most share a second.
  const now = Math.floor(wall / 1_000)
  if (now !== second) {
    prefix = new Date(now * 1_000).toISOString().slice(0, -4)
    second = now
  }
  return `${prefix}${String(Math.floor(wall) - now * 1_000).padStart(3, '0')}Z`
}

interface Timer {
  readonly due: number
  readonly order: number
  readonly fn: () => void
  /** Where it stands among the timers; -1 = no longer. */
  at: number
}

/** Deterministic time and randomness for tests and for the simulator without devices. */
export class VirtualEnv implements Env {
  #now = 0
  #wallOffset: number
  #order = 0
  /** A binary heap: a timer at place n is due before those at 2n + 1 and 2n + 2, so that the first is due next. */
  readonly #timers: Timer[] = []
  readonly #rng: () => number

  constructor(options: { seed?: number; wall?: number } = {}) {
    this.#rng = mulberry32(options.seed ?? 1)
    this.#wallOffset = options.wall ?? Date.UTC(2026, 0, 5, 8, 0, 0)
  }

  wall(): number {
    return this.#wallOffset + Math.floor(this.#now)
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, fn: () => void): Cancel {
    const due = this.#now + Math.max(0, ms)
    const timer: Timer = { due, order: this.#order, fn, at: this.#timers.length }
    this.#order += 1
    this.#timers.push(timer)
    this.#rise(timer)
    return () => this.#remove(timer)
  }

  random(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.#rng() >>> 24)
  }

  /** Runs everything due within the next `ms`, in order, and lets queued work settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#timers[0]; next && next.due <= end; next = this.#timers[0]) {
      this.#now = Math.max(this.#now, next.due)
      this.#remove(next)
      next.fn()
      await settle()
    }
    this.#now = end
  }

  /** Advances in small steps until `done` or `limitMs` have passed; says whether it was done. */
  async until(done: () => boolean, limitMs: number, stepMs = 10): Promise<boolean> {
    for (let spent = 0; spent < limitMs; spent += stepMs) {
      if (done()) return true
      await this.advance(stepMs)
    }
    return done()
  }

  /** The machine slept: both clocks jump, and overdue timers fire late, as after a suspend. */
  async suspend(ms: number): Promise<void> {
    this.#now += ms
    await settle()
  }

  /** Somebody set the wall clock. */
  setWall(by: number): void {
    this.#wallOffset += by
  }

  #remove(timer: Timer): void {
    const { at } = timer
    if (at < 0) return
    timer.at = -1
    const last = this.#timers.pop() as Timer
    if (last === timer) return
    this.#put(last, at)
    this.#rise(last)
    this.#sink(last)
  }

  #rise(timer: Timer): void {
    for (let above = this.#timers[(timer.at - 1) >> 1]; above; ) {
      if (!before(timer, above)) return
      const { at } = above
      this.#put(above, timer.at)
      this.#put(timer, at)
      above = this.#timers[(at - 1) >> 1]
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const [left, right] = [this.#timers[2 * timer.at + 1], this.#timers[2 * timer.at + 2]]
      const below = left && right && before(right, left) ? right : left
      if (!below || before(timer, below)) return
      const { at } = below
      this.#put(below, timer.at)
      this.#put(timer, at)
    }
  }

  #put(timer: Timer, at: number): void {
    timer.at = at
    this.#timers[at] = timer
  }
}

/** Of two that fall due at once the one that was set first is first. */
const before = (a: Timer, b: Timer): boolean =>
  a.due < b.due || (a.due === b.due && a.order < b.order)

/** Lets promises, streams and immediates run until nothing more can be pending in this process. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await settled()
}

/** A small, fast generator with 32 bits of state; returns unsigned 32-bit integers. */
export function mulberry32(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}
