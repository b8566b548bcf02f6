// The air between one wand and the implant under it: where the wand is, who is there, what gets
// through. No timers: it is asked about times that its owner's clock has reached.
import type { Implant } from '../implant/api.ts'
import { adviceFor, bandOf, couplingAt, IN_PLACE, type Place } from './coupling.ts'
import { BITS_PER_MS, type Fate, Noise, type NoiseLevel } from './noise.ts'

/** A pump that lives on; `at` brings it to the wand's time `ms` and gives it. */
export interface Living {
  at(ms: number): Implant
}

/** Without a session the wand senses the coupling this often, in ms (PASSIVE_CONTACT_MS at most). */
const SENSE_MS = 200

export class Air {
  place: Place
  /** The pump under the wand; null = none. */
  pump: Living | null
  readonly #noise: Noise

  constructor(seed: number, pump: Living | null, place: Place = IN_PLACE) {
    this.#noise = new Noise(seed)
    this.pump = pump
    this.place = place
  }

  get noise(): NoiseLevel {
    return this.#noise.level
  }

  set noise(level: NoiseLevel) {
    this.#noise.level = level
  }

  /** How long a frame of `bytes` is on air, in ms. */
  duration(bytes: number): number {
    return (bytes * 8) / BITS_PER_MS
  }

  /** The fate of a frame of `bytes` that ended at `ms`. */
  frame(ms: number, bytes: number): Fate {
    return this.#noise.frame(this.#band(), ms - this.duration(bytes), bytes)
  }

  /** What the wand senses at `ms` without speaking: percent and advice. */
  sense(ms: number): {
    readonly coupling: number
    readonly position: ReturnType<typeof adviceFor>
  } {
    if (!this.pump || this.#noise.slipped(ms, ms)) return { coupling: 0, position: 'no-implant' }
    return {
      coupling: Math.round(couplingAt(this.place) / 10_000),
      position: adviceFor(this.place),
    }
  }

  /** When, after `from` and until `to`, the wand last sensed an implant; null = not. */
  lastSensed(from: number, to: number): number | null {
    if (this.#band() === 'lost') return null
    for (let at = Math.floor(to / SENSE_MS) * SENSE_MS; at > from; at -= SENSE_MS) {
      if (!this.#noise.slipped(at, at)) return at
    }
    return null
  }

  #band(): ReturnType<typeof bandOf> {
    return this.pump ? bandOf(couplingAt(this.place)) : 'lost'
  }
}
