// Which files of a directory are the segments of its log, and which only lie there. Numbers rise by
// one, so the log is the run from 1 on without holes; behind a hole only a file counts that says, with a
// signed header, that it is this log's. Everything else is a stray: it is named and never read.
import { basename, join } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { Lines } from '../format/lines.ts'
import { parseHeader, segmentName } from '../format/segment.ts'
import type { SegmentFiles } from './files.ts'

/** A hole wider than this was not made by files that were lost: what lies behind it is no segment. */
const WIDEST_HOLE = 10_000
const SEGMENT = /^(\d{8})\.(jsonl|jsonl\.gz|leaves)$/
/** What a log's directory holds besides segments. */
const OTHER = /^(\d{8}\.void|lock|ballast|.*\.new|.*\.stray-[0-9a-f]{8})$/

export interface Contained {
  /** From 1 to the highest that counts, without holes: a lost one has no files. */
  readonly segments: readonly SegmentFiles[]
  /** Names of what does not belong there. */
  readonly strays: readonly string[]
}

export async function look(disk: Disk, dir: string): Promise<Contained> {
  const strays: string[] = []
  const found = new Map<number, Set<string>>()
  for (const { name, kind } of await disk.scan(dir)) {
    const number = Number(SEGMENT.exec(name)?.[1] ?? 0)
    if (kind !== 'file' || number === 0) {
      if (kind !== 'file' || !OTHER.test(name)) strays.push(name)
      continue
    }
    const names = found.get(number) ?? new Set()
    found.set(number, names.add(name))
  }
  let highest = 0
  while (found.has(highest + 1)) highest += 1
  const behind = [...found.keys()].filter((n) => n > highest).sort((a, b) => b - a)
  for (const number of behind) {
    if (number <= highest) break
    if (number <= highest + WIDEST_HOLE && (await claims(disk, dir, files(number, found)))) {
      highest = number
    } else strays.push(...(found.get(number) ?? []))
  }
  const segments = Array.from({ length: highest }, (_, i) => files(i + 1, found))
  return { segments, strays: strays.sort() }
}

function files(number: number, found: ReadonlyMap<number, ReadonlySet<string>>): SegmentFiles {
  const base = segmentName(number)
  const has = (ending: string) => found.get(number)?.has(base + ending) ?? false
  const name = `${base}.jsonl`
  // Both exist only after a crash while packing; the plain one is whole.
  const plain = has('.jsonl') ? { name, packed: false } : null
  const packed = has('.jsonl.gz') ? { name: `${name}.gz`, packed: true } : null
  return { number, entries: plain ?? packed, leaves: has('.leaves') ? `${base}.leaves` : null }
}

/** Whether a file begins with a signed header of this log and number. */
async function claims(
  disk: Disk,
  dir: string,
  { number, entries }: SegmentFiles,
): Promise<boolean> {
  // The last segment is never packed.
  if (!entries || entries.packed) return false
  let header: boolean | null = null
  const lines = new Lines((bytes, start, end) => {
    const text = Buffer.from(bytes.subarray(start, end)).toString()
    header ??= typeof parseHeader(text, basename(dir), number) !== 'string'
  })
  try {
    for await (const chunk of disk.read(join(dir, entries.name))) {
      lines.push(chunk)
      // A first line that does not end within a chunk is longer than any header.
      break
    }
  } catch {
    return false
  }
  return header ?? false
}
