// From the fields of a reading to what clinic standards call them: one table, declared once, that FHIR
// and HL7 v2 both follow, so that they cannot differ. To give another field away: a row here, and its
// code in nomenclature.ts. Pure, browser-safe.
import { infusingOf } from './infusing.ts'
import { type Code, type EnumName, MDC, OWN } from './nomenclature.ts'
import type { InterrogationRecord } from './record.ts'
import { isBlockFault, type Quality, type Value } from './value.ts'

/** Where a value stands in the containment tree of ISO/IEEE 11073: system, pump, channels. */
export const OBJECTS = {
  mds: { code: MDC.mds, parent: null, level: 'MDS' },
  vmd: { code: MDC.vmd, parent: 'mds', level: 'VMD' },
  delivery: { code: MDC.delivery, parent: 'vmd', level: 'channel' },
  source: { code: MDC.primary, parent: 'vmd', level: 'channel' },
  drug: { code: OWN.drug, parent: 'vmd', level: 'channel' },
} as const
export type ObjectName = keyof typeof OBJECTS

/** A value that goes with another one. */
interface Part {
  readonly code: Code
  /** Field of the interrogation as the API gives it; of its item for lists. */
  readonly path: string
  readonly kind: 'number' | 'code' | 'text' | 'time'
  readonly values?: EnumName
}

export interface Metric extends Part {
  /** Stable: stands in addresses. */
  readonly key: string
  readonly object: ObjectName
  /**
   * Clinical values are about the patient if the pump is known to be somebody's, or a pseudonym was typed at a
   * worksheet; all others are about the device.
   */
  readonly about: 'clinical' | 'setting' | 'technical'
  /** A list in the reading: one value for each item. */
  readonly each?: string
  readonly parts?: readonly Part[]
  /** The field only says it while the pump says that it infuses. */
  readonly infusing?: true
  readonly note?: string
}

type Rest = Partial<Omit<Metric, 'key' | 'object' | 'code' | 'path' | 'kind'>>
const row =
  (object: ObjectName, about: Metric['about'], prefix: string) =>
  (
    key: string,
    code: Code,
    path: string,
    kind: Part['kind'] = 'number',
    rest: Rest = {},
  ): Metric => ({
    key,
    object,
    code,
    path: prefix === '' ? path : `${prefix}.${path}`,
    kind,
    about,
    ...rest,
  })

const mds = row('mds', 'technical', 'identity')
const vmd = row('vmd', 'technical', '')
const set = row('delivery', 'setting', 'infusion')
const step = row('delivery', 'setting', '')
const ptb = row('delivery', 'setting', 'infusion.patientBolus')
const did = row('delivery', 'clinical', 'infusion.patientBolus')
const reservoir = row('source', 'technical', 'reservoir')
const drug = row('drug', 'clinical', '')
const EACH_DRUG = { each: 'infusion.drugs' }
/** What is in a slot may be another drug at the next reading: so each value names the drug that it is of. */
const OF_DRUG = {
  ...EACH_DRUG,
  parts: [{ code: MDC.drugName, path: 'name', kind: 'text' }],
} as const

const NOT_MEASURED =
  'Set for this moment, not measured. The pump notices a stall late: until then it reports the rate it was set to.'

