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

/** Whether the two clocks are so near that nothing needs to be said, as far as is known. */
export function agrees({ deviceTime, hostTime, uncertainty }: Clocks, zone: string): boolean {
  if (deviceTime === null) return false
  const ahead = aheadOf(deviceTime, hostTime, zone)
  return Math.abs(ahead) < (uncertainty === null ? LONGEST_S : AGREES_S)
}

const aheadOf = (deviceTime: string, hostTime: string, zone: string) =>
  deviceTimeSeconds(deviceTime) - deviceTimeSeconds(inZone(hostTime, zone))

export function clockText(
  { deviceTime, hostTime, uncertainty }: Clocks,
  { words: { clock }, zone }: Pick<Reader, 'words' | 'zone'>,
): string {
  if (deviceTime === null) return clock.none
  const ahead = aheadOf(deviceTime, hostTime, zone)
  if (uncertainty === null && Math.abs(ahead) < LONGEST_S) return clock.unknown
  if (Math.abs(ahead) < AGREES_S) return clock.agrees(zone)
  const by = age(Math.abs(ahead) * 1_000)
  return ahead > 0 ? clock.ahead(by, zone) : clock.behind(by, zone)
}
