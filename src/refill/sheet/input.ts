// What people type, read as strictly as a label in a bright room is read by somebody tired: what can
// mean two things is asked back. Pure.
import { dateTime, type Locale } from '../../model/format.ts'
import { conversion, integer } from '../../model/units.ts'
import type { Mass } from './entries.ts'
import { measured } from './figures.ts'
import type { Words } from './words.ts'

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly sentence: string }
const ok = <T>(value: T): Read<T> => ({ ok: true, value })
const no = (sentence: string): Read<never> => ({ ok: false, sentence })

const MOST_NL = 50_000_000
const MCL = /^(mcl|[µμ]l|ul|microlit(er|re)s?)$/i
const ML = /^(ml|millilit(er|re)s?)$/i

/** A plain decimal text from what was typed: one mark, no digit group, nothing naked. */
function plain(typed: string, w: Words, none: (typed: string) => string): Read<string> {
  if (/^[-−–]/.test(typed)) return no(w.negative(typed))
  if (!/^[\d.,]+$/.test(typed) || !/\d/.test(typed)) return no(none(typed))
  const parts = typed.split(/[.,]/)
  const [whole = '', fraction] = parts
  if (parts.length > 2) return no(w.twoMarks(typed))
  if (whole === '') return no(w.nakedPoint(typed, `0.${fraction}`))
  if (fraction === '') return no(w.nakedPoint(typed, whole))
  if (/^0\d/.test(whole)) {
    const rest = whole.replace(/^0+(?=\d)/, '')
    if (fraction !== undefined || rest === '0') {
      return no(w.leadingZero(typed, fraction === undefined ? rest : `${rest}.${fraction}`))
    }
    return no(w.unclear(typed, rest, `0.${whole.slice(1)}`))
  }
  if (fraction?.length === 3 && whole !== '0') {
    const short = fraction.replace(/0+$/, '')
    if (short.length === 3) return no(w.threeDigits(typed, `${whole}${fraction}`))
    const point = short === '' ? whole : `${whole}.${short}`
    return no(w.unclear(typed, point, `${whole}${fraction}`))
  }
  return ok(fraction === undefined ? whole : `${whole}.${fraction}`)
}

/** A volume in nL, typed in mL. */
export function readVolume(text: string, what: string, w: Words, locale: Locale): Read<number> {
  const typed = text.trim()
  if (typed === '') return no(w.empty(what))
  const [, figure = '', unit = ''] = /^(\S*?)\s*([a-zµμ]*)$/i.exec(typed) ?? []
  if (unit !== '' && MCL.test(unit)) {
    const value = plain(figure, w, w.noVolume)
    const inMl = value.ok ? measured(integer(value.value, 3) * 1, locale) : null
    return no(w.mcL(typed, inMl))
  }
  if (figure === '') return no(w.noVolume(typed))
  if (unit !== '' && !ML.test(unit)) {
    return no(/\d/.test(figure) ? w.otherUnit(typed) : w.noVolume(typed))
  }
  const value = plain(figure, w, w.noVolume)
  if (!value.ok) return value
  if ((value.value.split('.')[1]?.length ?? 0) > 2) return no(w.tooFine(typed))
  const nL = integer(value.value, 6)
  if (nL > MOST_NL) {
    return no(w.beyondAll(measured(nL, locale), measured(Math.round(nL / 1_000), locale)))
  }
  return ok(nL)
}

/** A concentration in ng/mL, typed in the unit chosen. */
export function readConcentration(
  text: string,
  mass: string,
  what: string,
  w: Words,
): Read<{ concentration: number; massUnit: Mass }> {
  const typed = text.trim()
  if (typed === '') return no(w.empty(what))
  if (mass !== 'mg' && mass !== 'mcg') return no(w.noUnit)
  const [, figure = '', unit = ''] = /^(\S*?)\s*([a-zµμ]*)(?:\/ml)?$/i.exec(typed) ?? []
  if (unit !== '') {
    const said = /^mg$/i.test(unit) ? 'mg' : /^(mcg|[µμ]g|ug|micrograms?)$/i.test(unit) ? 'mcg' : ''
    if (said === '') return no(w.noNumber(typed))
    if (said !== mass) return no(w.massContradicts(typed, mass))
  }
  const value = plain(figure, w, w.noNumber)
  if (!value.ok) return value
  const scale = Math.round(Math.log10(conversion('ng/mL', mass).per))
  if ((value.value.split('.')[1]?.length ?? 0) > 3) return no(w.tooFine(typed))
  const concentration = integer(value.value, scale)
  if (concentration === 0) return no(w.zeroConcentration)
  if (!Number.isSafeInteger(concentration) || concentration > 0xffff_ffff) {
    return no(w.noNumber(typed))
  }
  return ok({ concentration, massUnit: mass })
}

