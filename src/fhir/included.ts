// What the resources of a page point at, given with them: `_include=DiagnosticReport:result`. What many of them
// point at comes once, and the values of one interrogation are read together.
import type { Resource } from 'fhir/r4.js'
import type { Library } from './library.ts'
import { PARAMS } from './parameters.ts'
import { type Found, isType, type Type } from './query.ts'

export type Included = Pick<Found, 'resource'>

type Of = (resource: never) => readonly string[]

/** By name: the search parameters that are references. */
const references = (type: Type): ReadonlyMap<string, Of> =>
  new Map(
    Object.entries(PARAMS[type]).flatMap(([name, param]) =>
      param.type === 'reference' ? [[name, param.of.of] as const] : [],
    ),
  )

/** For the CapabilityStatement. */
export const includable = (type: Type) =>
  [...references(type).keys()].map((name) => `${type}:${name}`)

export interface Includes {
  /** As they were asked for. */
  readonly names: readonly string[]
  readonly ignored: readonly string[]
  of(library: Library, found: readonly Found[], gone: () => boolean): Promise<readonly Included[]>
}

export function includesOf(type: Type, values: readonly string[]): Includes {
  const known = references(type)
  const names: string[] = []
  const ignored: string[] = []
  const made: Of[] = []
  for (const value of new Set(values.filter((one) => one !== ''))) {
    const [of, name = '', target] = value.split(':')
    const refs = of === type ? known.get(name) : undefined
    if (!refs) {
      ignored.push(`_include=${value}`)
      continue
    }
    names.push(value)
    made.push((resource) =>
      refs(resource).filter((one) => target === undefined || one.startsWith(`${target}/`)),
    )
  }
  return {
    names,
    ignored,
    of: (library, found, gone) => included(library, found, made, gone),
  }
}

async function included(
  library: Library,
  found: readonly Found[],
  made: readonly Of[],
  gone: () => boolean,
): Promise<Included[]> {
  const nameOf = ({ resourceType, id }: Resource) => `${resourceType}/${id}`
  const given = new Set(found.map(({ resource }) => nameOf(resource)))
  const wanted = new Set(
    found.flatMap(({ resource }) => made.flatMap((of) => of(resource as never))),
  )
  const byPlace = new Map<string, Set<string>>()
  const out: Included[] = []
  for (const reference of wanted) {
    if (given.has(reference)) continue
    const [type = '', id = ''] = reference.split('/')
    if (!isType(type)) continue
    if (type === 'Observation') {
      const place = id.split('.').slice(0, 2).join('.')
      byPlace.set(place, (byPlace.get(place) ?? new Set()).add(id))
      continue
    }
    const one = await library.one(type, id, { gone })
    if (one) out.push(one)
  }
  for (const [place, ids] of byPlace) {
    for (const one of await library.readingOf(place, gone)) {
      if (ids.has(one.resource.id ?? '')) out.push(one)
    }
  }
  return out
}
