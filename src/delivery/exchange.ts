// One message after the other over the link of a destination, as the machine says: connected when there is
// something to send, sent again, closed, waited for. It knows what the destination said last, and whether it is
// down; that it is, and that it is well again, is said once.
import type { Cancel, Env } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import { type Statement, statement } from '../model/statement.ts'
import { type Event, IDLE, type Result, type Rules, type State, step } from './machine.ts'
import type { Link, Message, Reply, Sender } from './sender.ts'
import { reasonOf } from './standing.ts'

export type How = Pick<Rules, 'once' | 'trial'>

const NO_ERROR = statement('delivery.connecting')

export class Exchange {
  readonly #env: Env
  readonly #rules: Rules
  readonly #link: Link
  readonly #log: Say
  readonly #surely: (work: () => Promise<void>) => Promise<void>
  #state: State = IDLE
  #stopped = false
  /** How the message that is under way is tried. */
  #how: How = {}
  /** The message that is under way, and its text as it was made last. */
  #message: Message | null = null
  #text = ''
  /** It has waited since it was made: meanwhile the pump may have contradicted what it says. */
  #waited = false
  /** Counts what ends an attempt: what is still being made then is not sent. */
  #attempt = 0
  #done: (result: Result) => void = () => {}
  #timer: Cancel = () => {}
  #lastError = NO_ERROR
  /** Why we have closed the connection, which is not the other's doing; null = we have not. */
  #ours: Statement | null = null
  /** It answered this message with what is no answer to it. */
  #odd: Statement | null = null
  /** That it takes nothing now stands in the log of the bridge. */
  #saidDown = false

  /** `surely`: does something until it works, and says why it does not. */
  constructor(
    env: Env,
    sender: Sender,
    rules: Rules,
    log: Say,
    surely: (work: () => Promise<void>) => Promise<void>,
  ) {
    this.#env = env
    this.#rules = rules
    this.#log = log
    this.#surely = surely
    this.#link = sender.link({
      connected: () => this.#on({ kind: 'connected' }),
      reply: (reply) => {
        this.#heard(reply)
        this.#on({ kind: 'reply', reply })
      },
      closed: (why) => {
        this.#lastError = this.#odd ?? this.#ours ?? why
        this.#down(this.#lastError)
        this.#ours = null
        this.#odd = null
        this.#on({ kind: 'closed' })
      },
    })
  }

  get state(): State {
    return this.#state
  }

  get lastError(): Statement {
    return this.#lastError
  }

  /**
   * Until it is accepted, is to be set aside, is stuck, or nothing is wanted any more. Of what was stopped nothing is
   * said.
   */
  async send(message: Message, how: How = {}): Promise<Result> {
    this.#how = how
    await this.#surely(async () => message.ready?.())
    try {
      this.#text = message.text()
      this.#message = message
      this.#waited = false
    } catch (error) {
      const text = (error as Error).message.slice(0, 500)
      return { kind: 'parked', code: 'none', text, attempts: 0 }
    }
    const result = await new Promise<Result>((resolve) => {
      this.#done = resolve
      this.#on({ kind: 'message', control: message.control })
    })
    if (result.kind !== 'accepted') return result
    this.#lastError = NO_ERROR
    this.#odd = null
    if (this.#saidDown) this.#log('it takes messages again.', 'info')
    this.#saidDown = false
    return result
  }

  stop(): void {
    this.#stopped = true
    this.#timer()
    this.#link.close()
  }

  #heard({ means, control, code, text: words }: Reply): void {
    if (means === 'accepted') return
    const text = `${code} ${words}`.trim().slice(0, 200)
    this.#lastError = means
      ? statement('delivery.refused', { text })
      : statement('delivery.odd', { text })
    // What means nothing, or names another message, is why nothing is known of this one.
    this.#odd = means && control === this.#state.head ? null : statement('delivery.odd', { text })
  }

  /** Says once that a message waits because it cannot be delivered now. */
  #down(why: Statement): void {
    if (this.#stopped || this.#saidDown || this.#state.head === null) return
    this.#saidDown = true
    this.#log(
      `it does not take messages now (${reasonOf(why)}). They stay in the log and are tried again.`,
    )
  }

  /** Sends it, made anew if it has waited; nothing, if the attempt is over by then. */
  async #give(control: string): Promise<void> {
    const attempt = this.#attempt
    const message = this.#message
    if (this.#waited && message !== null) {
      await this.#surely(async () => message.ready?.())
      if (attempt !== this.#attempt || this.#stopped) return
      try {
        this.#text = message.text()
      } catch {
        // What it was made of is not kept any more. It stays as it was.
      }
      this.#waited = false
    }
    this.#link.send(this.#text, control)
  }

  #on(event: Event): void {
    if (this.#stopped) return
    if (event.kind === 'closed' || event.kind === 'time') {
      this.#attempt += 1
      this.#waited = true
    }
    const { state, effects } = step(this.#state, event, { ...this.#rules, ...this.#how })
    this.#state = state
    for (const effect of effects) {
      switch (effect.do) {
        case 'connect':
          this.#link.connect()
          break
        case 'send':
          void this.#give(this.#state.head ?? '')
          break
        case 'close':
          this.#ours = statement('delivery.unanswered')
          this.#link.close()
          break
        case 'timer':
          this.#timer()
          if (effect.ms !== null) {
            this.#timer = this.#env.after(effect.ms, () => this.#on({ kind: 'time' }))
          }
          break
        case 'done':
          this.#done(effect.result)
      }
    }
  }
}
