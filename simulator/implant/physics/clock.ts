// The pump's own clock: seconds since 2000-01-01, no zone, drifting, and able to lose its time.

const EPOCH_2000 = Date.UTC(2000, 0, 1)
export const DAY_S = 86_400

export function secondsOf(text: string): number {
  return (Date.parse(`${text}Z`) - EPOCH_2000) / 1000
}

/** From elapsed `since` on it counted from `base` seconds. */
interface Setting {
  readonly base: number
  readonly since: number
}

export class PumpClock {
  readonly #ppm: number
  /** Newest last: what was timed before a reset keeps the time that was shown then. */
  readonly #settings: Setting[]

  /** Shows `seconds` at elapsed time 0 and gains `ppm`. */
  constructor(seconds: number, ppm: number) {
    this.#settings = [{ base: seconds, since: 0 }]
    this.#ppm = ppm
  }

  /** How often it has lost its time. */
  get resets(): number {
    return this.#settings.length - 1
  }

  /** What it shows, or showed, at `elapsed` ms. */
  at(elapsed: number): number {
    const { base, since } = this.#settings.findLast((s) => s.since <= elapsed) as Setting
    const ms = elapsed - since
    return base + Math.floor((ms + Math.trunc((ms * this.#ppm) / 1e6)) / 1000)
  }

  /** The first elapsed ms, as it is set now, at which it shows `seconds` or more. */
  when(seconds: number): number {
    const { base, since } = this.#settings.at(-1) as Setting
    const ms = (seconds - base) * 1000
    let elapsed = since + Math.max(0, Math.floor((ms * 1e6) / (1e6 + this.#ppm)))
    // Close by already: division may be off by one, and so may the clock's own rounding.
    while (this.at(elapsed) < seconds) elapsed += 1
    while (elapsed > since && this.at(elapsed - 1) >= seconds) elapsed -= 1
    return elapsed
  }

  /** It has lost its time and starts again at 2000-01-01T00:00:00. */
  reset(elapsed: number): void {
    this.#settings.push({ base: 0, since: elapsed })
  }
}
