// The blocks of a reading in protocol units, from its evidence.
import type { SnapshotRepr } from '../../protocol/fields/blocks.ts'
import type { ReadingEvent } from '../../src/model/event.ts'

export const blocksOf = (reading: Pick<ReadingEvent, 'evidence'>): SnapshotRepr =>
  reading.evidence.body as unknown as SnapshotRepr

/** What never moves in a scenario: serial, capacity, concentration. */
export function fixedIn(reading: ReadingEvent): string {
  const { identity, catheter, drugs, reservoir } = blocksOf(reading)
  return JSON.stringify([identity, catheter, drugs, reservoir.capacity])
}
