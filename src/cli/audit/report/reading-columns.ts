// A reading as a row of a table: every field of every block in public units, with the unit in the column's
// name. The columns come from the tables of the protocol, so that a field that is declared has one. Blank =
// the pump did not say it, or what it said is not valid: `not_valid` has that as it came; or its block could
// not be read: `not_read` has why. Pure.
import {
  BLOCK_FIELDS,
  DRUG_FIELDS,
  type Field,
  MASSES,
  type ScalarField,
} from '../../../model/fields.ts'
import { argumentOf } from '../../../model/pump-event-rows.ts'
import { pumpEvents, type SnapshotValues } from '../../../model/reading.ts'
import { conversion } from '../../../model/units.ts'
import type { Value } from '../../../model/value.ts'
import type { Cell } from '../csv.ts'

export type Row = Readonly<Record<string, Cell>>

/** Public units (UCUM) as they stand in the name of a column. */
const SUFFIX: Readonly<Record<string, string>> = {
  '1': '',
  '%': '_percent',
  Cel: '_degC',
  'mL/d': '_mL_per_day',
  'mg/mL': '_mg_per_mL',
  'ug/mL': '_mcg_per_mL',
  'mg/d': '_mg_per_day',
  'ug/d': '_mcg_per_day',
}

const snake = (name: string) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
const named = (prefix: string, unit: string | null) => {
  const suffix = unit === null ? '' : (SUFFIX[unit] ?? `_${unit}`)
  return prefix.endsWith(suffix) ? prefix : prefix + suffix
}

/** The columns of one field: a mass has one for each unit that it can be programmed in. */
function columnsOf(prefix: string, field: ScalarField): string[] {
  // The pump's own clock knows no zone.
  if (field.kind === 'time') return [`${prefix}_pump_time`]
  if (field.kind !== 'uint') return [prefix]
  const units = conversion(field.unit, null)
    ? [conversion(field.unit, null)]
    : MASSES.map((mass) => conversion(field.unit, mass))
  return units.map((one) => named(prefix, one?.unit ?? null))
}

class Writer {
  readonly row: Record<string, Cell> = {}
  readonly notValid: string[] = []

  put(prefix: string, field: ScalarField, { value, unit, quality, raw }: Value): void {
    if (value !== null) {
      const name = field.kind === 'uint' ? named(prefix, unit) : columnsOf(prefix, field)[0]
      if (name !== undefined) this.row[name] = value
    } else if (raw !== undefined) {
      const why = quality === 'invalid' ? '' : ', its mass unit is not known'
      this.notValid.push(`${prefix}: ${raw}${why}`)
    }
  }

  /** The items of a list in one cell, with their units. */
  list(
    prefix: string,
    fields: Readonly<Record<string, ScalarField>>,
    items: readonly Item[],
  ): void {
    const texts = items.map((item, i) => {
      const one = new Writer()
      for (const [name, field] of Object.entries(fields))
        one.put(snake(name), field, itemValue(item, name))
      this.notValid.push(...one.notValid.map((text) => `${prefix} ${i + 1} ${text}`))
      return Object.entries(one.row)
        .map(([name, cell]) => `${name} ${cell}`)
        .join(', ')
    })
    this.row[prefix] = texts.join('; ')
  }
}

type Item = Readonly<Record<string, Value>>

const NOT_SAID: Value = {
  value: null,
  unit: null,
  deviceTime: null,
  receivedAt: '',
  quality: 'unavailable',
}
/** A field that is newer than the record was not said in it. */
const itemValue = (item: Item | undefined, name: string): Value => item?.[name] ?? NOT_SAID

/** A drug has columns of its own; the pump's event list is a table of its own (`pump-events`). */
const DRUGS = 'drugs_drugs'
const EVENTS = 'events_events'

