// What was set aside when a segment was begun lies in its `.void` file, to the byte. In the old files
// a beginning of that may be left, because a power cut may take more, and nothing else.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Disk, readAll } from '../../base/disk.ts'
import type { Void } from '../format/record.ts'
import { voidName } from '../format/segment.ts'
import { readEntries, type SegmentFiles } from '../read/files.ts'

/** A file and the byte behind which nothing of it counts. */
export interface Place {
  readonly files: SegmentFiles
  readonly offset: number
}

/** Null when all is as the segment's record says; else the reason. */
export async function checkVoids(
  disk: Disk,
  dir: string,
  opened: {
    readonly segment: number
    /** What its record lists. */
    readonly said: readonly Void[]
    /** What it may list. */
    readonly places: readonly Place[]
    /** Whether retention dropped a segment's entries. */
    readonly dropped: (segment: number) => boolean
  },
): Promise<string | null> {
  const { said, places } = opened
  const name = voidName(opened.segment)
  const path = join(dir, name)
  const size = said.length > 0 ? ((await disk.entry(path))?.size ?? null) : 0
  // What was copied was dropped on purpose, and the copy with it.
  const gone = size === null && said.every(({ segment }) => opened.dropped(segment))
  if (size === null && !gone) return `${name} is missing`
  if (!gone && size !== said.reduce((sum, { bytes }) => sum + bytes, 0))
    return `${name} has not the bytes that were set aside`
  const kept = gone || size === 0 ? Buffer.alloc(0) : await readAll(disk, path)
  const copies = new Map<Void, Uint8Array>()
  let at = 0
  for (const range of said) {
    const copy = kept.subarray(at, at + range.bytes)
    at += range.bytes
    copies.set(range, copy)
    if (!gone && createHash('sha256').update(copy).digest('hex') !== range.sha256) {
      return `${name} is not what the record of this segment says was set aside`
    }
    const allowed = places.some(
      (p) => p.files.number === range.segment && p.offset === range.offset,
    )
    if (!allowed && !opened.dropped(range.segment)) {
      return 'the record of this segment sets aside what it may not'
    }
  }
  for (const { files, offset } of places) {
    const range = said.find((v) => v.segment === files.number && v.offset === offset)
    if (!range && offset === 0) return 'a segment before this one was never opened'
    const copy = (range && copies.get(range)) ?? Buffer.alloc(0)
    if (files.entries && !(await begins(copy, readEntries(disk, dir, files.entries, offset)))) {
      return `${files.entries.name} holds bytes behind its end that were not set aside`
    }
  }
  return null
}

async function begins(copy: Uint8Array, chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  let at = 0
  for await (const chunk of chunks) {
    if (Buffer.compare(chunk, copy.subarray(at, at + chunk.length)) !== 0) return false
    at += chunk.length
  }
  return true
}
