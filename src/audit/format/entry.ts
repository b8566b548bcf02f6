// From what somebody hands in to the line that is hashed. Everything but the position is written
// when the record is handed in; the position is put in when its commit is formed.
import type { Env } from '../../base/env.ts'
import { utc } from '../../base/env.ts'
import type { Source } from '../../model/reading.ts'
import { canonical, type Json, MAX_DEPTH } from './canonical.ts'
import { toBase64 } from './note.ts'
import {
  type AuditRecord,
  BRIDGE,
  checkHandedIn,
  FIELDS,
  type Field,
  type Kind,
  type KNOWN,
  MAX_LINE,
  MAX_TEXT,
  type NewRecord,
  RECORD_VERSION,
  REPORTED,
} from './record.ts'

/** Where records come from: the same for all records of one log. */
export interface Origin {
  readonly env: Env
  readonly source: Source
  /** Names this boot and process. */
  readonly boot: string
  /** Whether a time service keeps this computer's clock. */
  readonly clock: () => AuditRecord['clock']
  /** 16 fresh random bytes in base64. */
  readonly nonce: () => string
}

/** Draws randomness in larger pieces: one system call for many records. */
export function nonces(env: Env): () => string {
  let pool = Buffer.alloc(0)
  let at = 0
  return () => {
    if (at === pool.length) {
      pool = Buffer.from(env.random(4_096))
      at = 0
    }
    at += 16
    return pool.toString('base64', at - 16, at)
  }
}

/** A record before it has a position. */
export interface Draft {
  readonly kind: Kind
  readonly at: string
  readonly body: NewRecord['body']
  /** Upper bound of the line's bytes, newline included. */
  readonly bytes: number
  line(seq: number): string
}

export type Refusal = 'too-long' | 'not-valid'

/** Writes a record, or says why it cannot be one. Never throws: bad input must not stop a bridge. */
export function draft(
  handedIn: NewRecord,
  origin: Origin,
): Draft | { refused: Refusal; reason: string } {
  const at = handedIn.at ?? utc(origin.env.wall())
  const record = fitted(handedIn)
  try {
    const reason = checkHandedIn(record)
    if (reason !== null) return { refused: 'not-valid', reason }
    const head = `{${texts(BEFORE_SEQ, record, origin, at)}"seq":`
    const tail = `,${texts(BEHIND_SEQ, record, origin, at).slice(0, -1)}}\n`
    const bytes = Buffer.byteLength(head) + Buffer.byteLength(tail) + LONGEST_SEQ
    if (bytes - 1 > MAX_LINE)
      return { refused: 'too-long', reason: `the record has ${bytes} bytes` }
    return { kind: record.kind, at, body: record.body, bytes, line: (seq) => head + seq + tail }
  } catch (error) {
    return { refused: 'not-valid', reason: (error as Error).message }
  }
}

const CUT = '…'
const HALF = /\p{Surrogate}/u
const HALVES = /\p{Surrogate}/gu

/** A text that a record can hold: no half characters, and cut, with a mark, where it is too long. */
function shortened(text: string, most: number): string {
  const whole = HALF.test(text) ? text.replace(HALVES, '\uFFFD') : text
  if (whole.length <= most) return whole
  return whole.slice(0, most - CUT.length).replace(/[\uD800-\uDBFF]$/, '') + CUT
}

/** The record with every reported text made to fit: nothing that a wand says may cost a record. */
function fitted(record: NewRecord): NewRecord {
  const changed: Partial<Record<keyof typeof REPORTED, string>> = {}
  for (const field of Object.keys(REPORTED) as (keyof typeof REPORTED)[]) {
    const value = record[field]
    if (typeof value === 'string') changed[field] = shortened(value, REPORTED[field])
  }
  const body = deep(record.body as Json) as NewRecord['body']
  return { ...record, ...changed, body }
}

/** The same value if every text in it fits, which is nearly always so. */
function deep(value: Json, depth = 0): Json {
  if (typeof value === 'string') return shortened(value, MAX_TEXT)
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => deep(item, depth + 1))
    return items.some((item, i) => item !== value[i]) ? items : value
  }
  let changed = false
  const out: { [key: string]: Json | undefined } = {}
  for (const [key, item] of Object.entries(value)) {
    out[key] = item === undefined ? item : deep(item, depth + 1)
    changed ||= out[key] !== item
  }
  return changed ? out : value
}

type Text = (record: NewRecord, origin: Origin, at: string) => string | null

/** Where the text of each field comes from; null = the record has no such field. */
const TEXTS: { readonly [F in Exclude<Field, 'seq'>]: Text } = {
  action: ({ action = 'E' }) => `"${action}"`,
  actor: ({ actor }) => (actor ? canonical(actor) : BY_BRIDGE),
  at: (_record, _origin, at) => `"${at}"`,
  body: ({ body }) => canonical(body as Json),
  boot: (_record, { boot }) => canonical(boot),
  clock: (_record, { clock }) => `"${clock()}"`,
  decoder: optional('decoder'),
  deviceTime: optional('deviceTime'),
  kind: ({ kind }) => `"${kind}"`,
  link: optional('link'),
  model: optional('model'),
  mono: ({ mono }, { env }) => canonical(Math.floor(mono ?? env.monotonic())),
  nonce: (_record, { nonce }) => `"${nonce()}"`,
  outcome: ({ outcome }) => (outcome ? canonical(outcome) : DONE),
  owner: optional('owner'),
  patient: optional('patient'),
  pdus: ({ pdus }) => (pdus ? canonical(pdus.map(toBase64)) : null),
  port: optional('port'),
  pump: optional('pump'),
  refs: optional('refs'),
  session: optional('session'),
  snapshot: optional('snapshot'),
  source: (_record, { source }) => `"${source}"`,
  v: () => String(RECORD_VERSION),
  wand: optional('wand'),
}

function optional(field: (typeof KNOWN)[number]): Text {
  return ({ [field]: value }) => (value === undefined || value === null ? null : canonical(value))
}

const BY_BRIDGE = canonical(BRIDGE)
const DONE = canonical({ ok: true })
const LONGEST_SEQ = String(Number.MAX_SAFE_INTEGER).length

type Row = readonly [name: string, text: Text]
const ROWS: readonly Row[] = FIELDS.filter((field) => field !== 'seq').map((field) => [
  `"${field}":`,
  TEXTS[field],
])
const SEQ = FIELDS.indexOf('seq')
const BEFORE_SEQ = ROWS.slice(0, SEQ)
const BEHIND_SEQ = ROWS.slice(SEQ)

/** The fields that are there, each with a comma behind it. */
function texts(rows: readonly Row[], record: NewRecord, origin: Origin, at: string): string {
  let out = ''
  for (const [name, textOf] of rows) {
    const text = textOf(record, origin, at)
    if (text !== null) out += `${name}${text},`
  }
  return out
}
