// The tree of one log as tiles (c2sp.org/tlog-tiles), and proofs that it only grew. Everything is taken from
// what is durable: leaf hashes from the `.leaves` files, and of the newest segments, which have none yet,
// from the records. Kept in memory are the rows above the leaves, 32 bytes for 256 records, and the leaf
// hashes of those newest segments. The first use goes through the whole log once, in short turns.
import { basename, join } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { type Env, sleep } from '../../base/env.ts'
import { atOnce } from '../../model/merkle.ts'
import {
  consistencyRanges,
  type Range,
  rangeRoot,
  rowOf,
  rowRoot,
  TILE_WIDTH,
  type Tile,
  tilesOf,
} from '../../model/tiles.ts'
import { EMPTY_ROOT, HASH_BYTES, type Hash, leafHash, nodeHash } from '../format/merkle.ts'
import { segmentFiles } from './files.ts'
import { LogReader } from './log-reader.ts'
import type { Place } from './scan.ts'

/** Leaves between two pauses: some milliseconds of hashing. */
const TURN = 4_096
/** Leaves that are read at once. */
const READ = 32_768

/** Leaf hashes that are kept in files, in the order of the log. */
interface Run {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** A list of hashes that grows. */
class Row {
  #bytes: Uint8Array = new Uint8Array(64 * HASH_BYTES)
  /** Where it begins, and the hashes that are there. */
  from: number
  length = 0

  constructor(from = 0) {
    this.from = from
  }

  get end(): number {
    return this.from + this.length
  }

  push(hash: Hash): void {
    const at = this.length * HASH_BYTES
    if (at === this.#bytes.length) {
      const more = new Uint8Array(at * 2)
      more.set(this.#bytes)
      this.#bytes = more
    }
    this.#bytes.set(hash, at)
    this.length += 1
  }

  slice(lo: number, hi: number): Uint8Array {
    return this.#bytes.slice((lo - this.from) * HASH_BYTES, (hi - this.from) * HASH_BYTES)
  }

  /** Forgets what stands before. */
  begin(at: number): void {
    if (at <= this.from) return
    const rest = this.slice(Math.min(at, this.end), this.end)
    this.#bytes = new Uint8Array(Math.max(64 * HASH_BYTES, rest.length))
    this.#bytes.set(rest)
    this.length = rest.length / HASH_BYTES
    this.from = at
  }
}

export class LogTiles {
  readonly log: string
  readonly #env: Env
  readonly #disk: Disk
  readonly #dir: string
  readonly #reader: LogReader
  /** Rows 1 and above; a row is there once it has a hash. */
  readonly #rows: Row[] = []
  /** Leaf hashes of the newest records: those that no file of hashes holds, and the last open tile. */
  readonly #leaves = new Row()
  #runs: readonly Run[] = []
  #place: Place | null = null
  #growing: Promise<void> = Promise.resolve()

  /** `dir`: `<state>/audit/<log>`. */
  constructor(env: Env, disk: Disk, dir: string) {
    this.log = basename(dir)
    this.#env = env
    this.#disk = disk
    this.#dir = dir
    this.#reader = new LogReader(disk, dir)
  }

  /** The hashes of a tile of a tree of `size` leaves; null when that has no such tile. */
  async tile({ level, index, width }: Tile, size: number): Promise<Uint8Array | null> {
    const lo = index * TILE_WIDTH
    if (lo + width > rowOf(level, size)) return null
    await this.#reach(size)
    return this.#hashes(level, lo, lo + width)
  }

  /** Root of the first `size` leaves. */
  async root(size: number): Promise<Hash> {
    const [root] = await this.#roots(size === 0 ? [] : [[0, size]], size)
    return root ?? EMPTY_ROOT
  }

  /** PROOF(from, D[size]). */
  async consistency(from: number, size: number): Promise<Hash[]> {
    return this.#roots(consistencyRanges(from, size), size)
  }

  /**
   * The lines of the records from `from` on and before `before`, of a log with `until` records; null when
   * one of them is not kept any more.
   */
  async entries(from: number, before: number, until: number): Promise<readonly string[] | null> {
    const lines: string[] = []
    for await (const { records, missing } of this.#reader.forward({ first: from, before, until })) {
      if (missing) return null
      for (const { line } of records) lines.push(line)
    }
    return lines
  }

