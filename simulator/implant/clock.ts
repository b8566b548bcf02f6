// The pump's own clock: seconds since 2000-01-01, no zone, drifting, and able to lose its time.

const EPOCH_2000 = Date.UTC(2000, 0, 1)
export const DAY_S = 86_400

export function secondsOf(text: string): number {
  return (Date.parse(`${text}Z`) - EPOCH_2000) / 1000
}

export class PumpClock {
  readonly #ppm: number
  #base: number
  #since = 0
  resets = 0

  /** Shows `seconds` at elapsed time 0 and gains `ppm`. */
  constructor(seconds: number, ppm: number) {
    this.#base = seconds
    this.#ppm = ppm
  }

  /** What it shows at `elapsed` ms. */
  at(elapsed: number): number {
    const ms = elapsed - this.#since
    return this.#base + Math.floor((ms + Math.trunc((ms * this.#ppm) / 1e6)) / 1000)
  }

  /** The first elapsed ms at which it shows `seconds` or more. */
  when(seconds: number): number {
    const ms = (seconds - this.#base) * 1000
    let elapsed = this.#since + Math.max(0, ms - Math.trunc((ms * this.#ppm) / 1e6))
    while (this.at(elapsed) < seconds) elapsed += 1
    while (elapsed > this.#since && this.at(elapsed - 1) >= seconds) elapsed -= 1
    return elapsed
  }

  /** It has lost its time and starts again at 2000-01-01T00:00:00. */
  reset(elapsed: number): void {
    this.#base = 0
    this.#since = elapsed
    this.resets += 1
  }
}