/** Every field that is given away, in the order of messages and reports. */
export const METRICS: readonly Metric[] = [
  mds('model', MDC.model, 'model', 'text'),
  mds('firmware', MDC.firmware, 'firmware', 'text'),
  vmd('state', MDC.state, 'state.state', 'code', { values: 'pump-state' }),
  vmd('state-since', OWN.stateSince, 'state.stateSince', 'time'),
  vmd('programmed-at', OWN.programmedAt, 'state.programmedAt', 'time'),
  vmd('restarts', OWN.restarts, 'state.resets'),
  vmd('mode', MDC.mode, 'infusion.mode', 'code', { values: 'infusion-mode', about: 'setting' }),
  vmd('battery-charge', MDC.charge, 'battery.remaining'),
  vmd('battery-state', OWN.batteryState, 'battery.state', 'code', { values: 'battery-state' }),
  vmd('battery-voltage', OWN.voltage, 'battery.voltage'),
  vmd('replacement-date', OWN.replacement, 'battery.replacementDate', 'time'),
  vmd('service-end-date', OWN.serviceEnd, 'battery.serviceEndDate', 'time'),
  vmd('volume-asked-total', OWN.infusedTotal, 'battery.infusedTotal'),
  vmd('catheter-model', OWN.catheterModel, 'catheter.model', 'text'),
  vmd('catheter-implanted', OWN.catheterImplanted, 'catheter.implanted', 'time'),
  vmd('catheter-length', OWN.catheterLength, 'catheter.length'),
  vmd('catheter-volume', OWN.catheterVolume, 'catheter.volume'),
  vmd('clock-time', OWN.clockTime, 'clock.deviceTime', 'time'),
  vmd('clock-offset', OWN.clockOffset, 'clock.offset'),
  vmd('clock-uncertainty', OWN.clockUncertainty, 'clock.uncertainty'),
  vmd('clock-resets', OWN.clockResets, 'clock.resets'),
  vmd('alarms', OWN.alarmCount, 'alarms.length'),
  vmd('alarm', MDC.alarm, 'code', 'code', {
    each: 'alarms',
    values: 'alarm-code',
    parts: [
      { code: OWN.alarmClass, path: 'class', kind: 'code', values: 'alarm-class' },
      { code: MDC.alarmState, path: 'state', kind: 'code', values: 'alarm-state' },
      { code: OWN.occurredAt, path: 'occurredAt', kind: 'time' },
      { code: OWN.detectedAt, path: 'detectedAt', kind: 'time' },
    ],
    note: "The pump's own alarm as it was read. Nobody watches the pump, and this notifies nobody.",
  }),
  set('rate-set', MDC.rateSet, 'rate', 'number', { note: NOT_MEASURED }),
  set('rate-current', MDC.rateCurrent, 'rate', 'number', {
    about: 'clinical',
    infusing: true,
    note: NOT_MEASURED,
  }),
  set('volume-per-day', OWN.volumeDay, 'volume24h'),
  set('bolus-remaining', MDC.volumeRemaining, 'bolusVolume'),
  set('bolus-rate', OWN.bolusRate, 'bolusRate'),
  step('step', OWN.stepRate, 'rate', 'number', {
    each: 'infusion.schedule',
    parts: [{ code: OWN.stepStart, path: 'start', kind: 'number' }],
  }),
  ptb('patient-bolus', OWN.ptbEnabled, 'enabled', 'code', { values: 'on-off' }),
  ptb('patient-bolus-volume', OWN.ptbVolume, 'volume'),
  ptb('patient-bolus-duration', OWN.ptbDuration, 'duration'),
  ptb('patient-bolus-lockout', OWN.ptbLockout, 'lockout'),
  ptb('patient-bolus-max', OWN.ptbMost, 'maxPerDay'),
  did('patient-bolus-given', OWN.ptbGiven, 'given24h'),
  did('patient-bolus-accepted', OWN.ptbAccepted, 'acceptedCount'),
  did('patient-bolus-denied', OWN.ptbDenied, 'deniedCount'),
  did('patient-bolus-last', OWN.ptbLast, 'lastAcceptedAt', 'time'),
  reservoir('reported-volume', OWN.reported, 'reportedVolume', 'number', {
    note: 'By dead reckoning of the pump: what was filled less what was asked to leave.',
  }),
  reservoir('capacity', OWN.capacity, 'capacity'),
  reservoir('low-alarm-volume', OWN.lowVolume, 'lowAlarmVolume', 'number', { about: 'setting' }),
  reservoir('low-alarm-date', OWN.lowDate, 'lowAlarmDate', 'time'),
  reservoir('filled-at', OWN.filledAt, 'filledAt', 'time', { about: 'setting' }),
  reservoir('filled-volume', OWN.filledVolume, 'filledVolume', 'number', { about: 'setting' }),
  drug('name', MDC.drugName, 'name', 'text', EACH_DRUG),
  drug('concentration', MDC.concentration, 'concentration', 'number', OF_DRUG),
  drug('dose', MDC.dose, 'dose24h', 'number', {
    ...OF_DRUG,
    note: 'Dose of one day at the present programme, patient boluses aside.',
  }),
]

/** Why there is no value: out of its range, not reported, not to be read, or not to be told in the pump's state. */
export type Missing = 'invalid' | 'unavailable' | 'unread' | 'unknown'

export interface Measured {
  readonly code: Code
  readonly kind: Part['kind']
  readonly values: EnumName | null
  readonly value: number | string | null
  readonly unit: string | null
  readonly missing: Missing | null
}

export interface Observed extends Measured {
  readonly metric: Metric
  /** Place of this value among those of its reading, whatever else is asked for. */
  readonly order: number
  /** Of this value among those of its reading: stands in addresses. */
  readonly key: string
  /** `drug2` for the second drug, else the name of the object. */
  readonly object: string
  /** What it is in words, with the drug that it is of. */
  readonly text: string
  readonly parts: readonly Measured[]
}

/** Lists of a reading are shorter. */
const MOST_ITEMS = 1_000

/** What a reading says, row by row of the table; of the codes that are wanted. */
export function observe(
  record: InterrogationRecord,
  wants: (code: Code) => boolean = () => true,
): Observed[] {
  const gives = ['programmed', 'minimum-rate'].includes(infusingOf(record))
  const out: Observed[] = []
  for (const [row, metric] of METRICS.entries()) {
    if (!wants(metric.code)) continue
    const list =
      metric.each === undefined ? [record] : (at(record, metric.each) as unknown[] | null)
    // A list that could not be read is told as one item of which nothing is known, never as none.
    for (const [i, item] of (list ?? [UNREAD]).entries()) {
      const n = metric.each === undefined || list === null ? '' : String(i + 1)
      const told = gives || metric.infusing === undefined
      const own = measured(metric, item)
      out.push({
        ...(told || own.missing ? own : { ...own, value: null, missing: 'unknown' as const }),
        metric,
        order: row * MOST_ITEMS + i,
        key: keyOf(metric, n),
        object: metric.object === 'drug' ? `drug${n}` : metric.object,
        text: textOf(metric, item),
        parts: (metric.parts ?? []).map((part) => measured(part, item)),
      })
    }
  }
  return out
}

