// What one record says: the envelope after 21 CFR 11.10(e) and one schema per kind. A patient's name stands in
// it only where the configuration asks for names. Everything a wand reported stays in protocol units, so every number is an
// integer and a body can be derived again from the PDUs beside it.
import * as z from 'zod'
import { assignmentSchema, type Owner, ownerSchema, patientToldSchema } from '../../model/owner.ts'
import { sourceSchema } from '../../model/reading.ts'
import { signedSchema } from '../../model/signed.ts'
import type { AsideCode } from '../../model/statement.ts'
import { deviceTimeSchema, utcSchema } from '../../model/value.ts'
import type { Json } from './canonical.ts'

/** Longest line, without its newline, in bytes. */
export const MAX_LINE = 65_535
export const RECORD_VERSION = 1

const int = z.number().int()
const count = int.min(0)
/** Longest text in a body, in UTF-16 units. */
export const MAX_TEXT = 2_000
const text = z.string().max(MAX_TEXT)
const name = z.string().min(1).max(200)
/** Of a code: what is said to people is words/'s. */
const args = z.record(name, z.union([text, int, z.boolean(), z.null()]))
const statement = z.strictObject({ code: name, args })
const digest = z.string().regex(/^[0-9a-f]{64}$/)
/** Anything canonical JSON can say: writing the line has checked that already. */
const fields = z.record(z.string(), z.unknown() as z.ZodType<Json>)

const voidSchema = z.strictObject({ segment: count, offset: count, bytes: count, sha256: digest })
/** Bytes of earlier segments that are no part of the log. */
export type Void = z.infer<typeof voidSchema>

/** Why a log was set aside. */
export const SET_ASIDE = [
  'fork',
  'ahead',
  'gone',
  'cut',
  'replaced',
  'copied',
  'shorter',
  'no-manifest',
  'missing',
  'damaged',
  'no-key',
  'unreadable',
] as const satisfies readonly AsideCode[]
export const quarantineSchema = z.strictObject({
  log: name,
  code: z.enum(SET_ASIDE),
  args,
  /** How many records it had when it was set aside, and their root, as far as that was found. */
  size: count.optional(),
  root: z.base64().optional(),
})
/** A log that was set aside and that nobody has accepted yet. */
export type Quarantine = z.infer<typeof quarantineSchema>

/** The log's age by its own evidence, and what is needed to count on: see log/clock.ts. */
const ageSchema = z.strictObject({
  ms: count,
  confirmed: int.nullable(),
  kept: int,
  since: int.nullable(),
})

