// One reading of a whole log that believes nothing: every byte of every segment is checked against a
// hash, a signature or a rule. Streams, in memory that does not grow with the log. The rules are those
// of README.md, "Verification".
import { basename, join } from 'node:path'
import { type Disk, readAll } from '../../base/disk.ts'
import { Frontier, HASH_BYTES, sameHash } from '../format/merkle.ts'
import type { Signatures, VerifierKey } from '../format/note.ts'
import { type Mark, segmentName, type Walk } from '../format/segment.ts'
import { look } from '../read/directory.ts'
import { digest, readEntries, type SegmentFiles, walkSegment } from '../read/files.ts'
import { Contents } from './contents.ts'
import { notRead } from './not-read.ts'
import { Outside } from './outside.ts'
import type { Problem, VerifyOptions } from './verification.ts'
import { checkVoids, type Place } from './voids.ts'

/** Bytes of leaf hashes of one segment: two million records. */
const MOST_LEAVES = 1 << 26

/** The first fault, wherever it was found. */
export class Found extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.reason)
    this.problem = problem
  }
}

/** Where the log stands between two segments. */
interface Stand {
  readonly files: SegmentFiles
  readonly before: Mark
  readonly after: Mark
  /** Nothing lies behind its last commit. */
  readonly whole: boolean
}

export class Verifier {
  readonly #disk: Disk
  readonly #dir: string
  readonly #log: string
  readonly #options: VerifyOptions
  readonly #signatures: Signatures | null
  readonly contents: Contents
  readonly outside: Outside
  /** Names in the directory that are no part of the log. */
  strays: readonly string[] = []
  #stand: Stand | null = null
  /** Root and size as they stand, whichever kind of segment they came from. */
  #frontier = new Frontier()
  #key: VerifierKey | null = null
  /** The file that is being read. */
  #file = '.'
  /** A fault that only the next segment can excuse. */
  #suspect: Problem | null = null
  /** A signed checkpoint lies behind it: no interruption looks like that. */
  #signedBehind = false
  /** Whole files that no segment record opened. */
  #unopened: SegmentFiles[] = []
  #missing: { segment: number; position: number; records: number }[] = []
  #packed = new Map<number, { bytes: number; sha256: string; file: string }>()
  #leafCount: { file: string; from: number; count: number } | null = null

