// Which reading a record of a session speaks of when it says that the pump contradicted it. One rule for all that
// read the log; and such a reading as it is told from then on. Pure.

import type { InterrogationRecord } from './record.ts'

/** Of a record in the log, as much as tells. */
interface Said {
  readonly kind: string
  readonly session?: number | undefined
  readonly wand?: string | undefined
  readonly body: object
}

/** A reading as it is told after the record at this moment said that the pump contradicted it. */
export type Doubted = InterrogationRecord & {
  readonly doubted?: { readonly position: number; readonly at: string }
}

export const doubtedBy = (
  record: InterrogationRecord,
  moment: Doubted['doubted'] | null,
): Doubted =>
  moment && !record.contradicted ? { ...record, contradicted: true, doubted: moment } : record

/** Whether `record`, which stands behind the reading of the same pump, says that the pump contradicted it. */
export const contradicts = (record: Said, reading: Said): boolean =>
  record.kind === 'session' &&
  'event' in record.body &&
  record.body.event === 'contradicted' &&
  reading.kind === 'interrogation' &&
  record.session === reading.session &&
  record.wand === reading.wand
