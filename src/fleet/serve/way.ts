// A way of a reader to the broker: the connection of one key. The client makes a connection again by itself, but
// closes it for good when its key is refused twice: then it is opened anew, less and less often, because a key that
// was taken back may be given back. What becomes of one way says nothing of another.
import type { Env } from '../../base/env.ts'
import type { Broker } from '../stream/broker.ts'
import { isByKey } from '../stream/fault.ts'

const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 30_000

export class Way {
  /** The one site that is taken from it; null = every site that is there. */
  readonly only: string | null
  /** Since when the broker does not answer on it; null = it does. */
  lost: string | null = null
  readonly #env: Env
  readonly #open: () => Promise<Broker>
  #broker: Broker | null = null
  #wait = FIRST_WAIT_MS
  /** Before this moment it is not opened again. */
  #next = 0
  #why: unknown = null
  /** Which key it is: what was begun with one before is not used. */
  #turn = 0
  #closed = false

  constructor(env: Env, only: string | null, open: () => Promise<Broker>) {
    this.#env = env
    this.only = only
    this.#open = open
  }

  /** The connection, opened if there is none. Rejects with why there is none, also when it is not tried again yet. */
  async reach(): Promise<Broker> {
    if (this.#broker !== null && !this.#broker.connection.isClosed()) return this.#broker
    this.#broker = null
    if (this.#why !== null && this.#env.monotonic() < this.#next) throw this.#why
    const turn = this.#turn
    try {
      const broker = await this.#open()
      if (this.#closed || turn !== this.#turn) {
        await broker.close()
        throw new Error('its key was changed while it was tried')
      }
      this.#why = null
      this.#wait = FIRST_WAIT_MS
      this.#broker = broker
      return broker
    } catch (error) {
      if (turn !== this.#turn) throw error
      this.#why = error
      this.#next = this.#env.monotonic() + this.#wait
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
      throw error
    }
  }

  /** The last time that it was to be opened the broker did not take its key, or there was none to show. */
  get refused(): boolean {
    return this.#why !== null && isByKey(this.#why)
  }

  /** Its key is another one: it is opened anew, and at once. */
  renew(): void {
    this.#turn += 1
    void this.#broker?.close()
    this.#broker = null
    this.#why = null
    this.#wait = FIRST_WAIT_MS
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#broker?.close()
  }
}
