// The status every surface shows: `status --json`, the page, the API. Schema first, types from it.
// A value that is missing or not live is said so, never left out and never zeroed. Browser-safe.
//
// Inside the bridge the same is known without a word of any language (`Coded`): the sentences are added
// where it leaves, by words/.
import * as z from 'zod'
import { contentShape } from './content.ts'
import { invalidSchema, sourceSchema } from './reading.ts'
import { statementSchema, statementShape } from './statement-schema.ts'
import { REASONS, utcSchema } from './value.ts'

/** idle: none · open · ended and confirmed, not confirmed, or lost with the connection. */
export const SESSION_STATES = [
  'none',
  'open',
  'closing',
  'closed',
  'not-confirmed',
  'lost',
] as const

export const sessionSchema = z
  .object({
    id: z.number().int().nullable(),
    state: z.enum(SESSION_STATES),
    closeConfirmed: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether the implant confirmed the end; null while nobody asked it.' }),
    openedAt: utcSchema.nullable(),
    endedAt: utcSchema.nullable(),
    ...statementShape,
    sentence: z.string().meta({ description: 'The same for the person at the pump.' }),
  })
  .meta({ id: 'Session' })
export type SessionStatus = z.infer<typeof sessionSchema>

export const linkSchema = z
  .object({
    phase: z.string(),
    cause: z.string().meta({ description: 'What led to this phase: the code of `sentence`.' }),
    connected: z.boolean(),
    sentence: z.string(),
    why: statementSchema.nullable().meta({ description: 'Where the cause does not say it all.' }),
    detail: z.string().meta({ description: '`why` as a sentence.' }),
    since: utcSchema.nullable(),
    refused: z.object({ frames: z.number().int(), bytes: z.number().int() }).meta({
      description: 'Damaged or foreign traffic refused since start: no part of any reading.',
    }),
  })
  .meta({ id: 'Link' })
export type LinkStatus = z.infer<typeof linkSchema>

const wandObject = z.object({
  port: z.string(),
  serial: z.string().nullable(),
  model: z.string().nullable(),
  firmware: z.string().nullable(),
  invalid: invalidSchema.meta({
    description:
      'Serial, model or firmware of the wand outside their form, with the text as it came.',
  }),
  source: sourceSchema,
  coupling: z
    .object({
      value: z.number().nullable(),
      unit: z.literal('%'),
      position: z.string().nullable(),
    })
    .meta({ description: 'As the wand last said it; what would help who holds it.' }),
  contact: z.object({
    fresh: z.boolean(),
    ageMs: z.number().nonnegative().nullable().meta({
      description: 'Since the implant was last heard; null = not since the wand was found.',
    }),
    atLeast: z
      .boolean()
      .meta({ description: 'The wand counts no further: it is at least so long ago.' }),
    operation: z.string().nullable(),
    progress: z.number().nullable().meta({ description: '%' }),
  }),
  battery: z
    .number()
    .nullable()
    .meta({ description: '%; null = powered by its cable, or unknown' }),
  lastSessionEnd: z.string().nullable().meta({
    description: "How the wand's newest session ended, by its own word at HELLO.",
  }),
  readFailure: statementSchema.nullable(),
  lastReadFailure: z.string().nullable().meta({ description: '`readFailure` as a sentence.' }),
  link: linkSchema,
  session: sessionSchema,
  unclosed: z
    .array(
      z.object({
        why: z.string(),
        session: z.number().int(),
        pump: z.string().nullable(),
        ...statementShape,
        sentence: z.string(),
      }),
    )
    .meta({ description: 'Sessions of which no confirmed close is known: a fault to be seen to.' }),
  pump: z.string().nullable().meta({ description: 'Opaque id of the pump last read through it.' }),
})
export const wandSchema = wandObject.meta({ id: 'Wand' })
export type WandStatus = z.infer<typeof wandSchema>

/**
 * Why a witness has not cosigned. `fork`: the log is not a continuation of what it saw · `ahead`: it saw
 * more records than are here · `unknown-log`, `unknown-key`: it was not given this log's key ·
 * `unreadable`: no proof can be made here · `wrong-key`: it signs with another key than it was said to ·
 * `no-answer`: it is not reached, or fails · `forgot`: it says that it saw fewer records than it has cosigned.
 */
export const WITNESS_PROBLEMS = [
  ...(['fork', 'ahead', 'unknown-log', 'unknown-key', 'unreadable', 'wrong-key'] as const),
  ...(['no-answer', 'forgot'] as const),
] as const
export type WitnessProblem = (typeof WITNESS_PROBLEMS)[number]

/** Somebody has another log of this name: an older copy was put back, or it is written in two places. */
export const isFork = (problem: WitnessProblem) => problem === 'fork' || problem === 'ahead'

export const witnessStatusSchema = z
  .object({
    of: z.number().int().meta({ description: 'Witnesses that the bridge was told of.' }),
    signed: z
      .number()
      .int()
      .meta({ description: 'Those that have cosigned the newest checkpoint.' }),
    behind: z.number().int().meta({ description: 'Records that not all of them have cosigned.' }),
    problems: z.array(
      z.object({
        name: z.string(),
        problem: z.enum(WITNESS_PROBLEMS),
        theirs: z.number().int().nullable().meta({ description: 'Records it says it has seen.' }),
        said: z.string().meta({ description: 'Its answer, or that of the system, as it came.' }),
      }),
    ),
  })
  .meta({ id: 'Witnesses' })
