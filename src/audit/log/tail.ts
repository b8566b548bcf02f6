// The growing end of a log: one group commit after the other into the segment that is written, and the
// beginning of the next one. Which log that is, and how writing goes on after a failure, is decided in
// succession.ts.
import { join } from 'node:path'
import type { Disk, DiskFile } from '../../base/disk.ts'
import { originOf } from '../format/checkpoint.ts'
import { draft, type Origin } from '../format/entry.ts'
import { type Frontier, leafHash } from '../format/merkle.ts'
import type { SigningKey } from '../format/note.ts'
import type { AuditRecord, NewRecord, Opened, Quarantine } from '../format/record.ts'
import { commitLine, headerLine, voidName } from '../format/segment.ts'
import { unacceptedAfter } from '../format/unaccepted.ts'
import { clearWay, copyTails } from './aside.ts'
import { LogClock } from './clock.ts'
import { type Manifest, segmentPath, writeManifest } from './manifest.ts'
import { endOf, type VoidRange } from './opening.ts'
import type { Limits, LogOptions } from './options.ts'
import type { Entry } from './queue.ts'

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
  readonly path: string
  readonly inode: string
  offset: number
  /** UTC month of its beginning, `2026-11`. */
  readonly month: string
}

/** The segment that failed, and the offset of the last durable commit's end. */
export interface Broken extends VoidRange {
  readonly inode: string
}

export interface Begin {
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
  /** The records that are replayed, when nobody was told of them. */
  readonly again?: readonly Entry[]
  readonly voids: readonly VoidRange[]
  readonly records?: readonly NewRecord[]
}

export class Tail {
  readonly #options: LogOptions
  readonly #limits: Limits
  readonly #origin: Origin
  readonly #disk: Disk
  #segment: Segment | null = null
  /** The last commit of this segment, for whoever follows in this process. */
  #newest: { readonly offset: number; readonly bytes: Uint8Array } | null = null
  #rotated = false
  /** Beginnings that failed and could not be removed. */
  #leftovers = new Set<number>()
  /** The manifest is behind the log: it is written with the next commit. */
  #manifestDue = false
  broken: Broken | null = null
  manifest: Manifest | null = null
  log: string | null = null
  end: End | null = null
  unaccepted: readonly Quarantine[] = []
  /** What the current log was begun for. */
  replaces: Quarantine | null = null
  /** Files in the log's directory that are no part of it. */
  strays: readonly string[] = []
  nextKey: SigningKey | null = null
  /** The log's age. */
  clock = new LogClock()

  constructor(options: LogOptions, limits: Limits, origin: Origin) {
    this.#options = options
    this.#limits = limits
    this.#origin = origin
    this.#disk = options.disk
  }

  get ready(): boolean {
    return this.#segment !== null
  }

