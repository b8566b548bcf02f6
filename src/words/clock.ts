// How far the pump's clock is from this computer's, in a sentence: the same on every surface, for the
// clinic's zone, since the pump's clock knows none. Pure, browser-safe.
import { age, inZone } from '../model/format.ts'
import { deviceTimeSeconds } from '../model/value.ts'
import type { Reader } from './reader.ts'

/** A clock that is so near is said to agree: a minute is what people see of it. */
const AGREES_S = 60
/** No wand takes longer for a reading: a clock that is further off is off, whenever it was asked. */
const LONGEST_S = 600

interface Clocks {
  readonly deviceTime: string | null
  /** This computer's UTC when the pump's clock showed that. */
  readonly hostTime: string
  /** Null = nobody knows when the pump's clock was asked. */
  readonly uncertainty: number | null
}

type Look = Pick<Reader, 'words' | 'zone'>

/** How far the pump's clock is ahead, in s; null = it gives no time. */
function aheadBy({ deviceTime, hostTime }: Clocks, zone: string): number | null {
  if (deviceTime === null) return null
  return deviceTimeSeconds(deviceTime) - deviceTimeSeconds(inZone(hostTime, zone))
}

/** Whether the two clocks are known to be apart: by so much that people would see it. */
export function clocksDiffer(clocks: Clocks, { zone }: Pick<Look, 'zone'>): boolean {
  const ahead = aheadBy(clocks, zone)
  const sure = clocks.uncertainty === null ? LONGEST_S : AGREES_S
  return ahead !== null && Math.abs(ahead) >= sure
}

/** Whether they are so near that nothing needs to be said, as far as is known. */
export const agrees = (clocks: Clocks, zone: string): boolean =>
  clocks.deviceTime !== null && !clocksDiffer(clocks, { zone })

export function clockText(clocks: Clocks, { words: { clock }, zone }: Look): string {
  const ahead = aheadBy(clocks, zone)
  if (ahead === null) return clock.none
  if (clocks.uncertainty === null && Math.abs(ahead) < LONGEST_S) return clock.unknown
  if (Math.abs(ahead) < AGREES_S) return clock.agrees(zone)
  const by = age(Math.abs(ahead) * 1_000)
  return ahead > 0 ? clock.ahead(by, zone) : clock.behind(by, zone)
}
