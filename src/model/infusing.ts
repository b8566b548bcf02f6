// Whether a pump that was read infuses, by its own word, and how long it lasts by its own clock. Pure,
// browser-safe.
import type { Content } from './content.ts'
import { deviceTimeSeconds } from './value.ts'

interface Running {
  readonly state: Pick<Content['state'], 'state'>
  readonly infusion: Pick<Content['infusion'], 'mode'>
}

const NOT_INFUSING: readonly (string | null)[] = [
  'stopped',
  'stalled',
  'end-of-service',
  'valve-closed',
]

/** The pump itself says that it gives nothing. What it does not say is not said here either. */
export const notInfusing = ({ state, infusion }: Running): boolean =>
  NOT_INFUSING.includes(state.state.value) || infusion.mode.value === 'stopped'

const DAY_S = 86_400

/**
 * Whole days until the pump expects its low-reservoir alarm, by its own clock and as of `asOf` (UTC);
 * negative = that date has passed. Null = the date or the pump's clock is not known.
 */
export function daysLeft(
  { reservoir, clock }: Pick<Content, 'reservoir' | 'clock'>,
  asOf: string,
): number | null {
  const { value: due } = reservoir.lowAlarmDate
  if (due === null || clock.deviceTime === null) return null
  const since = Math.max(0, (Date.parse(asOf) - Date.parse(clock.hostTime)) / 1_000)
  return Math.floor((deviceTimeSeconds(due) - deviceTimeSeconds(clock.deviceTime) - since) / DAY_S)
}
