// What one record adds to what is known. No clock, no disk: the same records give the same knowledge,
// whether they are folded in one go or on top of a snapshot. `fold` changes the `Known` it is given,
// because the lists in it are long.

import { pumpId } from '../base/pump-id.ts'
import { apiRecord, type Place } from '../feed/api-record.ts'
import { alarmKey, changeNoted, NO_ALARMS, readNoted } from '../model/alarm-changes.ts'
import { contradicts } from '../model/contradicted.ts'
import { everWith } from '../model/metrics.ts'
import { foldAssignment, foldTold } from '../model/owner.ts'
import { eventsNoted, eventsSince } from '../model/pump-events.ts'
import type { AlarmReading } from '../model/reading.ts'
import type { InterrogationRecord } from '../model/record.ts'
import type { Value } from '../model/value.ts'
import {
  type BeforeRefill,
  type Beside,
  type Figure,
  type Known,
  type LogRecord,
  MOST_CONTRADICTED,
  MOST_ENDED,
  MOST_REFILLS,
  MOST_STEPS,
  MOST_VISITS,
  type PumpKnown,
  type RecordOf,
  type VisitEntry,
} from './known.ts'
import { lostOnPort, onSession, onUnclosed, ownerEnded } from './sessions.ts'

/** Kinds of records that add to what is known. */
export const FOLDED = [
  'alarm',
  'assignment',
  'interrogation',
  'link',
  'live',
  'patient-told',
  'pump-events',
  'retention',
  'session',
  'start',
  'stop',
  'unclosed',
  'worksheet',
] as const satisfies readonly LogRecord['kind'][]

export function fold(known: Known, record: LogRecord, place: Place): void {
  const { position } = place
  known.position = position
  switch (record.kind) {
    case 'interrogation':
      return withPump(known, record, place, (pump) => onInterrogation(pump, record, place))
    case 'live':
      return onLive(known, record, place)
    case 'assignment': {
      const { pump, model = null, body } = record
      if (pump) foldAssignment(known.owners, { serial: pump, model }, body)
      return
    }
    case 'patient-told':
      return foldTold(known.owners, record.body)
    case 'alarm':
      return withPump(known, record, place, (pump) => onAlarm(pump, record, position))
    case 'pump-events':
      return withPump(known, record, place, (pump) => {
        pump.alarms = eventsNoted(pump.alarms, record.body)
      })
    case 'worksheet':
      return withPump(known, record, place, (pump) => onWorksheet(pump, record, position))
    case 'session':
      return withPump(known, record, place, (pump) => {
        onContradicted(pump, record, position)
        onSession(known, record, pump, position)
        onSessionEnd(pump, record)
      })
    case 'unclosed':
      return onUnclosed(known, record, position)
    case 'link':
      return lostOnPort(known, record)
    case 'start':
    case 'stop':
      return ownerEnded(known)
    case 'retention':
      return onRetention(known, record)
    default:
  }
}

const idOf = ({ pump, model }: LogRecord, { source }: Place) =>
  pump ? pumpId(source, pump, model ?? null) : null

function withPump(
  known: Known,
  record: LogRecord,
  place: Place,
  change: (pump: PumpKnown) => void,
): void {
  const id = idOf(record, place)
  if (id === null) return
  const moment = { position: place.position, at: record.at }
  const pump = known.pumps[id] ?? newPump(id, record, moment)
  known.pumps[id] = pump
  pump.last = moment
  change(pump)
}

function newPump(id: string, { pump, model }: LogRecord, moment: PumpKnown['first']): PumpKnown {
  return {
    id,
    serial: pump ?? '',
    model: model ?? null,
    first: moment,
    last: moment,
    reading: null,
    live: null,
    alarms: NO_ALARMS,
    started: {},
    past: [],
    visits: [],
    ever: {},
    forgotten: 0,
    refills: [],
    filledAt: null,
    steps: [],
    contradicted: [],
  }
}

function onInterrogation(pump: PumpKnown, record: RecordOf<'interrogation'>, place: Place): void {
  const read = apiRecord(record, place) as InterrogationRecord
  const { position } = place
  const { at } = record
  const before = pump.visits.at(-1)
  const visit = visitOf(read, pump.alarms.total)
  pump.visits.push(visit)
  pump.ever = everWith(pump.ever, read)
  pump.forgotten += bound(pump.visits, MOST_VISITS)
  onRefill(pump, read, () => beforeRefill(pump, before, place), beside(visit))
  pump.alarms = readNoted(pump.alarms, read)
  pump.reading = { position, at, record: plain(record) }
  pump.live = null
}

/** What the pump says of its newest reading counts for that reading, wherever it is shown from now on. */
function onContradicted(pump: PumpKnown, said: RecordOf<'session'>, position: number): void {
  const { reading } = pump
  const { record } = reading ?? {}
  if (!reading || record?.kind !== 'interrogation' || !contradicts(said, record)) return
  if (record.body.contradicted) return
  pump.contradicted.push({ reading: reading.position, position, at: said.at })
  bound(pump.contradicted, MOST_CONTRADICTED)
  pump.reading = { ...reading, record: { ...record, body: { ...record.body, contradicted: true } } }
}

