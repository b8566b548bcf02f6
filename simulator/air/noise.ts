// What befalls bits on air: Gilbert–Elliott errors by band, bursts from the mains, and the hand that
// does not hold still. A frame fares as its bits do; nothing is decided per frame.
//
// Promise: the same seed, bands and times give the same fates, in every engine.
import { mulberry32 } from '../../src/base/env.ts'
import type { Band } from './coupling.ts'

/** Thresholds are of 2³². */
const of32 = (probability: number): number => Math.round(probability * 0x1_0000_0000)

interface BitErrors {
  /** Chance of a wrong bit in the good and in the bad state. */
  readonly good: number
  readonly bad: number
  /** Chance to pass from good to bad, and back, at each bit. */
  readonly worsens: number
  readonly recovers: number
}

/** Two-state channel by band. The figures are the project's own proposal, no manufacturer's. */
const BANDS: Readonly<Record<Exclude<Band, 'lost'>, BitErrors>> = {
  near: { good: of32(1e-7), bad: of32(1e-3), worsens: of32(1e-6), recovers: of32(0.02) },
  middle: { good: of32(1e-5), bad: of32(0.02), worsens: of32(1e-5), recovers: of32(0.01) },
  far: { good: of32(5e-4), bad: of32(0.15), worsens: of32(1e-4), recovers: of32(0.005) },
}

export type NoiseLevel = 'none' | 'low' | 'high'

interface Surroundings {
  /** Chance that the hand slips within 5 s. */
  readonly slips: number
  /** Chance of a wrong bit within a mains burst. */
  readonly mains: number
}

const SURROUNDINGS: Readonly<Record<NoiseLevel, Surroundings>> = {
  none: { slips: 0, mains: 0 },
  low: { slips: of32(0.05), mains: of32(0.003) },
  high: { slips: of32(0.25), mains: of32(0.01) },
}

/** Bits on air in a millisecond. */
export const BITS_PER_MS = 6
/** Half a period of the mains: 50 Hz. At its crest a burst covers two bits. */
const MAINS_MS = 10
const BURST_BITS = 2
/** A frame whose first bits are wrong is not noticed at all. */
const SYNC_BITS = 32
const SLOT_MS = 5000

/** `ok` · `lost` not heard · `corrupt` heard, refused by its check. */
export type Fate = 'ok' | 'lost' | 'corrupt'

export class Noise {
  level: NoiseLevel = 'none'
  readonly #seed: number
  readonly #rng: () => number

  constructor(seed: number) {
    this.#seed = seed
    this.#rng = mulberry32(seed)
  }

  /** The fate of a frame of `bytes` that begins at `ms`. */
  frame(band: Band, ms: number, bytes: number): Fate {
    const bits = bytes * 8
    if (band === 'lost') return 'lost'
    if (this.slipped(ms, ms + bits / BITS_PER_MS)) return 'lost'
    const wrong = this.#firstWrong(BANDS[band], ms, bits)
    if (wrong < 0) return 'ok'
    return wrong < SYNC_BITS ? 'lost' : 'corrupt'
  }

  /** Whether the hand slips away at any time from `from` to `to`. */
  slipped(from: number, to: number): boolean {
    const { slips } = SURROUNDINGS[this.level]
    if (slips === 0) return false
    for (let slot = Math.floor(from / SLOT_MS); slot * SLOT_MS <= to; slot += 1) {
      // A slot has its own generator, so that it matters to nobody who asked before.
      const rng = mulberry32(this.#seed ^ Math.imul(slot + 1, 0x9e3779b1))
      if (rng() >= slips) continue
      const length = 100 + (rng() % 701)
      const start = slot * SLOT_MS + (rng() % (SLOT_MS - length))
      if (start <= to && start + length >= from) return true
    }
    return false
  }

  /** Index of the first wrong bit, or -1. The state at the first bit is drawn as after a long while. */
  #firstWrong(errors: BitErrors, ms: number, bits: number): number {
    const rng = this.#rng
    const { mains } = SURROUNDINGS[this.level]
    const period = MAINS_MS * BITS_PER_MS
    const phase = Math.floor(ms * BITS_PER_MS)
    const badShare = errors.worsens / (errors.worsens + errors.recovers)
    let bad = rng() < of32(badShare)
    for (let bit = 0; bit < bits; bit += 1) {
      if (rng() < (bad ? errors.bad : errors.good)) return bit
      if (mains > 0 && (phase + bit) % period < BURST_BITS && rng() < mains) return bit
      if (rng() < (bad ? errors.recovers : errors.worsens)) bad = !bad
    }
    return -1
  }
}
