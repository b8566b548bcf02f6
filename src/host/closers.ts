// What has been opened, to be closed in the reverse order: at the end of a bridge, and just so when its
// start fails half-way.

export type Close = () => Promise<unknown> | unknown

export class Closers {
  readonly #all: { readonly name: string; readonly close: Close }[] = []
  readonly #failed: (name: string, error: unknown) => void

  /** `failed` is told what could not be closed; the rest is closed all the same. */
  constructor(failed: (name: string, error: unknown) => void) {
    this.#failed = failed
  }

  add(name: string, close: Close): void {
    this.#all.push({ name, close })
  }

  /** Closes everything that was added, the newest first. What was closed is not closed again. */
  async close(): Promise<void> {
    for (let next = this.#all.pop(); next; next = this.#all.pop()) {
      const { name, close } = next
      try {
        await close()
      } catch (error) {
        this.#failed(name, error)
      }
    }
  }
}
