// What one reading of a pump says, in the shape every surface gives it: the status now, and the visit
// in history. Browser-safe.
import * as z from 'zod'
import { Battery } from '../../protocol/fields/battery.ts'
import { Bolus } from '../../protocol/fields/bolus.ts'
import { Catheter } from '../../protocol/fields/catheter.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { Identity } from '../../protocol/fields/identity.ts'
import { Infusion } from '../../protocol/fields/infusion.ts'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import { Status } from '../../protocol/fields/status.ts'
import type { ClockReading } from './event.ts'
import {
  alarmReadings,
  alarmSchema,
  drugReadings,
  drugSchema,
  filled,
  invalidSchema,
  misnamedOf,
  pumpEventSchema,
  pumpEvents,
  type SnapshotValues,
  unavailableOf,
  unavailableSchema,
} from './reading.ts'
import {
  type ReadAt,
  utcSchema,
  type Value,
  type ValuesOf,
  valueSchema,
  valuesSchema,
} from './value.ts'

const shapeOf = <S extends Struct>(declared: S) =>
  (
    valuesSchema(declared) as unknown as z.ZodObject<{
      [K in keyof ValuesOf<S>]: z.ZodType<ValuesOf<S>[K]>
    }>
  ).shape

const part = <S extends z.ZodRawShape>(id: string, description: string, shape: S) =>
  z.object(shape).meta({ id, description })

/** Parts of a reading, which the OpenAPI document names. */
const contentParts = {
  state: part('PumpState', Status.doc, shapeOf(Status)),
  reservoir: part('Reservoir', Reservoir.doc, shapeOf(Reservoir)),
  patientBolus: part('PatientBolus', Bolus.doc, shapeOf(Bolus)),
  catheter: part('Catheter', Catheter.doc, shapeOf(Catheter)),
  battery: part('Battery', Battery.doc, shapeOf(Battery)),
  clock: part('Clock', "The pump's clock beside this computer's, at one moment.", {
    deviceTime: z.string().nullable(),
    hostTime: utcSchema,
    offset: z.object({ value: z.number().nullable(), unit: z.literal('s') }).meta({
      description: "The pump's clock, which has no zone, read as UTC, minus this computer's.",
    }),
    uncertainty: z
      .object({ value: z.number().nullable(), unit: z.literal('s') })
      .meta({ description: 'Null = nobody knows when the clock was asked.' }),
    resets: z.number().nullable(),
  }),
  events: part('PumpEvents', "The pump's own log, as far as it still holds it.", {
    total: z.number().int().nullable(),
    overwritten: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Older events the pump no longer holds; null = it does not say.' }),
    entries: z
      .array(pumpEventSchema)
      .nullable()
      .meta({ description: 'Null = the list could not be read.' }),
  }),
}
const infusion = shapeOf(Infusion)
const infusionSchema = part('Infusion', Infusion.doc, {
  ...infusion,
  schedule: infusion.schedule.nullable().meta({
    description: `${Infusion.fields.schedule.doc} Null = it could not be read.`,
  }),
  patientBolus: contentParts.patientBolus,
  drugs: z.array(drugSchema).nullable().meta({ description: 'Null = they could not be read.' }),
})

/** Fields of an object that holds a reading. */
export const contentShape = {
  implanted: valueSchema(Identity.fields.implanted) as z.ZodType<Value<string>>,
  state: contentParts.state,
  reservoir: contentParts.reservoir,
  infusion: infusionSchema,
  alarms: z
    .array(alarmSchema)
    .nullable()
    .meta({ description: 'Null = they could not be read: nothing is said of alarms.' }),
  events: contentParts.events,
  catheter: contentParts.catheter,
  battery: contentParts.battery,
  clock: contentParts.clock,
  unavailable: unavailableSchema,
  invalid: invalidSchema.meta({
    description:
      'Serial, model or firmware of the pump outside their form, with the text as it came.',
  }),
}
const contentSchema = z.object(contentShape)
export type Content = z.infer<typeof contentSchema>

/** When a reading was made, and when the last of it came, UTC. */
export interface Times {
  readonly readAt: string
  readonly receivedAt: string
}

export function contentOf(
  values: SnapshotValues,
  { readAt, receivedAt }: Times,
  clock: ClockReading,
): Content {
  const { deviceTime } = clock
  const invalid = misnamedOf(values)
  const all = filled(values, { deviceTime, receivedAt })
  return {
    implanted: all.identity.implanted,
    state: all.status,
    reservoir: all.reservoir,
    infusion: { ...all.infusion, patientBolus: all.bolus, drugs: drugReadings(values) },
    alarms: alarmReadings(values, readAt),
    events: pumpEvents(values),
    catheter: all.catheter,
    battery: all.battery,
    clock: {
      deviceTime,
      hostTime: clock.hostTime,
      offset: { value: clock.offsetS, unit: 's' },
      uncertainty: { value: clock.uncertaintyS, unit: 's' },
      resets: all.clock.resets.value,
    },
    unavailable: unavailableOf(values),
    ...(invalid && { invalid }),
  }
}

/** Who a reading is of, as every surface has it beside the content. */
export interface Who {
  readonly serial: string
  readonly model: string | null
  readonly firmware: string | null
}

/**
 * The way back: a reading block by block, from what a surface holds of it. The age of the pump's clock is
 * in the clock's offset there, and so not said.
 */
export function blocksOf(who: Who, content: Content, at: ReadAt): SnapshotValues {
  const of = (value: number | string | null, raw?: number | string): Value => ({
    value,
    unit: typeof value === 'number' ? '1' : null,
    ...at,
    quality: value !== null ? 'stale' : raw === undefined ? 'unavailable' : 'invalid',
    ...(value !== null && { reason: 'recorded' as const }),
    ...(raw !== undefined && { raw }),
  })
  type Bare = { readonly invalid?: Readonly<Record<string, number | string>> | undefined }
  const dressed = <K extends string>(
    item: Bare & { readonly [k in K]: never },
    keys: readonly K[],
  ) => Object.fromEntries(keys.map((key) => [key, of(item[key], item.invalid?.[key])]))
  const { state, reservoir, infusion, alarms, events, catheter, battery, clock, invalid } = content
  const { patientBolus, drugs, ...programme } = infusion
  const times = ['code', 'occurredAt', 'detectedAt'] as const
  const blocks = {
    identity: {
      serial: of(invalid?.['serial'] === undefined ? who.serial : null, invalid?.['serial']),
      model: of(who.model, invalid?.['model']),
      firmware: of(who.firmware, invalid?.['firmware']),
      implanted: content.implanted,
    },
    catheter,
    status: state,
    reservoir,
    infusion: programme,
    drugs: {
      drugs: (drugs ?? []).map((drug) => ({
        ...dressed(drug as never, ['name', 'massUnit']),
        concentration: drug.concentration,
        dose24h: drug.dose24h,
      })),
    },
    bolus: patientBolus,
    alarms: {
      alarms: (alarms ?? []).map((alarm) => ({
        ...dressed(alarm as never, [...times, 'class', 'state']),
        id: of(/^\d+$/.test(alarm.id) ? Number(alarm.id) : null),
      })),
    },
    events: {
      total: of(events.total),
      events: (events.entries ?? []).map((entry) =>
        dressed(entry as never, [...times, 'number', 'argument']),
      ),
    },
    battery,
    clock: { deviceTime: of(clock.deviceTime), ageMs: of(null), resets: of(clock.resets) },
  }
  const unread = content.unavailable.map(({ block, reason }) => [block, { unavailable: reason }])
  return { ...blocks, ...Object.fromEntries(unread) } as unknown as SnapshotValues
}
