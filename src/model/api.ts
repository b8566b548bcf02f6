// What the HTTP API says besides records: replies, events of the stream, problems. One declaration for
// server, client and the OpenAPI document. Within v1 fields are added, never removed or changed.
// Browser-safe.
import * as z from 'zod'
import { patientIdShape } from './owner.ts'
import { pumpEventSchema, sourceSchema } from './reading.ts'
import { interrogationRecordSchema, movingShape, pumpRefSchema, recordSchema } from './record.ts'
import { signedSchema } from './signed.ts'
import { statementShape } from './statement-schema.ts'
import {
  auditSchema,
  destinationStatusSchema,
  patientsStatusSchema,
  pumpStatusSchema,
  wandSchema,
} from './status.ts'
import { deviceTimeSchema, REASONS, utcSchema } from './value.ts'

const position = z.number().int().nonnegative()
const nextSchema = z.string().nullable().meta({
  description: 'Give it as `after` to go on; null = this was the end of what is recorded.',
})

export const wandsReplySchema = z
  .object({
    asOf: utcSchema,
    wands: z.array(wandSchema),
    audit: auditSchema,
    destinations: z.array(destinationStatusSchema),
    patients: patientsStatusSchema.nullable(),
  })
  .meta({ id: 'Wands' })
export type WandsReply = z.infer<typeof wandsReplySchema>

export const pumpsReplySchema = z
  .object({ asOf: utcSchema, pumps: z.array(pumpStatusSchema), audit: auditSchema })
  .meta({ id: 'Pumps' })
export type PumpsReply = z.infer<typeof pumpsReplySchema>

/** Which log history comes from, and of which pump. */
const historyHead = { asOf: utcSchema, log: z.string().nullable(), pump: pumpRefSchema }

const moment = {
  id: z.string().meta({
    description: 'Opaque: names this record for ever, and is the cursor behind it.',
  }),
  position: position.meta({ description: 'Place in the audit log.' }),
  readAt: utcSchema,
  deviceTime: deviceTimeSchema.nullable(),
  session: z.number().int().nullable(),
  source: sourceSchema,
}

export const readingSchema = z
  .object({ ...moment, kind: z.enum(['interrogation', 'live']), ...movingShape })
  .meta({ id: 'Reading', description: 'What moves, at one moment of history.' })
export type Reading = z.infer<typeof readingSchema>

export const readingsReplySchema = z
  .object({ ...historyHead, readings: z.array(readingSchema), next: nextSchema })
  .meta({ id: 'Readings' })
export type ReadingsReply = z.infer<typeof readingsReplySchema>

export const visitSchema = z
  .object({
    ...moment,
    ...movingShape,
    volume24h: movingShape.reportedVolume.meta({ description: 'Volume of one day as programmed.' }),
    activeAlarms: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Null = they could not be read.' }),
    alarmCodes: z.array(z.string().nullable()).nullable().meta({
      description: 'Of the alarms in its list, in its order; a code that was not said is null.',
    }),
    closeConfirmed: z.boolean().nullable().meta({
      description: 'Whether the implant confirmed the end of the session; null = not known.',
    }),
    owner: z.object(patientIdShape).nullable().meta({
      description: 'The patient whom the pump belonged to then; null = nobody had said.',
    }),
  })
  .meta({ id: 'Visit', description: 'One interrogation in short.' })
export type Visit = z.infer<typeof visitSchema>

export const visitsReplySchema = z
  .object({ ...historyHead, interrogations: z.array(visitSchema), next: nextSchema })
  .meta({ id: 'Visits' })
export type VisitsReply = z.infer<typeof visitsReplySchema>

export const interrogationReplySchema = z
  .object({ asOf: utcSchema, interrogation: interrogationRecordSchema })
  .meta({ id: 'Interrogation' })
export type InterrogationReply = z.infer<typeof interrogationReplySchema>

const besideShape = { position, readAt: utcSchema, reportedVolume: movingShape.reportedVolume }
const after = z.object(besideShape).nullable()
const before = z
  .object({
    ...besideShape,
    filledAt: deviceTimeSchema.nullable().meta({ description: 'Of the refill before it.' }),
    filledVolume: movingShape.reportedVolume.meta({ description: 'Of the refill before it.' }),
    programmedAt: deviceTimeSchema.nullable(),
  })
  .nullable()

export const refillSchema = z
  .object({
    id: moment.id,
    position: position.meta({ description: 'Of the first interrogation that reports it.' }),
    filledAt: deviceTimeSchema.meta({
      description: "When it was programmed, by the pump's clock.",
    }),
    filledVolume: movingShape.reportedVolume.meta({ description: 'Volume programmed.' }),
    source: sourceSchema,
    before: before.meta({ description: 'The last interrogation before it; null = none recorded.' }),
    after: after.meta({ description: 'The first interrogation that reports it.' }),
    worksheets: z
      .array(
        z.object({
          position,
          at: utcSchema,
          sheet: z.string(),
          step: z.string(),
          entries: z.record(z.string(), z.unknown()).optional().meta({
            description: 'As in the record; of a reading it is left out.',
          }),
          signed: signedSchema.optional(),
        }),
      )
      .meta({ description: 'Steps written down between these two interrogations.' }),
  })
  .meta({
    id: 'Refill',
    description: 'A refill as the pump reports it: programmed, not measured.',
  })