/** Body of each kind. */
export const BODIES = {
  // The log itself.
  segment: z.strictObject({
    number: count,
    why: z.enum(['first', 'size', 'month', 'key', 'recovery']),
    voids: z.array(voidSchema),
    unaccepted: z.array(quarantineSchema),
    age: ageSchema,
  }),
  gap: z.strictObject({
    dropped: count,
    reasons: z.array(
      z.strictObject({ why: z.enum(['queue-full', 'too-long', 'not-valid']), count }),
    ),
    kinds: z.array(z.strictObject({ kind: name, count })),
    from: utcSchema,
    to: utcSchema,
  }),
  quarantine: quarantineSchema,
  accept: z.strictObject({ log: name, reason: text.min(1) }),
  'key-rotation': z.strictObject({ from: name, to: name, reason: text }),
  stray: z.strictObject({ file: name, moved: name }),
  // A witness has seen another log of this name.
  witness: z.strictObject({
    name,
    size: count,
    problem: name,
    theirs: count.nullable(),
    said: text,
  }),
  packed: z.strictObject({ segment: count, bytes: count, sha256: digest }),
  // Everything up to and with segment `through`, which is every position below `position`.
  // `keyChanges`: tlog-proofs of the changes of key below it, oldest first: see key-change.ts.
  retention: z.strictObject({
    through: count,
    position: count,
    keepDays: count,
    keyChanges: z.array(z.string()).optional(),
  }),
  'clock-jump': z.strictObject({
    fromWall: utcSchema,
    toWall: utcSchema,
    sizeMs: int,
    vouched: z.boolean(),
  }),
  // The bridge.
  // `account`: as whom of the operating system the process runs; `uid` −1 where it has no numbers.
  start: z.strictObject({
    software: name,
    node: name,
    platform: name,
    account: z.strictObject({ uid: int.min(-1), name }).optional(),
  }),
  stop: z.strictObject({ why: text }),
  configuration: z.strictObject({ sha256: digest, settings: fields }),
  link: z.strictObject({
    phase: name,
    cause: name,
    why: statement.nullable(),
    connected: z.boolean(),
  }),
  refused: z.strictObject({
    from: utcSchema,
    to: utcSchema,
    frames: count,
    bytes: count,
    reasons: z.array(z.strictObject({ why: name, frames: count, bytes: count })),
  }),
  'capture-seal': z.strictObject({
    file: name,
    bytes: count,
    sha256: digest,
    from: utcSchema,
    to: utcSchema,
  }),
  // Somebody may sign worksheets with a PIN from now on, or no more.
  operator: z.strictObject({ name, change: z.enum(['added', 'removed']) }),
  'read-access': z.strictObject({
    token: name,
    route: name,
    from: utcSchema,
    to: utcSchema,
    reads: count,
    refused: count,
  }),
  // The pump.
  // `readAt`: when the pump said it at the earliest, by the wand's word; an age is counted from there.
  // `contradicted`: LIVE said something else at the same state counter, and had not agreed with it since.
  interrogation: z.strictObject({
    blocks: fields,
    clock: fields.optional(),
    readAt: utcSchema.optional(),
    contradicted: z.literal(true).optional(),
  }),
  live: z.strictObject({ values: fields, readAt: utcSchema.optional() }),
  alarm: z.strictObject({ phase: z.enum(['start', 'update', 'end']), alarm: fields }),
  // What the pump has logged since the reading before, each event once; `overwritten` of them it had no more.
  'pump-events': z.strictObject({
    upTo: count,
    overwritten: count,
    events: z.array(fields).max(64),
    readAt: utcSchema.optional(),
  }),
  session: z.strictObject({
    event: z.enum(['opened', 'recognised', 'changed', 'contradicted', 'ended']),
    how: text.optional(),
  }),
  unclosed: z.strictObject({
    sessions: z.array(z.strictObject({ session: count, why: name, pump: text.nullable() })),
  }),
  'read-failed': z.strictObject({ code: name, args, final: z.boolean() }),
  // Patients: a pump (of the envelope) is somebody's from now on; what was told of somebody who has one.
  assignment: assignmentSchema,
  'patient-told': patientToldSchema,
  // Messages to other systems.
  'delivery-parked': z.strictObject({
    destination: name,
    position: count,
    control: name,
    code: text,
    text,
    attempts: count,
  }),
  'delivery-resent': z.strictObject({ destination: name, position: count, control: name }),
  // Never sent; `to` null = to the end of a log that is not gone on with.
  'delivery-gap': z.strictObject({
    destination: name,
    log: name,
    from: count,
    to: count.nullable(),
  }),
  // A destination wants no message any more, or (`code` null) is asked again.
  'delivery-disabled': z.strictObject({ destination: name, code: text.nullable(), text }),
  worksheet: z.strictObject({
    sheet: name,
    step: name,
    entries: fields,
    signed: signedSchema.optional(),
  }),
} as const satisfies Record<string, z.ZodType>

export type Kind = keyof typeof BODIES
export type Body<K extends Kind> = z.input<(typeof BODIES)[K]>
/** What a segment says about its beginning. */
export type Opened = Body<'segment'>
export const KINDS = Object.keys(BODIES) as readonly Kind[]

const actorSchema = z.strictObject({
  id: name.meta({ description: 'A token, an operator, or `bridge`.' }),
  role: name,
  auth: name.meta({
    description: 'How it was authenticated: `process`, `token`, `page-link`, `none`.',
  }),
})
export type Actor = z.infer<typeof actorSchema>
export const BRIDGE: Actor = { id: 'bridge', role: 'bridge', auth: 'process' }

/**
 * Longest text of the fields that a wand or the system reports, in UTF-16 units. Any text may stand in
 * them: a wand that reports a serial outside its pattern must not cost the record. Longer is cut.
 */
export const REPORTED = { pump: 64, model: 64, wand: 64, port: 200 } as const
const reported = (field: keyof typeof REPORTED) => z.string().max(REPORTED[field]).optional()

/** What the log writes into every record, from nothing or in its own form. */
const added = {
  v: z.literal(RECORD_VERSION).meta({ description: 'Version of the record format.' }),
  seq: count.meta({ description: 'Position in the log: the leaf index, from 0.' }),
  mono: count.meta({
    description: 'Monotonic ms of the same moment; comparable within one `boot`.',
  }),
  boot: name.meta({ description: 'Which boot and process the monotonic time belongs to.' }),
  clock: z
    .enum(['synchronised', 'unsynchronised', 'unknown'])
    .meta({ description: "Whether this computer's clock was kept by a time service." }),
  source: sourceSchema,
  nonce: z
    .string()
    .meta({ description: '16 random bytes: the hash gives nothing away to guessing.' }),
  pdus: z
    .array(z.base64())
    .optional()
    .meta({ description: 'The reply PDUs the body was decoded from.' }),
}

/** What the log has a word for when nothing else is said. */
const usual = {
  at: utcSchema.meta({ description: "This computer's UTC when it happened." }),
  actor: actorSchema,
  action: z
    .enum(['C', 'R', 'U', 'D', 'E'])
    .meta({ description: 'Create, read, update, delete, execute.' }),
  outcome: z.strictObject({ ok: z.boolean(), reason: text.optional() }),
}

