// A part of a bridge that can be ended and begun anew with other settings while wands are read: its HTTP server, its
// destinations, whose pump is whose. One change at a time. Where the new settings cannot be used the part goes on
// with those it had, or is gone and says so. Once closed it does not begin again.

/** The new settings cannot be used, and those before could not be used again either. */
export class PartGone extends Error {}

export class Part<T extends { close(): Promise<void> }, S> {
  readonly #begin: (settings: S) => Promise<T | null>
  #settings: S
  #now: T | null = null
  #newest: T | null = null
  #changing = false
  #closed = false
  #last: Promise<unknown> = Promise.resolve()

  /** Not begun yet: `start()` does. */
  constructor(settings: S, begin: (settings: S) => Promise<T | null>) {
    this.#settings = settings
    this.#begin = begin
  }

  /** Null = there is none with these settings, or none at this moment. */
  get now(): T | null {
    return this.#now
  }

  /** The one that runs, or ran until another does: what it knows can be asked for. Null = there is to be none. */
  get newest(): T | null {
    return this.#newest
  }

  /** Those that are used, or were when it last ran. */
  get settings(): S {
    return this.#settings
  }

  /** It has been ended and not begun yet. */
  get changing(): boolean {
    return this.#changing
  }

  /** Begins with the first settings. Rejects with what is wrong with them. */
  start(): Promise<void> {
    return this.#turn(() => this.#run(this.#settings))
  }

  /** Rejects with what is wrong with the settings; then those before are used again, or it rejects with PartGone. */
  use(settings: S): Promise<void> {
    return this.#turn(() => this.#change(settings))
  }

  /** After a change that goes on; those that wait are refused. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last
    const now = this.#now
    this.#now = null
    await now?.close()
  }

  #turn(change: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      if (this.#closed) throw new Error('The bridge is being stopped, and nothing begins any more.')
      this.#changing = true
      try {
        await change()
      } finally {
        this.#changing = false
      }
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async #run(settings: S): Promise<void> {
    this.#now = await this.#begin(settings)
    this.#newest = this.#now
    this.#settings = settings
  }

  async #change(settings: S): Promise<void> {
    try {
      const now = this.#now
      this.#now = null
      await now?.close()
      await this.#run(settings)
    } catch (error) {
      await this.#run(this.#settings).catch((again: unknown) => {
        const also = `With the settings before it could not be begun again: ${said(again)}`
        throw new PartGone(`${said(error)}\n${also}`, { cause: error })
      })
      throw error
    }
  }
}

const said = (error: unknown) => (error instanceof Error ? error.message : String(error))
