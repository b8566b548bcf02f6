// From what somebody hands in to the line that is hashed. Everything but the position is written
// when the record is handed in; the position is put in when its commit is formed.
import type { Env } from '../env.ts'
import { utc } from '../env.ts'
import type { Source } from '../model/reading.ts'
import { canonical, type Json } from './canonical.ts'
import { toBase64 } from './note.ts'
import {
  type AuditRecord,
  BRIDGE,
  checkRecord,
  type Kind,
  MAX_LINE,
  type NewRecord,
  RECORD_VERSION,
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
  let pool: Uint8Array = new Uint8Array()
  let at = 0
  return () => {
    if (at === pool.length) {
      pool = env.random(4_096)
      at = 0
    }
    at += 16
    return toBase64(pool.subarray(at - 16, at))
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
  record: NewRecord,
  origin: Origin,
): Draft | { refused: Refusal; reason: string } {
  const at = record.at ?? utc(origin.env.wall())
  const value = fill(record, origin, at)
  try {
    // Behind `seq` stand only numbers and plain texts: the last one is the record's own.
    const text = canonical(value as Json)
    const cut = text.lastIndexOf('"seq":0,') + '"seq":'.length
    const head = text.slice(0, cut)
    const tail = `${text.slice(cut + 1)}\n`
    const bytes = Buffer.byteLength(text) + String(Number.MAX_SAFE_INTEGER).length
    if (bytes > MAX_LINE) return { refused: 'too-long', reason: `the record has ${bytes} bytes` }
    const checked = checkRecord(value)
    if (typeof checked === 'string') return { refused: 'not-valid', reason: checked }
    return {
      kind: record.kind,
      at,
      body: record.body,
      bytes,
      line: (seq) => `${head}${seq}${tail}`,
    }
  } catch (error) {
    return { refused: 'not-valid', reason: (error as Error).message }
  }
}

/** The whole record at position 0. Fields that are not set are left out, not undefined: zod is slow then. */
function fill(record: NewRecord, origin: Origin, at: string): Record<string, unknown> {
  const value: Record<string, unknown> = {
    action: record.action ?? 'E',
    actor: record.actor ?? BRIDGE,
    at,
    body: record.body,
    boot: origin.boot,
    clock: origin.clock(),
    kind: record.kind,
    mono: Math.floor(record.mono ?? origin.env.monotonic()),
    nonce: origin.nonce(),
    outcome: record.outcome ?? { ok: true },
    seq: 0,
    source: origin.source,
    v: RECORD_VERSION,
  }
  for (const name of OPTIONAL) {
    const given = record[name]
    if (given !== undefined && given !== null) value[name] = given
  }
  if (record.pdus) value['pdus'] = record.pdus.map(toBase64)
  return value
}

const OPTIONAL = [
  'decoder',
  'deviceTime',
  'link',
  'patient',
  'port',
  'pump',
  'refs',
  'session',
  'snapshot',
  'wand',
] as const satisfies readonly (keyof NewRecord)[]
