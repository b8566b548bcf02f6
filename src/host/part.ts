// A part of a bridge that can be ended and begun anew with other settings while wands are read: its HTTP server, its
// destinations, whose pump is whose. One change at a time. Where the new settings cannot be used the part goes on
// with those it had.

export class Part<T extends { close(): Promise<void> }, S> {
  readonly #begin: (settings: S) => Promise<T | null>
  #settings: S
  #now: T | null = null
  #changing = false
  #last: Promise<unknown> = Promise.resolve()

  /** Not begun yet: `use(settings)` does. */
  constructor(settings: S, begin: (settings: S) => Promise<T | null>) {
    this.#settings = settings
    this.#begin = begin
  }

  /** Null = there is none with these settings. */
  get now(): T | null {
    return this.#now
  }

  /** It has been ended and not begun yet. */
  get changing(): boolean {
    return this.#changing
  }

  /** Rejects with what is wrong with the settings; then those before are used again. */
  use(settings: S = this.#settings): Promise<void> {
    const change = this.#last.then(() => this.#change(settings))
    this.#last = change.catch(() => {})
    return change
  }

  /** After a change that goes on. */
  async close(): Promise<void> {
    await this.#last
    const now = this.#now
    this.#now = null
    await now?.close()
  }

  async #change(settings: S): Promise<void> {
    this.#changing = true
    try {
      await this.#now?.close()
      this.#now = null
      this.#now = await this.#begin(settings)
      this.#settings = settings
    } catch (error) {
      this.#now = await this.#begin(this.#settings).catch(() => null)
      throw error
    } finally {
      this.#changing = false
    }
  }
}
