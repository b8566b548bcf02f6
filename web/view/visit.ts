// Since the last visit: which reading that was, what is another now, and which alarms came and went in
// between. Plain differences, both sides shown; nothing is judged. Pure.
import { alarmChanges, readNoted } from '../../src/model/alarm-changes.ts'
import type { Visit } from '../../src/model/api.ts'
import { compare } from '../../src/model/comparison.ts'
import { blocksOf, type Content, type Who } from '../../src/model/content.ts'
import type { AlarmReading } from '../../src/model/reading.ts'
import { deviceTimeSeconds } from '../../src/model/value.ts'
import { type LeftOut, type Told, told } from '../../src/words/comparison.ts'
import type { Reader } from '../../src/words/reader.ts'

/** Readings closer to each other are one visit. */
const VISIT_S = 3_600

/** A moment on both clocks: whichever says that an hour lies between, it was another visit. */
export interface When {
  readonly readAt: string
  readonly deviceTime: string | null
}

function apart(a: When, b: When): number {
  const here = Math.abs(Date.parse(a.readAt) - Date.parse(b.readAt)) / 1000
  if (a.deviceTime === null || b.deviceTime === null) return here
  return Math.max(here, Math.abs(deviceTimeSeconds(a.deviceTime) - deviceTimeSeconds(b.deviceTime)))
}

/** The newest reading of the visit before this one; null = none is recorded. `visits` oldest first. */
export function lastVisit<V extends When>(visits: readonly V[], now: When): V | null {
  let later = now
  for (const visit of [...visits].reverse()) {
    if (visit.readAt > now.readAt) continue
    if (apart(visit, later) >= VISIT_S) return visit
    later = visit
  }
  return null
}

export type Moment = Pick<Visit, 'id' | 'readAt' | 'deviceTime' | 'position'>

/** A reading, whichever shape the API gave it in. */
export interface Read {
  readonly who: Who
  readonly content: Content
}

/** What this part of the page does not say. */
export const PAGE_LEAVES_OUT: LeftOut = {
  'events.events': 'The events since are listed under the changes.',
  'events.total': 'The number of the events since stands over their list.',
  'status.stateCounter': 'It counts changes, and those stand here themselves.',
  'clock.deviceTime': 'It runs. Both clocks have their own part of the page.',
  'clock.ageMs': 'It is in the time beside the pump’s clock, which has its own part of the page.',
}

export interface Changes {
  /** What somebody set, or who it is. */
  readonly programme: readonly Told[]
  /** What moved, happened, or was worked out anew. */
  readonly other: readonly Told[]
  /** What neither reading says. */
  readonly unsaid: readonly Told[]
  /** Everything that is programmed is known, and as it was. */
  readonly same: boolean
}

export function changesOf(before: Read, now: Read, reader: Reader): Changes {
  const at = { deviceTime: null, receivedAt: '' }
  const [a, b] = [before, now].map(({ who, content }) => blocksOf(who, content, at))
  const all = told(compare(a ?? {}, b ?? {}), reader, PAGE_LEAVES_OUT)
  const seen = all.filter(({ change }) => change !== 'same')
  // Of a schedule, the rate of the moment says nothing about the programme.
  const scheduled = [before, now].every(
    ({ content }) => (content.infusion.schedule ?? []).length > 0,
  )
  const moves = ({ id }: Told) => scheduled && id === 'infusion.rate'
  const set = (one: Told) => (one.role === 'programme' || one.role === 'identity') && !moves(one)
  const said = seen.filter((one) => one.said)
  return {
    programme: said.filter(set),
    other: said.filter((one) => !set(one)),
    unsaid: seen.filter((one) => !one.said),
    same: all.every((one) => one.role !== 'programme' || one.change === 'same' || moves(one)),
  }
}

/** Alarms that were raised and cleared again between two visits, by the pump's own event list. */
export function cameAndWent(
  before: Pick<Content, 'alarms' | 'events'>,
  now: Pick<Content, 'alarms' | 'events'> & { readonly readAt: string },
): AlarmReading[] {
  const { total } = before.events
  if (before.alarms === null) return []
  const told = { active: before.alarms, ended: [], since: total, total, eventsTold: total }
  return alarmChanges(readNoted(told, now), now).flatMap(({ alarm, between, phase }) =>
    between && phase === 'start' ? [alarm] : [],
  )
}
