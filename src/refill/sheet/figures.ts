// Figures as people see them, and arithmetic that starts from what is seen, so that a calculator gives
// the same digit. Everything in whole nL; the one formatter writes them. Pure.
import { Drug } from '../../../protocol/fields/drugs.ts'
import { Infusion } from '../../../protocol/fields/infusion.ts'
import { Reservoir } from '../../../protocol/fields/reservoir.ts'
import { decimal, type Locale, number, quantity } from '../../model/format.ts'
import { conversion, wirePer } from '../../model/units.ts'
import type { Mass } from './entries.ts'

const ML = 1_000_000
/** What the pump reports is shown so, as everywhere; what a syringe shows is finer. */
export const REPORTED_DIGITS = Reservoir.fields.reportedVolume.digits
export const SYRINGE_DIGITS = 2
export const RATE_DIGITS = Infusion.fields.rate.digits

/** `4.6 mL`, as the pump reports it; null = not said. */
export const reported = (nL: number | null, locale: Locale): string | null =>
  nL === null ? null : quantity(nL / ML, 'mL', REPORTED_DIGITS, locale)

/** `4.65 mL`, as somebody read it from a syringe, or a difference to that. */
export const measured = (nL: number, locale: Locale): string =>
  quantity(nL / ML, 'mL', SYRINGE_DIGITS, locale)

export const perDay = (nL: number | null, locale: Locale): string | null =>
  nL === null ? null : quantity(nL / ML, 'mL/d', RATE_DIGITS, locale)

export const volume24h = (nL: number | null, locale: Locale): string | null =>
  nL === null ? null : quantity(nL / ML, 'mL', RATE_DIGITS, locale)

/** `10 mg/mL`, `500 microgram/mL`: in the mass unit it was given in, never another. */
export function concentration(ngPerMl: number, mass: Mass, locale: Locale): string {
  const { unit, per } = conversion('ng/mL', mass)
  return quantity(ngPerMl / per, unit, Drug.fields.concentration.digits, locale)
}

/** The integer of a plain decimal text, in units of 10^-scale. */
export function integer(text: string, scale: number): number {
  const [whole = '0', fraction = ''] = text.replace(/^-/, '').split('.')
  const n = Number(`${whole}${fraction.padEnd(scale, '0')}`)
  return text.startsWith('-') ? -n : n
}

/** What is shown, in nL again: where arithmetic on a sheet begins. */
export const asShown = (nL: number, digits: number): number =>
  integer(number(nL / ML, 'mL', digits), Math.round(Math.log10(wirePer('mL'))))

/** Of the fill, how much is gone beside how much should be, in tenths of a percent; null = undefined. */
export function ratioTenths(fill: number, expected: number, aspirated: number): number | null {
  const due = fill - expected
  if (due <= 0) return null
  const numerator = BigInt(fill - aspirated) * 2_000n
  const half = numerator < 0n ? -BigInt(due) : BigInt(due)
  return Number((numerator + half) / (2n * BigInt(due)))
}

export const percent = (tenths: number): string => `${decimal(tenths, 1, 1)} %`