  get dir(): string {
    return join(this.#options.dir, this.log ?? '')
  }

  /** Goes on in a segment that ended well. */
  async resume(number: number, offset: number, month: string, end: End): Promise<void> {
    const path = segmentPath(this.dir, number)
    const file = await this.#disk.append(path)
    this.#segment = { number, file, path, inode: file.inode(), offset, month }
    this.end = end
  }

  /** Writes a whole new segment at once; on any error nothing of it stays. */
  async begin(begin: Begin): Promise<void> {
    const log = this.log as string
    const { dir } = this
    const { number, from } = begin
    await this.#removeLeftovers()
    const strays = await clearWay(this.#options.env, this.#disk, dir, number)
    const voids = await copyTails(this.#disk, dir, number, begin.voids)
    this.#heed(begin.again ?? [])
    const unaccepted = [...this.unaccepted]
    const open: NewRecord<'segment'> = {
      kind: 'segment',
      body: { number, why: begin.why, voids, unaccepted, age: this.clock.age },
    }
    const records = [open, ...(begin.records ?? []), ...strays]
    const entries = records.map((record) => {
      const made = draft(record, this.#origin)
      if ('refused' in made) throw fault('EINTERNAL', made.reason)
      return { draft: made, done: () => {} }
    })
    const header = Buffer.from(headerLine(log, number, from.frontier, from.key))
    const batch = this.#form(entries, begin.end ?? { ...from, note: '' })
    const bytes = Buffer.concat([header, begin.replay, batch.bytes])
    const path = segmentPath(dir, number)
    const file = await this.#disk.create(path)
    try {
      await file.append(bytes)
      await file.sync()
      check(file, bytes.length)
      await this.#disk.syncDir(dir)
    } catch (error) {
      this.#leftovers.add(number)
      await file.close().catch(() => {})
      await this.#removeLeftovers().catch(() => {})
      throw error
    }
    await this.#segment?.file.close().catch(() => {})
    this.#newest = null
    const month = (entries[0]?.draft.at ?? '').slice(0, 7)
    this.#segment = { number, file, path, inode: file.inode(), offset: bytes.length, month }
    this.end = batch.end
    this.broken = null
    for (const record of records) {
      if (record.kind !== 'quarantine') continue
      this.unaccepted = [...this.unaccepted, record.body as Quarantine]
    }
    for (const { body } of strays) {
      this.strays = [...this.strays.filter((name) => name !== body.file), body.moved]
    }
    await this.#keepManifest()
    this.#options.onSegment?.(dir, log, number)
  }

  async #removeLeftovers(): Promise<void> {
    for (const number of this.#leftovers) {
      await this.#disk.remove(segmentPath(this.dir, number))
      await this.#disk.remove(join(this.dir, voidName(number)))
      this.#leftovers.delete(number)
    }
  }

  /**
   * Says where the log stands now. A failure is no failure of the log: what is written is durable, and
   * the next commit tries again.
   */
  async #keepManifest(): Promise<void> {
    this.#manifestDue = true
    if (this.log === null || this.end === null || !this.#segment) return
    const { dir, source } = this.#options
    const { log, replaces, unaccepted } = this
    const segment = this.#segment.number
    const now = { log, replaces, unaccepted: [...unaccepted], segment, ...endOf(this.end) }
    try {
      this.manifest = await writeManifest(this.#disk, dir, source, now)
      this.#manifestDue = false
    } catch {
      // Tried again with the next commit.
    }
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

  /** One write, one fdatasync; beside it, whether the file is still the one at its path. */
  async write(batch: Batch): Promise<void> {
    const segment = this.#segment as Segment
    await segment.file.append(batch.bytes)
    const looking = this.#isInPlace(segment)
    await segment.file.sync()
    if (!(await looking)) throw fault('EGONE', 'another file is where the segment was')
    check(segment.file, segment.offset + batch.bytes.length)
    this.#newest = { offset: segment.offset, bytes: batch.bytes }
    segment.offset += batch.bytes.length
    if (batch.end.key !== this.end?.key) this.#rotated = true
    this.end = batch.end
    this.#heed(batch.entries)
    if (this.#manifestDue) await this.#keepManifest()
  }

  /** What became durable last, if it is what begins at this byte of the segment that is written. */
  newest(segment: number, offset: number): Uint8Array | null {
    const known = this.#segment?.number === segment && this.#newest?.offset === offset
    return known ? (this.#newest?.bytes ?? null) : null
  }

  #heed(entries: readonly Entry[]): void {
    const before = this.unaccepted
    for (const { draft: made } of entries) {
      const { kind, body } = made as Pick<AuditRecord, 'kind' | 'body'>
      if (kind !== 'quarantine')
        this.unaccepted = unacceptedAfter(this.unaccepted, this.log ?? '', { kind, body })
    }
    this.#manifestDue ||= before !== this.unaccepted
  }

  /** The path leads through the directory: one that was renamed or replaced is found, too. */
  async #isInPlace({ path, inode }: Segment): Promise<boolean> {
    try {
      return (await this.#disk.entry(path))?.inode === inode
    } catch {
      // It could not be looked at; whether the write was kept, the sync says.
      return true
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
    await this.begin({
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
    const { number, offset, inode } = segment
    this.broken = { segment: number, offset, inode }
    await segment.file.close().catch(() => {})
  }

  /** The log is lost: nothing of it is gone on with. */
  forget(): void {
    this.log = null
    this.end = null
    this.broken = null
    this.#leftovers.clear()
  }

  async close(): Promise<void> {
    if (this.#segment) await this.#keepManifest()
    await this.#segment?.file.close().catch(() => {})
    this.#segment = null
  }
}

function check(file: DiskFile, expected: number): void {
  const length = file.length()
  if (length === null) throw fault('EGONE', 'the segment was removed')
  if (length !== expected)
    throw fault('EFOREIGN', `the segment has ${length} bytes, not ${expected}`)
}
