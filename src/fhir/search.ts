// Searching: what matches, page by page, by cursor. Unknown parameters are left out and said so, or refused
// when the client wants it strict; a modifier is always refused, because leaving one out would give more
// than was asked for.
import type { Bundle, BundleEntry, Resource } from 'fhir/r4.js'
import { utc } from '../base/env.ts'
import type { Code } from '../model/nomenclature.ts'
import { codingOf } from './elements.ts'
import type { Found, Library, Passed, Query, Type } from './library.ts'
import { FhirProblem, outcome } from './outcome.ts'
import { PARAMS, type Param } from './parameters.ts'
import {
  alternatives,
  countOf,
  dateMatches,
  dateTest,
  quoted,
  referenceOf,
  spanOf,
  tokenMatches,
  tokenOf,
} from './params.ts'

/** What every search takes besides. */
const CONTROL = ['_count', '_cursor', '_format', '_pretty', '_summary']
const CURSOR = /^[a-z0-9-]{1,64}(\.[a-z0-9-]{1,64}){0,2}$/

type Test = (resource: Resource) => boolean

export interface Asked {
  readonly type: Type
  readonly query: URLSearchParams
  readonly strict: boolean
  readonly base: string
  readonly nowMs: number
  /** Of the clinic. */
  readonly zone: string
  gone(): boolean
  /** Whether it has taken so long that a page should do with what was found. */
  enough(): boolean
}

export interface Searched {
  readonly bundle: Bundle
  /** The pump everything in it is of, if it is one. */
  readonly pump: Found['pump']
}

const TOO_MANY =
  'There is too much to be counted in one go. Ask for less of it (device, _lastUpdated), or page through it.'

/** Throws FhirProblem. A page may be shorter than it could be, and has a link to the next then. */
export async function search(library: Library, asked: Asked): Promise<Searched> {
  const { type, query, base } = asked
  const { tests, ignored, used } = testsOf(asked)
  const onlyCount = summaryOf(query) || query.get('_count') === '0'
  const most = countOf(query.getAll('_count').filter((one) => one !== ''))
  const cursor = query.get('_cursor') ?? undefined
  if (cursor !== undefined && !CURSOR.test(cursor)) {
    throw new FhirProblem(400, `_cursor: ${quoted(cursor)} is from no page of this server.`)
  }
  if (cursor !== undefined && !library.knows(type, cursor)) {
    const detail = `_cursor: ${quoted(cursor)} is of a log that is not gone on with. Search anew.`
    throw new FhirProblem(410, detail, 'not-found')
  }
  const narrow: Query = {
    gone: asked.gone,
    ...narrowed(asked),
    ...(!onlyCount && { cursor }),
  }
  const found: Found[] = []
  let total = 0
  /** Where the next page begins; null = there is none. */
  let next: string | null = null
  for await (const one of candidates(library, type, narrow, named(asked))) {
    if (one.resource === null) {
      if (!asked.enough()) continue
      if (onlyCount) throw new FhirProblem(503, TOO_MANY, 'too-costly')
      next = one.cursor
      break
    }
    if (!tests.every((test) => test(one.resource))) continue
    total += 1
    if (onlyCount) continue
    if (found.length === most) next = found.at(-1)?.cursor ?? null
    if (next !== null) break
    found.push(one)
  }
  const self = new URLSearchParams(used)
  self.set('_count', String(onlyCount ? 0 : most))
  const at = (extra: Record<string, string>) =>
    `${base}/${type}?${new URLSearchParams([...self, ...Object.entries(extra)])}`
  const link = [{ relation: 'self', url: at(cursor === undefined ? {} : { _cursor: cursor }) }]
  if (next !== null) link.push({ relation: 'next', url: at({ _cursor: next }) })
  if (cursor !== undefined) link.push({ relation: 'first', url: at({}) })
  const entry: BundleEntry[] = found.map(({ resource }) => ({
    fullUrl: `${base}/${type}/${resource.id}`,
    resource: resource as never,
    search: { mode: 'match' },
  }))
  if (ignored.length > 0) entry.push(leftOut(ignored))
  const security = found.find(({ resource }) => resource.meta?.security)?.resource.meta?.security
  const bundle: Bundle = {
    resourceType: 'Bundle',
    meta: { lastUpdated: utc(asked.nowMs), ...(security && { security }) },
    type: 'searchset',
    ...(onlyCount || (next === null && cursor === undefined) ? { total } : {}),
    link,
    ...(entry.length > 0 && { entry }),
  }
  const pumps = new Map(found.map(({ pump }) => [`${pump?.source} ${pump?.serial}`, pump]))
  return { bundle, pump: pumps.size === 1 ? ([...pumps.values()][0] ?? null) : null }
}