/** What only whoever hands the record in can know. */
const known = {
  pump: reported('pump').meta({ description: 'Serial of the pump, as reported.' }),
  model: reported('model').meta({
    description: 'Model of the pump, as reported: with source and serial it says which pump.',
  }),
  wand: reported('wand').meta({ description: 'Serial of the wand, as reported.' }),
  port: reported('port'),
  link: count.optional(),
  session: count.optional(),
  snapshot: count.optional(),
  patient: name.optional().meta({ description: 'A pseudonym, only if somebody set one.' }),
  owner: ownerSchema.optional().meta({
    description: 'The patient whom the pump belonged to at this record, if that is known.',
  }),
  deviceTime: deviceTimeSchema
    .optional()
    .meta({ description: "The pump's clock, exactly as reported." }),
  decoder: name.optional().meta({ description: 'Version of the decoder that read them.' }),
  refs: z
    .strictObject({ corrects: count.optional(), continues: count.optional() })
    .optional()
    .meta({ description: 'Positions of records that this one corrects or continues.' }),
}

const envelope = { ...added, ...usual, ...known }

/** The fields of a record, in the order in which a canonical line has them. */
export const FIELDS = [...Object.keys(envelope), 'kind', 'body'].sort() as readonly Field[]
export type Field = keyof typeof envelope | 'kind' | 'body'

/** Fields of `known`. */
export const KNOWN = Object.keys(known) as readonly (keyof typeof known)[]
const HANDED_IN = [...Object.keys(usual), ...KNOWN] as readonly (
  | keyof typeof known
  | keyof typeof usual
)[]

const handedIn = z.object(usual).partial().extend(known)
const handedInOf = new Map<string, z.ZodType>(
  KINDS.map((kind) => [kind, handedIn.extend({ body: BODIES[kind] })]),
)

/** Why a text of a person cannot be a reason; null when it can. Unlike what a wand says it is not cut. */
export function checkReason(reason: string): string | null {
  if (reason.trim() === '')
    return 'The reason is empty. Nothing was recorded. Give a reason in words.'
  if (reason.length <= MAX_TEXT) return null
  return (
    `The reason has ${reason.length} characters; a record holds ${MAX_TEXT}. ` +
    'Nothing was recorded. Give a shorter one.'
  )
}

/** Checks what was handed in: null, or a sentence that names the field. */
export function checkHandedIn(record: NewRecord): string | null {
  const schema = handedInOf.get(record.kind)
  if (!schema) return noKind(record.kind)
  // What is not set is left out: zod is slow when it is undefined or null.
  const given: { [field: string]: unknown } = { body: record.body }
  for (const field of HANDED_IN) {
    const value = record[field]
    if (value !== undefined && value !== null) given[field] = value
  }
  const { success, error } = schema.safeParse(given)
  return success ? null : problem(record.kind, error)
}

const schemas = Object.fromEntries(
  KINDS.map((kind) => [
    kind,
    z.strictObject({ ...envelope, kind: z.literal(kind), body: BODIES[kind] }),
  ]),
) as unknown as Record<Kind, z.ZodType<AuditRecord>>

/** One record of the log, as its line says it. */
export type AuditRecord = {
  [K in Kind]: { readonly kind: K; readonly body: z.infer<(typeof BODIES)[K]> }
}[Kind] & { readonly [F in keyof typeof envelope]: z.infer<(typeof envelope)[F]> }

/** What somebody hands in; the log adds the rest. */
export interface NewRecord<K extends Kind = Kind> {
  readonly kind: K
  readonly body: Body<K>
  /** When it happened, if not now. Both, or neither. */
  readonly at?: string
  readonly mono?: number
  readonly actor?: Actor
  readonly action?: 'C' | 'R' | 'U' | 'D' | 'E'
  readonly outcome?: { readonly ok: boolean; readonly reason?: string }
  readonly pump?: string | null
  readonly model?: string | null
  readonly wand?: string | null
  readonly port?: string | null
  readonly link?: number | null
  readonly session?: number | null
  readonly snapshot?: number | null
  readonly patient?: string | null
  readonly owner?: Owner | null
  readonly deviceTime?: string | null
  readonly pdus?: readonly Uint8Array[]
  readonly decoder?: string
  readonly refs?: { readonly corrects?: number; readonly continues?: number }
}

/** Checks a record; the record itself, or a sentence that names the field. */
export function checkRecord(value: unknown): AuditRecord | string {
  const kind = (value as { kind?: unknown } | null)?.kind
  const schema =
    typeof kind === 'string' && Object.hasOwn(schemas, kind) ? schemas[kind as Kind] : null
  if (!schema) return noKind(kind)
  const result = schema.safeParse(value)
  return result.success ? result.data : problem(String(kind), result.error)
}

const noKind = (kind: unknown) => `no kind of record is called ${JSON.stringify(kind)}`

function problem(kind: string, { issues: [issue] }: z.ZodError): string {
  return `${kind}: ${issue?.path.join('.') || 'record'}: ${issue?.message ?? 'not valid'}`
}
