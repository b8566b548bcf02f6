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
  const { env } = origin
  const at = record.at ?? utc(env.wall())
  const front = {
    action: record.action ?? 'E',
    actor: record.actor ?? BRIDGE,
    at,
    body: record.body,
    boot: origin.boot,
    clock: origin.clock(),
    decoder: record.decoder,
    deviceTime: record.deviceTime ?? undefined,
    kind: record.kind,
    link: record.link ?? undefined,
    mono: Math.floor(record.mono ?? env.monotonic()),
    nonce: toBase64(env.random(16)),
    outcome: record.outcome ?? { ok: true },
    patient: record.patient ?? undefined,
    pdus: record.pdus?.map(toBase64),
    port: record.port ?? undefined,
    pump: record.pump ?? undefined,
    refs: record.refs,
  }
  const back = {
    session: record.session ?? undefined,
    snapshot: record.snapshot ?? undefined,
    source: origin.source,
    v: RECORD_VERSION,
    wand: record.wand ?? undefined,
  }
  try {
    // `seq` stands between these two in the order of names.
    const head = canonical(front as unknown as Json).slice(0, -1)
    const tail = canonical(back).slice(1)
    const bytes =
      Buffer.byteLength(head) + Buffer.byteLength(tail) + ',"seq":9007199254740991,\n'.length
    if (bytes > MAX_LINE) return { refused: 'too-long', reason: `the record has ${bytes} bytes` }
    const checked = checkRecord({ ...defined(front), ...defined(back), seq: 0 })
    if (typeof checked === 'string') return { refused: 'not-valid', reason: checked }
    return {
      kind: record.kind,
      at,
      body: record.body,
      bytes,
      line: (seq) => `${head},"seq":${seq},${tail}\n`,
    }
  } catch (error) {
    return { refused: 'not-valid', reason: (error as Error).message }
  }
}

const defined = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
