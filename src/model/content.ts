// What one reading of a pump says, in the shape every surface gives it: the status now, and the visit
// in history. Browser-safe.
import { z } from 'zod'
import type { Struct } from '../../protocol/codec/struct.ts'
import { Battery } from '../../protocol/fields/battery.ts'
import { Bolus } from '../../protocol/fields/bolus.ts'
import { Catheter } from '../../protocol/fields/catheter.ts'
import { Infusion } from '../../protocol/fields/infusion.ts'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import { Status } from '../../protocol/fields/status.ts'
import type { ClockReading } from './event.ts'
import {
  alarmReadings,
  alarmSchema,
  drugReadings,
  drugSchema,
  eventGap,
  pumpEventSchema,
  pumpEvents,
  type SnapshotValues,
} from './reading.ts'
import { utcSchema, type ValuesOf, valuesSchema } from './value.ts'

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
    uncertainty: z.object({ value: z.number(), unit: z.literal('s') }),
    resets: z.number().nullable(),
  }),
  events: part('PumpEvents', "The pump's own log, as far as it still holds it.", {
    total: z.number().int().nullable(),
    overwritten: z.number().int().meta({ description: 'Older events the pump no longer holds.' }),
    entries: z.array(pumpEventSchema),
  }),
}
const infusionSchema = part('Infusion', Infusion.doc, {
  ...shapeOf(Infusion),
  patientBolus: contentParts.patientBolus,
  drugs: z.array(drugSchema),
})

/** Fields of an object that holds a reading. */
export const contentShape = {
  state: contentParts.state,
  reservoir: contentParts.reservoir,
  infusion: infusionSchema,
  alarms: z.array(alarmSchema),
  events: contentParts.events,
  catheter: contentParts.catheter,
  battery: contentParts.battery,
  clock: contentParts.clock,
}
const contentSchema = z.object(contentShape)
export type Content = z.infer<typeof contentSchema>

/** `readAt`: UTC at which it was read. */
export function contentOf(values: SnapshotValues, readAt: string, clock: ClockReading): Content {
  return {
    state: values.status,
    reservoir: values.reservoir,
    infusion: {
      ...values.infusion,
      patientBolus: values.bolus,
      drugs: drugReadings(values).map((drug) => ({ ...drug })),
    },
    alarms: alarmReadings(values, readAt),
    events: {
      total: values.events.total.value,
      overwritten: eventGap(values),
      entries: pumpEvents(values),
    },
    catheter: values.catheter,
    battery: values.battery,
    clock: {
      deviceTime: clock.deviceTime,
      hostTime: clock.hostTime,
      offset: { value: clock.offsetS, unit: 's' },
      uncertainty: { value: clock.uncertaintyS, unit: 's' },
      resets: values.clock.resets.value,
    },
  }
}