/** A daily dose in ng, typed in the unit chosen; a plain number, as on the order. */
export function readDose(
  text: string,
  mass: string,
  what: string,
  w: Words,
): Read<{ dose: number; massUnit: Mass }> {
  const typed = text.trim()
  if (typed === '') return no(w.empty(what))
  if (mass !== 'mg' && mass !== 'mcg') return no(w.noUnit)
  const value = plain(typed, w, w.noNumber)
  if (!value.ok) return value
  const scale = Math.round(Math.log10(conversion('ng/d', mass).per))
  if ((value.value.split('.')[1]?.length ?? 0) > scale) return no(w.tooFineDose(typed))
  const dose = integer(value.value, scale)
  if (dose === 0) return no(w.zeroDose)
  return Number.isSafeInteger(dose) && dose <= 0xffff_ffff
    ? ok({ dose, massUnit: mass })
    : no(w.noNumber(typed))
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const pad = (n: number) => String(n).padStart(2, '0')

/** A date on a label as `2027-12-31`, or `2027-12` where it names only the month. */
export function readDate(text: string, what: string, w: Words): Read<string> {
  const typed = text.trim()
  if (typed === '') return no(w.empty(what))
  const parts = typed.toLowerCase().split(/[\s./,-]+/)
  const months = parts.map((part) => MONTHS.indexOf(part.slice(0, 3)) + 1)
  const named = months.findIndex((month) => month > 0)
  const year = parts.findIndex((part) => /^20\d\d$/.test(part))
  if (parts.length > 3 || parts.length < 2 || year < 0) return no(w.noDate(typed))
  const others = parts.filter((_, i) => i !== year && i !== named)
  if (others.some((part) => !/^\d{1,2}$/.test(part))) return no(w.noDate(typed))
  const [a = 0, b = 0] = others.map(Number)
  const y = Number(parts[year])
  if (named >= 0) return valid(typed, y, months[named] ?? 0, others.length > 0 ? a : null, w)
  if (others.length === 1) return valid(typed, y, a, null, w)
  if (year === 0) return valid(typed, y, a, b, w)
  // Day and month, in whichever order a label puts them.
  if (a <= 12 && b <= 12 && a !== b) {
    return no(w.twoWays(typed, dateText(iso(y, b, a)), dateText(iso(y, a, b))))
  }
  return a > 12 ? valid(typed, y, b, a, w) : valid(typed, y, a, b, w)
}

const iso = (y: number, month: number, day: number | null) =>
  day === null ? `${y}-${pad(month)}` : `${y}-${pad(month)}-${pad(day)}`

function valid(typed: string, y: number, month: number, day: number | null, w: Words) {
  const days = new Date(Date.UTC(y, month, 0)).getUTCDate()
  const good = month >= 1 && month <= 12 && (day === null || (day >= 1 && day <= days))
  return good ? ok(iso(y, month, day)) : no(w.noDate(typed))
}

/** `31-Dec-2027`, or `Dec-2027`. */
export function dateText(date: string): string {
  const [day = ''] = dateTime(`${date.length === 7 ? `${date}-00` : date}T00:00:00`).split(' ')
  return day.replace(/^00-/, '')
}

/** Whether a label's date lies before `today` (`2026-11-24`): a month counts to its end. */
export const hasExpired = (expiry: string, today: string): boolean =>
  expiry < today.slice(0, expiry.length)

/** Marks that people do not see and that change what paper shows or how it reads. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]/u
/** A place where a word may be divided: seen by nobody, and no part of the word. */
const SOFT_HYPHENS = /\u00ad/g

/** One line of text, its letters composed, so that one name has one spelling. */
export function readText(text: string, what: string, most: number, w: Words): Read<string> {
  const typed = text.normalize('NFC').replace(SOFT_HYPHENS, '').replace(/\s+/g, ' ').trim()
  if (typed === '') return no(w.empty(what))
  if (UNSEEN.test(typed)) return no(w.unseen(what))
  return typed.length > most ? no(w.tooLong(what, most)) : ok(typed)
}

/** How two names are compared: by what is seen of them, whatever the case and the kind of hyphen. */
export const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(SOFT_HYPHENS, '')
    .replace(/\p{Pd}/gu, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()

/** What was done about something doubtful: a mark that it was seen is no answer. */
export function readRemark(text: string, what: string, w: Words): Read<string> {
  const read = readText(text, what, 500, w)
  if (!read.ok) return read
  const words = read.value.match(/[\p{L}\p{N}]+/gu) ?? []
  const enough = words.length >= 2 && words.join('').length >= 8
  return enough ? read : no(w.tooLittle(what))
}
