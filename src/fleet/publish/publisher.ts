// A bridge's log on its way to the broker: every durable record once, in order. It follows the log as
// everybody does, so a broker that is away for a month costs the bridge nothing: what is owed stays in the
// log, is kept there by retention, and is sent in constant memory when the broker is back. Where the
// broker has another history of the log, nothing is sent, and that is told until it is settled. What the
// broker lacks of logs that were set aside before is sent first.
import { type Cancel, pause } from '../../base/env.ts'
import type { FeedRecord } from '../../feed/feed-record.ts'
import { type Statement, statement } from '../../model/statement.ts'
import type { Coded, DestinationStatus } from '../../model/status.ts'
import { type Broker, openBroker } from '../stream/broker.ts'
import { CHECKPOINT, KEY, type SiteLog, subjectsFor } from '../stream/names.ts'
import { Pipeline } from './pipeline.ts'
import { type Apart, type Place, placeOf, type Records } from './place.ts'
import { type Newest, pulses } from './pulse.ts'
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, type LogOptions, Rest, sentOf } from './rest.ts'

export interface PublisherOptions extends LogOptions {
  readonly feed: Records
  newest(): Newest | null
}

/** The end of a bridge waits so long for what is under way, in ms. */
const END_MS = 2_000

interface At {
  readonly log: string
  /** Everything up to here is at the broker. */
  acked: number
}

export interface FleetCounts {
  /** Records that were taken by the broker since the start. */
  sent: number
  /** Records that had to be sent again, because no answer came. */
  resent: number
  /** Streams that were not at the broker, and were made from the oldest record on. */
  epochs: number
}

export class Publisher {
  readonly #options: PublisherOptions
  readonly #end = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #broker: Broker | null = null
  #pipeline: Pipeline | null = null
  #at: At | null = null
  /** The highest position that was ever handed to the broker, of the log that is sent. */
  #tried = -1
  #why: Statement = statement('fleet.connecting', { text: '' })
  #apart: Apart | null = null
  readonly #rest: Rest
  #owedAt: string | null = null
  #cancelPulse: Cancel = () => {}
  readonly counts: FleetCounts = { sent: 0, resent: 0, epochs: 0 }

