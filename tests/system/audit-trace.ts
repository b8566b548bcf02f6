// What every column of an audit report must say of a record, reckoned from the signed line and the pump's own
// bytes by other means than the program's: a column that is not here fails the test, so that none is added that
// nothing traces. Figures in sentences are looked for in the record.
import { Alarm, ALARM_CODES as CODES } from '../../protocol/fields/alarms.ts'
import { PumpEvent } from '../../protocol/fields/events.ts'
import type { AuditRecord } from '../../src/audit/format/record.ts'
import { decoderOf } from '../../src/drivers/decoders.ts'
import { BLOCK_FIELDS, DRUG_FIELDS, type Field, STEP_FIELDS } from '../../src/model/fields.ts'

export interface Signed {
  readonly record: AuditRecord
  readonly leaf: string
}
export type Row = Readonly<Record<string, string | number | boolean>> & { readonly table: string }
type Said = Readonly<Record<string, unknown>>

/** Whole numbers on the wire in one public unit, by the end of a column's name. */
const PER: readonly (readonly [RegExp, number])[] = [
  [/infused_total_mL$/, 1e3],
  [/_mcg_per_(mL|day)$/, 1e3],
  [/(_mL|_mL_per_day|_mg_per_mL|_mg_per_day)$/, 1e6],
]
const EPOCH = Date.UTC(2000, 0, 1)
const pumpTime = (seconds: number) => new Date(EPOCH + seconds * 1_000).toISOString().slice(0, 19)
const camel = (text: string) => text.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase())
const UNIT = /_(mL|m?c?g)_per_(mL|day)$|_(mL|mm|mV|s|ms|min|percent|pump_time)$/

/** What the PDUs of a record say. */
export function decoded({ record }: Signed): Said {
  const pdus = (record.pdus ?? []).map((text) => Buffer.from(text, 'base64'))
  const kind = record.kind as 'interrogation' | 'live'
  const said = decoderOf(record.decoder ?? '')?.decode(kind, pdus)
  if (!said || typeof said === 'string') throw new Error(said ?? 'no decoder')
  return said.said as Said
}

const ALARM_CODES: Readonly<Record<number, string>> = CODES
const ALARM_FIELDS = Alarm.fields as Fields
const EVENT_FIELDS = PumpEvent.fields
type Fields = Readonly<Record<string, Field>>

/** A field as it stands in a column of that name: a code by its name in the specification. */
function inUnits(column: string, raw: unknown, fields: Fields): unknown {
  if (typeof raw !== 'number') return raw ?? undefined
  const field = fields[camel(column.replace(UNIT, ''))]
  if (field?.kind === 'code') return field.names[raw] ?? `unknown(${raw})`
  if (column.endsWith('_pump_time')) return pumpTime(raw)
  return raw / (PER.find(([end]) => end.test(column))?.[1] ?? 1)
}

/** The same of a value of a reading, by the column's name alone. */
export function saidOf(column: string, signed: Signed): unknown {
  const said = decoded(signed) as Readonly<Record<string, Said>>
  const bare = column.replace(UNIT, '')
  const drug = /^drug_(\d)_(.*)$/.exec(bare)
  const [, block = '', field = ''] = /^([a-z]+)_(.*)$/.exec(bare) ?? []
  const drugs = (said['drugs']?.['drugs'] ?? []) as Said[]
  const of = drug
    ? drugs[Number(drug[1]) - 1]
    : signed.record.kind === 'live'
      ? (said as Said)
      : said[block]
  const fields = (drug ? DRUG_FIELDS : fieldsOf(block)) as Fields
  const [, whole = ''] = /^[a-z]+_(.*)$/.exec(column) ?? []
  const name = [drug?.[2] ?? field, whole].map(camel).find((one) => one in fields)
  if (name === undefined) throw new Error(`nothing traces the column ${column}`)
  // A drug's mass is given in the unit that it was programmed in, and in no other.
  const mass = /_(mc?g)_per_/.exec(column)?.[1]
  const unit = MassUnits[Number(of?.['massUnit'])]
  if (drug && mass !== undefined && unit !== mass) return undefined
  return inUnits(column.replace(/^(drug_\d|[a-z]+)_/, ''), of?.[name], fields)
}
const MassUnits: Readonly<Record<number, string>> = { 1: 'mg', 2: 'mcg' }
const fieldsOf = (block: string) => BLOCK_FIELDS.find(([name]) => name === block)?.[1] ?? {}

