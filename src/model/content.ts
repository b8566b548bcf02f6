// What one reading of a pump says, in the shape every surface gives it: the status now, and the visit
// in history. Browser-safe.
import { z } from 'zod'
import { Battery } from '../../protocol/blocks/battery.ts'
import { Bolus } from '../../protocol/blocks/bolus.ts'
import { Catheter } from '../../protocol/blocks/catheter.ts'
import { Infusion } from '../../protocol/blocks/infusion.ts'
import { Reservoir } from '../../protocol/blocks/reservoir.ts'
import { Status } from '../../protocol/blocks/status.ts'
import type { Struct } from '../../protocol/struct.ts'
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

const clockSchema = z.object({
  deviceTime: z.string().nullable(),
  hostTime: utcSchema,
  offset: z.object({ value: z.number().nullable(), unit: z.literal('s') }).meta({
    description: "The pump's clock, which has no zone, read as UTC, minus this computer's.",
  }),
  uncertainty: z.object({ value: z.number(), unit: z.literal('s') }),
  resets: z.number().nullable(),
})

/** Fields of an object that holds a reading. */
export const contentShape = {
  state: z.object(shapeOf(Status)),
  reservoir: z.object(shapeOf(Reservoir)),
  infusion: z.object({
    ...shapeOf(Infusion),
    patientBolus: z.object(shapeOf(Bolus)),
    drugs: z.array(drugSchema),
  }),
  alarms: z.array(alarmSchema),
  events: z.object({
    total: z.number().int().nullable(),
    overwritten: z.number().int().meta({ description: 'Older events the pump no longer holds.' }),
    entries: z.array(pumpEventSchema),
  }),
  catheter: z.object(shapeOf(Catheter)),
  battery: z.object(shapeOf(Battery)),
  clock: clockSchema,
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
