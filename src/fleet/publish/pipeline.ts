// Records on their way to the broker: so many at once, each with the sequence that must stand before it, so
// that the broker takes them in order, each once, or not at all. What fails ends the pipeline: whoever uses
// it looks again at what the broker has.
import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import type { Broker } from '../stream/broker.ts'
import { ANSWER_MS } from '../stream/broker.ts'

export interface Sent {
  readonly subject: string
  readonly line: string
  readonly position: number
  readonly at: string
  /** Headers, in base64 where they hold lines. */
  readonly with: Readonly<Record<string, string>> | null
}

/** So many go out at once while there are more. */
const TOGETHER = 50

export class Pipeline {
  readonly #client: JetStreamClient
  readonly #window: number
  readonly #less: number
  readonly #acked: (position: number) => void
  readonly #failed: (error: Error) => void
  /** Those that go out next. */
  readonly #ready: Sent[] = []
  /** When each of those under way was recorded. */
  readonly #flying: string[] = []
  /** Whoever waits for an answer. */
  #waits: (() => void) | null = null
  #ended = false

  /** `less`: sequence less position. `failed` is called once. */
  constructor(
    { connection }: Pick<Broker, 'connection'>,
    options: {
      readonly window: number
      readonly less: number
      acked(position: number): void
      failed(error: Error): void
    },
  ) {
    this.#client = jetstream(connection)
    this.#window = options.window
    this.#less = options.less
    this.#acked = options.acked
    this.#failed = options.failed
  }

  /** Records that are under way. */
  get flying(): number {
    return this.#flying.length
  }

  /** When the oldest record under way was recorded; null = none is. */
  get oldest(): string | null {
    return this.#flying[0] ?? null
  }

  /** Takes the next record, and resolves when there is room for another one. It goes with those behind it. */
  async send(sent: Sent): Promise<void> {
    if (this.#ended) return
    this.#ready.push(sent)
    if (this.#ready.length >= Math.min(TOGETHER, this.#window)) await this.flush()
  }

  /** What was taken is sent: nothing comes behind it for now. */
  async flush(): Promise<void> {
    const fits = this.#window - this.#ready.length
    while (!this.#ended && this.#flying.length > fits) await this.#answered()
    // In one go, so that they are written to the connection at once.
    for (const sent of this.#ready.splice(0)) this.#start(sent)
  }

  #start(sent: Sent): void {
    if (this.#ended) return
    this.#flying.push(sent.at)
    void this.#publish(sent)
      .then(() => {
        if (this.#ended) return
        this.#flying.shift()
        this.#acked(sent.position)
        this.#waits?.()
      })
      .catch((error: Error) => this.end(error))
  }

  /** Nothing more is sent, and no answer is waited for. */
  end(error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#flying.length = 0
    this.#waits?.()
    this.#failed(error)
  }

  /** Resolves when everything under way was taken or has failed. */
  async drained(): Promise<void> {
    await this.flush()
    while (this.#flying.length > 0) await this.#answered()
  }

  /** Until something is answered, or the pipeline has ended. */
  #answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#waits = resolve
    })
  }

  async #publish({ subject, line, position, with: more }: Sent): Promise<void> {
    const sequence = position + this.#less
    const options = { expect: { lastSequence: sequence - 1 }, timeout: ANSWER_MS, retries: 0 }
    const ack = await this.#client.publish(subject, line, {
      ...options,
      ...(more && { headers: headersOf(more) }),
    })
    if (ack.seq !== sequence)
      throw new Error(`the broker took record ${position} as ${ack.seq}, not as ${sequence}`)
  }
}

function headersOf(all: Readonly<Record<string, string>>): MsgHdrs {
  const made = headers()
  for (const [name, value] of Object.entries(all)) made.set(name, value)
  return made
}
