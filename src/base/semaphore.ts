// So many at once, the rest in the order in which they came.

export class Semaphore {
  readonly #most: number
  #inside = 0
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Waits for a place; gives the function that leaves it. */
  async enter(): Promise<() => void> {
    if (this.#inside >= this.#most) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    } else this.#inside += 1
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#waiting.shift()
      // The place goes to the next one as it is.
      if (next) next()
      else this.#inside -= 1
    }
  }
}
