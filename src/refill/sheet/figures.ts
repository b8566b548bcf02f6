// Figures as people see them, and arithmetic that starts from what is seen, so that a calculator gives
// the same digit. Everything in whole nL; the one formatter writes them. Pure.
import { FIELDS } from '../../model/fields.ts'
import { decimal, type Locale, quantity } from '../../model/format.ts'
import { conversion, wirePer } from '../../model/units.ts'
import type { Mass } from './entries.ts'

const ML = wirePer('mL')
/** Decimal places of a nL in mL. */
const PLACES = Math.round(Math.log10(ML))
/** What the pump reckons is shown so, as everywhere. */
const { digits: REPORTED_DIGITS } = FIELDS.reservoir.reportedVolume

/** `4.6 mL`, as the pump reckons it; null = not said. */
export const reported = (nL: number | null, locale: Locale): string | null =>
  nL === null ? null : quantity(nL / ML, 'mL', REPORTED_DIGITS, locale)

/** `4.65 mL`: programmed, read from a syringe, or a difference of what is shown; every digit. */
export const measured = (nL: number, locale: Locale): string =>
  quantity(nL / ML, 'mL', null, locale)

/** The same of what the pump may not say. */
export const volume = (nL: number | null, locale: Locale): string | null =>
  nL === null ? null : measured(nL, locale)

/** `10 mg/mL`, `500 microgram/mL`: in the mass unit it was given in, never another. */
export function concentration(ngPerMl: number, mass: Mass, locale: Locale): string {
  const { unit, per } = conversion('ng/mL', mass)
  return quantity(ngPerMl / per, unit, null, locale)
}

/** `2.5 mg/day`: in the mass unit it was given in, never another. */
export function dose(ngPerDay: number, mass: Mass, locale: Locale): string {
  const { unit, per } = conversion('ng/d', mass)
  return quantity(ngPerDay / per, unit, null, locale)
}

/** The integer of a plain decimal text, in units of 10^-scale. */
export function integer(text: string, scale: number): number {
  const [whole = '0', fraction = ''] = text.replace(/^-/, '').split('.')
  const n = Number(`${whole}${fraction.padEnd(scale, '0')}`)
  return text.startsWith('-') ? -n : n
}

/** What is shown of a volume that the pump reckons, in nL again: where arithmetic on a sheet begins. */
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

export const percent = (tenths: number): string => quantity(tenths / 10, '%')
