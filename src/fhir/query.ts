// What there is to be asked for, and how a question and what is found for it look between those who ask and those
// who look.
import type { Resource } from 'fhir/r4.js'
import type { Code } from '../model/nomenclature.ts'
import type { Source } from '../model/reading.ts'

export const TYPES = [
  'AuditEvent',
  'CodeSystem',
  'Device',
  'DeviceMetric',
  'DiagnosticReport',
  'Observation',
  'Patient',
  'StructureDefinition',
  'ValueSet',
] as const
export type Type = (typeof TYPES)[number]
/** Types of which there are versions: what a pump can say and who somebody is, is of this moment. */
export const isVersioned = (type: Type) => type !== 'DeviceMetric' && type !== 'Patient'
export const isType = (text: string): text is Type => (TYPES as readonly string[]).includes(text)

export interface Found {
  readonly resource: Resource
  /** Where to go on after it. */
  readonly cursor: string
  /** Serial and source of its pump, for the record of the read. */
  readonly pump: { readonly serial: string; readonly source: Source } | null
}

/** Everything up to here was looked at: a search that has taken long enough can be gone on with. */
export interface Passed {
  readonly resource: null
  readonly cursor: string
}

export interface Query {
  readonly cursor?: string | undefined
  /** Of what stands in the log; default: rising. */
  readonly order?: 'asc' | 'desc' | undefined
  /** Opaque id of the only pump of interest. */
  readonly pump?: string | undefined
  /** UTC: recorded from this moment on, and before that one. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Of Observations and DiagnosticReports: the only codes of interest. */
  readonly wants?: ((code: Code) => boolean) | undefined
  /** Of Observations and DiagnosticReports: their first versions, before the pump said anything else. */
  readonly first?: boolean | undefined
  /** Whether nobody waits for it any more: then the walk ends. */
  readonly gone?: (() => boolean) | undefined
}