/** A list of a reading in one cell: each item's fields with their units. */
const listOf = (items: readonly Said[], columns: readonly string[], fields: Fields) =>
  items
    .map((item) =>
      columns
        .map((column) => [column, inField(column, item, fields)] as const)
        .filter(([, value]) => value !== undefined)
        .map(([column, value]) => `${column} ${value}`)
        .join(', '),
    )
    .join('; ')

const inField = (column: string, item: Said, fields: Fields) =>
  inUnits(column, item[camel(column.replace(UNIT, ''))], fields)

const eventOf = (row: Row, signed: Signed): Said => {
  const { events = [] } = (decoded(signed)['events'] ?? {}) as { events?: readonly Said[] }
  return events.find(({ number }) => number === row['number']) ?? {}
}
/** The number of an event, where its code (by its number in the specification) is one of these. */
const argumentIn = (row: Row, signed: Signed, codes: readonly number[]) => {
  const { code, argument } = eventOf(row, signed)
  return codes.includes(Number(code)) && typeof argument === 'number' ? argument : undefined
}
const litres = (nl: number | undefined) => (nl === undefined ? undefined : nl / 1e6)
const eventField =
  (column: string): Check =>
  (signed, row) =>
    inField(column, eventOf(row, signed), EVENT_FIELDS as Fields)

type Check = (signed: Signed, row: Row) => unknown
const body =
  (of: string): Check =>
  ({ record }) =>
    (record.body as unknown as Said)[of] ?? undefined

const PLACE: Readonly<Record<string, Check>> = {
  leaf: ({ leaf }) => leaf,
  at_utc: ({ record }) => record.at,
  computer_clock: ({ record }) => record.clock,
}
const WHO: Readonly<Record<string, Check>> = {
  actor: ({ record }) => record.actor.id,
  role: ({ record }) => record.actor.role,
  authenticated_by: ({ record }) => record.actor.auth,
  action: ({ record }) => record.action,
  ok: ({ record }) => record.outcome.ok,
  reason: ({ record }) => record.outcome.reason,
}
const ABOUT: Readonly<Record<string, Check>> = {
  kind: ({ record }) => record.kind,
  pump: ({ record }) => record.pump,
  model: ({ record }) => record.model,
  wand: ({ record }) => record.wand,
  port: ({ record }) => record.port,
  session: ({ record }) => record.session,
  snapshot: ({ record }) => record.snapshot,
  pump_clock: ({ record }) => record.deviceTime,
  patient: ({ record }) => record.patient,
  patient_system: ({ record: { owner } }) => owner?.system,
  patient_id: ({ record: { owner } }) => owner?.value,
}
const isReading = ({ record }: Signed) => record.kind === 'interrogation' || record.kind === 'live'
const seconds = (ms: unknown) => (typeof ms === 'number' ? ms / 1_000 : undefined)
const clockOf = ({ record }: Signed) => (record.body as { clock?: Said }).clock ?? {}

