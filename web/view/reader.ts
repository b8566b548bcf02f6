// For whom the page is written: language and zone of the clinic, and the few ways in which a value, a
// moment or a code becomes text. Figures and dates are the one formatter's. Pure.
import type { ScalarField } from '../../protocol/codec/struct.ts'
import { clockTime, dateTime, inZone, type Locale, valueText } from '../../src/model/format.ts'
import type { Value } from '../../src/model/value.ts'
import { WORDS, type Words } from '../../src/words/words.ts'

export interface Reader {
  readonly locale: Locale
  readonly zone: string
  readonly words: Words
}

/** What is not a language or a zone of ours becomes the default, as in the configuration. */
export function readerOf(locale: string, zone: string): Reader {
  const known: Locale = locale === 'en-GB' ? 'en-GB' : 'en-US'
  return { locale: known, zone: isZone(zone) ? zone : 'UTC', words: WORDS[known] }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** A field's value in words, whatever its quality. */
export function shown({ locale, words }: Reader, field: ScalarField, value: Value): string {
  if (value.quality === 'invalid') return words.notValid(String(value.raw))
  if (value.value === null) return words.notAvailable
  return valueText(field, value, locale)
}

/** `14:02:11` on the clinic's clock. */
export const second = ({ zone }: Reader, utc: string): string => clockTime(inZone(utc, zone))
/** `14:02` on the clinic's clock. */
export const minute = (reader: Reader, utc: string): string => second(reader, utc).slice(0, 5)
/** `24-Nov-2026 14:02` on the clinic's clock. */
export const moment = ({ zone }: Reader, utc: string): string => dateTime(inZone(utc, zone))
/** The same by the pump's clock, which knows no zone. */
export const pumpMoment = ({ words }: Reader, local: string | null): string =>
  local === null ? words.notAvailable : dateTime(local)

/** `07:00` from minutes after midnight. */
export function timeOfDay(minutes: number | null, missing: string): string {
  if (minutes === null) return missing
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