export function visitOf(read: InterrogationRecord, before: number | null): VisitEntry {
  const { position, at, readAt, deviceTime, session, reservoir, infusion, alarms, events } = read
  const { entries, overwritten } = eventsSince(before, events)
  return {
    position,
    at,
    readAt,
    deviceTime,
    session,
    reportedVolume: figure(reservoir.reportedVolume),
    rate: figure(infusion.rate),
    volume24h: figure(infusion.volume24h),
    activeAlarms: alarms?.length ?? null,
    alarmCodes: alarms?.map(({ code }) => code) ?? null,
    closeConfirmed: null,
    owner: read.owner && { system: read.owner.system, value: read.owner.value },
    events: { before, total: events.total, listed: entries?.length ?? 0, overwritten },
  }
}

/** What the newest reading says, before another one takes its place. */
function beforeRefill(
  { reading }: PumpKnown,
  visit: VisitEntry | undefined,
  place: Place,
): BeforeRefill | null {
  if (!visit || !reading) return null
  const read = apiRecord(reading.record, { ...place, position: reading.position })
  const { reservoir, state } = read as InterrogationRecord
  return {
    ...beside(visit),
    filledAt: reservoir.filledAt.value,
    filledVolume: figure(reservoir.filledVolume),
    programmedAt: state.programmedAt.value,
  }
}

/** A pump that does not say it once has not been refilled again. */
function onRefill(
  pump: PumpKnown,
  { position, reservoir }: InterrogationRecord,
  before: () => BeforeRefill | null,
  after: Beside,
): void {
  const { filledAt, filledVolume } = reservoir
  if (filledAt.value === null || filledAt.value === pump.filledAt) return
  pump.filledAt = filledAt.value
  pump.refills.push({
    position,
    filledAt: filledAt.value,
    filledVolume: figure(filledVolume),
    before: before(),
    after,
    worksheets: pump.steps,
  })
  pump.steps = []
  bound(pump.refills, MOST_REFILLS)
}

/** A live exchange says something together with the interrogation of its session, and not without it. */
function onLive(known: Known, record: RecordOf<'live'>, place: Place): void {
  const pump = known.pumps[idOf(record, place) ?? '']
  if (!pump) return
  const { position } = place
  const { at } = record
  pump.last = { position, at }
  if (pump.reading && sameSession(pump.reading.record, record)) {
    pump.live = { position, at, record: plain(record) }
  }
}

const sameSession = (a: LogRecord, b: LogRecord) =>
  a.port === b.port && a.link === b.link && a.session === b.session

/** What is kept of a record: not the PDUs it was decoded from. */
function plain(record: LogRecord): LogRecord {
  const { pdus: _, ...rest } = record
  return rest as LogRecord
}

function onAlarm(pump: PumpKnown, record: RecordOf<'alarm'>, position: number): void {
  const { phase } = record.body
  const alarm = record.body.alarm as unknown as AlarmReading
  const key = alarmKey(alarm)
  const moment = { position, at: record.at }
  pump.alarms = changeNoted(pump.alarms, { phase, alarm })
  if (phase === 'start') pump.started[key] ??= moment
  if (phase !== 'end') return
  const started = pump.started[key] ?? null
  // Told as begun after the newest interrogation: it ended with the reading that first told of it.
  const between = started !== null && started.position > (pump.reading?.position ?? -1)
  delete pump.started[key]
  pump.past.push({ alarm, started, ended: moment, between })
  bound(pump.past, MOST_ENDED)
}

function onWorksheet(pump: PumpKnown, record: RecordOf<'worksheet'>, position: number): void {
  const { sheet, step, entries, signed } = record.body
  const reading = step === 'before' || step === 'after'
  pump.steps.push({
    ...{ position, at: record.at, sheet, step },
    ...(!reading && { entries }),
    ...(signed && { signed }),
  })
  bound(pump.steps, MOST_STEPS)
}

function onSessionEnd(pump: PumpKnown, record: RecordOf<'session'>): void {
  const { event, how } = record.body
  const visit = pump.visits.at(-1)
  if (event !== 'ended' || !visit || visit.closeConfirmed !== null) return
  if (record.session !== visit.session || record.port !== pump.reading?.record.port) return
  visit.closeConfirmed = how === 'confirmed'
}

/** What the log does not hold any more is not kept here either; sessions not closed are. */
function onRetention(known: Known, record: RecordOf<'retention'>): void {
  const { position: oldest } = record.body
  const kept = (one: { readonly position: number }) => one.position >= oldest
  for (const pump of Object.values(known.pumps)) {
    if (pump.last.position < oldest) {
      delete known.pumps[pump.id]
      continue
    }
    pump.visits = pump.visits.filter(kept)
    pump.refills = pump.refills.filter(kept)
    pump.past = pump.past.filter(({ ended }) => kept(ended))
    pump.steps = pump.steps.filter(kept)
    pump.contradicted = pump.contradicted.filter(({ reading }) => reading >= oldest)
    if (pump.reading && !kept(pump.reading)) Object.assign(pump, { reading: null, live: null })
  }
}

function figure({ value, unit, quality, raw }: Value<number>): Figure {
  return { value, unit, quality, ...(raw !== undefined && { raw }) }
}

const beside = ({ position, at, readAt, deviceTime, reportedVolume }: VisitEntry): Beside => ({
  position,
  at,
  readAt,
  deviceTime,
  reportedVolume,
})

/** Lets the oldest go; says how many. */
function bound(list: unknown[], most: number): number {
  return list.length > most ? list.splice(0, list.length - most).length : 0
}
