// What a simulated pump is when its scenario begins. Checked with zod; the defaults make a plain pump.
// Volumes nL, rates nL/d, concentrations ng/mL, as on the wire.
import * as z from 'zod'

const volume = z.number().int().min(0).max(50_000_000)
const rate = z.number().int().min(0).max(50_000_000)
const name = (max: number) =>
  z
    .string()
    .regex(/^[!-~](?:[ -~]*[!-~])?$/)
    .max(max)
/** The pump's own clock, without zone. */
const deviceTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, 'must be written like 2026-01-05T08:00:00')
  .refine(
    (text) => text >= '2000' && text < '2100' && Number.isFinite(Date.parse(`${text}Z`)),
    'is no date from 2000 to 2099',
  )

export const drugSpec = z.strictObject({
  name: name(24),
  massUnit: z.enum(['mg', 'mcg']),
  concentration: z.number().int().min(1).max(500_000_000),
})

export const scheduleSpec = z
  .array(z.strictObject({ start: z.number().int().min(0).max(1439), rate }))
  .max(48)
  .refine((s) => s.every((step, i) => i === 0 || step.start > (s[i - 1]?.start ?? -1)), {
    message: 'must be in order of start',
  })

export const bolusSpec = z.strictObject({
  enabled: z.boolean().default(true),
  volume: z.number().int().min(1).max(5_000_000),
  /** s */
  duration: z.number().int().min(1).max(7200),
  /** min */
  lockout: z.number().int().min(0).max(1440),
  maxPerDay: z.number().int().min(1).max(96),
})

/** What the vendor's programmer can set; everything is optional. */
export const programmeChange = z.strictObject({
  mode: z.enum(['stopped', 'simple-continuous', 'flex', 'minimum-rate']).optional(),
  rate: rate.optional(),
  schedule: scheduleSpec.optional(),
  singleBolus: z.strictObject({ volume: volume.min(1), rate: rate.min(1) }).optional(),
  drugs: z.array(drugSpec).min(1).max(5).optional(),
  bolus: bolusSpec.nullable().optional(),
  lowAlarmVolume: volume.optional(),
  /** What was injected, if the pump has not been told yet. */
  filledVolume: volume.optional(),
})
export type ProgrammeChange = z.output<typeof programmeChange>

export const implantSpec = z.strictObject({
  serial: z.string().regex(/^[A-Z0-9-]{1,16}$/, 'must be 1 to 16 of A-Z, 0-9 and -'),
  model: z.enum(['SIM-20', 'SIM-40']),
  firmware: name(16).default('1.4.2'),
  implanted: deviceTime.default('2024-03-11T09:00:00'),
  /** What the pump's clock shows when the scenario begins; the simulator's own time if not given. */
  clock: deviceTime.optional(),
  /** How far the clock drifts, in ppm; by chance within ±20 if not given. */
  drift: z.number().int().min(-200).max(200).optional(),
  /** Reported volume at the beginning. */
  volume,
  /** What is really in it, if that differs. */
  actualVolume: volume.optional(),
  /** Volume of the last refill, and how long ago that was, in days. */
  filled: z
    .strictObject({ volume, daysAgo: z.number().int().min(0).max(2000) })
    .default({ volume: 20_000_000, daysAgo: 60 }),
  lowAlarmVolume: volume.default(2_000_000),
  /** How much more leaves than is set, in ppm; by chance (mean +1 %, deviation 3 %) if not given. */
  bias: z.number().int().min(-1_000_000).max(1_000_000).optional(),
  /** The same for one filling; by chance (deviation 2 %) if not given. */
  fillBias: z.number().int().min(-1_000_000).max(1_000_000).optional(),
  /** Standard deviation of what a syringe says against what it holds, in nL. */
  syringeError: z.number().int().min(0).max(2_000_000).default(200_000),
  /** Has a valve that a strong field shuts. */
  valveGated: z.boolean().default(false),
  mode: z
    .enum(['stopped', 'simple-continuous', 'flex', 'minimum-rate'])
    .default('simple-continuous'),
  rate: rate.default(250_000),
  schedule: scheduleSpec.default([]),
  drugs: z
    .array(drugSpec)
    .min(1)
    .max(5)
    .default([{ name: 'Morphine', massUnit: 'mg', concentration: 10_000_000 }]),
  bolus: bolusSpec.nullable().default(null),
  catheter: z
    .strictObject({
      model: name(16),
      length: z.number().int().min(1).max(2000),
      volume: z.number().int().min(1).max(2_000_000),
    })
    .default({ model: 'SIM-CATH', length: 870, volume: 190_000 }),
  /** Events logged before the scenario begins. */
  pastEvents: z.number().int().min(0).max(100_000).default(12),
})
export type ImplantSpec = z.output<typeof implantSpec>
/** As written in a scenario: what has a default may be left out. */
export type ImplantInput = z.input<typeof implantSpec>

export const CAPACITY: Readonly<Record<ImplantSpec['model'], number>> = {
  'SIM-20': 20_000_000,
  'SIM-40': 40_000_000,
}
