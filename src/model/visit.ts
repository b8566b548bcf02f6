// Visits: which reading was the last of the visit before, and which alarms came and went since. Page and
// worksheet ask the same. Pure, browser-safe.
import { alarmChanges, readNoted } from './alarm-changes.ts'
import type { Content } from './content.ts'
import type { AlarmReading } from './reading.ts'
import { deviceTimeSeconds } from './value.ts'

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

/** Whether two readings that follow each other are of two visits. */
export const ofTwoVisits = (a: When, b: When): boolean => apart(a, b) >= VISIT_S

/** The newest reading of the visit before this one; null = none is recorded. `visits` oldest first. */
export function lastVisit<V extends When>(visits: readonly V[], now: When): V | null {
  let later = now
  for (const visit of [...visits].reverse()) {
    if (visit.readAt > now.readAt) continue
    if (ofTwoVisits(visit, later)) return visit
    later = visit
  }
  return null
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
