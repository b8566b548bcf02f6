// The pump's battery: a share used each day, base and by flow, in billionths; replacement due 90 days
// before the end, the end after seven years at the latest. A fit of the simulator, no data sheet.
import { Flow, Tank } from './tank.ts'

/** Billionths of the charge a day: 0.1286 a year, and 0.0476 a year for each mL/day. */
const BASE_PER_DAY = 352_088
const PER_ML_PER_DAY = 130_322
const WHOLE = 1_000_000_000
const DAY_MS = 86_400_000
export const WARNING_MS = 90 * DAY_MS
const LIFE_MS = 2557 * DAY_MS

export class Battery {
  readonly #charge: Tank
  /** Elapsed ms at which seven years are over. */
  readonly #hardStop: number

  /** In use for `ageMs` at elapsed 0, at `rate` nL/d on average. */
  constructor(ageMs: number, rate: number) {
    this.#charge = new Tank(WHOLE)
    this.#charge.drain(drain(rate), ageMs)
    this.#hardStop = LIFE_MS - ageMs
  }

  advance(rate: number, ms: number): void {
    this.#charge.drain(drain(rate), ms)
  }

  /** Elapsed ms of the end of service if it goes on at `rate` from `now`. */
  ends(rate: number, now: number): number {
    return Math.min(this.#hardStop, now + this.#charge.until(0, drain(rate)))
  }

  get percent(): number {
    return Math.floor(this.#charge.volume / (WHOLE / 100))
  }

  /** A lithium cell's: level until it is nearly empty. mV. */
  get millivolts(): number {
    const { percent } = this
    return percent >= 20 ? 2800 + percent * 2 : 2400 + percent * 22
  }
}

function drain(rate: number): Flow {
  return new Flow(BASE_PER_DAY + Math.round((rate * PER_ML_PER_DAY) / 1_000_000))
}
