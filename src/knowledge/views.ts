// What is known as the surfaces take it: pumps with their last reading, alarms, visits and refills a page
// at a time, and the records that a crash kept from being written. Everything is history: what is live,
// only the status says. Pure.
import { apiRecord, type Place } from '../feed/api-record.ts'
import { cursorText } from '../feed/cursor.ts'
import { alarmChanges } from '../model/alarm-changes.ts'
import type { Refill, Visit } from '../model/api.ts'
import type { Ever } from '../model/metrics.ts'
import { eventsSince, type NewEvents } from '../model/pump-events.ts'
import type { AlarmReading, Source } from '../model/reading.ts'
import type { CodedRecord, InterrogationRecord, RecordOf } from '../model/record.ts'
import type { Value } from '../model/value.ts'
import type {
  Beside,
  Figure,
  Known,
  Moment,
  PastAlarm,
  Placed,
  PumpKnown,
  SessionKnown,
  VisitEntry,
} from './known.ts'

/** Which log the knowledge is of. */
export type Origin = Pick<Place, 'log' | 'source'>

export interface ActiveAlarm {
  readonly alarm: AlarmReading
  /** When it was first told; null = that is not in the log any more. */
  readonly started: Moment | null
}

export interface PumpView {
  readonly id: string
  readonly serial: string
  readonly model: string | null
  readonly firmware: string | null
  readonly source: Source
  /** Ids of other pumps that report the same serial with another model. */
  readonly sameSerial: readonly string[]
  readonly first: Moment
  readonly last: Moment
  /** The newest interrogation; null = none is in the log. */
  readonly reading: InterrogationRecord | null
  /** The newest live exchange after it, in the same session. */
  readonly live: RecordOf<'live'> | null
  /** Of the session of that interrogation; null = not known. */
  readonly closeConfirmed: boolean | null
  readonly alarms: readonly ActiveAlarm[]
  /** How many drugs, alarms and steps its readings ever had. */
  readonly ever: Ever
}

export interface VisitView extends Visit {
  readonly events: VisitEntry['events']
}

export interface PageQuery {
  readonly order?: 'asc' | 'desc' | undefined
  /** Items at most; default: all that are known. */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly after?: number | undefined
  /** UTC: recorded from this moment on, and before that one. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Position to go on after; null = the end. */
  readonly next: number | null
}

/** A session not known to be closed. */
export type UnclosedView = Readonly<SessionKnown> & { readonly why: string }

/** Whether it may be a session with this pump: of one that only its serial tells, any pump with that serial. */
export const mayBeWith = (
  one: Pick<UnclosedView, 'pump' | 'serial'>,
  pump: Pick<PumpView, 'id' | 'serial'>,
): boolean => (one.pump === null ? one.serial === pump.serial : one.pump === pump.id)

/** Ids of pumps by their serial. */
export function idsBySerial({ pumps }: Known): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>()
  for (const { id, serial } of Object.values(pumps)) {
    const alike = ids.get(serial)
    if (alike) alike.push(id)
    else ids.set(serial, [id])
  }
  return ids
}

/** `ids`: by their serial; made once by whoever takes all pumps. */
export function pumpView(
  known: Known,
  origin: Origin,
  pump: PumpKnown,
  ids = idsBySerial(known),
): PumpView {
  const { id, serial, model, first, last, visits } = pump
  const reading = readingOf(pump, origin)
  const visit = visits.at(-1)
  return {
    ...{ id, serial, model, first, last, source: origin.source, reading },
    firmware: reading?.identity.firmware ?? null,
    sameSerial: (ids.get(serial) ?? []).filter((other) => other !== id),
    live: pump.live && (apiOf(pump.live, origin) as RecordOf<'live'>),
    closeConfirmed: visit?.position === reading?.position ? (visit?.closeConfirmed ?? null) : null,
    alarms: activeAlarms(pump),
    ever: pump.ever,
  }
}

/** A record is turned into public units once, however often it is asked for. */
const converted = new WeakMap<Placed, CodedRecord | null>()

function apiOf(placed: Placed, origin: Origin): CodedRecord | null {
  const known = converted.get(placed)
  if (known !== undefined) return known
  const made = apiRecord(placed.record, { ...origin, position: placed.position })
  converted.set(placed, made)
  return made
}

function readingOf(pump: PumpKnown, origin: Origin): InterrogationRecord | null {
  return pump.reading && (apiOf(pump.reading, origin) as InterrogationRecord)
}

export function activeAlarms({ alarms, started }: PumpKnown): ActiveAlarm[] {
  return alarms.active.map((alarm) => ({
    alarm,
    started: started[`${alarm.id} ${alarm.code}`] ?? null,
  }))
}

/** Newest first. */
export const pastAlarms = ({ past }: PumpKnown): readonly PastAlarm[] => [...past].reverse()

/** The pump's own events since the reading before the newest. */
export function newEvents(pump: PumpKnown, origin: Origin): NewEvents | null {
  const reading = readingOf(pump, origin)
  const visit = pump.visits.at(-1)
  return reading && visit ? eventsSince(visit.events.before, reading.events) : null
}

