// The segment file: JSON Lines. The first line is the header: the checkpoint at which the segment
// begins, with the frontier of the tree, so that reading can begin here. Then records, and behind
// every group of them the checkpoint that commits it. Every byte of it is checked by something.
// `Walk` reads one segment and says how far it is good. Pure.
import { canonical, type Json, type Scanned, scan } from './canonical.ts'
import { type Checkpoint, checkpointText, originOf, parseCheckpoint } from './checkpoint.ts'
import { Frontier, type Hash, leafHash, sameHash } from './merkle.ts'
import {
  fromBase64,
  parseVerifierKey,
  type SigningKey,
  signedBy,
  signNote,
  toBase64,
  type VerifierKey,
} from './note.ts'
import { MAX_LINE, type Opened, RECORD_VERSION } from './record.ts'

export const FORMAT = 'wandbridge-audit/1'
/** A line that is longer than any record or header can be is not looked at. */
const LONGEST = MAX_LINE

export const segmentName = (n: number) => String(n).padStart(8, '0')
/** The copy of what was set aside when segment `n` was begun. */
export const voidName = (n: number) => `${segmentName(n)}.void`

/** A commit's checkpoint as the line behind its records. */
export function commitLine(
  checkpoint: Checkpoint,
  keys: readonly SigningKey[],
): { readonly line: string; readonly note: string } {
  const note = signNote(checkpointText(checkpoint), keys)
  // What a note holds has one form in JSON: this is its canonical line.
  return { line: `{"checkpoint":${JSON.stringify(note)}}\n`, note }
}

export function headerLine(
  log: string,
  segment: number,
  frontier: Frontier,
  key: SigningKey,
): string {
  const at = { origin: originOf(log), size: frontier.size, root: frontier.root() }
  return `${canonical({
    checkpoint: signNote(checkpointText(at), [key]),
    format: FORMAT,
    frontier: frontier.hashes.map(toBase64),
    key: key.verifier.text,
    log,
    segment,
  })}\n`
}

export interface Header {
  readonly note: string
  readonly key: VerifierKey
  readonly frontier: Frontier
}

/** Reads a header that belongs at `segment` of `log`; a sentence when it does not. */
export function parseHeader(line: string, log: string, segment: number): Header | string {
  let raw: Record<string, Json>
  try {
    raw = JSON.parse(line) as Record<string, Json>
    if (canonical(raw) !== line) return 'the header is not in its canonical form'
  } catch {
    return 'the header is not whole'
  }
  const fields = 'checkpoint format frontier key log segment'
  if (Object.keys(raw).join(' ') !== fields) return 'the header has not the fields of a header'
  if (raw['format'] !== FORMAT) return `the format is not ${FORMAT}`
  if (raw['log'] !== log) return 'the segment belongs to another log'
  if (raw['segment'] !== segment) return 'the segment carries another number'
  const key = parseVerifierKey(String(raw['key']))
  if (typeof key === 'string') return key
  if (key.name !== originOf(log)) return 'the key of the segment is of another log'
  const note = String(raw['checkpoint'])
  const checkpoint = parseCheckpoint(note)
  if (typeof checkpoint === 'string') return checkpoint
  const hashes = (raw['frontier'] as readonly Json[]).map(
    (h) => fromBase64(String(h)) ?? new Uint8Array(),
  )
  let frontier: Frontier
  try {
    frontier = new Frontier(checkpoint.size, hashes)
  } catch {
    return 'the frontier does not fit the size'
  }
  const reason = checkCheckpoint(note, log, frontier, [key])
  return reason ?? { note, key, frontier }
}

