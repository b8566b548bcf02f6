// The growing end of a log: which segment is written, where it stands, and how writing goes on after
// an unclean start or a failed write: in a new segment that begins before the last commit and holds
// it again, byte for byte, because nobody can know how much of it the disk has kept.
import { createHash, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { type Disk, type DiskFile, errorCode, readAll, replaceFile } from '../../base/disk.ts'
import { originOf } from '../format/checkpoint.ts'
import { draft, type Origin } from '../format/entry.ts'
import { Frontier, leafHash } from '../format/merkle.ts'
import { type SigningKey, signingKey } from '../format/note.ts'
import type { NewRecord, Opened, Quarantine, Void } from '../format/record.ts'
import { commitLine, headerLine, segmentName, voidName } from '../format/segment.ts'
import { Ballast } from './ballast.ts'
import type { Limits, LogOptions } from './log.ts'
import { inspect, type Opening, type VoidRange } from './opening.ts'
import type { Entry } from './queue.ts'

/** The log was removed or changed under us: a new one is begun and says so. */
export class LogGone extends Error {
  readonly code = 'EGONE'
}

const fault = (code: string, message: string) => Object.assign(new Error(message), { code })

/** One group commit, formed and not yet acknowledged. */
export interface Batch {
  readonly entries: readonly Entry[]
  readonly position: number
  readonly bytes: Uint8Array
  readonly end: End
}

/** Where the log ends: everything before it is durable. */
export interface End {
  readonly position: number
  readonly frontier: Frontier
  readonly note: string
  readonly key: SigningKey
}

interface Segment {
  readonly number: number
  readonly file: DiskFile
  offset: number
  /** UTC month of its beginning, `2026-11`. */
  readonly month: string
}

interface Begin {
  readonly number: number
  readonly why: Opened['why']
  readonly from: {
    readonly position: number
    readonly frontier: Frontier
    readonly key: SigningKey
  }
  readonly replay: Uint8Array
  /** The end of what is replayed; null when nothing is. */
  readonly end: End | null
  readonly voids: readonly VoidRange[]
  readonly records?: readonly NewRecord[]
}

export class Tail {
  readonly #options: LogOptions
  readonly #limits: Limits
  readonly #origin: Origin
  readonly #disk: Disk
  #keyObjects: readonly KeyObject[] = []
  #segment: Segment | null = null
  /** The segment that failed, and the offset of the last durable commit's end. */
  #broken: VoidRange | null = null
  #release: (() => Promise<void>) | null = null
  /** The log to begin when the last one is lost; kept over attempts that fail. */
  #next: { readonly log: string; readonly quarantine: Quarantine | null } | null = null
  #rotated = false
  readonly ballast: Ballast
  log: string | null = null
  end: End | null = null
  unaccepted: readonly Quarantine[] = []
  nextKey: SigningKey | null = null

  constructor(options: LogOptions, limits: Limits, origin: Origin) {
    this.#options = options
    this.#limits = limits
    this.#origin = origin
    this.#disk = options.disk
    this.ballast = new Ballast(options.disk, limits.ballastBytes)
  }

  get ready(): boolean {
    return this.#segment !== null
  }

  get #dir(): string {
    return join(this.#options.dir, this.log ?? '')
  }

  #path(segment: number): string {
    return join(this.#dir, `${segmentName(segment)}.jsonl`)
  }

  /** Makes it possible to write: at start, and after every failure. */
  async establish(inFlight: Batch | null): Promise<void> {
    if (this.log !== null && this.end !== null) await this.#goOn(inFlight)
    else await this.#open()
    await this.ballast.fill(this.#dir)
  }

  async #goOn(inFlight: Batch | null): Promise<void> {
    const end = this.end as End
    const broken = this.#broken as VoidRange
    const size = await this.#disk.size(this.#path(broken.segment))
    if (size === null || size < broken.offset) {
      const reason =
        size === null ? 'it was removed while it was written' : 'it was cut while it was written'
      const ordinal = Number(this.log?.split('-')[1])
      this.#next = { log: this.#newName(ordinal + 1), quarantine: { log: this.log ?? '', reason } }
      await this.#unlock()
      this.log = null
      this.end = null
      throw new LogGone(reason)
    }
    const numbers = await this.#numbers()
    const later = numbers.filter((n) => n > broken.segment)
    await this.#begin({
      number: (numbers.at(-1) ?? broken.segment) + 1,
      why: 'recovery',
      from: end,
      replay: inFlight?.bytes ?? new Uint8Array(),
      end: inFlight?.end ?? null,
      voids: [broken, ...later.map((segment) => ({ segment, offset: 0 }))],
    })
  }

  /** Numbers of all segments, packed ones too, rising. */
  async #numbers(): Promise<number[]> {
    const names = await this.#disk.list(this.#dir)
    const numbers = names.map((name) => Number(/^(\d{8})\.jsonl/.exec(name)?.[1] ?? 0))
    return [...new Set(numbers)].filter((n) => n > 0).sort((a, b) => a - b)
  }

  #newName(ordinal: number): string {
    const mark = Buffer.from(this.#options.env.random(4)).toString('hex')
    return `${this.#options.source}-${ordinal}-${mark}`
  }

  #keys(log: string): SigningKey[] {
    return this.#keyObjects.map((key) => signingKey(originOf(log), key))
  }

  async #open(): Promise<void> {
    await this.#disk.makeDir(this.#options.dir)
    this.#keyObjects = await this.#options.keys()
    const logs = await listLogs(this.#disk, this.#options.dir, this.#options.source)
    if (this.#next) return this.#first(this.#next.log, this.#next.quarantine)
    const current = logs.at(-1)
    if (current === undefined) {
      this.#next = { log: this.#newName(1), quarantine: null }
      return this.#first(this.#next.log, null)
    }
    await this.#lock(current)
    const opening = await this.#inspect(current)
    if (opening.how === 'quarantine') {
      await this.#setAside(current, opening.reason)
    } else if (opening.how === 'empty') {
      // Begun, but not one commit was kept. Why it was begun is in the log before it.
      const before = logs.at(-2)
      const found = before === undefined ? null : await this.#inspect(before)
      const reason = found?.how === 'quarantine' ? found.reason : 'another log was begun behind it'
      const quarantine = before === undefined ? null : { log: before, reason }
      await this.#first(current, quarantine, opening)
    } else {
      await this.#resume(current, opening)
    }
  }

  async #inspect(log: string): Promise<Opening> {
    try {
      return await inspect(this.#disk, join(this.#options.dir, log), log, this.#keys(log))
    } catch (error) {
      return { how: 'quarantine', reason: `it cannot be read: ${errorCode(error)}` }
    }
  }

  async #setAside(log: string, reason: string): Promise<void> {
    await this.#unlock()
    const ordinal = Number(log.split('-')[1])
    this.#next = { log: this.#newName(ordinal + 1), quarantine: { log, reason } }
    await this.#first(this.#next.log, this.#next.quarantine)
  }

  async #first(
    log: string,
    quarantine: Quarantine | null,
    opening: { readonly highest: number; readonly voids: readonly VoidRange[] } = {
      highest: 0,
      voids: [],
    },
  ): Promise<void> {
    await this.#disk.makeDir(join(this.#options.dir, log))
    await this.#disk.syncDir(this.#options.dir)
    await this.#lock(log)
    this.log = log
    const carried = this.unaccepted
    const key = this.#keys(log)[0]
    if (!key) throw fault('ENOKEY', 'there is no key to sign the audit log with')
    try {
      await this.#begin({
        number: opening.highest + 1,
        why: 'first',
        from: { position: 0, frontier: new Frontier(), key },
        replay: new Uint8Array(),
        end: null,
        voids: opening.voids,
        records: quarantine
          ? [
              {
                kind: 'quarantine',
                body: quarantine,
                outcome: { ok: false, reason: quarantine.reason },
              },
            ]
          : [],
      })
      this.unaccepted = quarantine ? [...carried, quarantine] : carried
      this.#next = null
    } catch (error) {
      this.log = null
      throw error
    }
  }

  async #resume(
    log: string,
    opening: Exclude<Opening, { how: 'empty' | 'quarantine' }>,
  ): Promise<void> {
    this.log = log
    const keyOf = (text: string) => this.#keys(log).find((key) => key.verifier.text === text)
    const key = keyOf(opening.end.key.text)
    if (!key) throw fault('ENOKEY', 'the key of the audit log is not here')
    const end = { ...opening.end, key }
    this.unaccepted = opening.unaccepted
    try {
      if (opening.how === 'clean') {
        const file = await this.#disk.append(this.#path(opening.segment))
        const month = opening.since.slice(0, 7)
        this.#segment = { number: opening.segment, file, offset: opening.end.offset, month }
        this.end = end
        return
      }
      await this.#begin({
        number: opening.highest + 1,
        why: 'recovery',
        from: { ...opening.from, key: keyOf(opening.from.key.text) ?? key },
        replay: opening.replay,
        end,
        voids: opening.voids,
      })
    } catch (error) {
      this.log = null
      throw error
    }
  }

  /** Writes a whole new segment at once; on any error nothing of it stays. */
  async #begin(begin: Begin): Promise<void> {
    const log = this.log as string
    const voids = await this.#setTailsAside(begin.number, begin.voids)
    const { from } = begin
    const open: NewRecord<'segment'> = {
      kind: 'segment',
      body: { number: begin.number, why: begin.why, voids, unaccepted: [...this.unaccepted] },
    }
    const entries = [open, ...(begin.records ?? [])].map((record) => {
      const made = draft(record, this.#origin)
      if ('refused' in made) throw fault('EINTERNAL', made.reason)
      return { draft: made, done: () => {} }
    })
    const header = Buffer.from(headerLine(log, begin.number, from.frontier, from.key))
    const batch = this.#form(entries, begin.end ?? { ...from, note: '' })
    const bytes = Buffer.concat([header, begin.replay, batch.bytes])
    const path = this.#path(begin.number)
    const file = await this.#disk.create(path)
    try {
      await file.append(bytes)
      await file.sync()
      check(file, bytes.length)
      await this.#disk.syncDir(this.#dir)
    } catch (error) {
      await file.close().catch(() => {})
      await this.#disk.remove(path).catch(() => {})
      await this.#disk.remove(join(this.#dir, voidName(begin.number))).catch(() => {})
      throw error
    }
    await this.#segment?.file.close().catch(() => {})
    const month = (entries[0]?.draft.at ?? '').slice(0, 7)
    this.#segment = { number: begin.number, file, offset: bytes.length, month }
    this.end = batch.end
    this.#broken = null
    this.#options.onSegment?.(this.#dir, log, begin.number)
  }

  /**
   * Keeps a durable copy of every range beside the new segment, because what a failed write left in
   * the old file may still change with the next power cut.
   */
  async #setTailsAside(number: number, ranges: readonly VoidRange[]): Promise<Void[]> {
    const voids: Void[] = []
    const copies: Uint8Array[] = []
    for (const { segment, offset } of ranges) {
      const bytes = await readAll(this.#disk, this.#path(segment), offset)
      if (bytes.length === 0 && offset > 0) continue
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      voids.push({ segment, offset, bytes: bytes.length, sha256 })
      copies.push(bytes)
    }
    const path = join(this.#dir, voidName(number))
    if (voids.length > 0) await replaceFile(this.#disk, path, Buffer.concat(copies))
    return voids
  }

  form(entries: readonly Entry[]): Batch {
    return this.#form(entries, this.end as End)
  }

  #form(entries: readonly Entry[], end: End): Batch {
    const frontier = end.frontier.clone()
    const buffer = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + entry.draft.bytes, 0))
    let length = 0
    let next: SigningKey | null = null
    for (const { draft: made } of entries) {
      const written = buffer.write(made.line(frontier.size), length)
      frontier.append(leafHash(buffer, length, length + written - 1))
      length += written
      if (made.kind === 'key-rotation') next = this.nextKey
    }
    const checkpoint = {
      origin: originOf(this.log ?? ''),
      size: frontier.size,
      root: frontier.root(),
    }
    const { line, note } = commitLine(checkpoint, next ? [end.key, next] : [end.key])
    return {
      entries,
      position: end.position,
      bytes: Buffer.concat([buffer.subarray(0, length), Buffer.from(line)]),
      end: { position: frontier.size, frontier, note, key: next ?? end.key },
    }
  }

  /** One write, one fdatasync. */
  async write(batch: Batch): Promise<void> {
    const segment = this.#segment as Segment
    await segment.file.append(batch.bytes)
    await segment.file.sync()
    check(segment.file, segment.offset + batch.bytes.length)
    segment.offset += batch.bytes.length
    if (batch.end.key !== this.end?.key) this.#rotated = true
    this.end = batch.end
    for (const { draft: made } of batch.entries) {
      if (made.kind !== 'accept') continue
      const { log } = made.body as { log: string }
      this.unaccepted = this.unaccepted.filter((q) => q.log !== log)
    }
  }

  mustRotate(): Opened['why'] | null {
    const segment = this.#segment
    if (!segment) return null
    if (this.#rotated) return 'key'
    if (segment.offset > this.#limits.segmentBytes) return 'size'
    const month = new Date(this.#options.env.wall()).toISOString().slice(0, 7)
    // A clock that was set back begins no new month.
    return month > segment.month ? 'month' : null
  }

  async rotate(): Promise<void> {
    const { number } = this.#segment as Segment
    const why = this.mustRotate() ?? 'size'
    await this.#begin({
      number: number + 1,
      why,
      from: this.end as End,
      replay: new Uint8Array(),
      end: null,
      voids: [],
    })
    this.#rotated = false
  }

  /** A write failed: nothing more goes into this segment. */
  async abandon(): Promise<void> {
    const segment = this.#segment
    if (!segment) return
    this.#segment = null
    this.#broken = { segment: segment.number, offset: segment.offset }
    await segment.file.close().catch(() => {})
  }

  async #lock(log: string): Promise<void> {
    this.#release ??= await this.#disk.lock(join(this.#options.dir, log, 'lock'))
  }

  async #unlock(): Promise<void> {
    const release = this.#release
    this.#release = null
    await release?.().catch(() => {})
  }

  async close(): Promise<void> {
    await this.#segment?.file.close().catch(() => {})
    this.#segment = null
    await this.#unlock()
  }
}

function check(file: DiskFile, expected: number): void {
  const length = file.length()
  if (length === null) throw fault('EGONE', 'the segment was removed')
  if (length !== expected)
    throw fault('EFOREIGN', `the segment has ${length} bytes, not ${expected}`)
}

/** Names of the logs of one source (or of all), the current one last. */
export async function listLogs(disk: Disk, dir: string, source?: string): Promise<string[]> {
  const names = await disk.list(dir)
  const ordinal = (log: string) => Number(log.split('-')[1])
  return names
    .filter((name) => /^(device|simulator|replay)-[1-9]\d*-[0-9a-f]{8}$/.test(name))
    .filter((name) => source === undefined || name.startsWith(`${source}-`))
    .sort((a, b) => ordinal(a) - ordinal(b))
}
