// What of a question decides which resources match, and what of it makes the walk through the log shorter.
// What would change the result and is not supported here is refused, because an answer without it would be
// another one; `Prefer: handling=lenient` has it left out, and said so. A modifier that is not supported is
// always refused. Pure.
import type { Resource } from 'fhir/r4.js'
import { utc } from '../base/env.ts'
import type { Code } from '../model/nomenclature.ts'
import { type PatientId, patientKey } from '../model/owner.ts'
import { patientResourceId } from './elements.ts'
import { FhirProblem } from './outcome.ts'
import { PARAMS, type Param } from './parameters.ts'
import {
  alternatives,
  type Coded,
  dateMatches,
  dateTest,
  quantityMatches,
  quantityTest,
  quoted,
  referenceOf,
  spanOf,
  type Token,
  tokenMatches,
  tokenOf,
} from './params.ts'
import type { Query, Type } from './query.ts'

/** They change nothing of what matches, or are looked at elsewhere. */
const CONTROL = ['_count', '_cursor', '_format', '_include', '_pretty', '_sort', '_summary']

export type Test = (resource: Resource) => boolean

export interface Asked {
  readonly type: Type
  readonly query: URLSearchParams
  /** Whether the client takes an answer to a part of its question. */
  readonly lenient: boolean
  readonly base: string
  readonly nowMs: number
  /** Of the clinic. */
  readonly zone: string
  /** Every coding that a code has here. */
  codingsOf(code: Code): readonly Coded[]
  /** Everybody whom a reference or an identifier may mean, under whichever identifier. */
  people(wanted: (one: PatientId) => boolean): readonly PatientId[]
  gone(): boolean
  /** Whether it has taken so long that a page should do with what was found. */
  enough(): boolean
}

export interface Tests {
  readonly tests: readonly Test[]
  /** What is left out because it is not supported. */
  readonly ignored: readonly string[]
  /** What was looked at, for links. */
  readonly used: URLSearchParams
}

/** `more`: what the address takes besides. Throws FhirProblem. */
export function testsOf(asked: Asked, more: readonly string[] = CONTROL): Tests {
  const { type, query } = asked
  const tests: Test[] = []
  const ignored: string[] = []
  const used = new URLSearchParams()
  const known = PARAMS[type]
  for (const [given, text] of query) {
    const [name = '', modifier] = given.split(':')
    const param = Object.hasOwn(known, name) ? known[name] : undefined
    if (param) {
      const wanted = alternatives(text)
      // A parameter without value says nothing.
      if (wanted.length === 0) continue
      tests.push(
        modifier === undefined
          ? testOf(name, param, wanted, asked)
          : byIdentifier(given, param, wanted, asked),
      )
      used.append(given, text)
    } else if (!more.includes(given)) ignored.push(given)
  }
  return { tests, ignored, used }
}

/** Throws what a client did not allow to be left out. */
export function refuseUnless(lenient: boolean, type: Type, ignored: readonly string[]): void {
  if (lenient || ignored.length === 0) return
  const names = ignored.map(quoted).join(', ').slice(0, 500)
  const detail = `${type} cannot be searched by ${names}, and an answer without would be another one. It can by ${Object.keys(PARAMS[type]).join(', ')}. With Prefer: handling=lenient it is left out.`
  throw new FhirProblem(400, detail, 'not-supported')
}

function testOf(
  name: string,
  param: Param,
  wanted: readonly string[],
  { base, nowMs, zone, people }: Asked,
): Test {
  switch (param.type) {
    case 'token':
      return anyToken(wanted, param.of as (one: Resource) => readonly Token[])
    case 'date': {
      const dates = wanted.map((text) => dateTest(name, text, zone))
      return (one) => {
        const own = spanOf(param.of(one as never) ?? '', zone)
        return own !== null && dates.some((test) => dateMatches(own, test, nowMs))
      }
    }
    case 'quantity': {
      const tests = wanted.map((text) => quantityTest(name, text))
      return (one) => {
        const own = param.of(one as never)
        return own !== undefined && tests.some((test) => quantityMatches(own, test))
      }
    }
    case 'reference': {
      const { types, of, also = () => [] } = param.of
      const named = new Set(wanted.flatMap((text) => referenceOf(text, base, types)))
      const nameOf = (one: PatientId) => `Patient/${patientResourceId(one)}`
      const same = types.includes('Patient') ? people((one) => named.has(nameOf(one))) : []
      const references = new Set([...named, ...same.map(nameOf)])
      return (one) =>
        [...of(one as never), ...also(one as never)].some((own) => references.has(own))
    }
    case 'uri':
      return (one) => wanted.includes(param.of(one as never) ?? '')
  }
}