export type WitnessStatus = z.infer<typeof witnessStatusSchema>

export const AUDIT_STATES = ['none', 'ok', 'slow', 'failed'] as const
export const auditSchema = z
  .object({
    log: z.string().nullable(),
    position: z.number().int().nullable(),
    state: z.enum(AUDIT_STATES),
    checkpoint: z.string().nullable(),
    witnesses: witnessStatusSchema.optional().meta({ description: 'Not there without any.' }),
    ...statementShape,
    notices: z.array(statementSchema).meta({ description: 'What people are to be told besides.' }),
    sentence: z.string().meta({ description: 'The code and the notices as sentences.' }),
  })
  .meta({ id: 'Audit' })
export type AuditStatus = z.infer<typeof auditSchema>

/** What messages go to a destination, and over what. */
export const DESTINATION_KINDS = ['hl7', 'fhir', 'webhook', 'nats'] as const
export type DestinationKind = (typeof DESTINATION_KINDS)[number]

export const destinationStatusSchema = z
  .object({
    name: z.string(),
    kind: z.enum(DESTINATION_KINDS),
    address: z.string(),
    state: z.enum(['idle', 'sending', 'waiting', 'failed', 'disabled']).meta({
      description: '`disabled`: it wants no message any more.',
    }),
    lagMs: z.number().nonnegative().meta({ description: 'Age of the oldest record still owed.' }),
    waiting: z.number().int().meta({ description: 'Messages at hand; more may wait in the log.' }),
    parked: z.number().int().meta({ description: 'Messages it would not take, set aside.' }),
    aside: z
      .array(
        z.object({
          log: z.string(),
          position: z.number().int(),
          control: z.string().meta({
            description: 'Id of the message: MSH-10, webhook-id, identifier of the Bundle.',
          }),
          code: z
            .string()
            .meta({ description: 'MSA-1 or the HTTP status; `none`: no message could be made.' }),
          text: z.string().meta({ description: 'What it said.' }),
          attempts: z.number().int(),
          at: utcSchema,
        }),
      )
      .meta({ description: 'The newest of those, ten at most.' }),
    sent: z.number().int().meta({ description: 'Accepted since the bridge started.' }),
    strays: z.number().int().meta({ description: 'Replies that named no message that was sent.' }),
    ...statementShape,
    sentence: z.string(),
  })
  .meta({ id: 'Destination', description: 'Where messages go, and how far behind it is.' })
export type DestinationStatus = z.infer<typeof destinationStatusSchema>

export const patientsStatusSchema = z
  .object({
    assigned: z.number().int().meta({ description: 'Pumps that are known to be somebody\u2019s.' }),
    problem: z.string().nullable().meta({
      description: 'Why the table is not taken; null = it is. Pumps stay whose they were.',
    }),
    refused: z.array(z.string()).readonly().meta({
      description: 'Serials of pumps that the table gives to two patients.',
    }),
    adt: z
      .object({ accepted: z.number(), errors: z.number(), rejected: z.number() })
      .nullable()
      .meta({ description: 'HL7 ADT messages by how they were answered; null = none are heard.' }),
  })
  .meta({ id: 'Patients', description: 'Where whose pump it is comes from. It names no patient.' })
export type PatientsStatus = z.infer<typeof patientsStatusSchema>

export const pumpStatusSchema = z
  .object({
    asOf: utcSchema,
    ageMs: z.number().nonnegative().meta({ description: 'Age of the reading at `asOf`.' }),
    readAt: utcSchema,
    quality: z.enum(['current', 'stale']),
    reason: z.enum(REASONS).optional(),
    source: sourceSchema,
    pump: z
      .object({
        id: z.string().meta({ description: 'Opaque; fit for addresses.' }),
        serial: z.string(),
        model: z.string().nullable(),
        firmware: z.string().nullable(),
      })
      .meta({ id: 'Pump' }),
    wand: wandObject
      .omit({ link: true, session: true, pump: true })
      .meta({ id: 'WandOfPump', description: 'The wand it was read through.' }),
    session: sessionSchema,
    ...contentShape,
    link: linkSchema,
    audit: auditSchema,
  })
  .meta({ id: 'PumpStatus' })
export type PumpStatus = z.infer<typeof pumpStatusSchema>

export interface BridgeStatus {
  readonly asOf: string
  readonly wands: readonly WandStatus[]
  readonly pumps: readonly PumpStatus[]
  readonly audit: AuditStatus
}

type Sentence = 'sentence' | 'detail' | 'lastReadFailure' | 'readFailed'
/** The same as it is known inside the bridge: codes with arguments, and no sentences. */
export type Coded<T> = T extends readonly (infer U)[]
  ? readonly Coded<U>[]
  : T extends object
    ? { readonly [K in keyof T as Exclude<K, Sentence>]: Coded<T[K]> }
    : T
