// Whether a pump that was read infuses, by its own word, and how long it lasts by its own clock. Every
// surface that says so asks here. Pure, browser-safe.
import type { INFUSION_MODES } from '../../protocol/fields/infusion.ts'
import type { PUMP_STATES } from '../../protocol/fields/status.ts'
import type { Content } from './content.ts'
import { deviceTimeSeconds } from './value.ts'

/** As programmed; at its minimum rate only; nothing; or it is not known. */
export type Infusing = 'programmed' | 'minimum-rate' | 'nothing' | 'unknown'

type PumpState = (typeof PUMP_STATES)[keyof typeof PUMP_STATES]
type Mode = (typeof INFUSION_MODES)[keyof typeof INFUSION_MODES]

const BY_STATE: Readonly<Record<PumpState, Infusing>> = {
  running: 'programmed',
  stopped: 'nothing',
  stalled: 'nothing',
  'minimum-rate': 'minimum-rate',
  'end-of-service': 'nothing',
  'valve-closed': 'nothing',
}
const BY_MODE: Readonly<Record<Mode, Infusing>> = {
  stopped: 'nothing',
  'simple-continuous': 'programmed',
  flex: 'programmed',
  'single-bolus': 'programmed',
  'minimum-rate': 'minimum-rate',
}
const of = (table: Readonly<Record<string, Infusing>>, code: string | null): Infusing =>
  code !== null && Object.hasOwn(table, code) ? (table[code] as Infusing) : 'unknown'

/**
 * What a pump gives, from its state and its mode as it reports them. The worse of the two counts, and a
 * state or a mode that it does not say, or that is newer than this program, is never taken for infusing.
 */
export function infusing(state: string | null, mode: string | null): Infusing {
  const both = [of(BY_STATE, state), of(BY_MODE, mode)]
  const worst = (['nothing', 'unknown', 'minimum-rate'] as const).find((one) => both.includes(one))
  return worst ?? 'programmed'
}

interface Running {
  readonly state: Pick<Content['state'], 'state'>
  readonly infusion: Pick<Content['infusion'], 'mode'>
}

/** The same of a pump's status or of a reading. */
export const infusingOf = ({ state, infusion }: Running): Infusing =>
  infusing(state.state.value, infusion.mode.value)

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