const anyToken = (wanted: readonly string[], of: (one: Resource) => readonly Token[]): Test => {
  const tokens = wanted.map(tokenOf)
  return (one) => of(one).some((own) => tokens.some((token) => tokenMatches(own, token)))
}

/** `patient:identifier=SYSTEM|VALUE`: whom a reference names without there being a resource of it here. */
function byIdentifier(
  given: string,
  param: Param,
  wanted: readonly string[],
  { people }: Asked,
): Test {
  const { identifiers } = param.type === 'reference' ? param.of : {}
  if (identifiers && given.endsWith(':identifier')) {
    const tokens = wanted.map(tokenOf)
    const means = ({ system, value }: PatientId) =>
      tokens.some((token) => tokenMatches({ system, code: value }, token))
    const same = new Set(people(means).map(patientKey))
    const named = anyToken(wanted, identifiers as (one: Resource) => readonly Token[])
    const merged = (one: Resource) =>
      identifiers(one as never).some(({ system = '', code = '' }) =>
        same.has(patientKey({ system, value: code })),
      )
    return (one) => named(one) || (same.size > 0 && merged(one))
  }
  throw new FhirProblem(400, `${quoted(given)}: this modifier is not supported.`)
}

/** No session is held for so long. */
const LONGEST_SESSION_MS = 3_600_000

/** What of the question makes the walk through the log shorter. It never decides what matches. */
export function narrowed({
  type,
  query,
  base,
  zone,
  codingsOf,
}: Asked): Pick<Query, 'pump' | 'from' | 'to' | 'wants'> {
  const names = type === 'Observation' ? ['device', 'subject'] : []
  if (type === 'DiagnosticReport') names.push('subject')
  if (type === 'DeviceMetric') names.push('source', 'parent')
  const pumps = names.flatMap((name) =>
    query.getAll(name).map((text) => {
      const all = alternatives(text).flatMap((one) => referenceOf(one, base, ['Device']))
      const found = new Set(all.map((one) => one.replace(/^Device(Metric)?\//, '').split('.')[0]))
      return found.size === 1 && all.every((one) => /^Device/.test(one)) ? [...found][0] : undefined
    }),
  )
  const pump = pumps.find((one) => one !== undefined && one !== '')
  const spans: { from?: string; to?: string } = {}
  for (const text of query.getAll('_lastUpdated')) {
    if (alternatives(text).length !== 1) continue
    const { prefix, lo, hi } = dateTest('_lastUpdated', text, zone)
    // A reading that its pump contradicts later in the session is updated then.
    if (['eq', 'ge', 'gt', 'sa'].includes(prefix) && isPlain(lo)) {
      spans.from = utc(Math.max(0, type === 'AuditEvent' ? lo : lo - LONGEST_SESSION_MS))
    }
    if (['eq', 'le', 'lt', 'eb'].includes(prefix) && isPlain(hi)) spans.to = utc(hi)
  }
  const codes = query.getAll('code').map((text) => alternatives(text).map(tokenOf))
  const wanted = codes.filter((tokens) => tokens.length > 0)
  const wants = (code: Code) =>
    wanted.every((tokens) =>
      tokens.some((one) => codingsOf(code).some((own) => tokenMatches(own, one))),
    )
  return { ...(pump !== undefined && { pump }), ...spans, wants }
}

/** Of a year with four digits: only those texts are in the order of their times. */
const isPlain = (ms: number) => ms >= 0 && ms < Date.UTC(10_000, 0)
