// Which reading a record of a session speaks of when it says that the pump contradicted it. One rule for all that
// read the log. Pure.

/** Of a record in the log, as much as tells. */
interface Said {
  readonly kind: string
  readonly session?: number | undefined
  readonly wand?: string | undefined
  readonly body: object
}

/** Whether `record`, which stands behind the reading of the same pump, says that the pump contradicted it. */
export const contradicts = (record: Said, reading: Said): boolean =>
  record.kind === 'session' &&
  'event' in record.body &&
  record.body.event === 'contradicted' &&
  reading.kind === 'interrogation' &&
  record.session === reading.session &&
  record.wand === reading.wand
