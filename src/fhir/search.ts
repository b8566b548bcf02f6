// Searching: one table of parameters per resource type, which also makes the CapabilityStatement; pages
// by cursor. Unknown parameters are left out and said so, or refused when the client wants it strict;
// a modifier is always refused, because leaving one out would give more than was asked for.
import type {
  AuditEvent,
  Bundle,
  BundleEntry,
  Device,
  DeviceMetric,
  DiagnosticReport,
  Observation,
  Reference,
  Resource,
} from 'fhir/r4.js'
import type { Source } from '../model/reading.ts'
import type { Found, Library, Query, Type } from './library.ts'
import { FhirProblem, outcome } from './outcome.ts'
import {
  alternatives,
  type Coded,
  countOf,
  dateMatches,
  dateTest,
  quoted,
  referenceOf,
  spanOf,
  tokenMatches,
  tokenOf,
} from './params.ts'

interface Params {
  readonly token: (resource: never) => readonly Coded[]
  readonly date: (resource: never) => string | undefined
  readonly reference: { readonly types: readonly string[]; of(resource: never): readonly string[] }
  readonly uri: (resource: never) => string | undefined
}
export type Param = {
  [K in keyof Params]: { readonly type: K; readonly of: Params[K] }
}[keyof Params]

const token = (of: Params['token']): Param => ({ type: 'token', of })
const date = (of: Params['date']): Param => ({ type: 'date', of })
const reference = (types: readonly string[], of: Params['reference']['of']): Param => ({
  type: 'reference',
  of: { types, of },
})
const ids = (one: { identifier?: { system?: string; value?: string }[] }): Coded[] =>
  (one.identifier ?? []).map(({ system, value }) => ({ system, code: value }))
const refs = (...all: (Reference | undefined)[]) => all.flatMap((one) => one?.reference ?? [])

const COMMON: Readonly<Record<string, Param>> = {
  _id: token(({ id }: Resource) => [{ code: id }]),
  _lastUpdated: date(({ meta }: Resource) => meta?.lastUpdated),
}
const IDENTIFIER = { identifier: token(ids) }
const TERMINOLOGY = { url: { type: 'uri', of: ({ url }: { url?: string }) => url } as Param }

/** Every object of a pump stands below the pump: `x.delivery` below `x`. */
const withPump = (all: readonly string[]) =>
  all.flatMap((one) => [one, ...(one.includes('.') ? [one.replace(/\..*/s, '')] : [])])

export const PARAMS: Readonly<Record<Type, Readonly<Record<string, Param>>>> = {
  Device: {
    ...COMMON,
    ...IDENTIFIER,
    type: token(({ type }: Device) => type?.coding ?? []),
    parent: reference(['Device'], ({ parent }: Device) => refs(parent)),
  },
  DeviceMetric: {
    ...COMMON,
    ...IDENTIFIER,
    type: token(({ type }: DeviceMetric) => type.coding ?? []),
    source: reference(['Device'], ({ source }: DeviceMetric) => refs(source)),
    parent: reference(['Device'], ({ parent }: DeviceMetric) => refs(parent)),
  },
  Observation: {
    ...COMMON,
    ...IDENTIFIER,
    code: token(({ code }: Observation) => code.coding ?? []),
    category: token(({ category = [] }: Observation) =>
      category.flatMap((one) => one.coding ?? []),
    ),
    date: date(({ effectiveDateTime }: Observation) => effectiveDateTime),
    subject: reference(['Device', 'Patient'], ({ subject }: Observation) => refs(subject)),
    // A reading names its metric; the pump that metric is of is meant as well.
    device: reference(['Device', 'DeviceMetric'], ({ device }: Observation) => [
      ...refs(device),
      ...withPump(refs(device).map((one) => one.replace('DeviceMetric/', 'Device/'))).slice(1),
    ]),
  },
  DiagnosticReport: {
    ...COMMON,
    ...IDENTIFIER,
    code: token(({ code }: DiagnosticReport) => code.coding ?? []),
    date: date(({ effectiveDateTime }: DiagnosticReport) => effectiveDateTime),
    issued: date(({ issued }: DiagnosticReport) => issued),
    subject: reference(['Device', 'Patient'], ({ subject }: DiagnosticReport) => refs(subject)),
    result: reference(['Observation'], ({ result = [] }: DiagnosticReport) => refs(...result)),
  },
  AuditEvent: {
    ...COMMON,
    date: date(({ recorded }: AuditEvent) => recorded),
    type: token(({ type }: AuditEvent) => [type]),
    subtype: token(({ subtype = [] }: AuditEvent) => subtype),
    action: token(({ action }: AuditEvent) => [{ code: action }]),
    outcome: token(({ outcome: code }: AuditEvent) => [{ code }]),
    entity: reference(['Device'], ({ entity = [] }: AuditEvent) =>
      refs(...entity.map((e) => e.what)),
    ),
  },
  CodeSystem: { ...COMMON, ...TERMINOLOGY },
  ValueSet: { ...COMMON, ...TERMINOLOGY },
}

