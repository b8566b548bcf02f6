// Whoever wants to know is called, in the order in which they came, until they have had enough.

export class Emitter<T extends readonly unknown[] = []> {
  readonly #listeners = new Set<(...told: T) => void>()

  /** Gives the function that ends it. */
  on(listener: (...told: T) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Calls those who listen now; who comes or goes meanwhile is not counted. */
  emit(...told: T): void {
    for (const listener of [...this.#listeners]) listener(...told)
  }
}
