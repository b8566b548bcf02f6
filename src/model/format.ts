// How numbers, dates and ages are shown to people: the only place. What somebody programmed is written with
// every digit the pump holds; what is reckoned, at its declared resolution. What is not zero is never
// written as zero. No trailing zero, always a leading zero, a space before the unit, mass units as
// programmed, never rescaled. Rounding works on the integer behind the value, so that no binary fraction
// ever decides a digit. Browser-safe.
import { wirePer } from './units.ts'

/** The languages that people are spoken to in; every list of them is made from this one. */
export const LOCALES = ['en-US', 'en-GB'] as const
export type Locale = (typeof LOCALES)[number]

/** `numerator / 10^scale` as plain decimal text, rounded half away from zero to `digits`. */
export function decimal(numerator: number, scale: number, digits = scale): string {
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

/** What has no wire unit is exact to the thousandth: an offset in s, a tolerance in %. */
const THOUSANDTHS = 3

/**
 * A number in its public unit, without the unit: every digit, or rounded to so many. What would round to
 * zero and is not is said to be below the least that is shown: `< 0.1`.
 */
export function number(value: number, unit: string, digits: number | null = null): string {
  const places = Math.round(Math.log10(wirePer(unit)))
  const scale = places === 0 && !Number.isInteger(value) ? THOUSANDTHS : places
  const numerator = Math.round(value * 10 ** scale)
  const shown = decimal(numerator, scale, digits ?? scale)
  if (shown !== '0' || numerator === 0) return shown
  return numerator < 0 ? `> -${decimal(1, digits ?? scale)}` : `< ${decimal(1, digits ?? scale)}`
}

/** A whole number of things: records, events, messages. */
export const count = (n: number): string => decimal(n, 0)

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

/** Number and unit: `17.3 mL`, `0.0003 mg/day`, `85 %`. Every digit, or rounded to so many. */
export function quantity(
  value: number,
  unit: string,
  digits: number | null = null,
  locale: Locale = 'en-US',
): string {
  const shown = unitText(unit, locale)
  return shown === '' ? number(value, unit, digits) : `${number(value, unit, digits)} ${shown}`
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `24-Nov-2026 14:02` from a zoneless `2026-11-24T14:02:11`. */
export function dateTime(local: string): string {
  const [date = '', clock = ''] = local.split('T')
  const [year, month, day] = date.split('-')
  return `${day}-${MONTHS[Number(month) - 1] ?? '?'}-${year} ${clock.slice(0, 5)}`
}

/** `07:00` from minutes after midnight. */
export function timeOfDay(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
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

/** Outside of these years texts are not in the order of their times. */
const [FIRST_YEAR, LAST_YEAR] = [Date.UTC(1000, 0), Date.UTC(9999, 0)]

/**
 * The instant at which clocks in a zone show a time, both in ms since 1970, the time as if it were of UTC. Of
 * an hour that comes twice the first; of one that is left out, as if it had not been.
 */
export function fromZone(local: number, zone: string): number {
  if (local < FIRST_YEAR || local >= LAST_YEAR) return local
  const shown = (at: number) => Date.parse(`${inZone(new Date(at).toISOString(), zone)}Z`)
  const found = [local - 86_400_000, local + 86_400_000].map((near) => local - (shown(near) - near))
  return found.find((at) => shown(at) === local) ?? found[0] ?? local
}

/** Whether a name is one of a time zone, such as Europe/London. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** `14:02:11` from a zoneless time. */
export function clockTime(local: string): string {
  return local.slice(11, 19)
}

/** An age in the coarsest words that are still true: `0.4 s`, `12 s`, `6 min`, `3 h`, `2 days`. */
export function age(ms: number): string {
  if (ms < 10_000) return `${decimal(Math.floor(ms / 100), 1)} s`
  const s = Math.floor(ms / 1000)
  if (s < 60) return `${s} s`
  const min = Math.floor(s / 60)
  if (min < 60) return `${min} min`
  const h = Math.floor(min / 60)
  if (h < 48) return `${h} h`
  return `${Math.floor(h / 24)} days`
}
