// The pumps of one wand and their common time, which may run faster than the wand's: a pump lives on
// its own clock, the wand and the cable on the host's.
import type { Living } from './air/air.ts'
import type { Implant } from './implant/api.ts'

/** Scenario time in ms as a function of the wand's: `speed` times faster, and advanced by hand. */
export class ScenarioTime {
  readonly #speed: number
  #skipped = 0
  #reached = 0

  constructor(speed: number) {
    this.#speed = speed
  }

  /** Scenario time at the wand's time `ms`; never back, whole milliseconds. */
  at(ms: number): number {
    // A step that is due is due, whatever the last bit of the product says.
    const reached = Math.floor(this.#skipped + this.#speed * ms + 1e-3)
    this.#reached = Math.max(this.#reached, reached)
    return this.#reached
  }

  /** The wand's time at which scenario time `time` is reached. */
  when(time: number): number {
    return (time - this.#skipped) / this.#speed
  }

  /** Makes it `time` at the wand's time `ms`. */
  jump(time: number, ms: number): void {
    this.#skipped = time - this.#speed * ms
  }
}

export class Pump implements Living {
  readonly implant: Implant
  readonly #time: ScenarioTime

  constructor(implant: Implant, time: ScenarioTime) {
    this.implant = implant
    this.#time = time
  }

  at(ms: number): Implant {
    this.implant.advanceTo(this.#time.at(ms))
    return this.implant
  }
}
