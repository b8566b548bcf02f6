// `Walk` reads one segment line by line and says how far it is good: every byte of it is checked by
// something. After the first fault it only keeps count. Pure.
import { canonical, type Scanned, scan } from './canonical.ts'
import { originOf, parseCheckpoint } from './checkpoint.ts'
import { isCheckpoint } from './lines.ts'
import { Frontier, type Hash, leafHash } from './merkle.ts'
import { parseVerifierKey, signedBy, type VerifierKey } from './note.ts'
import { MAX_LINE, type Opened, RECORD_VERSION } from './record.ts'
import { checkCheckpoint, type Header, parseHeader } from './segment.ts'

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
    if (end - start > MAX_LINE) return this.#fail(offset, `a line is longer than ${MAX_LINE} bytes`)
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
