// What each resource type can be searched by: one table, which makes the CapabilityStatement, too.
import type {
  AuditEvent,
  CodeableConcept,
  Device,
  DeviceMetric,
  DiagnosticReport,
  Identifier,
  Observation,
  Patient,
  Reference,
  Resource,
  StructureDefinition,
} from 'fhir/r4.js'
import type { Coded, Quantity } from './params.ts'
import type { Type } from './query.ts'

interface Params {
  readonly token: (resource: never) => readonly Coded[]
  readonly date: (resource: never) => string | undefined
  readonly quantity: (resource: never) => Quantity | undefined
  readonly reference: {
    readonly types: readonly string[]
    /** What it points at, and so what is given with it. */
    of(resource: never): readonly string[]
    /** What it is found by besides. */
    also?(resource: never): readonly string[]
    /** Of what is named without a resource of it here; not set = nothing is. */
    identifiers?(resource: never): readonly Coded[]
  }
  readonly uri: (resource: never) => string | undefined
}
export type Param = {
  [K in keyof Params]: { readonly type: K; readonly of: Params[K] }
}[keyof Params]

const token = (of: Params['token']): Param => ({ type: 'token', of })
const date = (of: Params['date']): Param => ({ type: 'date', of })
const reference = (
  types: readonly string[],
  of: Params['reference']['of'],
  also?: Params['reference']['also'],
): Param => ({ type: 'reference', of: { types, of, ...(also && { also }) } })
const subject = (types: readonly string[]): Param => ({
  type: 'reference',
  of: {
    types,
    of: ({ subject }: Subject) => refs(subject).filter((one) => types.includes(typeIn(one))),
    identifiers: ({ subject: one }: Subject) =>
      one?.identifier && types.includes(one.type ?? '')
        ? ids({ identifier: [one.identifier] })
        : [],
  },
})
interface Subject {
  readonly subject?: Reference
}
const typeIn = (reference: string) => reference.split('/')[0] ?? ''
const ids = (one: { identifier?: Pick<Identifier, 'system' | 'value'>[] }): Coded[] =>
  (one.identifier ?? []).map(({ system, value }) => ({ system, code: value }))
const refs = (...all: (Reference | undefined)[]) => all.flatMap((one) => one?.reference ?? [])

const categories = ({ category = [] }: { category?: CodeableConcept[] }): Coded[] =>
  category.flatMap(({ coding = [] }) => coding)

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
    patient: reference(['Patient'], ({ patient }: Device) => refs(patient)),
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
    category: token(categories),
    date: date(({ effectiveDateTime }: Observation) => effectiveDateTime),
    subject: subject(['Device', 'Patient']),
    patient: subject(['Patient']),
    'value-quantity': { type: 'quantity', of: ({ valueQuantity }: Observation) => valueQuantity },
    // A reading names its metric; the pump that metric is of is meant as well.
    device: reference(
      ['Device', 'DeviceMetric'],
      ({ device }: Observation) => refs(device),
      ({ device }: Observation) =>
        withPump(refs(device).map((one) => one.replace('DeviceMetric/', 'Device/'))).slice(1),
    ),
  },
  DiagnosticReport: {
    ...COMMON,
    ...IDENTIFIER,
    category: token(categories),
    code: token(({ code }: DiagnosticReport) => code.coding ?? []),
    date: date(({ effectiveDateTime }: DiagnosticReport) => effectiveDateTime),
    issued: date(({ issued }: DiagnosticReport) => issued),
    subject: subject(['Device', 'Patient']),
    patient: subject(['Patient']),
    result: reference(['Observation'], ({ result = [] }: DiagnosticReport) => refs(...result)),
  },
  Patient: {
    ...COMMON,
    ...IDENTIFIER,
    active: token(({ active }: Patient) => [{ code: String(active) }]),
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
  StructureDefinition: {
    ...COMMON,
    ...TERMINOLOGY,
    type: { type: 'uri', of: ({ type }: StructureDefinition) => type },
  },
  ValueSet: { ...COMMON, ...TERMINOLOGY },
}
