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

  /**
   * Waits for a seat, and leaves it when the reply has ended. Rejects when too many wait, and when
   * nobody waits for the reply any more.
   */
  async enter(reply: ServerResponse): Promise<void> {
    if (this.#taken < this.#most) this.#taken += 1
    else if (this.#waiting.length < this.#waitingMost) await this.#wait(reply)
    else {
      const detail = 'Too many others read history now.'
      throw new HttpProblem('too-many-requests', detail, { 'retry-after': '1' })
    }
    if (reply.destroyed) {
      this.#leave()
      throw new HttpProblem('too-slow')
    }
    reply.once('close', () => this.#leave())
  }

  #wait(reply: ServerResponse): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = () => {
        this.#waiting.splice(this.#waiting.indexOf(seated), 1)
        reject(new HttpProblem('too-slow'))
      }
      const seated = () => {
        reply.off('close', gone)
        resolve()
      }
      this.#waiting.push(seated)
      reply.once('close', gone)
    })
  }

  /** The seat goes to the next one as it is. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken -= 1
  }
}
