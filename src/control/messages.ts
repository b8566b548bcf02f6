// What goes over the control socket, declared once a request: its name, what it is asked with, and what
// is answered. It can ask for the status, for the live stream, for interrogations, for entries in the audit
// log, and for a step of a refill worksheet to be recorded; only the interrogation reaches a link.
//
// One JSON object a line, each way: `{ id, do, args }`, and `{ id, reply }` or `{ id, error }`, in any order;
// `{ bye }` is the last line. Client and bridge may be of two versions: whoever asks checks the reply.
import * as z from 'zod'
import { alarmSchema } from '../model/reading.ts'
import { signedSchema } from '../model/signed.ts'
import { statementSchema } from '../model/statement-schema.ts'
import {
  auditSchema,
  destinationStatusSchema,
  linkSchema,
  pumpStatusSchema,
  sessionSchema,
  wandSchema,
} from '../model/status.ts'
import { utcSchema } from '../model/value.ts'

/** Time to place the wand, ten seconds at most for the air, retries and the close. */
export const READ_MS = 40_000

const actor = z.object({
  id: z.string().min(1).max(200),
  role: z.string().min(1).max(200),
  auth: z.string().min(1).max(200),
})
const reason = z.string().min(1).max(1_000)
const nothing = z.object({})

const why = { why: z.array(statementSchema).readonly(), sentence: z.string() }

/** How one reading came out. */
const outcome = z.discriminatedUnion('kind', [
  /** Read; `status` is as it stood when the last reply came, with the session as it ended. */
  z.object({
    kind: z.literal('read'),
    status: pumpStatusSchema,
    closeConfirmed: z.boolean(),
  }),
  /** Nothing answers on the port. */
  z.object({ kind: z.literal('no-wand'), ...why }),
  /** The wand answers, the pump does not, or the reading broke off. */
  z.object({ kind: z.literal('failed'), ...why }),
  /** Nothing can be recorded, so nothing is shown. */
  z.object({ kind: z.literal('unrecorded'), ...why }),
])

const wandShape = { asOf: utcSchema, source: z.string(), port: z.string() }
const wandName = wandSchema.shape.serial
const pump = pumpStatusSchema.shape.pump

const watchLine = z.discriminatedUnion('kind', [
  pumpStatusSchema.extend({ kind: z.literal('reading') }),
  auditSchema.extend({ kind: z.literal('audit'), asOf: utcSchema }),
  z.object({
    ...{ kind: z.literal('alarm'), asOf: utcSchema, source: z.string(), pump },
    phase: z.enum(['start', 'update', 'end']),
    alarm: alarmSchema,
  }),
  z.object({
    ...{ kind: z.literal('link'), ...wandShape, wand: wandName, link: linkSchema },
    ...wandSchema.pick({ coupling: true, contact: true, unclosed: true }).shape,
    /** Why an attempt to read did not complete. */
    failure: statementSchema.optional(),
    readFailed: z.string().optional(),
  }),
  z.object({
    ...{ kind: z.literal('session'), ...wandShape, wand: wandName },
    pump: pump.nullable(),
    session: sessionSchema,
  }),
])

