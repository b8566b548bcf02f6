// Chance for what is simulated: integers only, from a seed, the same on every engine. Each purpose
// forks a generator of its own, so that a new draw in one place does not move the others.
import { mulberry32 } from '../src/base/env.ts'

export class Random {
  readonly #seed: number
  readonly #next: () => number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#next = mulberry32(this.#seed)
  }

  /** A generator of its own for `purpose`; the same seed and purpose give the same one. */
  fork(purpose: string): Random {
    let hash = this.#seed ^ 0x811c9dc5
    for (let i = 0; i < purpose.length; i += 1) {
      hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193)
    }
    return new Random(hash)
  }

  /** A whole number from `min` to `max`, both included; the span is below 2^32. */
  between(min: number, max: number): number {
    return min + (this.#next() % (max - min + 1))
  }

  /**
   * About normal with mean 0 and the given standard deviation, in whole numbers: twelve uniform draws
   * from 0 to 4095 have a variance of 12 × (4096² − 1) / 12, hence a deviation of 4096.
   */
  normal(deviation: number): number {
    let sum = -12 * 2047.5
    for (let i = 0; i < 12; i += 1) sum += this.#next() >>> 20
    return Math.round((sum * deviation) / 4096)
  }
}
