// What the resources of a page point at, given with them: `_include=DiagnosticReport:result`. What many of them
// point at comes once, and the values of one interrogation are read together.
import type {
  Device,
  DeviceMetric,
  DiagnosticReport,
  Observation,
  Reference,
  Resource,
} from 'fhir/r4.js'
import { type Found, isType, type Library, type Type } from './library.ts'

export type Included = Pick<Found, 'resource'>

type Of = (resource: never) => readonly (string | undefined)[]
const patientIn = (subject: Reference | undefined) =>
  subject?.reference?.startsWith('Patient/') ? subject.reference : undefined
const INCLUDES: Readonly<Partial<Record<Type, Readonly<Record<string, Of>>>>> = {
  DiagnosticReport: {
    result: ({ result = [] }: DiagnosticReport) => result.map(({ reference }) => reference),
    subject: ({ subject }: DiagnosticReport) => [subject?.reference],
    patient: ({ subject }: DiagnosticReport) => [patientIn(subject)],
  },
  Observation: {
    subject: ({ subject }: Observation) => [subject?.reference],
    patient: ({ subject }: Observation) => [patientIn(subject)],
    device: ({ device }: Observation) => [device?.reference],
  },
  DeviceMetric: {
    source: ({ source }: DeviceMetric) => [source?.reference],
    parent: ({ parent }: DeviceMetric) => [parent?.reference],
  },
  Device: {
    parent: ({ parent }: Device) => [parent?.reference],
    patient: ({ patient }: Device) => [patient?.reference],
  },
}

/** For the CapabilityStatement. */
export const includable = (type: Type) =>
  Object.keys(INCLUDES[type] ?? {}).map((name) => `${type}:${name}`)

export interface Includes {
  /** As they were asked for. */
  readonly names: readonly string[]
  readonly ignored: readonly string[]
  of(library: Library, found: readonly Found[], gone: () => boolean): Promise<readonly Included[]>
}

export function includesOf(type: Type, values: readonly string[]): Includes {
  const known = INCLUDES[type] ?? {}
  const names: string[] = []
  const ignored: string[] = []
  const made: Of[] = []
  for (const value of new Set(values.filter((one) => one !== ''))) {
    const [of, name = '', target] = value.split(':')
    const refs = of === type && Object.hasOwn(known, name) ? known[name] : undefined
    if (!refs) {
      ignored.push(`_include=${value}`)
      continue
    }
    names.push(value)
    made.push((resource) =>
      refs(resource).filter((one) => target === undefined || one?.startsWith(`${target}/`)),
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
    if (reference === undefined || given.has(reference)) continue
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
