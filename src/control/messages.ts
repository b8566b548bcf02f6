// What goes over the control socket: one JSON object a line, each way. It can ask for the status, for
// the live stream, for an interrogation, for two entries in the audit log, and for a step of a refill
// worksheet to be recorded; only the interrogation reaches a link.
import { z } from 'zod'

/** Time to place the wand, ten seconds at most for the air, retries and the close. */
export const READ_MS = 40_000

const actorSchema = z.object({
  id: z.string().min(1).max(200),
  role: z.string().min(1).max(200),
  auth: z.string().min(1).max(200),
})

export const controlRequestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('status') }),
  z.object({ do: z.literal('watch') }),
  /** A link that lets one browser in. */
  z.object({ do: z.literal('open') }),
  z.object({
    do: z.literal('interrogate'),
    port: z.string().optional(),
    /** How long to wait for wand and pump. */
    readMs: z.number().int().min(1_000).max(3_600_000).default(READ_MS),
  }),
  /** A capture lasts until its client ends it or leaves. */
  z.object({ do: z.literal('capture'), what: z.enum(['start', 'stop']) }),
  /** How far the HL7 destinations are; `resend` sends what was set aside again. */
  z.object({
    do: z.literal('hl7'),
    what: z.enum(['status', 'resend']),
    destination: z.string().optional(),
  }),
  z.object({
    do: z.literal('audit'),
    what: z.enum(['accept', 'rotate']),
    reason: z.string().min(1).max(1_000),
    actor: actorSchema,
  }),
  /** Somebody reads the log itself; answered once that is recorded. */
  z.object({
    do: z.literal('audit-read'),
    route: z.enum(['audit show', 'audit export', 'audit report']),
    pump: z.string().max(64).optional(),
    actor: actorSchema,
  }),
  /** One record: a step of a worksheet. Answered with its place in the log. */
  z.object({
    do: z.literal('worksheet'),
    pump: z.string().min(1).max(64),
    /** Model of the pump; null = it did not report one. */
    model: z.string().min(1).max(64).nullable(),
    patient: z.string().min(1).max(200).optional(),
    sheet: z.string().min(1).max(200),
    step: z.string().min(1).max(200),
    entries: z.record(z.string(), z.unknown()),
    /** Position of the record that this one corrects. */
    corrects: z.number().int().min(0).optional(),
    actor: actorSchema,
  }),
])
export type ControlRequest = z.output<typeof controlRequestSchema>
export type ControlInput = z.input<typeof controlRequestSchema>

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
