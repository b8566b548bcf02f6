// One interrogation as a Bundle that stands alone: its report, its values, and the pump it is of.
import type { Bundle, FhirResource } from 'fhir/r4.js'
import type { Doubted } from '../model/contradicted.ts'
import type { CodedRecord, RecordOf } from '../model/record.ts'
import { deviceMetricsOf, devicesOf, unreadDevice } from './devices.ts'
import { markOf } from './elements.ts'
import { observationsOf } from './observations.ts'
import { patientOf } from './patients.ts'
import { eventObservations } from './pump-events.ts'
import { interrogationReport, type Refill, refillReport } from './reports.ts'

/** `base`: the address references are resolved against, such as http://127.0.0.1:8420/fhir/R4. */
export function bundleOf(
  record: Doubted,
  base: string,
  refill: Refill | null = null,
): Bundle<FhirResource> {
  return collection(record, base, [
    interrogationReport(record),
    ...(refill ? [refillReport(record, refill)] : []),
    ...observationsOf(record),
    ...devicesOf(record),
    ...deviceMetricsOf(record, false),
    ...(record.owner ? [patientOf(record.owner, record.source)] : []),
  ])
}

/** What the pump has logged itself as a Bundle that stands alone. */
export function eventsBundle(record: RecordOf<'pump-events'>, base: string): Bundle<FhirResource> {
  const { source, at, position, pump } = record
  const { id = '', serial = '' } = pump ?? {}
  const device = unreadDevice({ id, serial, model: null, source, last: { position, at } })
  return collection(record, base, [...eventObservations(record), device])
}

function collection(
  record: CodedRecord,
  base: string,
  resources: readonly FhirResource[],
): Bundle<FhirResource> {
  return {
    resourceType: 'Bundle',
    meta: { lastUpdated: record.at, ...markOf(record.source) },
    type: 'collection',
    identifier: { system: 'urn:wandbridge:bundle', value: `${record.log}/${record.position}` },
    timestamp: record.at,
    entry: resources.map((resource) => ({
      fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
      resource,
    })),
  }
}