/** What stands for a column of a table; those of a reading that are not here are values of its bytes. */
const COLUMNS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  records: {
    body: (signed) => (isReading(signed) ? undefined : JSON.stringify(signed.record.body)),
  },
  reads: {
    route: body('route'),
    from_utc: body('from'),
    to_utc: body('to'),
    reads: body('reads'),
    refused: body('refused'),
  },
  worksheets: {
    sheet: body('sheet'),
    step: body('step'),
    signed_by: ({ record }) => (record.body as { signed?: Said }).signed?.['operator'],
    verified: ({ record }) => (record.body as { signed?: Said }).signed?.['verified'] ?? 'claimed',
    corrects: ({ record }) => record.refs?.corrects,
  },
  'pump-events': {
    number: eventField('number'),
    code: eventField('code'),
    occurred_at_pump_time: eventField('occurred_at_pump_time'),
    detected_at_pump_time: eventField('detected_at_pump_time'),
    alarm: (signed, row) => ALARM_CODES[argumentIn(row, signed, [1, 2]) ?? 0],
    rate_mL_per_day: (signed, row) => litres(argumentIn(row, signed, [5])),
    volume_mL: (signed, row) => litres(argumentIn(row, signed, [6, 7, 8, 9, 10])),
    argument: (signed, row) => argumentIn(row, signed, [3, 4, 11, 12, 13, 14, 15, 16, 17, 18]),
  },
  readings: {
    read_at_utc: body('readAt'),
    contradicted: body('contradicted'),
    infusion_schedule: (signed) => {
      const { schedule } = (decoded(signed)['infusion'] ?? {}) as { schedule?: readonly Said[] }
      return schedule && listOf(schedule, ['start_min', 'rate_mL_per_day'], STEP_FIELDS as Fields)
    },
    alarms_alarms: (signed) => {
      const { alarms } = (decoded(signed)['alarms'] ?? {}) as { alarms?: readonly Said[] }
      const parts = ['id', 'code', 'class', 'state', 'occurred_at_pump_time']
      return alarms && listOf(alarms, [...parts, 'detected_at_pump_time'], ALARM_FIELDS)
    },
    active_alarms: (signed) => {
      const said = decoded(signed)
      return said['activeAlarms'] ?? (said['alarms'] as { alarms?: unknown[] })?.alarms?.length
    },
    clock_offset_s: (signed) => seconds(clockOf(signed)['offsetMs']),
    clock_offset_uncertainty_s: (signed) => seconds(clockOf(signed)['uncertaintyMs']),
    // Everything was read, and everything was valid.
    not_valid: () => undefined,
    not_read: () => undefined,
    not_decoded: () => undefined,
  },
}

/** Sentences, of which the figures are looked for. */
export const SENTENCES: readonly string[] = ['what', 'entries', 'what_it_corrects']
/** Of the place of a record, and of what comes after it: the test has these of its own. */
export const OWN: readonly string[] = ['log', 'position', 'vouched_by', 'corrected_by']

/** What a cell must say; throws for a column that nothing traces. */
export function traced(table: string, column: string, signed: Signed, row: Row): unknown {
  const known = COLUMNS[table]?.[column] ?? PLACE[column] ?? WHO[column] ?? ABOUT[column]
  if (known) return known(signed, row) ?? undefined
  if (table !== 'readings') throw new Error(`nothing traces ${column} of ${table}`)
  return saidOf(column, signed)
}

/** Figures of a text that are not in the record, as they are or in thousandths and millionths, rounded as shown. */
export function figuresNotIn(text: string, record: AuditRecord): readonly string[] {
  const line = JSON.stringify(record)
  const numbers = [...line.matchAll(/-?\d+/g)].map(([one]) => Number(one))
  // The pump's own times are seconds in its blocks.
  const times = numbers.filter((one) => one > 2e8 && one < 2 ** 32).map(pumpTime)
  const whole = `${line} ${times.join(' ')}`
  const lengths = [...whole.matchAll(/\[/g)].length
  const blocks = (record.body as { blocks?: Said }).blocks
  return [...text.matchAll(/\d+(?:\.\d+)?/g)]
    .map(([figure]) => figure)
    .filter((figure) => {
      if (whole.includes(figure)) return false
      const half = 0.5 / 10 ** (figure.split('.')[1]?.length ?? 0)
      const near = (per: number) =>
        numbers.some((one) => Math.abs(one / per - Number(figure)) <= half + 1e-12)
      if (near(1e3) || near(1e6)) return false
      // How many there are of something.
      return !(blocks !== undefined && Number(figure) <= lengths)
    })
}
