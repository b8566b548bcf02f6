// What lies in a log's directory, segment by segment, and how it is read: plain or packed.
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type Disk, errorCode } from '../../base/disk.ts'
import { ordinalOf } from '../../model/source.ts'
import { Lines } from '../format/lines.ts'
import { Walk, type WalkOptions } from '../format/walk.ts'
import { look } from './directory.ts'

export interface SegmentFiles {
  readonly number: number
  /** The file with the entries; null when retention (or somebody) removed it. */
  readonly entries: { readonly name: string; readonly packed: boolean } | null
  /** The file with the leaf hashes. */
  readonly leaves: string | null
}

/** Names of the logs of one source (or of all), the current one last. */
export async function listLogs(disk: Disk, dir: string, source?: string): Promise<string[]> {
  const names = (await disk.scan(dir)).filter(({ kind }) => kind === 'directory')
  return names
    .map(({ name }) => name)
    .filter((name) => /^(device|simulator|replay)-[1-9]\d{0,8}-[0-9a-f]{8}$/.test(name))
    .filter((name) => source === undefined || name.startsWith(`${source}-`))
    .sort((a, b) => ordinalOf(a) - ordinalOf(b))
}

/** All segments from 1 to the highest that counts, without holes. */
export async function segmentFiles(disk: Disk, dir: string): Promise<readonly SegmentFiles[]> {
  return (await look(disk, dir)).segments
}

/** The segment's bytes as they were written; also of one that was packed since its name was read. */
export async function* readEntries(
  disk: Disk,
  dir: string,
  entries: { readonly name: string; readonly packed: boolean },
  from = 0,
): AsyncIterable<Uint8Array> {
  const path = join(dir, entries.name)
  if (entries.packed) return yield* unpacked(disk, path, from)
  try {
    yield* disk.read(path, from)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || (await disk.size(`${path}.gz`)) === null) throw error
    yield* unpacked(disk, `${path}.gz`, from)
  }
}

function unpacked(disk: Disk, path: string, from: number): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  // Its error reaches whoever reads; `pipe` would leave them waiting, and nobody to catch it.
  pipeline(Readable.from(disk.read(path)), gunzip, () => {})
  return skip(gunzip, from)
}

async function* skip(chunks: AsyncIterable<Uint8Array>, from: number): AsyncIterable<Uint8Array> {
  let left = from
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}

/** SHA-256 (hex) and length of everything a reader gives. */
export async function digest(chunks: AsyncIterable<Uint8Array>) {
  const sha = createHash('sha256')
  let bytes = 0
  for await (const chunk of chunks) {
    sha.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: sha.digest('hex') }
}

/** Walks one segment file to its end. */
export async function walkSegment(
  chunks: AsyncIterable<Uint8Array>,
  options: WalkOptions,
  bytesRead: (n: number) => void | Promise<void> = () => {},
): Promise<Walk> {
  const walk = new Walk(options)
  const lines = new Lines((bytes, start, end, offset) => walk.line(bytes, start, end, offset))
  for await (const chunk of chunks) {
    lines.push(chunk)
    await bytesRead(chunk.length)
  }
  walk.end(lines.offset, lines.rest)
  return walk
}

/** The newest signed checkpoint and its key, from the last segments alone; a sentence if there is none. */
export async function newestCheckpoint(
  disk: Disk,
  dir: string,
): Promise<{ readonly checkpoint: string; readonly key: string } | string> {
  const { segments } = await look(disk, dir)
  for (const { number, entries } of [...segments].reverse()) {
    if (!entries || entries.packed) continue
    const options = { log: basename(dir), segment: number }
    const walk = await walkSegment(readEntries(disk, dir, entries), options)
    if (walk.opened && walk.after) {
      return { checkpoint: walk.after.note, key: walk.after.key.text }
    }
  }
  return 'no segment with a signed checkpoint is here'
}
