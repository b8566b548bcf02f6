// Records on their way to the broker: so many at once, each with the sequence that must stand before it, so
// that the broker takes them in order, each once, or not at all. An answer therefore speaks for every record
// before it, too. What fails ends the pipeline: whoever uses it looks again at what the broker has.
import { createInbox, headers, type Msg } from '@nats-io/transport-node'
import type { Cancel, Env } from '../../base/env.ts'
import { ANSWER_MS, type Broker } from '../stream/broker.ts'

type Sender = Pick<Broker, 'connection' | 'onChange' | 'onRefusal'>

export interface Sent {
  readonly subject: string
  readonly line: string
  readonly position: number
  readonly at: string
  /** Headers, in base64 where they hold lines. */
  readonly with: Readonly<Record<string, string>> | null
}

export interface PipelineOptions {
  readonly window: number
  /** Sequence less position. */
  readonly less: number
  /** It ends here, too. */
  readonly signal: AbortSignal
  /** Everything up to this position was taken, so many records more than before. */
  acked(position: number, records: number): void
}

/** So many go out at once while there are more. */
const TOGETHER = 50
const EXPECTED = 'Nats-Expected-Last-Sequence'

export class Pipeline {
  /** Aborted when it has ended, for whatever reason. */
  readonly signal: AbortSignal
  readonly #env: Env
  readonly #connection: Broker['connection']
  readonly #options: PipelineOptions
  readonly #end = new AbortController()
  /** Where the broker answers. */
  readonly #inbox = createInbox()
  readonly #leave: readonly (() => void)[]
  /** Those that go out next. */
  readonly #ready: Sent[] = []
  /** Those under way, in order. */
  #flying: Sent[] = []
  #answers = 0
  #cancelWatch: Cancel | null = null
  /** Whoever waits for an answer. */
  #waits: (() => void) | null = null
  #failure: Error | null = null

  constructor(env: Env, broker: Sender, options: PipelineOptions) {
    this.#env = env
    this.#connection = broker.connection
    this.#options = options
    this.signal = this.#end.signal
    // The client's own requests make a timer and several promises for each record.
    const answers = broker.connection.subscribe(this.#inbox, {
      callback: (error, message) => (error ? this.end(error) : this.#answered(message)),
    })
    // A connection that was lost or closed answers nothing any more, not even that it is.
    const stop = () => this.end(new Error('the bridge ends'))
    options.signal.addEventListener('abort', stop)
    this.#leave = [
      () => answers.unsubscribe(),
      () => options.signal.removeEventListener('abort', stop),
      broker.onChange((there) => !there && this.end(new Error('the connection was lost'))),
      broker.onRefusal((error, subject) => {
        if (this.#flying.some((sent) => sent.subject === subject)) this.end(error)
      }),
    ]
    if (options.signal.aborted) stop()
  }

  /** Records that are under way. */
  get flying(): number {
    return this.#flying.length
  }

  /** When the oldest record under way was recorded; null = none is. */
  get oldest(): string | null {
    return this.#flying[0]?.at ?? null
  }

  /** Takes the next record; a promise resolves when there is room for another one. It goes with those behind it. */
  send(sent: Sent): Promise<void> | undefined {
    this.#ready.push(sent)
    const together = Math.min(TOGETHER, this.#options.window)
    return this.#ready.length >= together ? this.flush() : undefined
  }

  /** What was taken is sent: nothing comes behind it for now. */
  async flush(): Promise<void> {
    const fits = this.#options.window - this.#ready.length
    while (this.#flying.length > fits) await this.#anAnswer()
    // In one go, so that they are written to the connection at once.
    for (const sent of this.#ready.splice(0)) this.#publish(sent)
  }

  /** Resolves when everything was taken. Rejects with what has failed. */
  async drained(): Promise<void> {
    await this.flush()
    while (this.#flying.length > 0) await this.#anAnswer()
    if (this.#failure !== null) throw this.#failure
  }

  /** Nothing more is sent, and no answer is waited for. */
  end(failure: Error | null = null): void {
    if (this.signal.aborted) return
    this.#failure = failure
    this.#flying = []
    this.#cancelWatch?.()
    for (const leave of this.#leave) leave()
    this.#end.abort()
    this.#waits?.()
  }

  /** Until something is answered, or the pipeline has ended. */
  #anAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#waits = resolve
    })
  }

  #publish(sent: Sent): void {
    if (this.signal.aborted) return
    const all = headers()
    all.set(EXPECTED, `${sent.position + this.#options.less - 1}`)
    for (const [name, value] of Object.entries(sent.with ?? {})) all.set(name, value)
    this.#flying.push(sent)
    this.#cancelWatch ??= this.#watch()
    try {
      this.#connection.publish(sent.subject, sent.line, { headers: all, reply: this.#inbox })
    } catch (error) {
      this.end(error as Error)
    }
  }

  #answered(message: Msg): void {
    const answer = answerIn(message)
    if (typeof answer === 'string') return this.end(new Error(answer))
    const position = answer.seq - this.#options.less
    const records = position + 1 - (this.#flying[0]?.position ?? position + 1)
    if (records > this.#flying.length)
      return this.end(new Error(`the broker has record ${position}, which was not sent`))
    this.#answers += 1
    // An answer to a record before it speaks for these already.
    if (records <= 0) return
    this.#flying.splice(0, records)
    this.#options.acked(position, records)
    this.#waits?.()
  }

  /** Ends it when records are under way and none was answered for so long. */
  #watch(): Cancel {
    const before = this.#answers
    return this.#env.after(ANSWER_MS, () => {
      this.#cancelWatch = null
      if (this.#flying.length === 0) return
      if (this.#answers === before) this.end(new Error('the broker does not answer'))
      else this.#cancelWatch = this.#watch()
    })
  }
}

/** The sequence of the newest record that was taken, or why none was. */
function answerIn(message: Msg): { readonly seq: number } | string {
  if (message.headers?.code === 503) return 'no stream there takes records'
  const { seq, error } = message.json<{ seq: number; error?: { readonly description: string } }>()
  return error ? error.description : { seq }
}
