// Which entries of the pump's own event list are new since it was last read. The pump numbers every event
// it ever logged, and holds only the newest: what it has overwritten in between is known by its number,
// not by its content. Pure; browser-safe.
import type { AlarmHistory } from './alarm-changes.ts'
import type { Content } from './content.ts'
import type { PumpEventReading } from './reading.ts'

export interface NewEvents {
  /** Oldest first; without an earlier reading, everything the pump holds; null = it could not be read. */
  readonly entries: Content['events']['entries']
  /**
   * Events since then that the pump has overwritten already. Null = that is not known: there was no
   * earlier reading, one of the two did not say how many events there were, or the pump counts anew.
   */
  readonly overwritten: number | null
}

/** `seen`: how many events the pump had logged at the reading before; null = not known. */
export function eventsSince(seen: number | null, { total, entries }: Content['events']): NewEvents {
  if (entries === null) return { entries, overwritten: null }
  if (seen === null || total === null || total < seen) return { entries, overwritten: null }
  const fresh = entries.filter(({ number }) => number === null || number > seen)
  return { entries: fresh, overwritten: Math.max(0, total - seen - fresh.length) }
}

/** What a reading adds to the pump's events that are told: each once, by its number. */
export interface PumpEventsTold {
  /** Everything up to this number is told with it. */
  readonly upTo: number
  /** Events since the last that was told, which the pump has overwritten: they are never told. */
  readonly overwritten: number
  /** Oldest first. */
  readonly entries: readonly PumpEventReading[]
}

/** Null = there is nothing to tell, or the list could not be read: then the next reading tells it. */
export function eventsToTell(
  { eventsTold: told }: Pick<AlarmHistory, 'eventsTold'>,
  { total, entries }: Content['events'],
): PumpEventsTold | null {
  if (told === null || total === null || entries === null || total <= told) return null
  // One without a number would be told with every reading.
  const fresh = entries.filter(({ number }) => number !== null && number > told && number <= total)
  return { upTo: total, overwritten: total - told - fresh.length, entries: fresh }
}

/** The history with what was told on top. */
export const eventsNoted = (history: AlarmHistory, { upTo }: Pick<PumpEventsTold, 'upTo'>) => ({
  ...history,
  eventsTold: upTo,
})