/** `many`: it is answered again and again, until the client leaves. */
export const REQUESTS = {
  status: {
    args: nothing,
    reply: z.object({
      asOf: utcSchema,
      wands: z.array(wandSchema).readonly(),
      pumps: z.array(pumpStatusSchema).readonly(),
      audit: auditSchema,
    }),
  },
  watch: { args: nothing, reply: watchLine, many: true },
  /** A link that lets one browser in. */
  open: { args: nothing, reply: z.string() },
  /** One reading through each of these ports, or through all that the bridge has. */
  interrogate: {
    args: z.object({
      ports: z.array(z.string()).optional(),
      /** How long to wait for wand and pump. */
      readMs: z.number().int().min(1_000).max(3_600_000),
    }),
    reply: z.array(z.object({ port: z.string(), outcome })).readonly(),
  },
  /** Answered once it has begun; it lasts until somebody ends it or its client leaves. */
  capture: { args: nothing, reply: nothing, many: true },
  /** What was sealed; null = it could not be ended well. */
  'capture-stop': {
    args: nothing,
    reply: z.object({ file: z.string(), bytes: z.number(), sha256: z.string() }).nullable(),
  },
  /** The configuration is read again: the settings that are in use now, and those that want a restart. */
  reload: {
    args: nothing,
    reply: z.object({
      applied: z.array(z.string()).readonly(),
      restart: z.array(z.string()).readonly(),
    }),
  },
  /** How far the destinations are. */
  delivery: { args: nothing, reply: z.array(destinationStatusSchema).readonly() },
  /** What it counts by itself. */
  counters: {
    args: nothing,
    reply: z
      .array(
        z.object({
          name: z.string(),
          labels: z.record(z.string(), z.string()),
          value: z.number(),
        }),
      )
      .readonly(),
  },
  /** Sends what was set aside again: how many, by destination. */
  'delivery-resend': {
    args: z.object({ destination: z.string().optional() }),
    reply: z.record(z.string(), z.number()).readonly(),
  },
  /** The logs that were accepted. */
  'audit-accept': { args: z.object({ reason, actor }), reply: z.array(z.string()).readonly() },
  /** The new verifier keys. */
  'audit-rotate': { args: z.object({ reason, actor }), reply: z.array(z.string()).readonly() },
  /** Somebody may sign worksheets with a PIN, or no more. Answered once that is recorded. */
  operator: {
    args: z.object({ name: z.string().max(80), change: z.enum(['added', 'removed']), actor }),
    reply: nothing,
  },
  /** Somebody reads the log itself. Answered once that is recorded. */
  'audit-read': {
    args: z.object({
      route: z.enum(['audit show', 'audit export', 'audit report']),
      pump: z.string().max(64).nullable(),
      actor,
    }),
    reply: nothing,
  },
  /** One record: a step of a worksheet. Answered with its place in the log. */
  worksheet: {
    args: z.object({
      pump: z.string().min(1).max(64),
      /** Model of the pump; null = it did not report one. */
      model: z.string().min(1).max(64).nullable(),
      patient: z.string().min(1).max(200).optional(),
      sheet: z.string().min(1).max(200),
      step: z.string().min(1).max(200),
      entries: z.record(z.string(), z.unknown()),
      signed: signedSchema,
      /** Position of the record that this one corrects. */
      corrects: z.number().int().min(0).optional(),
      actor,
    }),
    reply: z.object({ position: z.number().int(), log: z.string() }),
  },
} as const satisfies Record<string, { args: z.ZodType; reply: z.ZodType; many?: true }>

export type RequestName = keyof typeof REQUESTS
export type Args<N extends RequestName> = z.output<(typeof REQUESTS)[N]['args']>
export type Reply<N extends RequestName> = z.output<(typeof REQUESTS)[N]['reply']>
export type Streamed = {
  [N in RequestName]: (typeof REQUESTS)[N] extends { many: true } ? N : never
}[RequestName]

/** A line to the bridge; `args` are checked once it is known what is asked for. */
export const requestSchema = z.object({
  id: z.number().int(),
  do: z.string(),
  args: z.unknown(),
})
/** A line from the bridge. */
export const answerSchema = z.union([
  z.object({ id: z.number().int(), reply: z.unknown() }),
  z.object({ id: z.number().int().nullable(), error: z.string() }),
  z.object({ bye: z.string() }),
])
export type AnswerLine = z.output<typeof answerSchema>

/** Longest request line; a client that sends more is cut off. */
export const REQUEST_MAX = 65_536

/** Cuts a stream of text into lines; the tail waits for its end. Throws RangeError past `max`. */
export class Lines {
  #tail = ''
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  push(text: string): string[] {
    const parts = (this.#tail + text).split('\n')
    this.#tail = parts.pop() ?? ''
    if (this.#tail.length > this.#max) throw new RangeError(`a line is longer than ${this.#max}`)
    return parts.filter((line) => line !== '')
  }
}
