// How numbers, dates and ages are shown to people: the only place. No trailing zero, always a
// leading zero, a space before the unit, mass units as programmed, never rescaled. Rounding works on
// the integer behind the value, so that no binary fraction ever decides a digit. Browser-safe.
import type { ScalarField } from '../../protocol/codec/struct.ts'
import { wirePer } from './units.ts'
import type { Value } from './value.ts'

export type Locale = 'en-US' | 'en-GB'

/** `numerator / 10^scale` rounded half away from zero to `digits`, as plain decimal text. */
export function decimal(numerator: number, scale: number, digits: number): string {
  const negative = numerator < 0
  let n = BigInt(Math.abs(numerator))
  const drop = scale - digits
  let kept = digits
  if (drop > 0) {
    const unit = 10n ** BigInt(drop)
    n = (n + unit / 2n) / unit
  } else {
    kept = scale
  }
  const text = n.toString().padStart(kept + 1, '0')
  const whole = text.slice(0, text.length - kept)
  const fraction = text.slice(text.length - kept).replace(/0+$/, '')
  const shown = fraction === '' ? whole : `${whole}.${fraction}`
  return negative && shown !== '0' ? `-${shown}` : shown
}

/** A number in its public unit at a display resolution of `digits`, without unit. */
export function number(value: number, unit: string, digits: number): string {
  const per = wirePer(unit)
  return decimal(Math.round(value * per), Math.round(Math.log10(per)), digits)
}

const UNIT_TEXT: Readonly<Record<string, string>> = {
  'mL/d': 'mL/day',
  'mg/d': 'mg/day',
  'ug/d': 'mcg/day',
  'ug/mL': 'mcg/mL',
  Cel: '°C',
  '1': '',
}

/** A UCUM unit as people read it: `mL/day`; `mcg` in en-US, `microgram` in en-GB; never `µg`. */
export function unitText(unit: string, locale: Locale = 'en-US'): string {
  const text = UNIT_TEXT[unit] ?? unit
  return locale === 'en-GB' ? text.replace(/\bmcg\b/, 'microgram') : text
}

/** Number and unit: `17.3 mL`, `0.25 mL/day`, `85 %`. */
export function quantity(
  value: number,
  unit: string,
  digits: number,
  locale: Locale = 'en-US',
): string {
  const shown = unitText(unit, locale)
  return shown === '' ? number(value, unit, digits) : `${number(value, unit, digits)} ${shown}`
}

/** A field's value in words, whatever its quality: a missing value is said, never left out. */
export function valueText(field: ScalarField, value: Value, locale: Locale = 'en-US'): string {
  if (value.quality === 'invalid') return `not valid (raw ${String(value.raw)})`
  if (value.value === null) return 'not available'
  if (field.kind === 'uint') {
    return quantity(Number(value.value), value.unit ?? '1', field.digits, locale)
  }
  if (field.kind === 'time') return dateTime(String(value.value))
  return String(value.value)
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `24-Nov-2026 14:02` from a zoneless `2026-11-24T14:02:11`. */
export function dateTime(local: string): string {
  const [date = '', clock = ''] = local.split('T')
  const [year, month, day] = date.split('-')
  return `${day}-${MONTHS[Number(month) - 1] ?? '?'}-${year} ${clock.slice(0, 5)}`
}

/** A UTC instant as zoneless local time in the clinic's zone, for `dateTime` and `clockTime`. */
export function inZone(utc: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(utc))
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? '??'
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}`
}

/** `14:02:11` from a zoneless time. */
export function clockTime(local: string): string {
  return local.slice(11, 19)
}

/** An age in the coarsest words that are still true: `0.4 s`, `12 s`, `6 min`, `3 h`, `2 days`. */
export function age(ms: number): string {
  if (ms < 10_000) return `${decimal(Math.floor(ms / 100), 1, 1)} s`
  const s = Math.floor(ms / 1000)
  if (s < 60) return `${s} s`
  const min = Math.floor(s / 60)
  if (min < 60) return `${min} min`
  const h = Math.floor(min / 60)
  if (h < 48) return `${h} h`
  return `${Math.floor(h / 24)} days`
}
