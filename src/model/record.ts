// A record of the audit log as the API gives it: what a pump, a session or a link did, with its place
// in the log. Values are in public units and are history: never `current`. Browser-safe.
import * as z from 'zod'
import { Infusion } from '../../protocol/fields/infusion.ts'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import { contentShape } from './content.ts'
import { SESSION_ENDINGS } from './event.ts'
import { ownerSchema } from './owner.ts'
import { alarmSchema, pumpEventSchema, sourceSchema } from './reading.ts'
import { signedSchema } from './signed.ts'
import { statementSchema, statementShape } from './statement-schema.ts'
import { deviceTimeSchema, utcSchema, type Value, valueSchema } from './value.ts'

const numberValue = (field: Parameters<typeof valueSchema>[0]) =>
  valueSchema(field) as z.ZodType<Value<number>>

/** The two values that move from moment to moment. */
export const movingShape = {
  reportedVolume: numberValue(Reservoir.fields.reportedVolume),
  rate: numberValue(Infusion.fields.rate),
}

export const pumpRefSchema = z
  .object({
    id: z.string().meta({ description: 'Opaque; fit for addresses.' }),
    serial: z.string(),
  })
  .meta({ id: 'PumpRef' })

const position = z
  .number()
  .int()
  .nonnegative()
  .meta({ description: 'Place in the audit log: the id of the event, the cursor of history.' })

const head = {
  id: z.string().meta({
    description:
      'Opaque: names this record for ever. The id of the event, and the cursor behind it.',
  }),
  position,
  log: z.string().meta({ description: 'Name of the audit log that the position belongs to.' }),
  at: utcSchema.meta({
    description: 'When it happened, by the clock of the computer that saw it.',
  }),
  source: sourceSchema,
  pump: pumpRefSchema.nullable(),
  wand: z.string().nullable().meta({ description: 'Serial of the wand.' }),
  port: z.string().nullable(),
  patient: z.string().nullable().meta({ description: 'A pseudonym, only if somebody set one.' }),
  owner: ownerSchema.nullable().meta({
    description:
      'The patient whom the pump belonged to when this was recorded; null = nobody has said.',
  }),
  session: z.number().int().nullable(),
  snapshot: z.number().int().nullable(),
  deviceTime: deviceTimeSchema.nullable(),
}

const one = <K extends string, S extends z.ZodRawShape>(
  kind: K,
  id: string,
  doc: string,
  shape: S,
) => z.object({ kind: z.literal(kind), ...head, ...shape }).meta({ id, description: doc })

const saidAt = {
  readAt: utcSchema.meta({
    description: 'When the pump said it at the earliest; ages are counted from here.',
  }),
}

export const interrogationRecordSchema = one(
  'interrogation',
  'InterrogationRecord',
  'One whole reading of a pump.',
  {
    identity: z
      .object({ model: z.string().nullable(), firmware: z.string().nullable() })
      .meta({ description: 'What the pump says of itself.' }),
    ...saidAt,
    contradicted: z.literal(true).optional().meta({
      description:
        'Another answer of the pump in this session said something else, and counted no change: this reading may be false. It may also be a `session` record behind this one, `contradicted`, that says so.',
    }),
    ...contentShape,
  },
)
export type InterrogationRecord = z.infer<typeof interrogationRecordSchema>

export const recordSchema = z
  .discriminatedUnion('kind', [
    interrogationRecordSchema,
    one('live', 'LiveRecord', 'A short exchange inside a session.', {
      ...saidAt,
      ...movingShape,
      activeAlarms: z.number().int().nullable(),
    }),
    one('alarm', 'AlarmRecord', "A change among the pump's own alarms, from reading to reading.", {
      phase: z.enum(['start', 'update', 'end']),
      alarm: alarmSchema,
    }),
    one(
      'pump-events',
      'PumpEventsRecord',
      'What the pump has logged itself since the reading before: each event once.',
      {
        ...saidAt,
        upTo: z.number().int().nonnegative().meta({ description: 'Number of the newest of them.' }),
        overwritten: z.number().int().nonnegative().meta({
          description: 'Events since the reading before that the pump did not hold any more.',
        }),
        entries: z.array(pumpEventSchema).meta({ description: 'Oldest first.' }),
      },
    ),
    one('session', 'SessionRecord', 'A session with a pump began, went on, or ended.', {
      event: z.enum(['opened', 'recognised', 'changed', 'contradicted', 'ended']),
      how: z
        .enum(SESSION_ENDINGS)
        .nullable()
        .meta({ description: 'How it ended; null while it has not.' }),
    }),
    one(
      'unclosed',
      'UnclosedRecord',
      'Sessions of which no confirmed close is known; empty = none.',
      {
        sessions: z.array(
          z.object({
            session: z.number().int(),
            why: z.string(),
            pump: z.string().nullable().meta({ description: 'Serial, if known.' }),
          }),
        ),
      },
    ),
    one('link', 'LinkRecord', 'The connection to a wand changed.', {
      phase: z.string(),
      cause: z.string(),
      why: statementSchema.nullable().meta({ description: 'Where the cause does not say it all.' }),
      detail: z.string().meta({ description: '`why` as a sentence.' }),
      connected: z.boolean(),
    }),
    one('read-failed', 'ReadFailedRecord', 'An attempt to read a pump did not complete.', {
      ...statementShape,
      why: z.string().meta({ description: 'The same as a sentence.' }),
      final: z
        .boolean()
        .meta({ description: 'No further attempt before the wand is placed again.' }),
    }),
    one('worksheet', 'WorksheetRecord', 'A step of a refill worksheet was written down.', {
      sheet: z.string(),
      step: z.string(),
      entries: z.record(z.string(), z.unknown()),
      signed: signedSchema.optional(),
    }),
  ])
  .meta({ id: 'Record' })
export type ApiRecord = z.infer<typeof recordSchema>
export type RecordKind = ApiRecord['kind']
/** The same as it is known inside the bridge: codes with arguments, and no sentences. */
export type CodedRecord =
  | Exclude<ApiRecord, { kind: 'link' | 'read-failed' }>
  | Omit<RecordOf<'link'>, 'detail'>
  | Omit<RecordOf<'read-failed'>, 'why'>
export type RecordOf<K extends RecordKind> = Extract<ApiRecord, { kind: K }>

export const RECORD_KINDS = [
  'interrogation',
  'live',
  'alarm',
  'pump-events',
  'session',
  'unclosed',
  'link',
  'read-failed',
  'worksheet',
] as const satisfies readonly RecordKind[]
