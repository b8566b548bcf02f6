// For whom something is written: language and zone of the clinic, and the few ways in which a value, a
// moment or a code becomes text. Figures and dates are the one formatter's. Pure, browser-safe.

import type { Content } from '../model/content.ts'
import type { ScalarField } from '../model/fields.ts'
import {
  clockTime,
  dateTime,
  inZone,
  isZone,
  LOCALES,
  type Locale,
  quantity,
  timeOfDay,
  unitText,
} from '../model/format.ts'
import { printable } from '../model/printable.ts'
import type { DrugReading } from '../model/reading.ts'
import { isBlockFault, type Value } from '../model/value.ts'
import { WORDS, type Words } from './words.ts'

export interface Reader {
  readonly locale: Locale
  readonly zone: string
  readonly words: Words
}

/** What is not a language or a zone of ours becomes the default, as in the configuration. */
export function readerOf(locale: string, zone: string): Reader {
  const known = LOCALES.find((one) => one === locale) ?? LOCALES[0]
  return { locale: known, zone: isZone(zone) ? zone : 'UTC', words: WORDS[known] }
}

/** A field's value in words, whatever its quality: a missing value is said, never left out. */
export function shown(
  { locale, words }: Pick<Reader, 'locale' | 'words'>,
  field: ScalarField,
  value: Value,
): string {
  if (value.quality === 'invalid') return words.notValid(printable(String(value.raw)))
  if (isBlockFault(value.reason)) return words.notRead
  if (value.value === null) {
    return value.raw === undefined
      ? words.notAvailable
      : words.noMassUnit(printable(String(value.raw)))
  }
  if (field.kind === 'uint') {
    return quantity(Number(value.value), value.unit ?? '1', field.digits, locale)
  }
  if (field.kind === 'time') return dateTime(String(value.value))
  return unitText(String(value.value), locale)
}

interface Names {
  readonly serial: string | null
  readonly model: string | null
  readonly firmware: string | null
}

/** The names of a pump or a wand; one outside its form is said to be so, as it came. Null = it has none. */
export function namesOf(
  { words }: Pick<Reader, 'words'>,
  { serial, model, firmware }: Names,
  invalid: Readonly<Record<string, number | string>> | undefined,
): Names {
  const wrong = (name: keyof Names) => {
    const raw = invalid?.[name]
    return raw === undefined ? null : words.notValid(printable(String(raw)))
  }
  const bad = wrong('serial')
  return {
    serial: bad === null || serial === null ? serial : `${serial}, ${bad}`,
    model: model ?? wrong('model'),
    firmware: firmware ?? wrong('firmware'),
  }
}

/** What of a reading could not be read, a sentence each. */
export const unreadLines = (
  { unavailable }: { readonly unavailable: Readonly<Content['unavailable']> },
  { words }: Pick<Reader, 'words'>,
): string[] =>
  unavailable.map(({ block, reason }) => words.unread(words.block[block], words.blockFault[reason]))

/** `14:02:11` on the clinic's clock. */
export const second = ({ zone }: Reader, utc: string): string => clockTime(inZone(utc, zone))
/** `14:02` on the clinic's clock. */
export const minute = (reader: Reader, utc: string): string => second(reader, utc).slice(0, 5)
/** `24-Nov-2026 14:02` on the clinic's clock. */
export const moment = ({ zone }: Reader, utc: string): string => dateTime(inZone(utc, zone))
/** The same by the pump's clock, which knows no zone. */
export const pumpMoment = ({ words }: Reader, local: string | null): string =>
  local === null ? words.notAvailable : dateTime(local)

/** The day of it: `24-Nov-2026`. */
export const pumpDay = (reader: Reader, local: string | null): string =>
  local === null ? reader.words.notAvailable : (dateTime(local).split(' ')[0] ?? '')

/** The name of a drug as it was entered at the programmer. */
export const drugName = (
  { words }: Pick<Reader, 'words'>,
  { name, invalid }: DrugReading,
): string => {
  if (name !== null) return name
  const raw = invalid?.['name']
  return raw === undefined ? words.notAvailable : words.notValid(printable(String(raw)))
}

/** `07:00`: when a step of a schedule begins. */
export const stepStart = (
  { words }: Pick<Reader, 'words'>,
  { value, quality, raw }: Value,
): string => {
  if (typeof value === 'number') return timeOfDay(value)
  return quality === 'invalid' ? words.notValid(printable(String(raw))) : words.notAvailable
}
