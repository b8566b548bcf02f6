// Care for the segments that are ended: their leaf hashes are kept aside, old ones are packed, and
// entries older than the rule are dropped, hashes never. Everything it does to the log's evidence is
// recorded first. It works beside the writer, on files the writer has left.
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { HASH_BYTES, type Hash } from '../audit/format/merkle.ts'
import type { NewRecord } from '../audit/format/record.ts'
import { segmentName, type Walk } from '../audit/format/segment.ts'
import type { Receipt } from '../audit/log/queue.ts'
import { readEntries, type SegmentFiles, segmentFiles, walkSegment } from '../audit/read/files.ts'
import { type Disk, readAll, replaceFile } from '../base/disk.ts'

const pack = promisify(gzip)

export interface UpkeepOptions {
  readonly disk: Disk
  /** `<state>/audit/<log id>` */
  readonly dir: string
  /** Records what was done, durably; `AuditLog.append`. */
  readonly append: (record: NewRecord) => Promise<Receipt | null>
  /** Plain segments to keep besides the one that is written. Default 1. */
  readonly plain?: number
  /** Entries whose newest record is older than this are dropped. Default: none ever. */
  readonly dropBefore?: string
}

/** One round. Rejects when the disk fails; the next round starts where this one stopped. */
export async function upkeep(options: UpkeepOptions): Promise<void> {
  const { disk, dir } = options
  const all = await segmentFiles(disk, dir)
  // The last one is being written.
  const ended = all.slice(0, -1)
  await writeLeaves(disk, dir, all)
  const old = ended.slice(0, Math.max(0, ended.length - (options.plain ?? 1)))
  for (const files of old) if (files.entries && !files.entries.packed) await packOne(options, files)
  if (options.dropBefore !== undefined) await drop(options, options.dropBefore)
}

interface Walked {
  readonly files: SegmentFiles
  readonly walk: Walk
  readonly leaves: readonly Hash[]
  readonly newest: string
}

async function walked(disk: Disk, dir: string, files: SegmentFiles): Promise<Walked | null> {
  if (!files.entries) return null
  const leaves: Hash[] = []
  let newest = ''
  const walk = await walkSegment(readEntries(disk, dir, files.entries), {
    log: basename(dir),
    segment: files.number,
    record: (line, start, end, _kind, _offset, leaf) => {
      leaves.push(leaf)
      const { at } = JSON.parse(Buffer.from(line.subarray(start, end)).toString()) as { at: string }
      if (at > newest) newest = at
    },
  })
  return { files, walk, leaves, newest }
}

/** Hashes of the records that count: from a segment's beginning to the next opened one's. */
async function writeLeaves(disk: Disk, dir: string, all: readonly SegmentFiles[]): Promise<void> {
  let next: number | null = null
  for (const files of [...all].reverse()) {
    if (!files.entries) continue
    // A segment is looked at only if it, or the one before it, is not done yet.
    const earlier = all[files.number - 2]
    if (files.leaves && (earlier?.leaves || !earlier?.entries)) {
      next = null
      continue
    }
    const found = await walked(disk, dir, files)
    const from = found?.walk.opened ? (found.walk.header?.frontier.size ?? null) : null
    if (!found || from === null) continue
    if (next !== null && !files.leaves) {
      const kept = found.leaves.slice(0, next - from)
      if (kept.length !== next - from) throw new Error(`segment ${files.number} has lost records`)
      await replaceFile(disk, join(dir, `${segmentName(files.number)}.leaves`), Buffer.concat(kept))
    }
    next = from
  }
}

async function packOne({ disk, dir, append }: UpkeepOptions, files: SegmentFiles): Promise<void> {
  if (!files.entries) return
  const plain = join(dir, files.entries.name)
  const bytes = await pack(await readAll(disk, plain))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const said = await append({
    kind: 'packed',
    body: { segment: files.number, bytes: bytes.length, sha256 },
  })
  if (!said) return
  await replaceFile(disk, `${plain}.gz`, bytes)
  await disk.remove(plain)
  await disk.syncDir(dir)
}

async function drop({ disk, dir, append }: UpkeepOptions, before: string): Promise<void> {
  const all = await segmentFiles(disk, dir)
  const segments: { segment: number; position: number; records: number }[] = []
  const names: string[] = []
  for (const files of all.slice(0, -1)) {
    const found = await walked(disk, dir, files)
    if (!found) continue
    // From the oldest on, without holes, and only what its hashes can stand for.
    if (!files.leaves || !found.walk.header || found.newest >= before) break
    const hashes = (await disk.size(join(dir, files.leaves))) ?? 0
    const position = found.walk.header.frontier.size
    segments.push({ segment: files.number, position, records: hashes / HASH_BYTES })
    names.push(files.entries?.name ?? '')
  }
  if (segments.length === 0) return
  const rule = `entries before ${before}`
  if (!(await append({ kind: 'retention', action: 'D', body: { segments, rule } }))) return
  for (const name of names) await disk.remove(join(dir, name))
  await disk.syncDir(dir)
}