/** Stands for the items of a list that could not be read. */
const UNREAD = Symbol('unread')

function textOf({ object, code }: Metric, item: unknown): string {
  const name = object === 'drug' && item !== UNREAD ? at(item, 'name') : null
  return typeof name === 'string' ? `${code.text}: ${name}` : code.text
}

const keyOf = ({ key, object }: Metric, n: string) =>
  object === 'drug' ? `drug${n}-${key}` : n === '' ? key : `${key}-${n}`

/** The objects of a reading, parents first: as many drugs as it names. */
export function objectsOf(record: InterrogationRecord): string[] {
  const drugs = record.infusion.drugs?.map((_, i) => `drug${i + 1}`) ?? ['drug']
  return [...Object.keys(OBJECTS).filter((name) => name !== 'drug'), ...drugs]
}

/** Of each list of a reading: how long it ever was, and whether it could not be read once. */
export type Ever = Readonly<Record<string, { readonly most: number; readonly unread: boolean }>>

/** Lists whose items have values of their own. */
const LISTS = [...new Set(METRICS.flatMap(({ each }) => each ?? []))]

/** What was ever, with a reading on top. */
export function everWith(ever: Ever, record: InterrogationRecord): Ever {
  const one = (list: string) => {
    const { most = 0, unread = false } = ever[list] ?? {}
    const items = at(record, list) as unknown[] | null
    return [list, { most: Math.max(most, items?.length ?? 0), unread: unread || items === null }]
  }
  return Object.fromEntries(LISTS.map(one))
}

/** A value that earlier readings of a pump had and this one has not: its alarm has ended, its drug is gone. */
export type GoneMetric = Pick<Observed, 'metric' | 'key' | 'object'>

export function goneOf(record: InterrogationRecord, ever: Ever): GoneMetric[] {
  return METRICS.flatMap((metric) => {
    const { each, object } = metric
    if (each === undefined) return []
    return goneItems(record, ever, each).map((n) => ({
      metric,
      key: keyOf(metric, n),
      object: object === 'drug' ? `drug${n}` : object,
    }))
  })
}

/** Channels that a pump had and this reading has not. */
export const goneObjects = (record: InterrogationRecord, ever: Ever): string[] =>
  goneItems(record, ever, EACH_DRUG.each).map((n) => `drug${n}`)

/** Numbers of items; empty for the one that stands for a list that could not be read. */
function goneItems(record: InterrogationRecord, ever: Ever, list: string): string[] {
  const { most = 0, unread = false } = ever[list] ?? {}
  const now = at(record, list) as unknown[] | null
  const n = now?.length ?? 0
  const items = Array.from({ length: Math.max(0, most - n) }, (_, i) => String(n + i + 1))
  return unread && now !== null ? ['', ...items] : items
}

/** An object in words; of a drug with its name. */
export function objectText({ infusion }: InterrogationRecord, object: string): string {
  const { text } = OBJECTS[objectName(object)].code
  const name = drugIn(infusion.drugs, object)
  return name === null ? text : `${text}: ${name}`
}

/** Name of the drug of a channel; null = it is no drug's, or no name is known. */
function drugIn(drugs: InterrogationRecord['infusion']['drugs'], object: string): string | null {
  const [, n] = /^drug(\d+)$/.exec(object) ?? []
  return n === undefined ? null : (drugs?.[Number(n) - 1]?.name ?? null)
}

export const objectName = (object: string) => object.replace(/\d+$/, '') as ObjectName

function measured({ code, kind, values, path }: Part, item: unknown): Measured {
  const base = { code, kind, values: values ?? null }
  if (item === UNREAD) return { ...base, value: null, unit: null, missing: 'unread' }
  const found = at(item, path)
  if (typeof found === 'object' && found !== null) {
    const { value, unit, quality, reason } = found as Value<never>
    return { ...base, value, unit, missing: value === null ? missingBy(quality, reason) : null }
  }
  // How many there are of a list that could not be read.
  if (path === 'alarms.length' && found === undefined) {
    return { ...base, value: null, unit: '1', missing: 'unread' }
  }
  const name = path.split('.').at(-1) ?? ''
  const invalid = (item as { invalid?: Record<string, unknown> }).invalid?.[name] !== undefined
  const value = (found as string | number | null | undefined) ?? null
  const missing = value !== null ? null : invalid ? 'invalid' : 'unavailable'
  return { ...base, value, unit: kind === 'number' ? '1' : null, missing }
}

const missingBy = (quality: Quality, reason: string | undefined): Missing =>
  quality === 'invalid' ? 'invalid' : isBlockFault(reason) ? 'unread' : 'unavailable'

function at(item: unknown, path: string): unknown {
  let here = item
  for (const name of path.split('.')) here = (here as Record<string, unknown> | null)?.[name]
  return here
}
