// How often somebody may ask: a bucket of tokens each, refilled with time. Bounded in memory. Pure.

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  level: number
  at: number
}

/** Buckets that are kept; the one used longest ago goes, and is full again if it comes back. */
const MOST = 1_000

export class RateLimit {
  readonly #rate: Rate
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Takes one for `key`; 0 = it was there, else ms until it will be. `now` is monotonic, in ms. */
  take(key: string, now: number): number {
    const { perSecond, burst } = this.#rate
    const bucket = this.#buckets.get(key) ?? { level: burst, at: now }
    const level = Math.min(burst, bucket.level + ((now - bucket.at) * perSecond) / 1_000)
    bucket.at = now
    bucket.level = level >= 1 ? level - 1 : level
    if (!this.#buckets.has(key)) this.#add(key, bucket)
    return level >= 1 ? 0 : Math.ceil(((1 - level) * 1_000) / perSecond)
  }

  #add(key: string, bucket: Bucket): void {
    this.#buckets.set(key, bucket)
    if (this.#buckets.size <= MOST) return
    let oldest: string | null = null
    for (const [name, { at }] of this.#buckets) {
      if (oldest === null || at < (this.#buckets.get(oldest) as Bucket).at) oldest = name
    }
    if (oldest !== null) this.#buckets.delete(oldest)
  }
}
