// The pump as Devices (system, pump, channels) and as DeviceMetrics: what it is and what it can say, by
// its newest reading, and whether it says it now.
import type { Device, DeviceMetric } from 'fhir/r4.js'
import {
  OBJECTS,
  type Observed,
  objectName,
  objectsOf,
  objectText,
  observe,
} from '../model/metrics.ts'
import { MDC } from '../model/nomenclature.ts'
import type { InterrogationRecord } from '../model/record.ts'
import {
  codingOf,
  conceptOf,
  deviceId,
  deviceReference,
  metaOf,
  PUMP_SYSTEM,
  SERIAL_SYSTEM,
  UCUM,
} from './elements.ts'

/** Version of a Device: the position of the reading that says it. */
export function devicesOf(record: InterrogationRecord): Device[] {
  return objectsOf(record).map((object) => deviceOf(record, object))
}

function deviceOf(record: InterrogationRecord, object: string): Device {
  const { pump, identity, source } = record
  const id = pump?.id ?? ''
  const { code, parent } = OBJECTS[objectName(object)]
  const base: Device = {
    resourceType: 'Device',
    id: deviceId(id, object),
    meta: metaOf(source, String(record.position), record.at),
    identifier: [{ system: PUMP_SYSTEM, value: deviceId(id, object) }],
    status: 'active',
    type: { ...conceptOf(code), text: objectText(record, object) },
    ...(parent !== null && { parent: deviceReference(deviceId(id, parent)) }),
  }
  if (object !== 'mds') return base
  const serial = pump?.serial ?? ''
  const { model, firmware } = identity
  return {
    ...base,
    identifier: [...(base.identifier ?? []), { system: SERIAL_SYSTEM, value: serial }],
    serialNumber: serial,
    ...(model !== null && {
      modelNumber: model,
      deviceName: [{ name: model, type: 'model-name' as const }],
    }),
    ...(firmware !== null && {
      version: [{ type: { coding: [codingOf(MDC.firmware)] }, value: firmware }],
    }),
  }
}

/** `live` = what the pump says now can be trusted to be of now. */
export function deviceMetricsOf(record: InterrogationRecord, live: boolean): DeviceMetric[] {
  return observe(record).map((one) => deviceMetricOf(record, one, live))
}

function deviceMetricOf(record: InterrogationRecord, one: Observed, live: boolean): DeviceMetric {
  const pump = record.pump?.id ?? ''
  const { metric, key, object } = one
  const id = deviceId(pump, key)
  return {
    resourceType: 'DeviceMetric',
    id,
    // No versions: whether it is on is of this moment.
    meta: { ...metaOf(record.source, '1', record.at), versionId: undefined },
    identifier: [{ system: PUMP_SYSTEM, value: id }],
    type: { ...conceptOf(metric.code), text: one.text },
    ...(one.unit !== null && { unit: { coding: [{ system: UCUM, code: one.unit }] } }),
    source: deviceReference(pump),
    parent: deviceReference(deviceId(pump, object)),
    operationalStatus: live ? 'on' : 'off',
    category: metric.about === 'setting' ? 'setting' : 'measurement',
  } as DeviceMetric
}
