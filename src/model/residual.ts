// What came out of a reservoir beside what the pump expected: the ratio, and when none may be given. All in
// whole nL, and what the pump reckons as it is shown, so that a calculator gives the same digit. Worksheet
// and page ask here. Pure, browser-safe.
import { FIELDS } from './fields.ts'
import { decimal } from './format.ts'
import { integer, wirePer } from './units.ts'

/** Decimal places of a nL in mL. */
const PLACES = Math.round(Math.log10(wirePer('mL')))
const { digits: REPORTED_DIGITS } = FIELDS.reservoir.reportedVolume

/** What is shown of a volume that the pump reckons, in nL again: where arithmetic begins. */
export const asShown = (nL: number): number =>
  integer(decimal(nL, PLACES, REPORTED_DIGITS ?? PLACES), PLACES)

/** Of the fill, how much is gone beside how much should be, in tenths of a percent; null = undefined. */
export function ratioTenths(fill: number, expected: number, aspirated: number): number | null {
  const due = fill - expected
  if (due <= 0) return null
  const numerator = BigInt(fill - aspirated) * 2_000n
  const half = numerator < 0n ? -BigInt(due) : BigInt(due)
  return Number((numerator + half) / (2n * BigInt(due)))
}

/** What the reading before says of the refill before it; volumes in nL, times by the pump's clock. */
export interface Filling {
  readonly filledVolume: number | null
  readonly filledAt: string | null
  readonly programmedAt: string | null
}

/** The ratio in tenths of a percent, or why there is none. */
export function residualRatio(
  { filledVolume, filledAt, programmedAt }: Filling,
  expected: number,
  aspirated: number,
): number | 'fill' | 'programme' | 'volume' {
  if (filledVolume === null || filledAt === null) return 'fill'
  if (programmedAt === null || programmedAt > filledAt) return 'programme'
  return ratioTenths(filledVolume, expected, aspirated) ?? 'volume'
}
