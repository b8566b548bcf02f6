// How the alarms of a pump have changed from reading to reading, so that each of them is told as begun
// once and as ended once. What was told before is handed in, as the log has it: nothing is remembered
// here. Pure; browser-safe.
//
// An alarm is in the pump's list while it is active or latched. One that began and ended between two
// readings is in neither of the two lists: the pump's own event list still names it, by the absolute
// number of the event that raised it, unless that has been overwritten.
//
// A reading is folded in this order: `readNoted`, then every change of `alarmChanges` by `changeNoted`.
// After that the same reading gives no changes; whichever of them were not recorded, it gives again.
// A reading whose list of alarms could not be read gives none: no alarm begins or ends by it.

import { Alarm } from '../../protocol/fields/alarms.ts'
import { codeName } from '../../protocol/fields/field.ts'
import type { Content } from './content.ts'
import type { AlarmReading, PumpEventReading } from './reading.ts'

/** What has been told of the alarms of one pump. */
export interface AlarmHistory {
  /** Told as begun and not as ended. */
  readonly active: readonly AlarmReading[]
  /** Ids of those told as ended which the pump's event list may still name. */
  readonly ended: readonly string[]
  /** Alarms raised by events with a higher number are all told; null = the pump was not read yet. */
  readonly since: number | null
  /** Events that the pump had logged at its newest reading. */
  readonly total: number | null
  /** Events up to this number are told, or were before the first reading; null = the pump was not read yet. */
  readonly eventsTold: number | null
}

export const NO_ALARMS: AlarmHistory = {
  active: [],
  ended: [],
  since: null,
  total: null,
  eventsTold: null,
}

/** What a reading says of alarms. */
export interface AlarmsRead extends Pick<Content, 'alarms' | 'events'> {
  /** UTC at which it was read. */
  readonly readAt: string
}

export interface AlarmChange {
  readonly phase: 'start' | 'update' | 'end'
  readonly alarm: AlarmReading
  /** It began and ended between two readings: its start and its end come together. */
  readonly between: boolean
}

/** A wand may list more than the pump's ring of 64 events; beyond this the oldest are let go. */
const MOST_ENDED = 1_000

/** What tells two alarms apart. */
export const alarmKey = ({ id, code }: AlarmReading): string => `${id} ${code}`

/** The history with a reading on top, before its changes are told. */
export function readNoted(history: AlarmHistory, { events }: AlarmsRead): AlarmHistory {
  const { total, entries } = events
  if (total === null) return history
  // The first reading says what is, not what has happened since. So does one of a pump that counts anew.
  if (history.since === null || total < (history.total ?? 0)) {
    return { ...history, ended: [], since: total, total, eventsTold: total }
  }
  const oldest = (entries ?? []).reduce(
    (least, { number }) => Math.min(least, number ?? least),
    total + 1,
  )
  const ended = history.ended.filter((id) => !/^\d+$/.test(id) || Number(id) >= oldest)
  return { ...history, ended: ended.slice(-MOST_ENDED), total }
}

/** The history with one told change on top. */
export function changeNoted(
  history: AlarmHistory,
  { phase, alarm }: Pick<AlarmChange, 'phase' | 'alarm'>,
): AlarmHistory {
  const key = alarmKey(alarm)
  const others = history.active.filter((one) => alarmKey(one) !== key)
  if (phase === 'end') return { ...history, active: others, ended: [...history.ended, alarm.id] }
  const place = history.active.findIndex((one) => alarmKey(one) === key)
  const active = [...others]
  active.splice(place < 0 ? others.length : place, 0, alarm)
  return { ...history, active }
}

/** What a reading changes among the alarms that were told, in the order to tell it. */
export function alarmChanges(history: AlarmHistory, read: AlarmsRead): AlarmChange[] {
  const { alarms } = read
  if (alarms === null) return []
  const changes: AlarmChange[] = []
  const before = new Map(history.active.map((alarm) => [alarmKey(alarm), alarm]))
  const listed = new Set<string>()
  for (const alarm of alarms) {
    const key = alarmKey(alarm)
    if (listed.has(key)) continue
    listed.add(key)
    const known = before.get(key)
    before.delete(key)
    if (known && same(known, alarm)) continue
    changes.push({ phase: known ? 'update' : 'start', alarm, between: false })
  }
  for (const gone of before.values()) {
    const alarm: AlarmReading = { ...gone, state: 'inactive', readAt: read.readAt }
    changes.push({ phase: 'end', alarm, between: false })
  }
  for (const alarm of cameAndWent(history, { ...read, alarms })) {
    changes.push({ phase: 'start', alarm, between: true }, { phase: 'end', alarm, between: true })
  }
  return changes
}

/** A reading and what it changes, told: for whoever tells the changes of one reading after another. */
export function tellAlarms(
  history: AlarmHistory,
  read: AlarmsRead,
): { readonly changes: readonly AlarmChange[]; readonly history: AlarmHistory } {
  const noted = readNoted(history, read)
  const changes = alarmChanges(noted, read)
  return { changes, history: changes.reduce(changeNoted, noted) }
}

/** Alarms that the event list names as raised, which nobody was told of and which are not listed now. */
function cameAndWent(
  history: AlarmHistory,
  read: AlarmsRead & { readonly alarms: readonly AlarmReading[] },
): AlarmReading[] {
  const { since } = history
  if (since === null) return []
  const told = new Set([
    ...history.ended,
    ...[...history.active, ...read.alarms].map(({ id }) => id),
  ])
  const found: AlarmReading[] = []
  for (const event of read.events.entries ?? []) {
    if (event.code !== 'alarm-raised' || event.number === null || event.number <= since) continue
    const alarm = raisedBy(event, event.number, read.readAt)
    // A pump that did not give the alarm its number: it was told under its name and time.
    if (told.has(alarm.id) || told.has(`${alarm.code}-${alarm.occurredAt}`)) continue
    told.add(alarm.id)
    found.push(alarm)
  }
  return found
}

/** The event list does not say of which class the alarm was. */
function raisedBy(event: PumpEventReading, number: number, readAt: string): AlarmReading {
  const { argument, occurredAt, detectedAt } = event
  const code = argument === null ? null : codeName(Alarm.fields.code, argument)
  return {
    id: String(number),
    code,
    class: null,
    state: 'inactive',
    occurredAt,
    detectedAt,
    readAt,
  }
}

/** Whether two readings say the same of an alarm; one that comes from the log has its fields sorted. */
const same = (a: AlarmReading, b: AlarmReading) => said(a) === said(b)
const said = (alarm: AlarmReading) =>
  JSON.stringify([sorted({ ...alarm, readAt: '', invalid: null }), sorted(alarm.invalid ?? {})])
const sorted = (fields: object) =>
  Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1))
