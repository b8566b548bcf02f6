// So many at once, so many waiting, and no more: for work that is heavy.
import type { ServerResponse } from 'node:http'
import { HttpProblem } from './problems.ts'

export class Seats {
  readonly #most: number
  readonly #waitingMost: number
  #taken = 0
  readonly #waiting: (() => void)[] = []

  constructor(most: number, waiting: number) {
    this.#most = most
    this.#waitingMost = waiting
  }

  /** Waits for a seat, and leaves it when the reply has ended. Rejects when too many wait. */
  async enter(reply: ServerResponse): Promise<void> {
    if (this.#taken < this.#most) this.#taken += 1
    else if (this.#waiting.length < this.#waitingMost) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    } else {
      const detail = 'Too many others read history now.'
      throw new HttpProblem('too-many-requests', detail, { 'retry-after': '1' })
    }
    if (reply.destroyed) this.#leave()
    else reply.once('close', () => this.#leave())
  }

  /** The seat goes to the next one as it is. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken -= 1
  }
}