  async #roots(ranges: readonly Range[], size: number): Promise<Hash[]> {
    await this.#reach(size)
    const tiles = new Map<string, Uint8Array>()
    for (const { level, index, width } of tilesOf(ranges, size)) {
      const lo = index * TILE_WIDTH
      tiles.set(`${level} ${index}`, await this.#hashes(level, lo, lo + width))
    }
    const hashes = (level: number, index: number) =>
      tiles.get(`${level} ${index}`) ?? new Uint8Array()
    return ranges.map((range) => atOnce(rangeRoot(range, hashes), nodeHash))
  }

  async #hashes(level: number, lo: number, hi: number): Promise<Uint8Array> {
    if (level > 0) return (this.#rows[level - 1] ?? new Row()).slice(lo, hi)
    if (lo >= this.#leaves.from) return this.#leaves.slice(lo, hi)
    const bytes = new Uint8Array((hi - lo) * HASH_BYTES)
    for (const { name, from, to } of this.#runs) {
      const begin = Math.max(lo, from)
      const end = Math.min(hi, to)
      if (begin >= end) continue
      const part = await readPart(
        this.#disk,
        join(this.#dir, name),
        (begin - from) * HASH_BYTES,
        (end - begin) * HASH_BYTES,
      )
      bytes.set(part, (begin - lo) * HASH_BYTES)
    }
    return bytes
  }

  /** Grows to `size` leaves, one caller after the other. */
  #reach(size: number): Promise<void> {
    const grown = this.#growing.then(() => this.#grow(size))
    this.#growing = grown.catch(() => {})
    return grown
  }

  async #grow(size: number): Promise<void> {
    if (this.#leaves.end >= size) return
    await this.#findRuns()
    for (const run of this.#runs) await this.#takeRun(run, size)
    if (this.#leaves.end >= size) return
    const range = { first: this.#leaves.end, until: size, place: this.#place }
    for await (const { records, missing, place } of this.#reader.forward(range)) {
      if (missing)
        throw new Error(`Audit log ${this.log}: leaf hashes of dropped records are missing.`)
      for (const { line } of records) this.#take(leafHash(Buffer.from(line)))
      this.#place = place
      await sleep(this.#env, 0)
    }
  }

  async #takeRun({ name, from, to }: Run, size: number): Promise<void> {
    const end = Math.min(to, size)
    for (let lo = this.#leaves.end; lo < end; lo = this.#leaves.end) {
      const hi = Math.min(lo + READ, end)
      const path = join(this.#dir, name)
      const length = (hi - lo) * HASH_BYTES
      const bytes = await readPart(this.#disk, path, (lo - from) * HASH_BYTES, length)
      for (let at = 0; at < length; at += HASH_BYTES) {
        this.#take(bytes.subarray(at, at + HASH_BYTES))
        if (this.#leaves.end % TURN === 0) await sleep(this.#env, 0)
      }
      this.#trim()
    }
  }

  /** Which files hold leaf hashes, one behind the other from the first record on. */
  async #findRuns(): Promise<void> {
    const runs: Run[] = []
    let from = 0
    for (const { leaves, entries } of await segmentFiles(this.#disk, this.#dir)) {
      // One that was never opened may be gone altogether.
      if (leaves === null && entries === null) continue
      const size = leaves === null ? null : await this.#disk.size(join(this.#dir, leaves))
      if (leaves === null || size === null) break
      const to = from + Math.floor(size / HASH_BYTES)
      if (to > from) runs.push({ name: leaves, from, to })
      from = to
    }
    this.#runs = runs
    this.#trim()
  }

  #take(leaf: Hash): void {
    this.#leaves.push(leaf)
    let filled = this.#leaves
    for (let level = 1; filled.end % TILE_WIDTH === 0; level += 1) {
      const row = this.#rows[level - 1] ?? new Row()
      this.#rows[level - 1] = row
      row.push(atOnce(rowRoot(filled.slice(filled.end - TILE_WIDTH, filled.end)), nodeHash))
      filled = row
    }
  }

  /** Of leaves that stand in a file only the last tile, which is not full, stays in memory. */
  #trim(): void {
    const filed = Math.min(this.#runs.at(-1)?.to ?? 0, this.#leaves.end)
    this.#leaves.begin(Math.floor(filed / TILE_WIDTH) * TILE_WIDTH)
  }
}

async function readPart(
  disk: Disk,
  path: string,
  from: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let at = 0
  for await (const chunk of disk.read(path, from)) {
    bytes.set(chunk.subarray(0, length - at), at)
    at += Math.min(chunk.length, length - at)
    if (at === length) return bytes
  }
  throw new Error(`${path} is shorter than it was`)
}
