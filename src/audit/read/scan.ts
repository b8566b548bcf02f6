// The committed records of one segment, picked by kind and time from the bytes, before anything is parsed.
// Pure. A commit is known by its form and by its size, which must be the number of records before it; hashes
// and signatures are left to `verify`. What does not fit is thrown: no record is passed over in silence.

import { isCheckpoint, Lines } from '../format/lines.ts'
import { type AuditRecord, MAX_LINE } from '../format/record.ts'

/** A committed record. Its line is parsed when somebody asks for what it says. */
export class Stored {
  readonly position: number
  readonly kind: string
  /** UTC, by the clock of the computer that wrote it. */
  readonly at: string
  /** The line as it is hashed, without its newline. */
  readonly line: string
  #record: AuditRecord | null = null

  constructor(position: number, kind: string, at: string, line: string) {
    this.position = position
    this.kind = kind
    this.at = at
    this.line = line
  }

  get record(): AuditRecord {
    this.#record ??= JSON.parse(this.line) as AuditRecord
    return this.#record
  }

  forget(): void {
    this.#record = null
  }
}

/** Which records are picked; what is not set picks all. */
export interface Wanted {
  readonly kinds?: readonly string[] | undefined
  /** UTC, ISO 8601 with milliseconds: from this moment on, and before that one. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Serial number of a pump: what says in its own `pump` that it is of another is not picked. */
  readonly serial?: string | undefined
}

/** A place between two commits of one log. */
export interface Place {
  readonly segment: number
  /** Byte in the segment as it was written. */
  readonly offset: number
  /** Records of the log before it. */
  readonly position: number
}

export interface ScanOptions extends Wanted {
  readonly log: string
  readonly place: Place
  /** Positions that are picked: from this one on, and before that one. */
  readonly first: number
  readonly before: number
  /** Where the segment stops to count: the size of a commit. */
  readonly until: number
}

export class Scan {
  /** Everything up to `until`, or to `before`, was seen. */
  done = false
  earliest = ''
  latest = ''
  readonly #options: ScanOptions
  readonly #kinds: ReadonlySet<string> | null
  readonly #serial: Buffer | null
  readonly #lines: Lines
  readonly #sizeAt: number
  #place: Place
  #position: number
  #pending: Stored[] = []
  #ready: Stored[] = []

  constructor(options: ScanOptions) {
    this.#options = options
    this.#kinds = options.kinds ? new Set(options.kinds) : null
    const { serial } = options
    this.#serial = serial === undefined ? null : Buffer.from(JSON.stringify(serial).slice(1))
    this.#place = options.place
    this.#position = options.place.position
    this.#sizeAt = Buffer.byteLength(`{"checkpoint":"wandbridge/${options.log}\\n`)
    this.#lines = new Lines((bytes, start, end, offset) => this.#line(bytes, start, end, offset))
    this.#lines.offset = options.place.offset
  }

  /** Behind the last commit that was seen. */
  get place(): Place {
    return this.#place
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(buffer(chunk))
  }

  /** The picked records whose commit was seen since this was last asked. */
  take(): Stored[] {
    const taken = this.#ready
    this.#ready = []
    return taken
  }

  #line(line: Uint8Array, start: number, end: number, offset: number): void {
    // The header is checked by whoever looks where the segment begins.
    if (this.done || offset === 0) return
    const bytes = buffer(line)
    if (end - start > MAX_LINE) throw this.#broken(offset, 'a line is too long')
    if (isCheckpoint(bytes, start, end)) this.#commit(bytes, start, end, offset)
    else this.#record(bytes, start, end, offset)
  }

  #record(bytes: Buffer, start: number, end: number, offset: number): void {
    const position = this.#position
    this.#position += 1
    const { first, before, from, to } = this.#options
    const at = momentOf(bytes, start, end)
    const kind = kindOf(bytes, start, end)
    if (at === null || kind === null) throw this.#broken(offset, `record ${position} is not whole`)
    if (this.earliest === '' || at < this.earliest) this.earliest = at
    if (at > this.latest) this.latest = at
    if (position < first || position >= before) return
    if (this.#kinds && !this.#kinds.has(kind)) return
    if ((from !== undefined && at < from) || (to !== undefined && at >= to)) return
    if (this.#serial && !isOf(this.#serial, bytes, start, end)) return
    this.#pending.push(new Stored(position, kind, at, bytes.toString('utf8', start, end)))
  }

  #commit(bytes: Buffer, start: number, end: number, offset: number): void {
    const { before, place, until } = this.#options
    let size = 0
    for (let i = start + this.#sizeAt; i < end; i += 1) {
      const digit = (bytes[i] as number) - 0x30
      if (digit < 0 || digit > 9) break
      size = size * 10 + digit
    }
    if (size !== this.#position || size > until) {
      throw this.#broken(offset, `a commit of ${size} records stands behind ${this.#position}`)
    }
    for (const record of this.#pending) this.#ready.push(record)
    this.#pending = []
    this.#place = { segment: place.segment, offset: offset + end - start + 1, position: size }
    this.done = size >= until || size >= before
  }

  #broken(offset: number, what: string): Error {
    const { log, place } = this.#options
    return new Error(
      `Audit log ${log}, segment ${place.segment}, byte ${offset}: ${what}. ` +
        'What stands there cannot be read. Run: wandbridge audit verify',
    )
  }
}

const buffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

const KIND = Buffer.from(',"kind":"')
const PUMP = Buffer.from(',"pump":"')
const AT = Buffer.from(',"at":"')
const MOMENT = '2026-01-05T08:00:00.000Z'.length

/**
 * The fields of a line are in order, and a quote inside a text has a backslash before it. So the last
 * `,"kind":"` is the record's own: no field behind it holds an object with such a name; and the first
 * `,"at":"` is the record's own: only the actor stands before it.
 */
function kindOf(bytes: Buffer, start: number, end: number): string | null {
  const at = bytes.lastIndexOf(KIND, end - 1)
  if (at < start) return null
  const from = at + KIND.length
  const quote = bytes.indexOf(0x22, from)
  return quote < 0 || quote >= end ? null : bytes.toString('latin1', from, quote)
}

/** The last `,"pump":"` is the record's own, too; without one it may be of what the record says. */
function isOf(serial: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const at = bytes.lastIndexOf(PUMP, end - 1)
  const from = at + PUMP.length
  return at >= start && bytes.compare(serial, 0, serial.length, from, from + serial.length) === 0
}

function momentOf(bytes: Buffer, start: number, end: number): string | null {
  const at = bytes.indexOf(AT, start)
  const from = at + AT.length
  return at < 0 || from + MOMENT > end ? null : bytes.toString('latin1', from, from + MOMENT)
}
