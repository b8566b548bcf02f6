// Observations of one interrogation: each one value, as it was read, for ever. A value that is not there
// says why, and one of a reading that the pump contradicted is not final. How old it is, is no matter of an Observation: the present is DeviceMetric.operationalStatus.
import type { CodeableConcept, Observation, ObservationComponent } from 'fhir/r4.js'
import type { Doubted } from '../model/contradicted.ts'
import {
  type Measured,
  type Metric,
  type Missing,
  type Observed,
  observe,
} from '../model/metrics.ts'
import { type Code, eventCode } from '../model/nomenclature.ts'
import type { InterrogationRecord } from '../model/record.ts'
import { doubtsOf } from '../words/doubts.ts'
import {
  absent,
  codingOf,
  conceptOf,
  deviceId,
  deviceReference,
  deviceTime,
  quantityOf,
  RECORD_SYSTEM,
  readingMeta,
  readingTime,
  subjectOf,
  wordOf,
} from './elements.ts'

/** `error`: the pump gave a value outside its declared range, or what it gave could not be read. */
const REASONS: Readonly<Record<Missing, string>> = {
  invalid: 'error',
  unavailable: 'unknown',
  unread: 'error',
  unknown: 'unknown',
}

type Value = Pick<
  ObservationComponent,
  | 'valueQuantity'
  | 'valueCodeableConcept'
  | 'valueString'
  | 'valueDateTime'
  | '_valueDateTime'
  | 'dataAbsentReason'
>

export function observationsOf(record: Doubted): Observation[] {
  return observe(record).map((one) => observationOf(record, one))
}

type Place = Pick<InterrogationRecord, 'log' | 'position'>
export const reportId = ({ log, position }: Place) => `${log}.${position}`
export const observationId = (record: Place, key: string) => `${reportId(record)}.${key}`
export const identifierOf = ({ log, position }: Place, key: string) => ({
  system: RECORD_SYSTEM,
  value: `${log}/${position}/${key}`,
})

export function observationOf(record: Doubted, one: Observed): Observation {
  const { metric, key } = one
  const pump = record.pump?.id ?? ''
  const effective = readingTime(record)
  const component = one.parts.map(componentOf)
  const notes = [...doubtsOf(record), ...(metric.note === undefined ? [] : [metric.note])]
  return {
    resourceType: 'Observation',
    id: observationId(record, key),
    meta: readingMeta(record, 'reading'),
    identifier: [identifierOf(record, key)],
    status: record.contradicted ? 'preliminary' : 'final',
    category: [categoryOf(metric.about)],
    code: { ...conceptOf(metric.code), text: one.text },
    subject: metric.about === 'clinical' ? subjectOf(record, pump) : deviceReference(pump),
    ...(effective.text !== undefined && { effectiveDateTime: effective.text }),
    ...(effective.element.extension && { _effectiveDateTime: effective.element }),
    issued: record.at,
    ...valueIn(one),
    ...(notes.length > 0 && { note: notes.map((text) => ({ text })) }),
    device: { reference: `DeviceMetric/${deviceId(pump, key)}` },
    ...(component.length > 0 && { component }),
  }
}

const ABOUT: Readonly<Record<Metric['about'], string>> = {
  clinical: 'What the patient is given',
  setting: 'Setting of the device',
  technical: 'Technical value of the device',
}

/** What is of the patient is therapy to everybody; what is of the device has no category of FHIR's own. */
export function categoryOf(about: Metric['about']): CodeableConcept {
  const system = 'http://terminology.hl7.org/CodeSystem/observation-category'
  const therapy = { system, code: 'therapy', display: 'Therapy' }
  return { ...wordOf('about', about, about === 'clinical' ? [therapy] : []), text: ABOUT[about] }
}

export const componentOf = (part: Measured & { readonly code: Code }) => ({
  code: conceptOf(part.code),
  ...valueIn(part),
})

export function valueIn({ kind, values, value, unit, missing }: Measured): Value {
  if (value === null) return { dataAbsentReason: absent(REASONS[missing ?? 'unknown']) }
  if (kind === 'number') return { valueQuantity: quantityOf(Number(value), unit ?? '1') }
  const text = String(value)
  if (kind === 'time') {
    const { text: when = '', element } = deviceTime(text)
    return { valueDateTime: when, _valueDateTime: element }
  }
  if (values === null) return { valueString: text }
  const event = eventCode(values, text)
  return { valueCodeableConcept: wordOf(values, text, event ? [codingOf(event)] : []) }
}