/** Ids, where the question names what it wants one by one; null = it does not. */
function named({ type, query }: Asked): readonly string[] | null {
  if (type !== 'Observation' && type !== 'DiagnosticReport' && type !== 'AuditEvent') return null
  const ids = query.getAll('_id').map(alternatives)
  if (type !== 'AuditEvent') {
    const codes = query.getAll('identifier').map((text) => alternatives(text).map(tokenOf))
    for (const all of codes) {
      const values = all.flatMap(({ code }) => code?.replaceAll('/', '.') ?? [])
      if (values.length === all.length) ids.push(values)
    }
  }
  const wanted = ids.find((one) => one.length > 0)
  return wanted ? [...new Set(wanted)] : null
}

/** What can match: what is named, in the order it is named, or everything there is. */
async function* candidates(
  library: Library,
  type: Type,
  query: Query,
  ids: readonly string[] | null,
): AsyncGenerator<Found | Passed> {
  if (ids === null) return yield* library.all(type, query)
  let behind = query.cursor === undefined
  for (const id of ids) {
    const found = await library.one(type, id, { gone: query.gone })
    if (found && behind) {
      yield found
      yield { resource: null, cursor: found.cursor }
    }
    behind ||= found?.cursor === query.cursor
  }
}

function summaryOf(query: URLSearchParams): boolean {
  const given = query.get('_summary')
  if (given === null || given === 'false') return false
  if (given === 'count') return true
  throw new FhirProblem(400, `_summary: only count and false are supported, not ${quoted(given)}.`)
}

function leftOut(names: readonly string[]): BundleEntry {
  const diagnostics = `Left out, because this server does not know them: ${names.join(', ').slice(0, 500)}. With Prefer: handling=strict they are refused.`
  return {
    resource: outcome([{ severity: 'warning', code: 'not-supported', diagnostics }]),
    search: { mode: 'outcome' },
  }
}

function testsOf({ type, query, strict, base, nowMs, zone }: Asked) {
  const tests: Test[] = []
  const ignored: string[] = []
  const used = new URLSearchParams()
  const known = PARAMS[type]
  for (const [given, text] of query) {
    const [name = '', modifier] = given.split(':')
    const param = Object.hasOwn(known, name) ? known[name] : undefined
    if (param && modifier !== undefined) {
      throw new FhirProblem(400, `${quoted(given)}: no modifier of ${name} is supported.`)
    }
    if (param) {
      const wanted = alternatives(text)
      // A parameter without value says nothing.
      if (wanted.length === 0) continue
      tests.push(testOf(name, param, wanted, { base, nowMs, zone }))
      used.append(name, text)
    } else if (!CONTROL.includes(given)) ignored.push(given)
  }
  if (strict && ignored.length > 0) {
    const names = ignored.map(quoted).join(', ').slice(0, 500)
    const detail = `${type} cannot be searched by ${names}. It can by ${Object.keys(known).join(', ')}.`
    throw new FhirProblem(400, detail, 'not-supported')
  }
  return { tests, ignored, used }
}

function testOf(
  name: string,
  param: Param,
  wanted: readonly string[],
  { base, nowMs, zone }: Pick<Asked, 'base' | 'nowMs' | 'zone'>,
): Test {
  switch (param.type) {
    case 'token': {
      const tokens = wanted.map(tokenOf)
      return (one) => param.of(one as never).some((own) => tokens.some((t) => tokenMatches(own, t)))
    }
    case 'date': {
      const dates = wanted.map((text) => dateTest(name, text, zone))
      return (one) => {
        const own = spanOf(param.of(one as never) ?? '', zone)
        return own !== null && dates.some((test) => dateMatches(own, test, nowMs))
      }
    }
    case 'reference': {
      const { types, of } = param.of
      const references = new Set(wanted.flatMap((text) => referenceOf(text, base, types)))
      return (one) => of(one as never).some((own) => references.has(own))
    }
    case 'uri':
      return (one) => wanted.includes(param.of(one as never) ?? '')
  }
}

/** What of the question makes the walk through the log shorter. It never decides what matches. */
function narrowed({
  type,
  query,
  base,
  zone,
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
    if (['eq', 'ge', 'gt', 'sa'].includes(prefix) && isPlain(lo)) spans.from = utc(lo)
    if (['eq', 'le', 'lt', 'eb'].includes(prefix) && isPlain(hi)) spans.to = utc(hi)
  }
  const codes = query.getAll('code').map((text) => alternatives(text).map(tokenOf))
  const asked = codes.filter((tokens) => tokens.length > 0)
  const wants = (code: Code) =>
    asked.every((tokens) => tokens.some((one) => tokenMatches(codingOf(code), one)))
  return { ...(pump !== undefined && { pump }), ...spans, wants }
}

/** Of a year with four digits: only those texts are in the order of their times. */
const isPlain = (ms: number) => ms >= 0 && ms < Date.UTC(10_000, 0)
