// When followers look again: when the writer says that something is durable, or, where there is no writer,
// every now and then. One subscription, or one timer, for everybody, and none while nobody follows.
import type { Observable } from 'rxjs'
import { Emitter } from '../base/emitter.ts'
import type { Env } from '../base/env.ts'

const POLL_MS = 500

export class Wakes {
  readonly #env: Env
  readonly #wake$: Observable<unknown> | null
  readonly #woken = new Emitter()
  #count = 0
  #followers = 0
  #stop = () => {}

  constructor(env: Env, wake$: Observable<unknown> | null) {
    this.#env = env
    this.#wake$ = wake$
  }

  /** How often something may have changed. */
  get count(): number {
    return this.#count
  }

  /** Whether somebody follows. */
  get followed(): boolean {
    return this.#followers > 0
  }

  /** Somebody follows, until the function that it gives is called. */
  join(): () => void {
    this.#followers += 1
    if (this.#followers === 1) this.#start()
    return () => {
      this.#followers -= 1
      if (this.#followers === 0) this.#stop()
    }
  }

  /** Resolves when the count is another one, or at the signal. */
  after(count: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== count || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        leave()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const leave = this.#woken.on(done)
      signal.addEventListener('abort', done)
    })
  }

  #start(): void {
    if (this.#wake$) {
      const subscription = this.#wake$.subscribe(() => this.#wake())
      this.#stop = () => subscription.unsubscribe()
    } else this.#poll()
  }

  #poll(): void {
    this.#stop = this.#env.after(POLL_MS, () => {
      this.#poll()
      this.#wake()
    })
  }

  #wake(): void {
    this.#count += 1
    this.#woken.emit()
  }
}