/** Null when `note` is the checkpoint of exactly this tree, signed by exactly these keys in this order. */
export function checkCheckpoint(
  note: string,
  log: string,
  frontier: Frontier,
  keys: readonly VerifierKey[],
  signed: typeof signedBy = signedBy,
): string | null {
  const checkpoint = parseCheckpoint(note)
  if (typeof checkpoint === 'string') return checkpoint
  const { origin, size, root, extensions } = checkpoint
  if (origin !== originOf(log)) return `the checkpoint is of another log: ${origin}`
  if (extensions.length > 0) return 'the checkpoint carries lines that this log does not write'
  if (checkpoint.note.signatures.length !== keys.length)
    return 'the checkpoint has a signature too many or too few'
  for (const [i, key] of keys.entries()) {
    const at = checkpoint.note.signatures[i]
    if (at?.name !== key.name || at.id !== key.id || !signed(checkpoint.note, key))
      return `the checkpoint is not signed by this log's key ${key.text}`
  }
  if (size !== frontier.size)
    return `the checkpoint is for ${size} records; ${frontier.size} are here`
  if (!sameHash(root, frontier.root()))
    return 'the records are not those that the checkpoint was signed for'
  return null
}

/** One end of a commit. */
export interface Mark {
  /** Records before it. */
  readonly position: number
  /** Byte offset in the segment. */
  readonly offset: number
  readonly frontier: Frontier
  readonly note: string
  readonly key: VerifierKey
}

/** Where a segment stops being good. */
export interface Fault {
  readonly offset: number
  /** The first record that can be wrong, and the last one. */
  readonly position: number
  readonly through: number
  readonly reason: string
  /** A checkpoint that is truly signed does not fit: no torn write can look like this. */
  readonly signed: boolean
}

/** The body of a record whose line is canonical. */
export function bodyOf(bytes: Uint8Array, start: number, end: number): unknown {
  return (
    (JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as { body?: unknown }).body ??
    {}
  )
}

export interface WalkOptions {
  readonly log: string
  readonly segment: number
  /** Every record that the scanner accepts, before its commit is checked. */
  readonly record?: (
    line: Uint8Array,
    start: number,
    end: number,
    kind: string | null,
    at: number,
    leaf: Hash,
  ) => void
  /** How the signatures of commits are checked, if not at once. */
  readonly signed?: typeof signedBy
  /** A commit is good. */
  readonly commit?: (mark: Mark) => void
  /** The root at this number of records is asked for. */
  readonly rootAt?: number | undefined
}

/** Reads one segment, line by line. After the first fault it only keeps count. */
export class Walk {
  header: Header | null = null
  fault: Fault | null = null
  /** Start and end of the last good commit; the same when there is none. */
  before: Mark | null = null
  after: Mark | null = null
  /** Body of this segment's own `segment` record, once committed: without it the file is void. */
  opened: Opened | null = null
  /** Kind of the last committed record. */
  lastKind: string | null = null
  /** Checkpoint of the first commit. */
  firstNote: string | null = null
  /** The first commit holds the `segment` record of an earlier segment: it was written again here. */
  earlier = false
  /** Keys that the log was brought to in good commits, in order. */
  readonly keys: VerifierKey[] = []
  /** Root of the tree of `rootAt` records, once the segment has grown over them. */
  rootAt: Hash | null = null
  #opening: Opened | null = null
  #kind: string | null = null
  readonly #options: WalkOptions
  #frontier = new Frontier()
  #pendingFrom = 0
  #rotation: VerifierKey | null = null
  /** Two commits are good: the segment can no longer be opened. */
  #second = false
  readonly #source: string

  constructor(options: WalkOptions) {
    this.#options = options
    this.#source = options.log.slice(0, options.log.indexOf('-'))
  }

  /** Hashes and lines that no good commit covers yet. */
  get pending(): number {
    return this.after ? this.#frontier.size - this.after.position : 0
  }

  /** One line without its newline; `offset` is where it starts in the segment. */
  line(bytes: Uint8Array, start: number, end: number, offset: number): void {
    if (this.fault) return this.#behindFault(bytes, start, end)
    if (end - start > LONGEST) return this.#fail(offset, `a line is longer than ${LONGEST} bytes`)
    if (!this.after) return this.#head(bytes, start, end, offset)
    if (isCheckpoint(bytes, start, end)) this.#checkpoint(bytes, start, end, offset)
    else this.#record(bytes, start, end, offset)
  }

