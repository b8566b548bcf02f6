// What the log says of readings that their pump contradicted, for whoever sends them: looked up in the log itself, which
// is never behind what it is asked of.
import type { Records } from '../delivery/outbox.ts'
import { type Contradictions, NotKept } from '../delivery/sender.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import { contradicts } from '../model/contradicted.ts'

export function contradictionsIn(feed: Pick<Records, 'read'>): Contradictions {
  return {
    async reading(said) {
      const kinds = ['interrogation'] as const
      const query = { kinds, ...about(said), before: said.position, order: 'desc' } as const
      for await (const one of feed.read({ ...query, limit: 1 })) {
        // Another log was begun meanwhile: its positions are not those of the record.
        if (one.log !== said.log) break
        const made = one.api()
        if (made?.kind === 'interrogation' && contradicts(said.record, one.record)) return made
      }
      throw new NotKept('the reading that the pump contradicted is not in the log any more')
    },
    async of(reading) {
      const kinds = ['interrogation', 'session'] as const
      for await (const one of feed.read({ kinds, ...about(reading), after: reading.position })) {
        if (one.log !== reading.log) break
        if (contradicts(one.record, reading.record)) return { position: one.position, at: one.at }
        // What is said from here on is said of another reading.
        if (one.kind === 'interrogation' || ends(one, reading)) return null
      }
      return null
    },
  }
}

/** Of the same pump. */
const about = ({ pump, record }: FeedRecord) => (pump === null ? {} : { pump, serial: record.pump })

/** Whether the session of the reading is over with this record. */
const ends = ({ record }: FeedRecord, { record: { session, wand } }: FeedRecord): boolean =>
  record.kind === 'session' &&
  record.body.event === 'ended' &&
  record.session === session &&
  record.wand === wand
