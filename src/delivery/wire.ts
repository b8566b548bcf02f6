// The link of MLLP: one line after the other to a destination, messages and replies in frames. What a line
// that is given up still says is not heard.
import { type Statement, statement } from '../model/statement.ts'
import type { Dial, Line } from './line.ts'
import { Deframer, frame } from './mllp.ts'
import type { Link, LinkEvents, Reply } from './sender.ts'

/** Bytes a peer may say to one message. Whoever says more is not listened to: others wait meanwhile. */
const MOST_SAID = 1 << 20

/** A message with its MSA, to the end of that segment. */
const WHOLE = /MSH.*?[\r\n]MSA[^\r\n]*[\r\n]/s

export class Wire implements Link {
  readonly #dial: Dial
  readonly #parse: (text: string) => Reply
  readonly #events: LinkEvents
  #line: Line | null = null
  #deframer = new Deframer()
  /** Bytes since the last message was sent, or since the line was made. */
  #heard = 0

  constructor(dial: Dial, parse: (text: string) => Reply, events: LinkEvents) {
    this.#dial = dial
    this.#parse = parse
    this.#events = events
  }

  connect(): void {
    this.#deframer = new Deframer()
    this.#heard = 0
    const live = () => this.#line === line
    let line: Line | null = null
    try {
      line = this.#dial({
        connected: () => live() && this.#events.connected(),
        data: (bytes) => live() && this.#take(bytes),
        closed: (why) => live() && this.#closed(why),
      })
      this.#line = line
    } catch (error) {
      this.#closed(statement('delivery.refused', { text: (error as Error).message }))
    }
  }

  send(text: string): void {
    this.#heard = 0
    this.#line?.send(frame(text))
  }

  close(): void {
    this.#line?.close()
  }

  #take(bytes: Uint8Array): void {
    this.#heard += bytes.length
    if (this.#heard > MOST_SAID) {
      this.#line?.close()
      return this.#closed(statement('delivery.no-reply'))
    }
    for (const text of this.#deframer.push(bytes)) this.#events.reply(this.#parse(text))
    this.#bare()
  }

  /** An acknowledgment without a frame around it means what it says, once it is whole. */
  #bare(): void {
    const [text] = WHOLE.exec(this.#deframer.outside) ?? []
    if (text === undefined) return
    this.#deframer.takeOutside()
    this.#events.reply(this.#parse(text))
  }

  #closed(why: Statement): void {
    const outside = this.#deframer.takeOutside().trim()
    if (this.#line && outside !== '') this.#events.reply(this.#parse(outside))
    this.#line = null
    this.#events.closed(why)
  }
}