  constructor(disk: Disk, dir: string, options: VerifyOptions, signatures: Signatures | null) {
    this.#signatures = signatures
    this.#disk = disk
    this.#dir = dir
    this.#log = basename(dir)
    this.#options = options
    this.contents = new Contents(options, (...place) => this.#found(...place))
    this.outside = new Outside(this.#log, options.key, options.since)
  }

  get end(): Mark | null {
    return this.#stand?.after ?? null
  }

  get records(): number {
    return this.#frontier.size
  }

  /** Records of which only the hashes are here. */
  get hashesOnly(): number {
    return this.#missing.reduce((sum, { records }) => sum + records, 0)
  }

  async run(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      if (error instanceof Found) throw error
      const { reason, unread } = notRead(error)
      const position = this.records
      throw new Found({
        file: this.#file,
        offset: 0,
        position,
        through: position,
        reason,
        ...(unread && { unread }),
      })
    }
  }

  async #run(): Promise<void> {
    const { segments: all, strays } = await look(this.#disk, this.#dir)
    this.strays = strays
    if (all.length === 0) this.#found('.', 0, 'there is no audit log here')
    let bytes = 0
    for (const files of all) {
      const tell = async (n: number) => {
        bytes += n
        if ((await this.#signatures?.settle()) === false) throw new Error('a wrong signature')
        const { number: segment } = files
        this.#options.progress?.({ segment, segments: all.length, records: this.records, bytes })
      }
      if (files.entries) await this.#segment(files, files.entries, tell)
      else if (files.leaves) await this.#onlyLeaves(files.number, files.leaves)
      else this.#absent(files)
    }
    this.#finish()
  }

  #found(
    file: string,
    offset: number,
    reason: string,
    position = this.records,
    through = position,
  ): never {
    throw new Found({ file, offset, position, through, reason })
  }

  /** Nothing is left of a segment: the next one may say that it was never whole. */
  #absent(files: SegmentFiles): void {
    const position = this.records
    const file = `${segmentName(files.number)}.jsonl`
    const reason = 'the segment is missing'
    this.#suspect ??= { file, offset: 0, position, through: position, reason }
    this.#unopened.push(files)
  }

  /** Entries that retention dropped: their hashes still carry the tree. */
  async #onlyLeaves(number: number, leaves: string): Promise<void> {
    // One that was never opened has no records, and may be gone altogether.
    if (this.#unopened.every((files) => files.entries === null)) {
      const position = this.records
      for (const files of this.#unopened.splice(0))
        this.#missing.push({ segment: files.number, position, records: 0 })
      if (this.#stand === null || this.#stand.whole) this.#suspect = null
    }
    if (this.#suspect) throw new Found(this.#suspect)
    this.#endLeaves()
    this.#file = leaves
    const bytes = await this.#leaves(leaves)
    const position = this.records
    for (let at = 0; at < bytes.length; at += HASH_BYTES) {
      const leaf = bytes.subarray(at, at + HASH_BYTES)
      this.#options.leaf?.(this.records, leaf, null)
      this.#frontier.append(leaf)
      if (this.records === this.outside.size) this.outside.reached(this.#frontier.root())
    }
    this.#missing.push({ segment: number, position, records: this.records - position })
    this.#stand = null
    this.contents.end(this.records, false)
  }

  /** Dropped entries begin where the hashes of what is still there before them end. */
  #endLeaves(): void {
    const before = this.#stand?.before
    if (!this.#leafCount) return
    const { file, from, count } = this.#leafCount
    this.#leafCount = null
    if (from + count === this.records) return
    if (from + count !== before?.position)
      this.#found(file, 0, 'the file of leaf hashes does not end where its segment does')
    this.#frontier = before.frontier.clone()
  }

  async #leaves(name: string): Promise<Uint8Array> {
    const path = join(this.#dir, name)
    const size = (await this.#disk.size(path)) ?? 0
    if (size > MOST_LEAVES) this.#found(name, 0, 'more leaf hashes than a segment has records')
    const bytes = await readAll(this.#disk, path)
    if (bytes.length % HASH_BYTES !== 0)
      this.#found(name, 0, 'the file of leaf hashes is not whole')
    return bytes
  }

  async #segment(
    files: SegmentFiles,
    entries: { readonly name: string; readonly packed: boolean },
    tell: (bytes: number) => Promise<void>,
  ): Promise<void> {
    const file = entries.name
    this.#file = file
    if (entries.packed) {
      this.#packed.set(files.number, {
        file,
        ...(await digest(this.#disk.read(join(this.#dir, file)))),
      })
    }
    if (files.leaves) this.#file = files.leaves
    const leaves = files.leaves ? await this.#leaves(files.leaves) : null
    this.#file = file
    let index = 0
    let firstOther: { position: number; offset: number } | null = null
    let at = -1
    const signatures = this.#signatures
    const walk = await walkSegment(
      readEntries(this.#disk, this.#dir, entries),
      {
        log: this.#log,
        segment: files.number,
        rootAt: this.outside.size,
        record: (line, start, end, kind, offset, leaf) => {
          if (at < 0) at = walkStart(line, start, end)
          const position = at + index
          const kept = leaves?.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
          if (kept?.length === HASH_BYTES && !sameHash(kept, leaf))
            firstOther ??= { position, offset }
          index += 1
          const bytes = line.subarray(start, end)
          this.contents.record({ file, line: bytes, kind, offset, position })
          this.#options.leaf?.(position, leaf, bytes)
        },
        commit: () => this.contents.commit(),
        ...(signatures && { signed: (note, key) => signatures.signedBy(note, key) }),
      },
      tell,
    )
    if (walk.fault && firstOther !== null) {
      const { position, offset } = firstOther as { position: number; offset: number }
      if (walk.fault.position <= position && position <= walk.fault.through) {
        this.#found(file, offset, walk.fault.reason, position)
      }
    }
    await this.#join(files, walk)
    if (files.leaves && leaves && walk.opened) {
      const other = firstOther as { position: number; offset: number } | null
      if (other)
        this.#found(
          files.leaves,
          (other.position - at) * HASH_BYTES,
          'a leaf hash differs from its record',
          other.position,
        )
      this.#leafCount = {
        file: files.leaves,
        from: walk.header?.frontier.size ?? 0,
        count: leaves.length / HASH_BYTES,
      }
    }
  }

  /** Puts a segment behind the ones before it. */
  async #join(files: SegmentFiles, walk: Walk): Promise<void> {
    const file = files.entries?.name ?? ''
    const fault = walk.fault
    if (!walk.header || !walk.opened || !walk.after || !walk.before) {
      this.#suspect ??= this.#problem(file, walk)
      this.#unopened.push(files)
      this.contents.end(this.records, false)
      return
    }
    const { header } = walk
    const stand = this.#stand
    const from = header.frontier.size
    const again = stand !== null && from === stand.before.position && from !== stand.after.position
    const expected = again ? stand.before.frontier : this.#frontier
    if (from !== expected.size || !sameHash(header.frontier.root(), expected.root())) {
      // What went before may be the real damage.
      if (this.#suspect) throw new Found(this.#suspect)
      this.#found(
        file,
        0,
        `the segment does not begin where the one before it ends (${expected.size})`,
      )
    }
    if (again && walk.firstNote !== stand.after.note) {
      this.#found(
        file,
        0,
        'the last commit was not written again as it was',
        from,
        stand.after.position - 1,
      )
    }
    if (stand && !again && walk.earlier) {
      this.#found(file, 0, 'it repeats the beginning of a segment whose commit it does not repeat')
    }
    const known = again ? stand.before.key : this.#key
    if (known && stand && header.key.text !== known.text) {
      this.#found(file, 0, `the segment is signed with another key: ${header.key.text}`)
    }
    await this.#voids(files, walk, again)
    if (this.#leafCount && this.#leafCount.from + this.#leafCount.count !== from) {
      this.#found(
        this.#leafCount.file,
        0,
        'the file of leaf hashes does not end where its segment does',
        from,
      )
    }
    this.#leafCount = null
    this.#stand = { files, before: walk.before, after: walk.after, whole: !fault }
    this.#frontier = walk.after.frontier.clone()
    this.outside.signs(header.key, stand ? 0 : from)
    for (const key of walk.keys) this.outside.signs(key)
    this.#key = walk.after.key
    const size = this.outside.size ?? 0
    if (walk.rootAt && from < size && size <= this.records) this.outside.reached(walk.rootAt)
    this.contents.end(this.records, true)
    if (fault) this.#suspect = this.#problem(file, walk)
    this.#signedBehind = fault?.signed ?? false
  }

  /** What was set aside before this segment must be what its record says. */
  async #voids(files: SegmentFiles, walk: Walk, again: boolean): Promise<void> {
    const stand = this.#stand
    const places: Place[] = this.#unopened.map((unopened) => ({ files: unopened, offset: 0 }))
    if (stand) {
      const { offset } = again ? stand.before : stand.after
      places.unshift({ files: stand.files, offset })
    }
    const reason = await checkVoids(this.#disk, this.#dir, {
      segment: files.number,
      said: walk.opened?.voids ?? [],
      places,
      dropped: (segment) => this.#missing.some((m) => m.segment === segment),
    })
    if (reason !== null) {
      if (this.#suspect) throw new Found(this.#suspect)
      this.#found(files.entries?.name ?? '', 0, reason)
    }
    this.#suspect = null
    this.#unopened = []
  }

