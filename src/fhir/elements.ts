// The small parts that resources are made of: concepts, quantities, references, times, marks.
import { createHash } from 'node:crypto'
import type {
  CodeableConcept,
  Coding,
  Element,
  Extension,
  Meta,
  Quantity,
  Reference,
} from 'fhir/r4.js'
import type { Doubted } from '../model/contradicted.ts'
import {
  type Code,
  type EnumName,
  enumSystem,
  isMember,
  MDC_SYSTEM,
  OWN_SYSTEM,
} from '../model/nomenclature.ts'
import type { PatientId } from '../model/owner.ts'
import type { Source } from '../model/reading.ts'
import type { InterrogationRecord } from '../model/record.ts'
import { type ProfileName, profileUrl } from './profile-names.ts'

export const UCUM = 'http://unitsofmeasure.org'
export const SERIAL_SYSTEM = 'urn:wandbridge:pump-serial'
export const PUMP_SYSTEM = 'urn:wandbridge:pump'
export const RECORD_SYSTEM = 'urn:wandbridge:record'
const PSEUDONYM_SYSTEM = 'urn:wandbridge:pseudonym'
const ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason'
const ABSENT_SYSTEM = 'http://terminology.hl7.org/CodeSystem/data-absent-reason'

export const codingOf = ({ mdc, ref, text }: Code): Coding =>
  mdc === null
    ? { system: OWN_SYSTEM, code: ref, display: text }
    : { system: MDC_SYSTEM, code: String(mdc), display: ref }

export const conceptOf = (code: Code): CodeableConcept => ({
  coding: [codingOf(code)],
  text: code.text,
})

/** A word of one of our tables; what the table does not have is text alone, as it came. */
export function wordOf(
  name: EnumName,
  word: string,
  more: readonly Coding[] = [],
): CodeableConcept {
  if (!isMember(name, word)) return { text: word }
  const display = word.replaceAll('-', ' ')
  return { coding: [...more, { system: enumSystem(name), code: word, display }], text: display }
}

export const quantityOf = (value: number, unit: string): Quantity => ({
  value,
  unit,
  system: UCUM,
  code: unit,
})

export const absent = (reason: string): CodeableConcept => ({
  coding: [{ system: ABSENT_SYSTEM, code: reason }],
})

/** What a resource is of ours: a profile, published beside it. What is simulated or replayed says so. */
export const metaOf = (
  source: Source,
  profile: ProfileName,
  versionId: string,
  lastUpdated: string,
): Meta => ({
  versionId,
  lastUpdated,
  profile: [profileUrl(profile)],
  ...markOf(source),
})

/** The same of what a reading says: of a second version once its pump has contradicted it. */
export const readingMeta = ({ source, at, doubted }: Doubted, profile: ProfileName): Meta =>
  metaOf(source, profile, doubted ? '2' : '1', doubted?.at ?? at)

/** The mark of what is not of a device. */
export function markOf(source: Source): Pick<Meta, 'security'> {
  const test = {
    system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
    code: 'HTEST',
    display: 'test health data',
  }
  return source === 'device' ? {} : { security: [test] }
}

export interface DeviceTime {
  /** UTC of a reading; the day alone of any other time of the pump's clock. */
  readonly text: string | undefined
  readonly element: Element
}

/**
 * A time of the pump's clock other than the reading's: its day, and the very text beside it. The offset is
 * measured at the reading alone; how the clock stood at another time nobody knows.
 */
export function deviceTime(text: string | null): DeviceTime {
  if (text === null) {
    return { text: undefined, element: { extension: [{ url: ABSENT, valueCode: 'unknown' }] } }
  }
  const extension: Extension[] = [{ url: profileUrl('device-time'), valueString: text }]
  return { text: text.slice(0, 10), element: { extension } }
}

/**
 * When a reading was made, by this computer's clock: the pump's may be reset or have jumped, and a search by
 * date must find the reading all the same. The pump's own time stands beside it, with its offset.
 */
export function readingTime({
  deviceTime: text,
  readAt,
  clock: { offset },
}: Pick<InterrogationRecord, 'deviceTime' | 'readAt' | 'clock'>): DeviceTime {
  const extension: Extension[] = []
  if (text !== null) extension.push({ url: profileUrl('device-time'), valueString: text })
  if (offset.value !== null) {
    extension.push({
      url: profileUrl('device-clock-offset'),
      valueQuantity: quantityOf(offset.value, offset.unit),
    })
  }
  return { text: readAt, element: extension.length > 0 ? { extension } : {} }
}

export const deviceReference = (id: string): Reference => ({ reference: `Device/${id}` })

/** Gives nothing away of the identifier. */
export const patientResourceId = ({ system, value }: PatientId) =>
  createHash('sha256')
    .update(JSON.stringify([system, value]))
    .digest('hex')
    .slice(0, 16)

export const patientReference = ({ system, value }: PatientId): Reference => ({
  reference: `Patient/${patientResourceId({ system, value })}`,
  type: 'Patient',
  identifier: { system, value },
})

/** Whom a value is about. */
export function subjectOf(
  { patient, owner }: Pick<InterrogationRecord, 'patient' | 'owner'>,
  device: string,
): Reference {
  if (owner) return patientReference(owner)
  if (patient === null) return deviceReference(device)
  return { type: 'Patient', identifier: { system: PSEUDONYM_SYSTEM, value: patient } }
}

/** Id of an object of a pump as a Device. */
export const deviceId = (pump: string, object: string) =>
  object === 'mds' ? pump : `${pump}.${object}`
