// What the broker lacks of a log that was set aside: sent to its end, in order, each record once. Rejects with why it
// could not be, and whoever asks looks whether the broker is the reason.
import type { FeedRecord } from '../../feed/feed-record.ts'
import type { Broker } from '../stream/broker.ts'
import type { FleetConfig } from '../stream/config.ts'
import { type SiteLog, subjectsFor } from '../stream/names.ts'
import { Pipeline } from './pipeline.ts'
import { placeOf, type Records } from './place.ts'
import { serialIn } from './serial.ts'

export interface RestOptions {
  readonly config: FleetConfig
  readonly pumpKey: Uint8Array
  readonly signal: AbortSignal
  acked(): void
}

export async function sendRest(
  broker: Broker,
  ref: SiteLog,
  records: Records,
  { config, pumpKey, signal, acked }: RestOptions,
): Promise<void> {
  const place = await placeOf(broker, records, ref, config)
  if (place.apart !== null)
    throw new Error(`${place.stream}, record ${place.position}: ${place.apart}`)
  const subject = subjectsFor(ref, pumpKey)
  const failures: Error[] = []
  const pipeline = new Pipeline(broker, {
    ...{ window: config.window, less: place.less, acked },
    failed: (error) => void failures.push(error),
  })
  const stop = () => pipeline.end(new Error('the bridge ends, or the connection was lost'))
  const leave = broker.onChange((there) => !there && stop())
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const record of records.read({ after: place.position })) {
      await pipeline.send({ ...sentOf(record, subject), with: null })
      if (failures.length > 0) break
    }
    await pipeline.drained()
  } finally {
    leave()
    signal.removeEventListener('abort', stop)
  }
  if (failures[0]) throw failures[0]
}

export const sentOf = (
  record: FeedRecord,
  subject: (kind: string, pump: string | null) => string,
) => ({
  subject: subject(record.kind, serialIn(record.line)),
  line: record.line,
  position: record.position,
  at: record.at,
})