/** What every search takes besides. */
const CONTROL = ['_count', '_cursor', '_format', '_pretty', '_summary']
const CURSOR = /^[a-z0-9-]{1,64}(\.[a-z0-9-]{1,64}){0,2}$/

type Test = (resource: Resource) => boolean

export interface Asked {
  readonly type: Type
  readonly query: URLSearchParams
  readonly strict: boolean
  readonly base: string
  readonly sources: readonly Source[]
  readonly nowMs: number
}

export interface Searched {
  readonly bundle: Bundle
  /** The pump everything in it is of, if it is one. */
  readonly pump: Found['pump']
}

/** Throws FhirProblem. */
export async function search(library: Library, asked: Asked): Promise<Searched> {
  const { type, query, base } = asked
  const { tests, ignored, used } = testsOf(asked)
  const onlyCount = summaryOf(query) || query.get('_count') === '0'
  const most = countOf(query.getAll('_count').filter((one) => one !== ''))
  const cursor = query.get('_cursor') ?? undefined
  if (cursor !== undefined && !CURSOR.test(cursor)) {
    throw new FhirProblem(400, `_cursor: ${quoted(cursor)} is from no page of this server.`)
  }
  const narrow: Query = {
    sources: asked.sources,
    ...narrowed(asked),
    ...(!onlyCount && { cursor }),
  }
  const found: Found[] = []
  let total = 0
  let more = false
  for await (const one of library.all(type, narrow)) {
    if (!tests.every((test) => test(one.resource))) continue
    total += 1
    if (onlyCount) continue
    more = found.length === most
    if (more) break
    found.push(one)
  }
  const self = new URLSearchParams(used)
  self.set('_count', String(onlyCount ? 0 : most))
  const at = (extra: Record<string, string>) =>
    `${base}/${type}?${new URLSearchParams([...self, ...Object.entries(extra)])}`
  const link = [{ relation: 'self', url: at(cursor === undefined ? {} : { _cursor: cursor }) }]
  if (more) link.push({ relation: 'next', url: at({ _cursor: found.at(-1)?.cursor ?? '' }) })
  if (cursor !== undefined) link.push({ relation: 'first', url: at({}) })
  const entry: BundleEntry[] = found.map(({ resource }) => ({
    fullUrl: `${base}/${type}/${resource.id}`,
    resource: resource as never,
    search: { mode: 'match' },
  }))
  if (ignored.length > 0) entry.push(leftOut(ignored))
  const bundle: Bundle = {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(onlyCount || (!more && cursor === undefined) ? { total } : {}),
    link,
    ...(entry.length > 0 && { entry }),
  }
  const pumps = new Map(found.map(({ pump }) => [`${pump?.source} ${pump?.serial}`, pump]))
  return { bundle, pump: pumps.size === 1 ? ([...pumps.values()][0] ?? null) : null }
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

function testsOf({ type, query, strict, base, nowMs }: Asked) {
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
      tests.push(testOf(name, param, wanted, base, nowMs))
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
  base: string,
  nowMs: number,
): Test {
  switch (param.type) {
    case 'token': {
      const tokens = wanted.map(tokenOf)
      return (one) => param.of(one as never).some((own) => tokens.some((t) => tokenMatches(own, t)))
    }
    case 'date': {
      const dates = wanted.map((text) => dateTest(name, text))
      return (one) => {
        const own = spanOf(param.of(one as never) ?? '')
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
function narrowed({ type, query, base }: Asked): Pick<Query, 'pump' | 'from' | 'to'> {
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
    const { prefix, lo, hi } = dateTest('_lastUpdated', text)
    if (['eq', 'ge', 'gt', 'sa'].includes(prefix)) spans.from = utc(lo)
    if (['eq', 'le', 'lt', 'eb'].includes(prefix)) spans.to = utc(hi)
  }
  return { ...(pump !== undefined && { pump }), ...spans }
}

const utc = (ms: number) => new Date(ms).toISOString()