  constructor(options: PublisherOptions) {
    this.#options = options
    const acked = (_: number, records: number) => {
      this.counts.sent += records
    }
    const now = () => ({ broker: this.#broker, log: this.#at?.log ?? null })
    this.#rest = new Rest({ ...options, signal: this.#end.signal, acked, now })
  }

  start(): void {
    const { env, config, newest } = this.#options
    this.#running = this.#run()
    const apart = () => this.#apart
    const sends = () => (this.#pipeline === null && apart() === null ? null : this.#broker)
    this.#cancelPulse = pulses(env, config.site, newest, sends, apart)
  }

  /** Ends; what is under way has a moment to be answered. */
  async stop(): Promise<void> {
    const { env } = this.#options
    this.#cancelPulse()
    await new Promise<void>((resolve) => {
      const cancel = env.after(END_MS, resolve)
      void this.#settled().then(() => {
        cancel()
        resolve()
      })
    })
    this.#end.abort()
    await this.#broker?.close()
    await this.#running
    await this.#rest.ended()
  }

  /** The first position of the log that is written now which the broker has not taken. */
  get owed(): number {
    return this.#at && this.#at.log === this.#options.feed.head()?.log ? this.#at.acked + 1 : 0
  }

  /** Records of the log that the broker has not taken; null = that is not known yet. */
  get lag(): number | null {
    const head = this.#options.feed.head()
    if (this.#at === null || head?.log !== this.#at.log) return null
    return Math.max(0, head.size - 1 - this.#at.acked)
  }

  /** Records that are under way. */
  get flying(): number {
    return this.#pipeline?.flying ?? 0
  }

  status(): Coded<DestinationStatus> {
    const { env, config } = this.#options
    const since = this.#pipeline?.oldest ?? this.#owedAt
    const { state, ...said } = this.#standing()
    return {
      ...{ name: `fleet ${config.site}`, kind: 'nats', address: config.servers.join(' '), state },
      lagMs: state === 'idle' || since === null ? 0 : Math.max(0, env.wall() - Date.parse(since)),
      ...{ waiting: this.lag ?? 0, parked: 0, aside: [], sent: this.counts.sent },
      strays: this.counts.resent,
      ...said,
    }
  }

  #standing(): Pick<DestinationStatus, 'state'> & Statement {
    if (this.#apart !== null) return { state: 'failed', ...this.#why }
    if (this.#pipeline === null) return { state: 'waiting', ...this.#why }
    if (this.lag !== 0)
      return { state: 'sending', ...statement('fleet.sending', { records: this.lag ?? 0 }) }
    const { why } = this.#rest
    return why === null
      ? { state: 'idle', ...statement('fleet.idle') }
      : { state: 'waiting', ...why }
  }

  async #run(): Promise<void> {
    const { log } = this.#options
    const { signal } = this.#end
    let wait = FIRST_WAIT_MS
    let told = ''
    const tell = (text: string) => {
      if (text !== told && !signal.aborted) log(text)
      told = text
    }
    while (!signal.aborted) {
      try {
        this.#broker ??= await this.#open()
        if (this.#broker === null) return
        const sentBefore = this.counts.sent
        await this.#send(this.#broker, tell)
        if (this.counts.sent > sentBefore) wait = FIRST_WAIT_MS
      } catch (error) {
        const text = (error as Error).message.slice(0, 200)
        this.#why = statement('fleet.connecting', { text })
        tell(`The broker does not take records now: ${text}. They stay in the log.`)
      }
      await this.#lookOwed().catch(() => {})
      this.#pipeline = null
      await this.#again(wait)
      wait = this.#apart === null ? Math.min(wait * 2, LONGEST_WAIT_MS) : LONGEST_WAIT_MS
      // A connection that was closed for good is not made again by itself.
      if (this.#broker?.connection.isClosed()) this.#broker = null
    }
    await this.#broker?.close()
  }

  /** Null = the end came first; a connection that is made after it is closed. */
  async #open(): Promise<Broker | null> {
    const { config } = this.#options
    const { signal } = this.#end
    const opening = openBroker(config, `wandbridge ${config.site}`)
    let end = () => {}
    const ended = new Promise<null>((resolve) => {
      end = () => resolve(null)
      signal.addEventListener('abort', end)
    })
    // A broker may be away for a month: an attempt that is over leaves nothing behind.
    const leave = () => signal.removeEventListener('abort', end)
    const broker = await Promise.race([opening, ended]).finally(leave)
    if (broker === null)
      void opening.then(
        (late) => late.close(),
        () => {},
      )
    return broker
  }

  /** Waits to try again, but no longer than until the connection is there again. */
  async #again(wait: number): Promise<void> {
    const there = new AbortController()
    const leave = this.#broker?.onChange((now) => now && there.abort())
    await pause(this.#options.env, wait, AbortSignal.any([there.signal, this.#end.signal]))
    leave?.()
  }

  /** Sends from where the broker is until something fails, or another log is written. */
  async #send(broker: Broker, tell: (text: string) => void): Promise<void> {
    const { feed, config } = this.#options
    const head = await feed.look()
    if (head === null) return
    const ref: SiteLog = { site: config.site, log: head.log }
    await this.#rest.send(broker, head.log)
    const place = await placeOf(broker, feed, ref, config)
    if (place.apart !== null) return this.#told(place, tell)
    this.#apart = null
    if (this.#at?.log !== ref.log) this.#tried = -1
    const at = { log: ref.log, acked: place.position }
    this.#at = at
    this.counts.resent += Math.max(0, this.#tried - place.position)
    if (place.made) {
      this.counts.epochs += 1
      tell(
        `The broker had no stream ${place.stream}. It was made, and is filled from record ${place.position + 1}.`,
      )
    } else tell(`Records go to ${place.stream} from ${place.position + 1} on.`)
    await this.#follow(broker, at, place)
  }

  async #follow(
    broker: Broker,
    at: At,
    { less, position }: { readonly less: number; readonly position: number },
  ): Promise<void> {
    const { env, feed, config, pumpKey } = this.#options
    const { log } = at
    const subject = subjectsFor({ site: config.site, log }, pumpKey)
    const pipeline = new Pipeline(env, broker, {
      ...{ window: config.window, less, signal: this.#end.signal },
      acked: (acked, records) => {
        at.acked = acked
        this.counts.sent += records
      },
    })
    this.#pipeline = pipeline
    try {
      for await (const item of feed.follow({ log, position }, { signal: pipeline.signal })) {
        if (item.kind === 'record') {
          const { record } = item
          this.#tried = Math.max(this.#tried, record.position)
          await pipeline.send({ ...sentOf(record, subject), with: this.#closing(record) })
        } else if (item.kind === 'caught-up') await pipeline.flush()
        else break
      }
      await pipeline.drained()
    } finally {
      pipeline.end()
    }
  }

  /** What goes with the last record of the newest commit: everything before it is vouched for by it. */
  #closing({ log, position }: FeedRecord): Readonly<Record<string, string>> | null {
    const newest = this.#options.newest()
    if (newest?.log !== log || newest.size !== position + 1) return null
    return {
      [CHECKPOINT]: base64(newest.checkpoint),
      ...(newest.key !== null && { [KEY]: base64(newest.key) }),
    }
  }

  #told({ apart, stream, position }: Place & { readonly apart: Apart }, tell: (t: string) => void) {
    this.#apart = apart
    this.#why = statement(`fleet.${apart}`, { stream, position })
    tell(`${stream}, record ${position}: ${apart}. Nothing is sent; see the status.`)
  }

  /** When the oldest record that is owed was recorded, while nothing can be sent. */
  async #lookOwed(): Promise<void> {
    const { feed } = this.#options
    this.#owedAt = null
    for await (const { at } of feed.read({ after: this.owed - 1, limit: 1 })) this.#owedAt = at
  }

  /** Everything that the log has now is at the broker, or nothing can be sent, or nobody waits any more. */
  async #settled(): Promise<void> {
    const { signal } = this.#end
    while (this.#pipeline !== null && this.lag !== 0 && !signal.aborted)
      await pause(this.#options.env, 20, signal)
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