  #problem(file: string, walk: Walk): Problem {
    const { offset, position, through, reason } = walk.fault ?? {
      offset: 0,
      position: this.records,
      through: this.records,
      reason: 'no record opens this segment',
    }
    const at = walk.after ? position : this.records
    return { file, offset, position: at, through: Math.max(at, through), reason }
  }

  #finish(): void {
    const tail = this.#suspect
    // A bridge numbers what it begins without holes.
    const whole = this.#unopened.every(({ entries }) => entries !== null)
    const live = this.#options.live === true && this.#stand !== null && whole
    if (tail && !live) throw new Found({ ...tail, tail: !this.#signedBehind })
    if (!this.#stand) this.#found('.', 0, 'no segment with a signed checkpoint is left')
    if (this.#stand.files.leaves) {
      // Leaf hashes are kept aside only once the next segment is durable.
      const name = `${segmentName(this.#stand.files.number + 1)}.jsonl`
      this.#found(name, 0, 'the segment is missing: the one before it was ended for it')
    }
    const { dropped } = this.contents
    for (const missing of this.#missing) {
      if (dropped && missing.segment < dropped.through) continue
      const end = missing.position + missing.records
      if (missing.segment === dropped?.through && end === dropped.position) continue
      const name = `${segmentName(missing.segment)}.jsonl`
      this.#found(
        name,
        0,
        'the segment is missing, and no record says that it was dropped',
        missing.position,
      )
    }
    for (const [segment, found] of this.#packed) {
      const said = this.contents.packed.get(segment)
      if (said?.sha256 === found.sha256 && said.bytes === found.bytes) continue
      this.#found(
        found.file,
        0,
        'the packed file is not the one that was recorded when it was packed',
      )
    }
    const problem = this.outside.problem(this.records)
    if (problem) this.#found('.', 0, problem.reason, 0, problem.through)
  }
}

/** Position of the first record of a segment: its own `seq`, which the walk has just checked. */
function walkStart(line: Uint8Array, start: number, end: number): number {
  return (JSON.parse(Buffer.from(line.subarray(start, end)).toString()) as { seq: number }).seq
}
