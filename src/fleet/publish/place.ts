// Where a log stands at the broker. The stream's own last sequence is the cursor; the record that it ends
// with must be the log's own, or the stream holds another history of this log, and nothing is added to it.
import { JetStreamApiCodes, JetStreamApiError, type StreamInfo } from '@nats-io/jetstream'
import type { Feed } from '../../feed/feed.ts'
import type { Broker } from '../stream/broker.ts'
import type { FleetConfig } from '../stream/config.ts'
import { descriptionOf, firstOf, type SiteLog, streamOf, subjectsOf } from '../stream/names.ts'

export type Records = Pick<Feed, 'head' | 'look' | 'oldest' | 'read' | 'scan' | 'follow'>
/** What is read of a log to find its place. */
type Read = Pick<Records, 'look' | 'oldest' | 'read'>

/** Why nothing is added to a stream. */
export type Apart =
  /** It ends with a record that is not this log's. */
  | 'fork'
  /** It has more records than the log: an older copy of the log was put back. */
  | 'ahead'
  /** The record behind its last one is not kept here any more. */
  | 'gap'
  /** A stream of this name was made by something else. */
  | 'foreign'

export type Place =
  | {
      readonly apart: null
      readonly stream: string
      /** Sequence less position, of every record. */
      readonly less: number
      /** The last position that it has; before the first one = none yet. */
      readonly position: number
      /** It was not there: the log is sent from its oldest record on. */
      readonly made: boolean
    }
  | { readonly apart: Apart; readonly stream: string; readonly position: number }

export async function placeOf(
  { manager }: Pick<Broker, 'manager'>,
  feed: Read,
  ref: SiteLog,
  config: Pick<FleetConfig, 'replicas' | 'keepDays' | 'keepMiB'>,
): Promise<Place> {
  const stream = streamOf(ref)
  let info = await infoOf(manager, stream)
  const made = info === null
  info ??= await manager.streams.add({
    name: stream,
    description: descriptionOf(await feed.oldest()),
    subjects: [subjectsOf(ref)],
    num_replicas: config.replicas,
    max_age: (config.keepDays ?? 0) * DAY_NS,
    max_bytes: config.keepMiB === undefined ? -1 : config.keepMiB * 2 ** 20,
    // What was sent is known by its sequence, not by a name that the broker remembers.
    duplicate_window: 100_000_000,
    allow_direct: true,
    deny_delete: true,
  })
  const first = firstOf(info.config.description)
  if (first === null) return { apart: 'foreign', stream, position: -1 }
  const { last_seq, messages } = info.state
  const position = first + last_seq - 1
  const at = { stream, position }
  const { size = 0 } = (await feed.look()) ?? {}
  if (position >= size) return { apart: 'ahead', ...at }
  const oldest = await feed.oldest()
  if (oldest > position + 1) return { apart: 'gap', ...at }
  if (messages > 0 && oldest <= position) {
    const theirs = await manager.streams.getMessage(stream, { seq: last_seq })
    if (theirs === null) throw new Error(`the broker does not give message ${last_seq}`)
    // Equal lines have equal leaf hashes, and the other way round.
    const ours = await lineAt(feed, position)
    if (!Buffer.from(theirs.data).equals(Buffer.from(ours ?? ''))) return { apart: 'fork', ...at }
  }
  return { apart: null, ...at, less: 1 - first, made }
}

const DAY_NS = 86_400_000 * 1_000_000

/** Null = there is no such stream. */
export async function infoOf(
  manager: Broker['manager'],
  stream: string,
): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(stream)
  } catch (error) {
    const none =
      error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound
    if (none) return null
    throw error
  }
}

async function lineAt(feed: Read, position: number): Promise<string | null> {
  for await (const record of feed.read({ after: position - 1, limit: 1 })) {
    return record.position === position ? record.line : null
  }
  return null
}
