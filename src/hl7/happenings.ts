// What the pump says has happened: PCD-04 of a change among its own alarms, and a message shaped as PCD-10 of the
// events of its own list. Reports of what was read, when it was read: they notify nobody. Pure.
import { type Code, MDC, OWN, PRIORITIES } from '../model/nomenclature.ts'
import { eventRows } from '../model/pump-event-rows.ts'
import type { RecordOf } from '../model/record.ts'
import { Coded } from './coded.ts'
import { equipmentOf, hostTime, NAMESPACE, opening, type Profile } from './heading.ts'
import { type Field, message, segment } from './text.ts'

/** Shaped as PCD-10: a group of OBR and OBX for each event of the pump's own list. */
export function eventsMessage(record: RecordOf<'pump-events'>, profile: Profile): string {
  const at = hostTime(record.readAt)
  const coded = new Coded(profile.codings)
  const groups = record.entries.flatMap((event, i) => {
    const id = [`${record.log}/${record.position}/${event.number ?? `x${i}`}`, NAMESPACE]
    const named = event.code === null ? '' : coded.word('pump-event', event.code)
    // When it was read. When it happened, only the pump's clock says.
    const obr = segment('OBR', { 1: String(i + 1), 2: id, 3: id, 4: named, 7: at, 25: 'F' })
    const rows: Readonly<Record<number, Field>>[] = [
      { 3: coded.code(MDC.mds), 4: '1.0.0.0', 11: 'X', 18: equipmentOf(record) },
      { 3: coded.code(MDC.vmd), 4: '1.1.0.0', 11: 'X' },
      ...eventRows(event).map((row, part) => ({
        ...coded.value(row, record),
        4: part === 0 ? '1.1.0.1' : `1.1.0.1.${part}`,
        14: at,
      })),
    ]
    return [obr, ...rows.map((row, n) => segment('OBX', { ...row, 1: String(n + 1) }))]
  })
  return message([...opening(record, profile, 'R42', profile.eventProfile), ...groups])
}

const PHASES = { start: 'start', update: 'update', end: 'end' } as const

export function alarmMessage(record: RecordOf<'alarm'>, profile: Profile): string {
  const { alarm: one, phase, pump } = record
  const coded = new Coded(profile.codings)
  // The first event of an alarm names it; what follows points at it.
  const instance = [`${pump?.id ?? ''}-${one.id}`, NAMESPACE]
  const follow = [`${pump?.id ?? ''}-${one.id}/${record.position}`, NAMESPACE]
  const obr = segment('OBR', {
    1: '1',
    2: phase === 'start' ? instance : follow,
    3: phase === 'start' ? instance : follow,
    4: coded.code(MDC.alarm),
    // When it was read. When it began, only the pump's clock says, and of that no zone is known here.
    7: hostTime(one.readAt),
    25: 'F',
    // Placer and filler are both the first event's.
    ...(phase !== 'start' && { 29: [instance, instance] }),
  })
  const state = phase === 'end' ? 'inactive' : (one.state ?? '')
  const priority = PRIORITIES[one.class ?? ''] ?? ''
  const facets: readonly (readonly [Code, string, Field])[] = [
    [MDC.alarm, 'CWE', one.code === null ? '' : coded.word('alarm-code', one.code)],
    [MDC.alertSource, 'CWE', coded.code(MDC.vmd)],
    [MDC.eventPhase, 'ST', PHASES[phase]],
    [MDC.alarmState, 'ST', state],
    [MDC.inactivation, 'ST', 'enabled'],
    [MDC.priority, 'ST', priority],
    [MDC.alertType, 'ST', one.class === 'log-only' ? 'SA' : 'ST'],
    // The pump's own word, beside what was made of it.
    [OWN.alarmClass, 'ST', one.class ?? ''],
    [OWN.occurredAt, 'ST', one.occurredAt ?? ''],
    [OWN.detectedAt, 'ST', one.detectedAt ?? ''],
  ]
  const flag = record.source === 'device' ? '' : 'TEST'
  const rows = facets.map(([facet, type, value], i) => {
    const none = value === ''
    const said = none ? { 8: 'NAV', 11: 'X' } : { 2: type, 5: value, 8: flag, 11: 'R' }
    const equipment = i === 0 ? { 18: equipmentOf(record) } : {}
    return segment('OBX', {
      1: String(i + 1),
      3: coded.code(facet),
      4: `1.1.0.1.${i + 1}`,
      ...said,
      ...equipment,
    })
  })
  return message([...opening(record, profile, 'R40', profile.alarmProfile), obr, ...rows])
}
