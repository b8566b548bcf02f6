// The link of a destination that is spoken to by HTTP: every message is an exchange of its own, and there is
// nothing to connect before it. What an exchange that was given up still says is not heard.
import type { Env } from '../base/env.ts'
import { statement } from '../model/statement.ts'
import type { Link, LinkEvents, Message, Reply } from './sender.ts'

/** One message and what was answered. Rejects when nothing was. */
export type Exchange = (
  message: { readonly text: string } & Pick<Message, 'control'>,
  signal: AbortSignal,
) => Promise<Omit<Reply, 'control'>>

export class HttpLink implements Link {
  readonly #env: Env
  readonly #exchange: Exchange
  readonly #events: LinkEvents
  readonly #end: () => void
  #current: AbortController | null = null

  constructor(env: Env, exchange: Exchange, events: LinkEvents, end: () => void = () => {}) {
    this.#env = env
    this.#exchange = exchange
    this.#events = events
    this.#end = end
  }

  connect(): void {
    this.#env.after(0, () => this.#events.connected())
  }

  send(text: string, control: string): void {
    const abort = new AbortController()
    this.#current = abort
    const live = () => this.#current === abort
    this.#exchange({ text, control }, abort.signal).then(
      (reply) => {
        if (!live()) return
        this.#current = null
        this.#events.reply({ control, ...reply })
      },
      (error: NodeJS.ErrnoException) => {
        if (!live()) return
        this.#current = null
        this.#end()
        this.#events.closed(
          statement('delivery.refused', { text: error.code ?? error.message.slice(0, 200) }),
        )
      },
    )
  }

  /** Whoever closes has waited long enough. */
  close(): void {
    const abort = this.#current
    this.#current = null
    abort?.abort()
    this.#end()
    this.#events.closed(statement('delivery.unanswered'))
  }
}
