// Searching: what matches, page by page, by cursor, in the order of the log or against it, with what it points
// at where that is asked for.
import type { Bundle, BundleEntry } from 'fhir/r4.js'
import { utc } from '../base/env.ts'
import { type Included, includesOf } from './included.ts'
import type { Library } from './library.ts'
import { type Asked, narrowed, refuseUnless, testsOf } from './matching.ts'
import { FhirProblem, outcome } from './outcome.ts'
import { alternatives, countOf, quoted, tokenOf } from './params.ts'
import type { Found, Passed, Query, Type } from './query.ts'

const CURSOR = /^[a-z0-9-]{1,64}(\.[a-z0-9-]{1,64}){0,2}$/

export interface Searched {
  readonly bundle: Bundle
  /** The pump everything in it is of, if it is one. */
  readonly pump: Found['pump']
}

const TOO_MANY =
  'There is too much to be counted in one go. Ask for less of it (device, _lastUpdated), or page through it.'

/** A page with what its resources point at. */
const MOST_WITH_MORE = 50

/** Throws FhirProblem. A page may be shorter than it could be, and has a link to the next then. */
export async function search(library: Library, asked: Asked): Promise<Searched> {
  const { type, query, base } = asked
  const { tests, ignored, used } = testsOf(asked)
  const order = orderOf(asked)
  const includes = includesOf(type, query.getAll('_include'))
  const left = [...ignored, ...order.ignored, ...includes.ignored]
  refuseUnless(asked.lenient, type, left)
  const onlyCount = summaryOf(query) || query.get('_count') === '0'
  const count = countOf(query.getAll('_count').filter((one) => one !== ''))
  const most = includes.names.length > 0 ? Math.min(count, MOST_WITH_MORE) : count
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
    order: order.order,
    ...(!onlyCount && { cursor }),
  }
  const found: Found[] = []
  let total = 0
  /** Where the next page begins; null = there is none. */
  let next: string | null = null
  for await (const one of candidates(library, type, narrow, named(asked, order))) {
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
  if (order.text !== null) self.set('_sort', order.text)
  for (const name of includes.names) self.append('_include', name)
  self.set('_count', String(onlyCount ? 0 : most))
  const at = (extra: Record<string, string>) =>
    `${base}/${type}?${new URLSearchParams([...self, ...Object.entries(extra)])}`
  const link = [{ relation: 'self', url: at(cursor === undefined ? {} : { _cursor: cursor }) }]
  if (next !== null) link.push({ relation: 'next', url: at({ _cursor: next }) })
  if (cursor !== undefined) link.push({ relation: 'first', url: at({}) })
  const entry: BundleEntry[] = [
    ...found.map((one) => entryOf(base, one, 'match')),
    ...(await includes.of(library, found, asked.gone)).map((one) => entryOf(base, one, 'include')),
  ]
  if (left.length > 0) entry.push(leftOut(left))
  const counted = onlyCount || (next === null && cursor === undefined) ? { total } : {}
  return searchset(asked, found, { ...counted, link, entry })
}

/** What was found as a Bundle, which says what in it is no reading of a patient. */
export function searchset(
  { nowMs }: Pick<Asked, 'nowMs'>,
  found: readonly Found[],
  { entry = [], ...rest }: Pick<Bundle, 'entry' | 'link' | 'total'>,
): Searched {
  const security = found.find(({ resource }) => resource.meta?.security)?.resource.meta?.security
  const pumps = new Map(found.map(({ pump }) => [`${pump?.source} ${pump?.serial}`, pump]))
  return {
    bundle: {
      resourceType: 'Bundle',
      meta: { lastUpdated: utc(nowMs), ...(security && { security }) },
      type: 'searchset',
      ...rest,
      ...(entry.length > 0 && { entry }),
    },
    pump: pumps.size === 1 ? ([...pumps.values()][0] ?? null) : null,
  }
}

export const entryOf = (
  base: string,
  { resource }: Included,
  mode: 'match' | 'include',
): BundleEntry => ({
  fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
  resource: resource as never,
  search: { mode },
})

interface Order {
  readonly order: 'asc' | 'desc'
  /** As it was asked for; null = it was not. */
  readonly text: string | null
  readonly ignored: readonly string[]
}

/** What stands in the log is in the order in which it was read: by these it can be had newest first. */
const SORTABLE: Readonly<Partial<Record<Type, readonly string[]>>> = {
  Observation: ['date', '_lastUpdated'],
  DiagnosticReport: ['date', 'issued', '_lastUpdated'],
  AuditEvent: ['date', '_lastUpdated'],
}

/** Several keys would have to agree: they are all of one order. */
function orderOf({ type, query }: Asked): Order {
  const texts = query.getAll('_sort').filter((text) => text !== '')
  const keys = texts.flatMap((text) => text.split(','))
  const known = keys.every((key) => SORTABLE[type]?.includes(key.replace(/^-/, '')))
  const down = keys.filter((key) => key.startsWith('-')).length
  if (keys.length === 0) return { order: 'asc', text: null, ignored: [] }
  if (!known || (down > 0 && down < keys.length)) {
    return { order: 'asc', text: null, ignored: [`_sort=${keys.join(',')}`] }
  }
  return { order: down > 0 ? 'desc' : 'asc', text: keys.join(','), ignored: [] }
}

/** Ids, where the question names what it wants one by one; null = it does not. */
function named({ type, query }: Asked, { order, text }: Order): readonly string[] | null {
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
  if (!wanted) return null
  const all = [...new Set(wanted)]
  const place = (id: string) => Number(id.split('.')[1]) * (order === 'desc' ? -1 : 1)
  return text === null ? all : all.sort((a, b) => place(a) - place(b))
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

export const leftOut = (names: readonly string[]): BundleEntry =>
  warning(
    'not-supported',
    `Left out, because this server does not support them: ${names.join(', ').slice(0, 500)}. Without Prefer: handling=lenient they are refused.`,
  )

export const warning = (
  code: 'not-supported' | 'too-costly',
  diagnostics: string,
): BundleEntry => ({
  resource: outcome([{ severity: 'warning', code, diagnostics }]),
  search: { mode: 'outcome' },
})
