// The turn of one message after the other: each is sent until the destination takes or judges it. Whether a message
// that is never taken is the reason, or the destination, another message tells: where that one is taken, and this one
// is answered several times after it, or not in time, and not taken, it is for the message, and it is set aside.
// Where no other is taken, or none waits, it is for the destination, and nothing is set aside, however long it lasts.
// A connection that is lost says nothing of a message: a receiver may close after each acknowledgment.
import type { Exchange, How } from './exchange.ts'
import type { Result } from './machine.ts'
import type { Outbox } from './outbox.ts'
import type { Message } from './sender.ts'

/** So many answers or time-outs judge a message when another one was taken. */
const TRIAL = 3

export class Turns {
  readonly #exchange: Pick<Exchange, 'send'>
  readonly #outbox: Pick<Outbox, 'other'>
  /** Taken before their turn: they are not sent again. */
  readonly #ahead = new Set<string>()
  /** Messages that were taken. */
  sent = 0

  constructor(exchange: Pick<Exchange, 'send'>, outbox: Pick<Outbox, 'other'>) {
    this.#exchange = exchange
    this.#outbox = outbox
  }

  async take(message: Message): Promise<Result> {
    if (this.#ahead.delete(message.control)) return { kind: 'accepted' }
    /** Others that were judged: they do not tell whether the destination takes anything. */
    const judged = new Set<string>()
    for (let round = 0; ; ) {
      const result = await this.#send(message)
      if (result.kind !== 'stuck') return result
      let probe: Result | null = null
      do {
        const other = this.#outbox.other(
          new Set([message.control, ...this.#ahead, ...judged]),
          round,
        )
        if (!other) break
        probe = await this.#send(other, { once: true })
        if (probe.kind === 'accepted') this.#ahead.add(other.control)
        if (probe.kind === 'parked') judged.add(other.control)
        else round += 1
      } while (probe.kind === 'parked')
      if (probe?.kind === 'gone') return probe
      if (probe?.kind !== 'accepted') continue
      const again = await this.#send(message, { trial: TRIAL })
      if (again.kind !== 'stuck') return again
      if ((again.answers ?? 0) < TRIAL) continue
      const attempts = result.attempts + again.attempts
      const text = `${again.text}, ${attempts} times, and others are taken`
      return { ...again, attempts, kind: 'parked', text }
    }
  }

  async #send(message: Message, how: How = {}): Promise<Result> {
    const result = await this.#exchange.send(message, how)
    if (result.kind === 'accepted') this.sent += 1
    return result
  }
}
