// The messages: PCD-01 of an interrogation, and what the pump says has happened. Pure: the same record gives the same
// bytes, so that a message that is sent again can be told by its control id.
import {
  type Measured,
  OBJECTS,
  objectName,
  objectsOf,
  objectText,
  observe,
} from '../model/metrics.ts'
import { OWN } from '../model/nomenclature.ts'
import type { CodedRecord, InterrogationRecord, RecordOf } from '../model/record.ts'
import { doubtsOf } from '../words/doubts.ts'
import { Coded } from './coded.ts'
import { alarmMessage, eventsMessage } from './happenings.ts'
import { equipmentOf, hostTime, NAMESPACE, opening, PROFILE, type Profile } from './heading.ts'
import { type Field, message, segment } from './text.ts'

export type Sendable = InterrogationRecord | RecordOf<'alarm' | 'pump-events'>

export const isSendable = (record: CodedRecord): record is Sendable =>
  (record.kind === 'interrogation' || record.kind === 'alarm' || record.kind === 'pump-events') &&
  record.pump !== null

export function messageOf(record: Sendable, profile: Profile = PROFILE): string {
  switch (record.kind) {
    case 'interrogation':
      return report(record, profile)
    case 'alarm':
      return alarmMessage(record, profile)
    case 'pump-events':
      return eventsMessage(record, profile)
  }
}

/**
 * A reading once more, after a record of its session said that the pump contradicted it: under the same filler number,
 * in a message of that record's own.
 */
export const correction = (
  reading: InterrogationRecord,
  said: RecordOf<'session'>,
  profile: Profile = PROFILE,
): string => report({ ...reading, contradicted: true }, profile, said)

function report(
  record: InterrogationRecord,
  profile: Profile,
  said: Pick<CodedRecord, 'log' | 'position' | 'at'> | null = null,
): string {
  // When it was read, by this computer's clock; the pump's own and its offset are rows of their own.
  const at = hostTime(record.readAt)
  const filler = [`${record.log}/${record.position}`, NAMESPACE]
  const provider = record.owner?.provider
  const coded = new Coded(profile.codings)
  // Table 0123: C is a correction of what was sent before, R is stored and not verified.
  const status = said ? 'C' : record.contradicted ? 'R' : 'F'
  const obr = segment('OBR', {
    ...{ 1: '1', 2: filler, 3: filler, 4: coded.code(OWN.interrogation), 7: at, 25: status },
    ...(provider !== undefined && { 16: provider.split('^') }),
  })
  const rows = rowsOf(record, at, coded)
  // A row without a value is overlooked; that nothing is known of alarms must not be.
  const unread = record.alarms === null ? ["The pump's alarms could not be read."] : []
  const notes = [...doubtsOf(record), ...unread].map((text, i) =>
    segment('NTE', { 1: String(i + 1), 2: 'L', 3: text }),
  )
  const { log, position, at: told } = said ?? record
  const head = opening(
    { ...record, log, position, at: told },
    profile,
    'R01',
    profile.reportProfile,
  )
  return message([...head, obr, ...notes, ...rows])
}

/** OBX-4 counts within what contains a row: system, pump, channel, metric, part. */
function rowsOf(record: InterrogationRecord, at: string, coded: Coded): string[] {
  const out: string[] = []
  const all = observe(record)
  const add = (fields: Readonly<Record<number, Field>>) =>
    void out.push(segment('OBX', { ...fields, 1: String(out.length + 1) }))
  let channel = 0
  for (const object of objectsOf(record)) {
    const { level, code } = OBJECTS[objectName(object)]
    if (level === 'channel') channel += 1
    const place = level === 'MDS' ? '1.0.0' : `1.1.${channel}`
    const equipment = level === 'MDS' ? { 18: equipmentOf(record) } : {}
    add({ 3: coded.code(code, objectText(record, object)), 4: `${place}.0`, 11: 'X', ...equipment })
    const own = all.filter((one) => one.object === object)
    for (const [i, one] of own.entries()) {
      for (const [part, value] of [one as Measured, ...one.parts].entries()) {
        const sub = `${place}.${i + 1}${part === 0 ? '' : `.${part}`}`
        const text = part === 0 ? one.text : undefined
        add({ ...coded.value(value, record, text), 4: sub, 14: at })
      }
    }
  }
  return out
}
