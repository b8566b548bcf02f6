// Reads a whole log and believes nothing: every byte of every segment is checked against a hash, a signature or
// a rule. Streams, in memory that does not grow with the log. The rules are those of README.md, "Verification";
// how segments follow each other is in chain.ts.
import { basename, join } from 'node:path'
import { type Disk, readAll } from '../../base/disk.ts'
import { originOf } from '../format/checkpoint.ts'
import { keyChange } from '../format/key-change.ts'
import { Frontier, HASH_BYTES, type Hash, sameHash } from '../format/merkle.ts'
import type { Signatures } from '../format/note.ts'
import { look } from '../read/directory.ts'
import { digest, readEntries, type SegmentFiles, walkSegment } from '../read/files.ts'
import { Chain, Found } from './chain.ts'
import { notRead } from './not-read.ts'
import type { VerifyOptions } from './verification.ts'

/** Bytes of leaf hashes of one segment: two million records. */
const MOST_LEAVES = 1 << 26

export class Verifier {
  readonly #disk: Disk
  readonly #dir: string
  readonly #log: string
  readonly #options: VerifyOptions
  readonly #signatures: Signatures | null
  readonly chain: Chain
  /** Names in the directory that are no part of the log. */
  strays: readonly string[] = []
  /** The file that is being read. */
  #file = '.'
  #packed = new Map<number, { bytes: number; sha256: string; file: string }>()

  constructor(disk: Disk, dir: string, options: VerifyOptions, signatures: Signatures | null) {
    this.#signatures = signatures
    this.#disk = disk
    this.#dir = dir
    this.#log = basename(dir)
    this.#options = options
    this.chain = new Chain(disk, dir, this.#log, options)
  }

  async run(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      if (error instanceof Found) throw error
      const { reason, unread } = notRead(error)
      const position = this.chain.records
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
    if (all.length === 0) this.chain.found('.', 0, 'there is no audit log here')
    let bytes = 0
    for (const files of all) {
      const tell = async (n: number) => {
        bytes += n
        if ((await this.#signatures?.settle()) === false) throw new Error('a wrong signature')
        const { number: segment } = files
        this.#options.progress?.({
          segment,
          segments: all.length,
          records: this.chain.records,
          bytes,
        })
      }
      if (files.entries) await this.#segment(files, files.entries, tell)
      else if (files.leaves) {
        this.#file = files.leaves
        this.chain.dropped(files.number, await this.#leaves(files.leaves))
      } else this.chain.absent(files)
    }
    this.chain.finish()
    this.#asPacked()
    if (this.chain.outside.asked) await this.#keyChanges(all)
    const problem = this.chain.outside.problem(this.chain.records)
    if (problem) this.chain.found('.', 0, problem.reason, 0, problem.through)
  }

  /** Changes of key whose entries were dropped: the retention record proves them, under roots of this log. */
  async #keyChanges(all: readonly SegmentFiles[]): Promise<void> {
    const texts = this.chain.contents.dropped?.keyChanges
    if (!Array.isArray(texts) || texts.length === 0) return
    const changes = texts.flatMap((text) => keyChange(text, originOf(this.#log)) ?? [])
    const roots = new Map<number, Hash | null>(changes.map(({ size }) => [size, null]))
    const frontier = new Frontier()
    for (const { leaves } of all) {
      if (!leaves || frontier.size >= Math.max(0, ...roots.keys())) continue
      const bytes = await this.#leaves(leaves)
      for (let at = 0; at < bytes.length; at += HASH_BYTES) {
        frontier.append(bytes.subarray(at, at + HASH_BYTES))
        if (roots.has(frontier.size)) roots.set(frontier.size, frontier.root())
      }
    }
    for (const { from, to, size, root } of changes.reverse()) {
      const own = roots.get(size)
      if (own && sameHash(own, root)) this.chain.outside.changed(from, to)
    }
  }

  async #leaves(name: string): Promise<Uint8Array> {
    const path = join(this.#dir, name)
    const size = (await this.#disk.size(path)) ?? 0
    if (size > MOST_LEAVES) this.chain.found(name, 0, 'more leaf hashes than a segment has records')
    const bytes = await readAll(this.#disk, path)
    if (bytes.length % HASH_BYTES !== 0)
      this.chain.found(name, 0, 'the file of leaf hashes is not whole')
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
        rootAt: this.chain.outside.size,
        record: (line, start, end, kind, offset, leaf) => {
          if (at < 0) at = walkStart(line, start, end)
          const position = at + index
          const kept = leaves?.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
          if (kept?.length === HASH_BYTES && !sameHash(kept, leaf))
            firstOther ??= { position, offset }
          index += 1
          const bytes = line.subarray(start, end)
          this.chain.contents.record({ file, line: bytes, kind, offset, position })
          this.#options.leaf?.(position, leaf, bytes)
        },
        commit: () => this.chain.contents.commit(),
        ...(signatures && { signed: (note, key) => signatures.signedBy(note, key) }),
      },
      tell,
    )
    if (walk.fault && firstOther !== null) {
      const { position, offset } = firstOther as { position: number; offset: number }
      if (walk.fault.position <= position && position <= walk.fault.through) {
        this.chain.found(file, offset, walk.fault.reason, position)
      }
    }
    await this.chain.join(files, walk)
    if (files.leaves && leaves && walk.opened) {
      const other = firstOther as { position: number; offset: number } | null
      if (other)
        this.chain.found(
          files.leaves,
          (other.position - at) * HASH_BYTES,
          'a leaf hash differs from its record',
          other.position,
        )
      const from = walk.header?.frontier.size ?? 0
      this.chain.counted(files.leaves, from, leaves.length / HASH_BYTES)
    }
  }

  #asPacked(): void {
    for (const [segment, found] of this.#packed) {
      const said = this.chain.contents.packed.get(segment)
      if (said?.sha256 === found.sha256 && said.bytes === found.bytes) continue
      this.chain.found(
        found.file,
        0,
        'the packed file is not the one that was recorded when it was packed',
      )
    }
  }
}

/** Position of the first record of a segment: its own `seq`, which the walk has just checked. */
function walkStart(line: Uint8Array, start: number, end: number): number {
  return (JSON.parse(Buffer.from(line.subarray(start, end)).toString()) as { seq: number }).seq
}
