// A volume that is drained at a constant rate between changes: exact, in integers. The unit inside is
// nL × ms of a day × ppm, so that no rate and no deviation ever leaves a remainder behind; therefore
// the result does not depend on the steps in which time is advanced.

const MS_PER_DAY = 86_400_000n
const PPM = 1_000_000n
const UNIT = MS_PER_DAY * PPM * PPM

export class Tank {
  #content: bigint

  constructor(nanolitres: number) {
    this.#content = BigInt(nanolitres) * UNIT
  }

  /** Whole nL, rounded to the nearest. */
  get volume(): number {
    return Number((this.#content + UNIT / 2n) / UNIT)
  }

  set volume(nanolitres: number) {
    this.#content = BigInt(nanolitres) * UNIT
  }

  /** Takes out what `flow` moves in `ms`; never below empty. */
  drain(flow: Flow, ms: number): void {
    const left = this.#content - flow.perMs * BigInt(ms)
    this.#content = left > 0n ? left : 0n
  }

  /** Milliseconds until `nanolitres` or less are left; infinite if it never comes to that. */
  until(nanolitres: number, flow: Flow): number {
    const over = this.#content - BigInt(nanolitres) * UNIT
    if (over <= 0n) return 0
    if (flow.perMs <= 0n) return Number.POSITIVE_INFINITY
    return Number((over + flow.perMs - 1n) / flow.perMs)
  }

  atMost(nanolitres: number): boolean {
    return this.#content <= BigInt(nanolitres) * UNIT
  }
}

/** A rate with its deviations. */
export class Flow {
  /** In the tank's inner unit a millisecond. */
  readonly perMs: bigint

  /** `rate` nL/d, `parts` in ppm each: 1_000_000 = as it is. */
  constructor(rate: number, parts: readonly [number, number] = [1_000_000, 1_000_000]) {
    this.perMs = BigInt(rate) * BigInt(Math.max(0, parts[0])) * BigInt(Math.max(0, parts[1]))
  }
}