export const unclosedOf = ({ sessions }: Known): UnclosedView[] =>
  sessions.flatMap((one) => (one.why === null ? [] : [{ ...one, why: one.why }]))

export function visitsOf(pump: PumpKnown, origin: Origin, query: PageQuery): Page<VisitView> {
  const within = (visit: VisitEntry) => inRange(visit.at, query)
  return pageOf(pump.visits, query, within, (visit) => visitView(visit, origin))
}

export function visitView(visit: VisitEntry, { log, source }: Origin): VisitView {
  const {
    position,
    at,
    readAt,
    deviceTime,
    session,
    activeAlarms,
    alarmCodes,
    closeConfirmed,
    owner,
    events,
  } = visit
  return {
    id: cursorText({ log, position }),
    ...{ position, readAt, deviceTime, session, source },
    reportedVolume: numberOf(visit.reportedVolume, deviceTime, at),
    rate: numberOf(visit.rate, deviceTime, at),
    volume24h: numberOf(visit.volume24h, deviceTime, at),
    ...{
      activeAlarms,
      alarmCodes: alarmCodes && [...alarmCodes],
      closeConfirmed,
      owner,
      events: { ...events },
    },
  }
}

export function refillsOf(
  pump: PumpKnown,
  { log, source }: Origin,
  query: PageQuery,
): Page<Refill> {
  const within = ({ after }: { readonly after: Beside }) => inRange(after.at, query)
  return pageOf(pump.refills, query, within, (refill) => {
    const { position, filledAt, filledVolume, before, after, worksheets } = refill
    return {
      id: cursorText({ log, position }),
      ...{ position, filledAt, source },
      filledVolume: numberOf(filledVolume, after.deviceTime, after.at),
      before: before && {
        ...besideOf(before),
        filledAt: before.filledAt,
        filledVolume: numberOf(before.filledVolume, before.deviceTime, before.at),
        programmedAt: before.programmedAt,
      },
      after: besideOf(after),
      worksheets: worksheets.map((step) => ({ ...step })),
    }
  })
}

const besideOf = ({ position, at, readAt, deviceTime, reportedVolume }: Beside) => ({
  position,
  readAt,
  reportedVolume: numberOf(reportedVolume, deviceTime, at),
})

export const inRange = (at: string, { from = '', to }: PageQuery) =>
  at >= from && (to === undefined || at < to)

function numberOf(
  { value, unit, quality, raw }: Figure,
  deviceTime: string | null,
  receivedAt: string,
): Value<number> {
  return {
    ...{ value, unit, deviceTime, receivedAt, quality },
    ...(quality === 'stale' && { reason: 'recorded' as const }),
    ...(raw !== undefined && { raw }),
  }
}

/** `list` is in order of its positions. */
function pageOf<T extends { readonly position: number }, V>(
  list: readonly T[],
  { order = 'asc', limit = Number.POSITIVE_INFINITY, after }: PageQuery,
  within: (one: T) => boolean,
  view: (one: T) => V,
): Page<V> {
  const step = order === 'asc' ? 1 : -1
  const behind =
    after === undefined ? list.length : firstAtLeast(list, order === 'asc' ? after + 1 : after)
  const begin = order === 'asc' ? (after === undefined ? 0 : behind) : behind - 1
  const items: V[] = []
  let last: number | null = null
  for (let i = begin; i >= 0 && i < list.length; i += step) {
    const one = list[i] as T
    if (!within(one)) continue
    if (items.length === limit) return { items, next: last }
    items.push(view(one))
    last = one.position
  }
  return { items, next: null }
}

/** Index of the first with at least this position. */
function firstAtLeast(list: readonly { readonly position: number }[], position: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle]?.position ?? 0) < position) low = middle + 1
    else high = middle
  }
  return low
}

/** A record that is to be appended, so that each alarm begins once and ends once in the log. */
export interface MissingAlarm {
  readonly kind: 'alarm'
  readonly pump: string
  readonly model: string | null
  readonly wand: string | null
  readonly port: string | null
  readonly session: number | null
  readonly snapshot: number | null
  /** The interrogation whose alarms were not all written. */
  readonly refs: { readonly continues: number }
  readonly body: {
    readonly phase: 'start' | 'update' | 'end'
    readonly alarm: { readonly [field: string]: unknown }
  }
}

/** What the newest reading of each pump says of its alarms and no record does. */
export function missingAlarms(known: Known, origin: Origin): MissingAlarm[] {
  return Object.values(known.pumps).flatMap((pump) => {
    const reading = readingOf(pump, origin)
    if (!reading) return []
    const { wand, port, session, snapshot, position } = reading
    const changes = alarmChanges(pump.alarms, reading)
    return changes.map(
      ({ phase, alarm }): MissingAlarm => ({
        ...{ kind: 'alarm', pump: pump.serial, model: pump.model, wand, port, session, snapshot },
        refs: { continues: position },
        body: { phase, alarm: { ...alarm } },
      }),
    )
  })
}
