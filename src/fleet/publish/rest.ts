// What the broker lacks of logs that were set aside: sent to the end of each, in order, each record once.
import type { Env } from '../../base/env.ts'
import type { FeedRecord } from '../../feed/feed-record.ts'
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

export interface RestOptions {
  readonly env: Env
  readonly config: FleetConfig
  readonly pumpKey: Uint8Array
  readonly signal: AbortSignal
  acked(position: number, records: number): void
  log(text: string): void
}

/** Nothing more is sent of a log, because of what it is itself: it cannot be read, or the broker has another one. */
class Left extends Error {}

/**
 * From the oldest log on of which the broker has a stream. A log that has a fault of its own is told once, and left.
 * Rejects when the broker did not take what it was given: it is to be tried again.
 */
export async function sendOlder(
  broker: Broker,
  logs: readonly OlderLog[],
  options: RestOptions,
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
  { env, config, pumpKey, signal, acked }: RestOptions,
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
