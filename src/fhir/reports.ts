// DiagnosticReports: one for each interrogation, and one for each refill as the pump reports it.
import type { CodeableConcept, DiagnosticReport } from 'fhir/r4.js'
import type { Doubted } from '../model/contradicted.ts'
import { observe } from '../model/metrics.ts'
import { type Code, OWN } from '../model/nomenclature.ts'
import { doubtsOf } from '../words/doubts.ts'
import {
  conceptOf,
  type DeviceTime,
  deviceTime,
  RECORD_SYSTEM,
  readingMeta,
  readingTime,
  subjectOf,
} from './elements.ts'
import { observationId, reportId } from './observations.ts'

/** `before`: position of the reading before a refill; null = none is recorded. */
export interface Refill {
  readonly before: number | null
}

export function interrogationReport(record: Doubted): DiagnosticReport {
  const keys = observe(record).map(({ key }) => observationId(record, key))
  const parts = record.unavailable.map(({ block, reason }) => `${block} (${reason})`)
  const unread = `These parts of the pump could not be read: ${parts.join(', ')}.`
  const conclusions = parts.length > 0 ? [unread] : []
  return report(record, '', OWN.interrogation, readingTime(record), keys, conclusions)
}

/** Of the diagnostic services that HL7 names, a reading of a pump is none. */
const OTHER: CodeableConcept = {
  coding: [
    { system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'OTH', display: 'Other' },
  ],
}

const REFILL_KEYS = ['filled-at', 'filled-volume', 'reported-volume']

/** What the pump was told, not what was injected: the volumes before and after are its own reckoning. */
export function refillReport(record: Doubted, { before }: Refill): DiagnosticReport {
  const { log } = record
  const earlier = before === null ? [] : [`${reportId({ log, position: before })}.reported-volume`]
  const now = REFILL_KEYS.map((key) => observationId(record, key))
  // It is of when it was programmed, which may be long before it was first read here.
  const when = deviceTime(record.reservoir.filledAt.value)
  return report(record, '.refill', OWN.refill, when, [...earlier, ...now])
}

function report(
  record: Doubted,
  suffix: string,
  code: Code,
  effective: DeviceTime,
  observations: readonly string[],
  conclusions: readonly string[] = [],
): DiagnosticReport {
  const { log, position, at } = record
  const conclusion = [...doubtsOf(record), ...conclusions].join(' ')
  return {
    resourceType: 'DiagnosticReport',
    id: `${reportId(record)}${suffix}`,
    meta: readingMeta(record, suffix === '' ? 'interrogation' : 'refill'),
    identifier: [{ system: RECORD_SYSTEM, value: `${log}/${position}${suffix.replace('.', '/')}` }],
    // `preliminary` would be of verified results.
    status: record.contradicted ? 'partial' : 'final',
    category: [OTHER],
    code: conceptOf(code),
    subject: subjectOf(record, record.pump?.id ?? ''),
    ...(effective.text !== undefined && { effectiveDateTime: effective.text }),
    ...(effective.element.extension && { _effectiveDateTime: effective.element }),
    issued: at,
    result: observations.map((id) => ({ reference: `Observation/${id}` })),
    ...(conclusion !== '' && { conclusion }),
  }
}