  /** The end of the file; `rest` bytes have no newline behind them. */
  end(offset: number, rest: number): void {
    if (this.fault) return
    if (!this.after) this.#fail(0, 'the segment has no whole header')
    else if (rest > 0) this.#fail(offset, 'the last line is not whole')
    else if (this.pending > 0)
      this.#fail(this.#pendingFrom, 'no checkpoint commits the last records')
  }

  #fail(offset: number, reason: string, signed = false): void {
    const position = this.#frontier.size
    this.fault = { offset, position, through: position, reason, signed }
  }

  /** A truly signed checkpoint behind a fault: no write cut short looks like this. */
  #behindFault(bytes: Uint8Array, start: number, end: number): void {
    if (!this.after || !this.fault || this.fault.signed || !isCheckpoint(bytes, start, end)) return
    try {
      const line = Buffer.from(bytes.subarray(start, end)).toString()
      const parsed = parseCheckpoint((JSON.parse(line) as { checkpoint: string }).checkpoint)
      if (typeof parsed === 'string' || !signedBy(parsed.note, this.after.key)) return
      this.fault = { ...this.fault, signed: true }
    } catch {
      // No checkpoint, then.
    }
  }

  #head(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const { log, segment } = this.#options
    const text = Buffer.from(bytes.subarray(start, end)).toString()
    const header = parseHeader(text, log, segment)
    if (typeof header === 'string') return this.#fail(offset, header)
    this.header = header
    this.#frontier = header.frontier.clone()
    this.#mark(offset + end - start + 1, header.note, header.key)
    this.before = this.after
  }

  #mark(offset: number, note: string, key: VerifierKey): void {
    this.before = this.after
    this.after = {
      position: this.#frontier.size,
      offset,
      frontier: this.#frontier.clone(),
      note,
      key,
    }
    this.#pendingFrom = offset
  }

  #record(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const found = scan(bytes, start, end)
    if ('reason' in found) {
      return this.#fail(offset + found.at, `a record is not canonical JSON: ${found.reason}`)
    }
    if (found.seq !== this.#frontier.size) {
      return this.#fail(
        offset,
        `record ${found.seq ?? 'without a number'} stands where ${this.#frontier.size} belongs`,
      )
    }
    const reason =
      this.#kindOf(found) ??
      (found.kind === 'key-rotation' ? this.#rotates(bodyOf(bytes, start, end)) : null) ??
      (found.kind === 'segment' ? this.#opens(bodyOf(bytes, start, end)) : null)
    if (reason !== null) return this.#fail(offset, reason)
    this.#kind = found.kind
    const leaf = leafHash(bytes, start, end)
    this.#options.record?.(bytes, start, end, found.kind, offset, leaf)
    this.#frontier.append(leaf)
    if (this.#frontier.size === this.#options.rootAt) this.rootAt = this.#frontier.root()
  }

  /** Null when the record says what each record says of itself. */
  #kindOf({ v, kind, source }: Scanned): string | null {
    if (v !== RECORD_VERSION) return `the record is not of version ${RECORD_VERSION}`
    if (kind === null) return 'the record has no kind'
    return source === this.#source ? null : `the record is not of the source ${this.#source}`
  }

  #rotates(body: unknown): string | null {
    const { from, to } = body as { from?: unknown; to?: unknown }
    const key = parseVerifierKey(String(to))
    if (typeof key === 'string') return key
    if (this.#rotation) return 'a second change of key in one commit'
    if (from !== this.after?.key.text) return 'the change of key is not from the key in force'
    if (key.name !== originOf(this.#options.log)) return 'the new key is of another log'
    if (key.text === from) return 'the change of key is to the same key'
    this.#rotation = key
    return null
  }

  /** Its own record opens a segment: the first one, or the first behind the first commit. */
  #opens(body: unknown): string | null {
    const { segment } = this.#options
    const { number, voids } = body as Opened
    if (!Array.isArray(voids) || !voids.every(isVoid))
      return 'the record of the segment does not say what was set aside'
    const first = this.#frontier.size === this.after?.position
    if (number === segment && first && !this.#opening && !this.#second) {
      this.#opening = body as Opened
      return null
    }
    // An earlier number comes with the commit that is written here again.
    if (!(number < segment) || this.firstNote !== null) return 'a segment begins inside a segment'
    this.earlier = true
    return null
  }

  #checkpoint(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const last = this.after as Mark
    const text = Buffer.from(bytes.subarray(start, end)).toString()
    let note = ''
    try {
      note = (JSON.parse(text) as { checkpoint: string }).checkpoint
      if (canonical({ checkpoint: note }) !== text) throw new RangeError()
    } catch {
      return this.#fail(offset, 'a checkpoint is not in its canonical form')
    }
    if (this.pending === 0) return this.#fail(offset, 'a checkpoint commits no record')
    const keys = this.#rotation ? [last.key, this.#rotation] : [last.key]
    const { log, signed } = this.#options
    const reason = checkCheckpoint(note, log, this.#frontier, keys, signed)
    if (reason !== null) {
      const parsed = parseCheckpoint(note)
      this.fault = {
        offset: this.#pendingFrom,
        position: last.position,
        through: this.#frontier.size - 1,
        reason,
        signed: typeof parsed !== 'string' && signedBy(parsed.note, last.key),
      }
      return
    }
    this.#mark(offset + end - start + 1, note, this.#rotation ?? last.key)
    if (this.#rotation) this.keys.push(this.#rotation)
    this.#rotation = null
    this.opened ??= this.#opening
    this.#second = this.firstNote !== null
    this.lastKind = this.#kind
    this.firstNote ??= note
    this.#options.commit?.(this.after as Mark)
  }
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0

function isVoid(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { segment, offset, bytes, sha256 } = value as Record<string, unknown>
  return [segment, offset, bytes].every(isCount) && typeof sha256 === 'string'
}

const CHECKPOINT = Buffer.from('{"checkpoint":')

export function isCheckpoint(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < CHECKPOINT.length) return false
  for (let i = 0; i < CHECKPOINT.length; i += 1)
    if (bytes[start + i] !== CHECKPOINT[i]) return false
  return true
}

/** Cuts chunks into lines without copying them, but for the line across two chunks. */
export class Lines {
  readonly #line: (bytes: Uint8Array, start: number, end: number, offset: number) => void
  #rest: Uint8Array = new Uint8Array()
  #skipped = 0
  /** Where the unfinished line starts. */
  offset = 0

  constructor(line: (bytes: Uint8Array, start: number, end: number, offset: number) => void) {
    this.#line = line
  }

  /** Bytes behind the last newline. */
  get rest(): number {
    return this.#rest.length + this.#skipped
  }

  push(chunk: Uint8Array): void {
    let bytes = chunk
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, chunk])
    let from = 0
    for (let at = bytes.indexOf(10, this.#rest.length); at >= 0; at = bytes.indexOf(10, from)) {
      // What was skipped made the line too long; the walk is told a length that says so.
      this.#line(bytes, from, at, this.offset)
      this.offset += at + 1 - from + this.#skipped
      this.#skipped = 0
      from = at + 1
    }
    this.#rest = bytes.subarray(from)
    // A line without end must not fill the memory. Its front is kept: it is too long already.
    const keep = LONGEST + 1
    if (this.#rest.length > keep * 2) {
      this.#skipped += this.#rest.length - keep
      this.#rest = this.#rest.subarray(0, keep)
    }
  }
}
