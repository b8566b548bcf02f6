// One reading of a whole log that believes nothing: every byte of every segment is checked against a
// hash, a signature or a rule. Streams, in memory that does not grow with the log. The rules are those
// of README.md, "Verification".
import { basename, join } from 'node:path'
import { type Disk, errorCode } from '../../base/disk.ts'
import type { SignedCheckpoint } from '../format/checkpoint.ts'
import { Frontier, HASH_BYTES, type Hash, sameHash } from '../format/merkle.ts'
import type { Signatures, VerifierKey } from '../format/note.ts'
import { type Mark, segmentName, type Walk } from '../format/segment.ts'
import { checkVoids, type Place } from '../log/voids.ts'
import {
  digest,
  readEntries,
  readLeaves,
  type SegmentFiles,
  segmentFiles,
  walkSegment,
} from '../read/files.ts'
import { Contents } from './contents.ts'
import { keyFor, type Problem, sinceFor, type VerifyOptions } from './verification.ts'

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
}

export class Verifier {
  readonly #disk: Disk
  readonly #dir: string
  readonly #log: string
  readonly #options: VerifyOptions
  readonly #signatures: Signatures | null
  readonly #since: SignedCheckpoint | null
  readonly #wanted: VerifierKey | null
  readonly contents: Contents
  #stand: Stand | null = null
  /** Root and size as they stand, whichever kind of segment they came from. */
  #frontier = new Frontier()
  #key: VerifierKey | null = null
  #keySeen = false
  #sinceSeen = false
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
    this.#wanted = options.key === undefined ? null : keyFor(options.key)
    this.#since = options.since === undefined ? null : sinceFor(options.since, this.#log)
  }

  get end(): Mark | null {
    return this.#stand?.after ?? null
  }

  get records(): number {
    return this.#frontier.size
  }

  async run(): Promise<void> {
    const all = await segmentFiles(this.#disk, this.#dir)
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
      else await this.#onlyLeaves(files)
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

  /** Entries that retention dropped: their hashes still carry the tree. */
  async #onlyLeaves(files: SegmentFiles): Promise<void> {
    const file = `${segmentName(files.number)}.jsonl`
    if (!files.leaves) {
      // The next segment may say that it was never whole.
      const position = this.records
      this.#suspect ??= {
        file,
        offset: 0,
        position,
        through: position,
        reason: 'the segment is missing',
      }
      this.#unopened.push(files)
      return
    }
    if (this.#suspect) throw new Found(this.#suspect)
    const bytes = await readLeaves(this.#disk, this.#dir, files.leaves)
    if (!bytes) this.#found(files.leaves, 0, 'the file of leaf hashes is not whole')
    const position = this.records
    for (let at = 0; at < bytes.length; at += HASH_BYTES) {
      const leaf = bytes.subarray(at, at + HASH_BYTES)
      this.#options.leaf?.(this.records, leaf, null)
      this.#frontier.append(leaf)
      this.#checkSince(this.#frontier.size, () => this.#frontier.root())
    }
    this.#missing.push({ segment: files.number, position, records: this.records - position })
    this.#stand = null
  }

  async #segment(
    files: SegmentFiles,
    entries: { readonly name: string; readonly packed: boolean },
    tell: (bytes: number) => Promise<void>,
  ): Promise<void> {
    const file = entries.name
    if (entries.packed) {
      this.#packed.set(files.number, {
        file,
        ...(await digest(this.#disk.read(join(this.#dir, file)))),
      })
    }
    const leaves = files.leaves ? await readLeaves(this.#disk, this.#dir, files.leaves) : null
    if (files.leaves && !leaves)
      this.#found(files.leaves, 0, 'the file of leaf hashes is not whole')
    let index = 0
    let firstOther: { position: number; offset: number } | null = null
    let at = -1
    const walk = await this.#walk(files, entries, tell, (line, start, end, kind, offset, leaf) => {
      if (at < 0) at = walkStart(line, start, end)
      const position = at + index
      const kept = leaves?.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
      if (kept?.length === HASH_BYTES && !sameHash(kept, leaf)) firstOther ??= { position, offset }
      index += 1
      this.contents.record({ file, line, start, end, kind, offset, position })
      this.#options.leaf?.(position, leaf, line.subarray(start, end))
    })
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

  async #walk(
    files: SegmentFiles,
    entries: { readonly name: string; readonly packed: boolean },
    tell: (bytes: number) => Promise<void>,
    record: NonNullable<Parameters<typeof walkSegment>[1]['record']>,
  ): Promise<Walk> {
    const signatures = this.#signatures
    try {
      return await walkSegment(
        readEntries(this.#disk, this.#dir, entries),
        {
          log: this.#log,
          segment: files.number,
          record,
          ...(signatures && { signed: (note, key) => signatures.signedBy(note, key) }),
          commit: (mark) => this.#checkSince(mark.position, () => mark.frontier.root()),
        },
        tell,
      )
    } catch (error) {
      if (error instanceof Found) throw error
      this.#found(entries.name, 0, `the file cannot be read: ${errorCode(error)}`)
    }
  }

  /** Puts a segment behind the ones before it. */
  async #join(files: SegmentFiles, walk: Walk): Promise<void> {
    const file = files.entries?.name ?? ''
    const fault = walk.fault
    if (!walk.header || !walk.opened || !walk.after || !walk.before) {
      this.#suspect ??= this.#problem(file, walk)
      this.#unopened.push(files)
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
    this.#stand = { files, before: walk.before, after: walk.after }
    this.#frontier = walk.after.frontier.clone()
    this.#keys(header.key, !stand)
    this.#keys(walk.after.key, false)
    if (fault) this.#suspect = this.#problem(file, walk)
    this.#signedBehind = fault?.signed ?? false
  }

  #keys(key: VerifierKey, afterHole: boolean): void {
    // Across entries that are gone nobody can follow a change of key.
    if (afterHole && this.#key && this.#key.text !== key.text) this.#keySeen = false
    this.#key = key
    if (this.#wanted?.text === key.text) this.#keySeen = true
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

  #checkSince(size: number, root: () => Hash): void {
    if (this.#since?.size !== size) return
    if (!sameHash(this.#since.root, root())) {
      const reason = 'the records up to here are not those of the checkpoint that was kept'
      this.#found('.', 0, reason, 0, size - 1)
    }
    this.#sinceSeen = true
  }

  #finish(): void {
    const tail = this.#suspect
    const live = this.#options.live === true && this.#stand !== null
    if (tail && !live) throw new Found({ ...tail, tail: !this.#signedBehind })
    if (!this.#stand) this.#found('.', 0, 'no segment with a signed checkpoint is left')
    if (this.#stand.files.leaves) {
      // Leaf hashes are kept aside only once the next segment is durable.
      const name = `${segmentName(this.#stand.files.number + 1)}.jsonl`
      this.#found(name, 0, 'the segment is missing: the one before it was ended for it')
    }
    for (const missing of this.#missing) {
      const { dropped } = this.contents
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
    if (this.#wanted && !this.#keySeen) {
      this.#found(
        '.',
        0,
        `the log is signed with another key: ${this.#key?.text}`,
        0,
        this.records - 1,
      )
    }
    if (this.#since && !this.#sinceSeen) {
      const { size } = this.#since
      const reason =
        size > this.records
          ? `the checkpoint that was kept has ${size} records; here are ${this.records}: the end is missing`
          : `no commit ends at the ${size} records of the checkpoint that was kept`
      this.#found('.', 0, reason)
    }
  }
}

/** Position of the first record of a segment: its own `seq`, which the walk has just checked. */
function walkStart(line: Uint8Array, start: number, end: number): number {
  return (JSON.parse(Buffer.from(line.subarray(start, end)).toString()) as { seq: number }).seq
}
