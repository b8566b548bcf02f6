// Search parameters as FHIR R4 has them: tokens, references, dates with prefixes and precision; `,` is
// or, repeated is and. Pure. What cannot be right is refused, never guessed.
import { fromZone } from '../model/format.ts'
import { FhirProblem } from './outcome.ts'

/** From a moment on, and before another, in ms since 1970. */
export interface Span {
  readonly lo: number
  readonly hi: number
}

const DATE =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

/** What a date of some precision covers; without zone it is of the clinic's. Null = it is none. */
export function spanOf(text: string, clinic: string): Span | null {
  const found = DATE.exec(text)
  if (!found) return null
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = found
  const fraction = found[7]
  const plain = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const zoneless = Date.parse(`${plain}Z`)
  const zone = found[8]
  const shift = offsetMs(zone ?? 'Z')
  // A 30 February rolls over, and a 25th hour: they are no dates.
  if (Number.isNaN(zoneless) || shift === null) return null
  if (new Date(zoneless).toISOString().slice(0, 19) !== plain) return null
  const ms = Number((fraction ?? '').padEnd(3, '0').slice(0, 3))
  const at = (local: number) => (zone === undefined ? fromZone(local, clinic) : local - shift)
  const lo = at(zoneless) + ms
  if (fraction !== undefined) return { lo, hi: lo + 1 }
  if (found[6] !== undefined) return { lo, hi: lo + 1_000 }
  if (found[5] !== undefined) return { lo, hi: lo + 60_000 }
  if (found[3] !== undefined) return { lo, hi: at(zoneless + 86_400_000) }
  const next =
    found[2] === undefined ? Date.UTC(Number(year) + 1, 0) : Date.UTC(Number(year), Number(month))
  return { lo, hi: at(next) }
}

function offsetMs(zone: string): number | null {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4, 6))
  if (hours > 14 || minutes > 59) return null
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap'
const PREFIX = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s

export interface DateTest extends Span {
  readonly prefix: Prefix
}

/** Throws FhirProblem. */
export function dateTest(name: string, text: string, clinic: string): DateTest {
  const [, prefix = 'eq', rest = ''] = PREFIX.exec(text) ?? []
  // A plus sign that was not escaped has come as a space.
  const span = spanOf(rest.replace(' ', '+'), clinic)
  if (!span) throw new FhirProblem(400, `${name}: ${quoted(text)} is no date of FHIR.`)
  return { prefix: prefix as Prefix, ...span }
}

/** `nowMs` only widens `ap`: a tenth of the time since then. */
export function dateMatches(own: Span, test: DateTest, nowMs: number): boolean {
  const eq = own.lo >= test.lo && own.hi <= test.hi
  switch (test.prefix) {
    case 'eq':
      return eq
    case 'ne':
      return !eq
    case 'gt':
      return own.hi > test.hi
    case 'lt':
      return own.lo < test.lo
    case 'ge':
      return eq || own.hi > test.hi
    case 'le':
      return eq || own.lo < test.lo
    case 'sa':
      return own.lo >= test.hi
    case 'eb':
      return own.hi <= test.lo
    case 'ap': {
      const by = Math.abs(nowMs - test.lo) / 10
      return own.lo < test.hi + by && own.hi > test.lo - by
    }
  }
}

export interface Quantity {
  readonly value?: number | undefined
  readonly system?: string | undefined
  readonly code?: string | undefined
  readonly unit?: string | undefined
}

export interface QuantityTest extends Span {
  readonly prefix: Prefix
  readonly value: number
  /** Undefined = any; with a system its code is meant, without one also what people read. */
  readonly system: string | undefined
  readonly unit: string | undefined
}

const NUMBER = /^[+-]?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/

/** `[prefix]number|system|code`. What it is equal to is as wide as its last digit. Throws FhirProblem. */
export function quantityTest(name: string, text: string): QuantityTest {
  const [, prefix = 'eq', rest = ''] = PREFIX.exec(text) ?? []
  const [number = '', system = '', unit = '', ...more] = rest.split('|')
  const found = NUMBER.exec(number)
  if (!found || more.length > 0) {
    throw new FhirProblem(400, `${name}: ${quoted(text)} is no quantity of FHIR.`)
  }
  const value = Number(number)
  const half = 0.5 * 10 ** (Number(found[3] ?? 0) - (found[2]?.length ?? 0))
  return {
    prefix: prefix as Prefix,
    value,
    lo: value - half,
    hi: value + half,
    system: system === '' ? undefined : system,
    unit: unit === '' ? undefined : unit,
  }
}

export function quantityMatches(
  own: Quantity,
  { value, lo, hi, prefix, ...of }: QuantityTest,
): boolean {
  const { value: is, system, code, unit } = own
  if (is === undefined || (of.system !== undefined && of.system !== system)) return false
  const units = of.system === undefined ? [code, unit] : [code]
  if (of.unit !== undefined && !units.includes(of.unit)) return false
  const eq = is >= lo && is < hi
  switch (prefix) {
    case 'eq':
      return eq
    case 'ne':
      return !eq
    case 'gt':
    case 'sa':
      return is > value
    case 'lt':
    case 'eb':
      return is < value
    case 'ge':
      return is >= value || eq
    case 'le':
      return is <= value || eq
    case 'ap':
      return Math.abs(is - value) <= Math.abs(value) / 10
  }
}

export interface Token {
  /** Undefined = any; empty = none. */
  readonly system?: string
  /** Undefined = any of the system. */
  readonly code?: string
}

export function tokenOf(text: string): Token {
  const bar = text.indexOf('|')
  if (bar < 0) return { code: text }
  const code = text.slice(bar + 1)
  return { system: text.slice(0, bar), ...(code !== '' && { code }) }
}

export interface Coded {
  readonly system?: string | undefined
  readonly code?: string | undefined
}

export const tokenMatches = (own: Coded, { system, code }: Token) =>
  (system === undefined || system === (own.system ?? '')) &&
  (code === undefined || code === own.code)

/** `Device/x` of `x`, of `Device/x`, and of its whole address at this server. */
export function referenceOf(text: string, base: string, types: readonly string[]): string[] {
  const local = text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text
  return local.includes('/') ? [local] : types.map((type) => `${type}/${local}`)
}

/** The alternatives of one value: parts between commas that are not escaped. */
export function alternatives(text: string): string[] {
  return text
    .split(/(?<!\\),/)
    .map((part) => part.replace(/\\([\\,|$])/g, '$1'))
    .filter((part) => part !== '')
}

export const quoted = (text: string) => JSON.stringify(text.slice(0, 100))

/** A page is never longer; who asks for more gets this many, and the link to the next. */
export const MOST = 500
const USUAL = 50

/** How many at most; 0 = only the number of matches. Throws FhirProblem. */
export function countOf(values: readonly string[]): number {
  const [text] = values
  if (text === undefined) return USUAL
  if (values.length > 1 || !/^\d{1,100}$/.test(text)) {
    throw new FhirProblem(400, `_count: ${quoted(values.join('&'))} is no whole number from 0 on.`)
  }
  return Math.min(Number(text), MOST)
}
