// What the records of a log say, as far as a verification asks: what was packed and dropped on purpose,
// whether each keeps its schema, and whether its PDUs still say what it says.
import { canonical, type Json } from '../format/canonical.ts'
import { type AuditRecord, checkRecord } from '../format/record.ts'
import { bodyOf } from '../format/segment.ts'
import type { Rederiver, VerifyOptions } from './verification.ts'

/** A record's line, where it stands, and its number. */
interface Line {
  readonly file: string
  readonly line: Uint8Array
  readonly start: number
  readonly end: number
  readonly kind: string | null
  readonly offset: number
  readonly position: number
}

type Found = (file: string, offset: number, reason: string, position: number) => never

export class Contents {
  readonly #options: VerifyOptions
  readonly #found: Found
  /** What the newest record of it says was dropped: every segment up to this one. */
  dropped: { readonly through: number; readonly position: number } | null = null
  /** What each packed segment must be, by its newest record. */
  readonly packed = new Map<number, { bytes: number; sha256: string }>()
  readonly differing: { position: number; decoder: string }[] = []
  rederived = 0

  constructor(options: VerifyOptions, found: Found) {
    this.#options = options
    this.#found = found
  }

  record({ file, line, start, end, kind, offset, position }: Line): void {
    if (kind === 'packed') {
      const body = bodyOf(line, start, end) as { segment: number; bytes: number; sha256: string }
      this.packed.set(body.segment, { bytes: body.bytes, sha256: body.sha256 })
    } else if (kind === 'retention') {
      const body = bodyOf(line, start, end) as { through: number; position: number }
      if (body.through >= (this.dropped?.through ?? 0)) this.dropped = body
    }
    const { schemas, rederive } = this.#options
    const read = rederive && (kind === 'interrogation' || kind === 'live')
    if (!schemas && !read) return
    const record = checkRecord(JSON.parse(Buffer.from(line.subarray(start, end)).toString()))
    if (typeof record === 'string') {
      this.#found(file, offset, `the record breaks its schema: ${record}`, position)
    }
    const reason = read ? this.#rederive(rederive, record, position) : null
    if (reason !== null) {
      this.#found(file, offset, `read again from its PDUs: ${reason}`, position)
    }
  }

  /** Null when the PDUs say what the record says, or were read by another decoder. */
  #rederive(decoder: Rederiver, record: AuditRecord, position: number): string | null {
    if (!record.pdus || record.decoder === undefined) return 'the record carries no PDUs'
    const pdus = record.pdus.map((text) => Buffer.from(text, 'base64'))
    const again = decoder.decode(record.kind, pdus)
    this.rederived += 1
    const { blocks, values } = record.body as { blocks?: Json; values?: Json }
    const derived = blocks ?? values ?? null
    if (typeof again !== 'string' && canonical(again) === canonical(derived)) return null
    if (record.decoder !== decoder.version) {
      this.differing.push({ position, decoder: record.decoder })
      return null
    }
    return typeof again === 'string' ? again : 'its PDUs say something else than the record'
  }
}
