// One interrogation as a Bundle that stands alone: its report, its values, and the pump it is of.
import type { Bundle, FhirResource } from 'fhir/r4.js'
import type { InterrogationRecord } from '../model/record.ts'
import { deviceMetricsOf, devicesOf } from './devices.ts'
import { markOf } from './elements.ts'
import { observationsOf } from './observations.ts'
import { patientOf } from './patients.ts'
import { interrogationReport } from './reports.ts'

/** `base`: the address references are resolved against, such as http://127.0.0.1:8420/fhir/R4. */
export function bundleOf(record: InterrogationRecord, base: string): Bundle<FhirResource> {
  const resources: FhirResource[] = [
    interrogationReport(record),
    ...observationsOf(record),
    ...devicesOf(record),
    ...deviceMetricsOf(record, false),
    ...(record.owner ? [patientOf(record.owner, record.source)] : []),
  ]
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
