// Figures of a sheet as people see them: whole nL, ng/mL and ng a day, which the one formatter writes. Pure.
import { FIELDS } from '../../model/fields.ts'
import { type Locale, quantity } from '../../model/format.ts'
import { conversion, wirePer } from '../../model/units.ts'
import type { Mass } from './entries.ts'

const ML = wirePer('mL')
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

export const percent = (tenths: number): string => quantity(tenths / 10, '%')
