// What is written down at each step of a refill: declared once, for the record in the audit log, for
// the types and for what the forms ask. Volumes in nL, concentrations in ng/mL, so that every number is
// an integer; no field for a patient's name exists. Pure.
import * as z from 'zod'
import { MASSES } from '../../model/fields.ts'
import { patientIdSchema } from '../../model/owner.ts'
import { keptSchema, sourceSchema } from '../../model/reading.ts'
import { deviceTimeSchema, utcSchema } from '../../model/value.ts'

export type Mass = (typeof MASSES)[number]
/** What an action on something doubtful was: required where there is a doubt. */
const remark = z.string().min(1).max(500).optional()
const person = z.string().min(1).max(80)
const volume = z.number().int().min(0).max(50_000_000)
const massSchema = z.enum(MASSES as [Mass, ...Mass[]])

/** What the pump's own log says of the time between the visit before and this reading. */
const sinceSchema = z.strictObject({
  position: z.number().int().min(0).meta({ description: 'Of the last reading of that visit.' }),
  readAt: utcSchema,
  /** Raised and cleared again in between, the oldest first. */
  alarms: z
    .array(
      z.strictObject({
        code: z.string().max(40).nullable(),
        occurredAt: deviceTimeSchema.nullable(),
      }),
    )
    .max(200),
  /** Entries of that time which the pump no longer holds; null = it does not say. */
  overwritten: z.number().int().min(0).nullable(),
})
export type Since = z.infer<typeof sinceSchema>

/** A reading of the pump: everything it says but its log, in protocol units. */
const readingSchema = z.strictObject({
  position: z.number().int().min(0).meta({ description: 'Of the interrogation in the log.' }),
  readAt: utcSchema,
  /** This computer's UTC when the pump's clock showed its time, and how sure that is; null = unknown. */
  hostTime: utcSchema,
  uncertaintyMs: z.number().int().nullable(),
  unclosed: z.boolean().meta({
    description: 'A session with this pump was not known to be closed when the reading was taken.',
  }),
  owner: patientIdSchema.optional().meta({
    description: 'Whose the pump was when it was read, by the clinic\u2019s table.',
  }),
  contradicted: z.literal(true).optional().meta({
    description: 'Another answer of the pump in that session said something else.',
  }),
  blocks: keptSchema,
  /** Not set = no visit before this one is recorded. */
  since: sinceSchema.optional(),
})
export type Reading = z.infer<typeof readingSchema>

/** A drug as the label of the syringe says it. */
const labelled = z.strictObject({
  name: z.string().min(1).max(80),
  massUnit: massSchema,
  concentration: z.number().int().min(1),
  lot: z.string().min(1).max(40),
  expiry: z.string().regex(/^\d{4}-\d\d(-\d\d)?$/),
})
export type Labelled = z.infer<typeof labelled>

/** The daily dose of one drug as the order says it, in ng a day. */
const ordered = z.strictObject({ massUnit: massSchema, dose: z.number().int().min(1) })
export type Ordered = z.infer<typeof ordered>

/** A line that the clinic has people confirm at this step, in its own words. */
const checks = z
  .array(z.strictObject({ text: z.string().min(1).max(120), done: z.boolean() }))
  .min(1)
  .max(10)
  .optional()

export const ENTRIES = {
  identity: z.strictObject({
    card: z.string().min(4).max(16).meta({ description: "As typed from the patient's card." }),
    serial: z.string().regex(/^[A-Z0-9-]{1,16}$/),
    model: z.string().nullable(),
    source: sourceSchema,
    pseudonym: z.string().min(1).max(80).optional(),
  }),
  before: readingSchema,
  drug: z.strictObject({
    drugs: z.array(labelled).min(1).max(5),
    preparer: person,
    checkedBy: person.meta({ description: 'Compared the syringe with the pump before injection.' }),
    checks,
    remark,
  }),
  aspirated: z.strictObject({
    volume,
    discardedBy: person.optional(),
    witnessedBy: person.optional(),
    checks,
    remark,
  }),
  injected: z.strictObject({ volume, checks, remark }),
  handover: z.strictObject({
    programmed: z.boolean(),
    ordered: z.array(ordered.nullable()).min(1).max(5).optional(),
    checks,
    remark,
  }),
  after: readingSchema,
  finish: z.strictObject({
    operator: person,
    checker: person,
    checks,
    /** To every finding that asks for one: what was done about it, by the finding's name. */
    answers: z
      .array(
        z.strictObject({ about: z.string().min(1).max(100), text: z.string().min(1).max(500) }),
      )
      .max(100)
      .optional(),
  }),
  /** A sheet that will not be finished, and why. */
  abandoned: z.strictObject({ reason: z.string().min(1).max(500) }),
} as const

export type Step = keyof typeof ENTRIES
export type Entries<S extends Step = Step> = z.infer<(typeof ENTRIES)[S]>
/** In the order of the work. */
export const STEPS = [
  'identity',
  'before',
  'drug',
  'aspirated',
  'injected',
  'handover',
  'after',
  'finish',
] as const satisfies readonly Step[]

/** Steps at which lines of the clinic may be confirmed. */
export const CHECKED_STEPS = [
  'drug',
  'aspirated',
  'injected',
  'handover',
  'finish',
] as const satisfies readonly Step[]
export type CheckedStep = (typeof CHECKED_STEPS)[number]

export const isStep = (name: string): name is Step => Object.hasOwn(ENTRIES, name)

/** The name of a sheet: when it was begun and four random digits. */
export const sheetIdSchema = z.string().regex(/^\d{8}-\d{4}-[0-9a-f]{4}$/)

/** Whether entries are what their step asks; null = yes, else what is wrong. */
export function wrongEntries(step: string, entries: unknown): string | null {
  if (!isStep(step)) return `there is no step ${JSON.stringify(step)}`
  const issue = ENTRIES[step].safeParse(entries).error?.issues[0]
  return issue ? `${step}: ${issue.path.join('.')}: ${issue.message}` : null
}
