// The pump as Devices (system, pump, channels) and as DeviceMetrics: what it is and what it can say, by
// its newest reading, and whether it says it now. What a pump once had, such as a drug or an alarm, stays as inactive.
import type { Device, DeviceMetric } from 'fhir/r4.js'
import type { PumpView } from '../knowledge/views.ts'
import {
  type Ever,
  type GoneMetric,
  goneObjects,
  goneOf,
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

/** Version of a Device: the position of the reading that says it. `ever`: what its readings ever had. */
export function devicesOf(record: InterrogationRecord, ever: Ever = {}): Device[] {
  const gone = goneObjects(record, ever).map((object) => channelOf(record, object, 'inactive'))
  return [...objectsOf(record).map((object) => deviceOf(record, object)), ...gone]
}

/** A pump of which the log tells, and no reading: whatever points at it finds its serial. */
export function unreadDevice({ id, serial, model, source, last }: UnreadPump): Device {
  return {
    resourceType: 'Device',
    id,
    meta: metaOf(source, 'pump', String(last.position), last.at),
    status: 'unknown',
    ...namesOf(id, serial, model),
    type: conceptOf(OBJECTS.mds.code),
  }
}
type UnreadPump = Pick<PumpView, 'id' | 'serial' | 'model' | 'source' | 'last'>

function channelOf(
  record: InterrogationRecord,
  object: string,
  status: 'active' | 'inactive',
): Device {
  const { pump, source } = record
  const id = pump?.id ?? ''
  const { code, parent } = OBJECTS[objectName(object)]
  return {
    resourceType: 'Device',
    id: deviceId(id, object),
    meta: metaOf(
      source,
      object === 'mds' ? 'pump' : 'pump-part',
      String(record.position),
      record.at,
    ),
    identifier: [{ system: PUMP_SYSTEM, value: deviceId(id, object) }],
    status,
    type: { ...conceptOf(code), text: objectText(record, object) },
    ...(parent !== null && { parent: deviceReference(deviceId(id, parent)) }),
  }
}

function deviceOf(record: InterrogationRecord, object: string): Device {
  const base = channelOf(record, object, 'active')
  if (object !== 'mds') return base
  const { pump, identity } = record
  const { model, firmware } = identity
  return {
    ...base,
    ...namesOf(pump?.id ?? '', pump?.serial ?? '', model),
    ...(firmware !== null && {
      version: [{ type: { coding: [codingOf(MDC.firmware)] }, value: firmware }],
    }),
  }
}

function namesOf(
  id: string,
  serial: string,
  model: string | null,
): Pick<Device, 'identifier' | 'serialNumber' | 'modelNumber' | 'deviceName'> {
  return {
    identifier: [
      { system: PUMP_SYSTEM, value: id },
      { system: SERIAL_SYSTEM, value: serial },
    ],
    serialNumber: serial,
    ...(model !== null && {
      modelNumber: model,
      deviceName: [{ name: model, type: 'model-name' as const }],
    }),
  }
}

/**
 * `live` = what the pump says now can be trusted to be of now. What only earlier readings had (`ever`) is off,
 * and stays, because their values point at it.
 */
export function deviceMetricsOf(
  record: InterrogationRecord,
  live: boolean,
  ever: Ever = {},
): DeviceMetric[] {
  return [
    ...observe(record).map((one) => deviceMetricOf(record, one, live)),
    ...goneOf(record, ever).map((one) => deviceMetricOf(record, one, false)),
  ]
}

function deviceMetricOf(
  record: InterrogationRecord,
  one: GoneMetric & Partial<Pick<Observed, 'unit' | 'text'>>,
  live: boolean,
): DeviceMetric {
  const pump = record.pump?.id ?? ''
  const { metric, key, object, unit = null, text = metric.code.text } = one
  const id = deviceId(pump, key)
  return {
    resourceType: 'DeviceMetric',
    id,
    // No versions: whether it is on is of this moment.
    meta: { ...metaOf(record.source, 'metric', '1', record.at), versionId: undefined },
    identifier: [{ system: PUMP_SYSTEM, value: id }],
    type: { ...conceptOf(metric.code), text },
    ...(unit !== null && { unit: { coding: [{ system: UCUM, code: unit }] } }),
    source: deviceReference(pump),
    parent: deviceReference(deviceId(pump, object)),
    operationalStatus: live ? 'on' : 'off',
    category: metric.about === 'setting' ? 'setting' : 'measurement',
  } as DeviceMetric
}