function fieldColumns(prefix: string, field: Field): string[] {
  if (field.kind === 'rest' || prefix === EVENTS) return []
  if (field.kind !== 'list') return columnsOf(prefix, field)
  if (prefix !== DRUGS) return [prefix]
  return Array.from({ length: field.max }, (_, i) =>
    Object.entries(DRUG_FIELDS).flatMap(([name, one]) =>
      columnsOf(`drug_${i + 1}_${snake(name)}`, one),
    ),
  ).flat()
}

const eachField = function* () {
  for (const [block, fields] of BLOCK_FIELDS)
    for (const [name, field] of Object.entries<Field>(fields))
      yield { block, name, field, prefix: `${block}_${snake(name)}` }
}

/** Of what an interrogation says, in the order of the protocol. */
const BLOCK_COLUMNS: readonly string[] = [...eachField()].flatMap(({ prefix, field }) =>
  fieldColumns(prefix, field),
)

export const VALUE_COLUMNS: readonly string[] = [
  ...BLOCK_COLUMNS,
  'active_alarms',
  'clock_offset_s',
  'clock_offset_uncertainty_s',
  'not_valid',
  'not_read',
  'not_decoded',
]

/** Every value of an interrogation but the pump's event list. */
export function interrogationCells(values: Partial<SnapshotValues>): Row {
  const writer = new Writer()
  for (const { block, name, field, prefix } of eachField()) {
    const said = (values[block] as unknown as Readonly<Record<string, unknown>> | undefined)?.[name]
    if (said === undefined || field.kind === 'rest' || prefix === EVENTS) continue
    if (field.kind !== 'list') writer.put(prefix, field, said as Value)
    else if (prefix !== DRUGS) {
      writer.list(
        prefix,
        field.item.fields as Readonly<Record<string, ScalarField>>,
        said as Item[],
      )
    } else {
      for (const [i, drug] of (said as Item[]).entries())
        for (const [part, one] of Object.entries(DRUG_FIELDS))
          writer.put(`drug_${i + 1}_${snake(part)}`, one, itemValue(drug, part))
    }
  }
  const { alarms } = (values.alarms ?? {}) as { readonly alarms?: readonly unknown[] }
  const unread = Object.entries<object>(values).flatMap(([block, one]) =>
    'unavailable' in one ? [`${block}: ${one.unavailable}`] : [],
  )
  return {
    ...writer.row,
    active_alarms: alarms?.length ?? null,
    not_valid: writer.notValid.join('; ') || null,
    not_read: unread.join('; ') || null,
  }
}

/** The two values that a live exchange gives, and how many alarms. */
export function liveCells(live: {
  readonly reportedVolume: Value
  readonly rate: Value
  readonly activeAlarms: number | null
}): Row {
  const writer = new Writer()
  for (const { block, name, field, prefix } of eachField()) {
    if (field.kind === 'list' || field.kind === 'rest') continue
    if (block === 'reservoir' && name === 'reportedVolume')
      writer.put(prefix, field, live.reportedVolume)
    if (block === 'infusion' && name === 'rate') writer.put(prefix, field, live.rate)
  }
  return {
    ...writer.row,
    active_alarms: live.activeAlarms,
    not_valid: writer.notValid.join('; ') || null,
  }
}

export const EVENT_COLUMNS = [
  'number',
  'code',
  'occurred_at_pump_time',
  'detected_at_pump_time',
  'alarm',
  'volume_mL',
  'rate_mL_per_day',
  'argument',
] as const

/** The pump's own event list, each with what its number says. */
export function eventRows(values: SnapshotValues): Row[] {
  return (pumpEvents(values).entries ?? []).map((event) => {
    const { number, code, occurredAt, detectedAt } = event
    const { alarm, volume, rate, unknown } = argumentOf(event)
    return {
      ...{ number, code, occurred_at_pump_time: occurredAt, detected_at_pump_time: detectedAt },
      ...{ alarm, volume_mL: volume, rate_mL_per_day: rate, argument: unknown },
    }
  })
}
