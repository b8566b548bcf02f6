// The turn of one message after the other: each is sent until the destination takes or judges it. Whether a message
// that is never taken is the reason, or the destination, another message tells: where that one is taken and this one
// is not right after it, it is for the message, and it is set aside. Where no other is taken either, or none waits, it
// is for the destination, and nothing is set aside, however long it lasts.
import type { Exchange } from './exchange.ts'
import type { Result } from './machine.ts'
import type { Outbox } from './outbox.ts'
import type { Message } from './sender.ts'

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
    for (let round = 0; ; round += 1) {
      const result = await this.#send(message)
      if (result.kind !== 'stuck') return result
      const other = this.#outbox.other(new Set([message.control, ...this.#ahead]), round)
      if (!other) continue
      const probe = await this.#send(other, true)
      if (probe.kind === 'gone') return probe
      if (probe.kind === 'stuck') continue
      if (probe.kind === 'accepted') this.#ahead.add(other.control)
      const again = await this.#send(message, true)
      if (again.kind !== 'stuck') return again
      const text = `${result.text}, ${result.attempts} times, and others are taken`
      return { ...result, kind: 'parked', text }
    }
  }

  async #send(message: Message, once = false): Promise<Result> {
    const result = await this.#exchange.send(message, once)
    if (result.kind === 'accepted') this.sent += 1
    return result
  }
}
