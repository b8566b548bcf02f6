// What the broker lacks of logs that were set aside: sent to the end of each, in order, each record once.
import { type Env, pause } from '../../base/env.ts'
import type { FeedRecord } from '../../feed/feed-record.ts'
import { type Statement, statement } from '../../model/statement.ts'
import type { Broker } from '../stream/broker.ts'
import type { FleetConfig } from '../stream/config.ts'
import { type SiteLog, streamOf, subjectsFor } from '../stream/names.ts'
import { Pipeline } from './pipeline.ts'
import { infoOf, placeOf, type Records } from './place.ts'
import { serialIn } from './serial.ts'

/** A log that was set aside. */
export interface OlderLog {
  readonly log: string
  readonly records: Records
}

/** Of whoever sends the logs of a bridge. */
export interface LogOptions {
  readonly env: Env
  readonly config: FleetConfig
  /** The site's secret for what stands for a pump in subjects. */
  readonly pumpKey: Uint8Array
  /** The logs that were set aside before this one, the oldest first. */
  older(log: string): Promise<readonly OlderLog[]>
  log(text: string): void
}

interface RestOptions extends LogOptions {
  readonly signal: AbortSignal
  acked(position: number, records: number): void
  /** What is connected to, and which log is written now. */
  now(): { readonly broker: Broker | null; readonly log: string | null }
}

type SendOptions = Omit<RestOptions, 'older' | 'now'>

/** How long it is waited before the broker is tried again: at first, and at the most. */
export const FIRST_WAIT_MS = 500
export const LONGEST_WAIT_MS = 30_000

/**
 * What the broker lacks of the logs that were set aside goes before the log that is written now. Where it does not
 * take it, that may be the fault of one stream alone: the log that is written now goes on, and the others are tried
 * again beside it.
 */
export class Rest {
  readonly #options: RestOptions
  /** Of everything before this log there is nothing left to send. */
  #sent = ''
  #trying: Promise<void> | null = null
  #why: Statement | null = null
  /** What was told. */
  readonly #told = new Set<string>()

  constructor(options: RestOptions) {
    this.#options = options
  }

  /** Why something is not at the broker yet; null = nothing is known to be wrong. */
  get why(): Statement | null {
    return this.#why
  }

  async send(broker: Broker, current: string): Promise<void> {
    if (this.#sent === current || this.#trying !== null) return
    if (await this.#tried(broker, current)) return
    this.#trying = this.#tryAgain().finally(() => {
      this.#trying = null
    })
  }

  /** Resolves when nothing is under way; `signal` ends it. */
  async ended(): Promise<void> {
    await this.#trying
  }

  async #tryAgain(): Promise<void> {
    const { env, signal, now } = this.#options
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      await pause(env, wait, signal)
      const { broker, log } = now()
      if (broker !== null && log !== null && (await this.#tried(broker, log))) return
    }
  }

  /** Whether the broker has all of it, as far as that can be read. */
  async #tried(broker: Broker, current: string): Promise<boolean> {
    const { older, signal } = this.#options
    try {
      await sendOlder(broker, await older(current), {
        ...this.#options,
        log: (text) => this.#tell(text),
      })
    } catch (error) {
      const text = (error as Error).message.slice(0, 200)
      this.#why = statement('fleet.connecting', { text })
      this.#tell(
        `The broker does not take the rest of a log that was set aside: ${text}. It stays in the log, and is tried again.`,
      )
      return false
    }
    if (signal.aborted) return false
    this.#why = null
    this.#sent = current
    return true
  }

  #tell(text: string): void {
    if (!this.#told.has(text) && !this.#options.signal.aborted) this.#options.log(text)
    this.#told.add(text)
  }
}

/** Nothing more is sent of a log, because of what it is itself: it cannot be read, or the broker has another one. */
class Left extends Error {}

/**
 * From the oldest log on of which the broker has a stream. A log that has a fault of its own is told once, and left.
 * Rejects when the broker did not take what it was given: it is to be tried again.
 */
async function sendOlder(
  broker: Broker,
  logs: readonly OlderLog[],
  options: SendOptions,
): Promise<void> {
  const { site } = options.config
  let begun = false
  for (const { log, records } of logs) {
    const ref = { site, log }
    begun ||= (await infoOf(broker.manager, streamOf(ref))) !== null
    if (!begun) continue
    try {
      await sendRest(broker, ref, records, options)
    } catch (error) {
      if (!(error instanceof Left)) throw error
      options.log(
        `Of ${log}, which was set aside, the broker does not get what it lacks: ${error.message}. It stays in the files of the log.`,
      )
    }
    if (options.signal.aborted) return
  }
}

async function sendRest(
  broker: Broker,
  ref: SiteLog,
  log: Records,
  { env, config, pumpKey, signal, acked }: SendOptions,
): Promise<void> {
  const records = leaving(log)
  const place = await placeOf(broker, records, ref, config)
  if (place.apart !== null)
    throw new Left(`${place.stream}, record ${place.position}: ${place.apart}`)
  const { less, position } = place
  const subject = subjectsFor(ref, pumpKey)
  const pipeline = new Pipeline(env, broker, { window: config.window, less, signal, acked })
  const gone = () => pipeline.signal.aborted
  try {
    for await (const some of records.scan({ after: position, gone }))
      for (const record of some) await pipeline.send(sentOf(record, subject))
    await pipeline.drained()
  } finally {
    pipeline.end()
  }
}

/** The same records, where an error of reading them is the log's own fault. */
function leaving(records: Records): Pick<Records, 'look' | 'oldest' | 'read' | 'scan'> {
  const left = (error: unknown) => Promise.reject(new Left((error as Error).message))
  async function* each<T>(all: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* all
    } catch (error) {
      await left(error)
    }
  }
  return {
    look: () => records.look().catch(left),
    oldest: () => records.oldest().catch(left),
    read: (query) => each(records.read(query)),
    scan: (query) => each(records.scan(query)),
  }
}

export const sentOf = (
  record: FeedRecord,
  subject: (kind: string, pump: string | null) => string,
) => ({
  subject: subject(record.kind, serialIn(record.line)),
  line: record.line,
  position: record.position,
  at: record.at,
  with: null,
})
