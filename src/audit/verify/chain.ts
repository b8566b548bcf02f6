// How the segments of a log follow each other: each begins where the one before it ends, under the same key,
// and what was set aside between them is what its record says. Of a segment whose entries retention dropped,
// the leaf hashes carry the tree on. Whoever reads the segments is verifier.ts.
import type { Disk } from '../../base/disk.ts'
import { Frontier, HASH_BYTES, sameHash } from '../format/merkle.ts'
import type { VerifierKey } from '../format/note.ts'
import { segmentName } from '../format/segment.ts'
import type { Mark, Walk } from '../format/walk.ts'
import type { SegmentFiles } from '../read/files.ts'
import { Contents } from './contents.ts'
import { Outside } from './outside.ts'
import type { Problem, VerifyOptions } from './verification.ts'
import { checkVoids, type Place } from './voids.ts'

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

export class Chain {
  readonly #disk: Disk
  readonly #dir: string
  readonly #options: VerifyOptions
  readonly contents: Contents
  readonly outside: Outside
  #stand: Stand | null = null
  /** Root and size as they stand, whichever kind of segment they came from. */
  #frontier = new Frontier()
  #key: VerifierKey | null = null
  /** A fault that only the next segment can excuse. */
  #suspect: Problem | null = null
  /** A signed checkpoint lies behind it: no interruption looks like that. */
  #signedBehind = false
  /** Whole files that no segment record opened. */
  #unopened: SegmentFiles[] = []
  #missing: { segment: number; position: number; records: number }[] = []
  #leafCount: { file: string; from: number; count: number } | null = null

  constructor(disk: Disk, dir: string, log: string, options: VerifyOptions) {
    this.#disk = disk
    this.#dir = dir
    this.#options = options
    this.contents = new Contents(log, options, (...place) => this.found(...place))
    this.outside = new Outside(log, options)
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

  found(
    file: string,
    offset: number,
    reason: string,
    position = this.records,
    through = position,
  ): never {
    throw new Found({ file, offset, position, through, reason })
  }

  /** Nothing is left of a segment: the next one may say that it was never whole. */
  absent(files: SegmentFiles): void {
    const position = this.records
    const file = `${segmentName(files.number)}.jsonl`
    const reason = 'the segment is missing'
    this.#suspect ??= { file, offset: 0, position, through: position, reason }
    this.#unopened.push(files)
  }

  /** Entries that retention dropped: their hashes still carry the tree. */
  dropped(number: number, bytes: Uint8Array): void {
    // One that was never opened has no records, and may be gone altogether.
    if (this.#unopened.every((files) => files.entries === null)) {
      const position = this.records
      for (const files of this.#unopened.splice(0))
        this.#missing.push({ segment: files.number, position, records: 0 })
      if (this.#stand === null || this.#stand.whole) this.#suspect = null
    }
    if (this.#suspect) throw new Found(this.#suspect)
    this.#endLeaves()
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
      this.found(file, 0, 'the file of leaf hashes does not end where its segment does')
    this.#frontier = before.frontier.clone()
  }

  /** The file of leaf hashes that an opened segment has: checked against where the next one begins. */
  counted(file: string, from: number, hashes: number): void {
    this.#leafCount = { file, from, count: hashes }
  }

  /** Puts a segment behind the ones before it. */
  async join(files: SegmentFiles, walk: Walk): Promise<void> {
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
      this.found(
        file,
        0,
        `the segment does not begin where the one before it ends (${expected.size})`,
      )
    }
    if (again && walk.firstNote !== stand.after.note) {
      this.found(
        file,
        0,
        'the last commit was not written again as it was',
        from,
        stand.after.position - 1,
      )
    }
    if (stand && !again && walk.earlier) {
      this.found(file, 0, 'it repeats the beginning of a segment whose commit it does not repeat')
    }
    const known = again ? stand.before.key : this.#key
    if (known && stand && header.key.text !== known.text) {
      this.found(file, 0, `the segment is signed with another key: ${header.key.text}`)
    }
    await this.#voids(files, walk, again)
    if (this.#leafCount && this.#leafCount.from + this.#leafCount.count !== from) {
      this.found(
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
      this.found(files.entries?.name ?? '', 0, reason)
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

  /** All segments are here: what is left open now is a fault. */
  finish(): void {
    const tail = this.#suspect
    // A bridge numbers what it begins without holes.
    const whole = this.#unopened.every(({ entries }) => entries !== null)
    const live = this.#options.live === true && this.#stand !== null && whole
    if (tail && !live) throw new Found({ ...tail, tail: !this.#signedBehind })
    if (!this.#stand) this.found('.', 0, 'no segment with a signed checkpoint is left')
    if (this.#stand.files.leaves) {
      // Leaf hashes are kept aside only once the next segment is durable.
      const name = `${segmentName(this.#stand.files.number + 1)}.jsonl`
      this.found(name, 0, 'the segment is missing: the one before it was ended for it')
    }
    const { dropped } = this.contents
    for (const missing of this.#missing) {
      if (dropped && missing.segment < dropped.through) continue
      const end = missing.position + missing.records
      if (missing.segment === dropped?.through && end === dropped.position) continue
      const name = `${segmentName(missing.segment)}.jsonl`
      this.found(
        name,
        0,
        'the segment is missing, and no record says that it was dropped',
        missing.position,
      )
    }
  }
}
