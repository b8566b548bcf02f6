// Which entries of the pump's own event list are new since it was last read. The pump numbers every event
// it ever logged, and holds only the newest: what it has overwritten in between is known by its number,
// not by its content. Pure; browser-safe.
import type { Content } from './content.ts'

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