export type Refill = z.infer<typeof refillSchema>

export const refillsReplySchema = z
  .object({ ...historyHead, refills: z.array(refillSchema), next: nextSchema })
  .meta({ id: 'Refills' })
export type RefillsReply = z.infer<typeof refillsReplySchema>

export const pumpEventItemSchema = z
  .object({
    ...moment,
    id: z
      .string()
      .meta({ description: 'Opaque: names this event for ever, and is the cursor behind it.' }),
    ...pumpEventSchema.shape,
    alarm: z.string().nullable().meta({ description: 'The alarm that is raised or cleared.' }),
    overwritten: z.number().int().nonnegative().meta({
      description: 'So many before it were overwritten by the pump before they were read.',
    }),
  })
  .meta({
    id: 'LoggedEvent',
    description: 'What the pump has logged itself, once, from the reading that first had it.',
  })
export type LoggedEvent = z.infer<typeof pumpEventItemSchema>

export const pumpEventsReplySchema = z
  .object({ ...historyHead, events: z.array(pumpEventItemSchema), next: nextSchema })
  .meta({ id: 'LoggedEvents' })
export type LoggedEventsReply = z.infer<typeof pumpEventsReplySchema>

// The stream of events, besides records.

export const snapshotEventSchema = z
  .object({
    asOf: utcSchema,
    log: z.string().nullable(),
    position: position.nullable().meta({
      description: 'The newest record that this snapshot knows; what follows comes after it.',
    }),
    wands: z.array(wandSchema),
    pumps: z.array(pumpStatusSchema),
    audit: auditSchema,
  })
  .meta({ id: 'SnapshotEvent' })
export type SnapshotEvent = z.infer<typeof snapshotEventSchema>

export const livenessSchema = z
  .object({
    id: z.string(),
    serial: z.string(),
    source: sourceSchema,
    quality: z.enum(['current', 'stale']),
    reason: z.enum(REASONS).optional(),
    readAt: utcSchema,
    ageMs: z.number().nonnegative(),
  })
  .meta({ id: 'Liveness' })
export type Liveness = z.infer<typeof livenessSchema>

export const statusEventSchema = z
  .object({
    asOf: utcSchema,
    wands: z.array(wandSchema),
    pumps: z.array(livenessSchema),
    audit: auditSchema,
  })
  .meta({
    id: 'StatusEvent',
    description:
      'What is live has changed. Not recorded, so it has no id; it waits for nothing. It may come before the record of the reading that it names by `readAt`, and holds for it once that has come.',
  })
export type StatusEvent = z.infer<typeof statusEventSchema>

export const RESET_REASONS = ['too-old', 'unknown', 'ahead'] as const
export const resetEventSchema = z
  .object({
    asOf: utcSchema,
    reason: z.enum(RESET_REASONS).meta({
      description:
        '`too-old`: the records after it are not kept · `unknown`: it is no position of this log · `ahead`: the log is shorter. What you have is not continued: a snapshot follows.',
    }),
    log: z.string().nullable(),
    oldest: position.nullable(),
    newest: position.nullable(),
  })
  .meta({ id: 'ResetEvent' })
export type ResetEvent = z.infer<typeof resetEventSchema>

/** Every so often, in ms; a client that hears nothing for longer knows that the server is silent. */
export const TICK_MS = 5_000
export const tickEventSchema = z
  .object({ asOf: utcSchema, audit: auditSchema })
  .meta({ id: 'TickEvent', description: 'The server is there. Every 5 s.' })
export type TickEvent = z.infer<typeof tickEventSchema>

export const BYE_REASONS = ['slow', 'revoked', 'expired', 'shutdown'] as const
export const byeEventSchema = z
  .object({
    asOf: utcSchema,
    reason: z.enum(BYE_REASONS).meta({ description: 'The code of `sentence`.' }),
    sentence: z.string(),
  })
  .meta({ id: 'ByeEvent', description: 'The last event of this connection, and why.' })
export type ByeEvent = z.infer<typeof byeEventSchema>

/** The data of any event of the stream; its name says which. */
export const eventSchema = z
  .union([
    snapshotEventSchema,
    recordSchema,
    statusEventSchema,
    resetEventSchema,
    tickEventSchema,
    byeEventSchema,
  ])
  .meta({ id: 'Event', description: 'The `data` of one event; the name of the event says which.' })

export const healthSchema = z
  .object({ ok: z.boolean(), ...statementShape, sentence: z.string() })
  .meta({ id: 'Health' })

export const KEY_CHANGES = 'wandbridge-key-changes/1'

export const keyChangesSchema = z
  .object({
    format: z.literal(KEY_CHANGES),
    changes: z.array(z.string()).meta({ description: 'Texts of c2sp.org/tlog-proof.' }),
  })
  .meta({ id: 'KeyChanges', description: 'Section 13 of the format of the audit log.' })

export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'Stable: `urn:wandbridge:problem:…`.' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().meta({ description: 'What happened.' }),
    meaning: z.string().meta({ description: 'What it means for the reading.' }),
    next: z.string().meta({ description: 'What to do.' }),
    quality: z.literal('stale').optional().meta({ description: 'Nothing you show is live.' }),
    reason: z.enum(REASONS).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' })
export type Problem = z.infer<typeof problemSchema>
