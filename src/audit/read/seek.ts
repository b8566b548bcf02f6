// Where in a log to begin to read: the segments before are not opened. The beginning of a segment says
// what it begins with; a search by halves reads a few of them, and each is remembered.
import { basename } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { Lines, Walk } from '../format/segment.ts'
import { readEntries, type SegmentFiles } from './files.ts'

/** How a segment begins. */
interface Intro {
  /** Position of its first record. */
  readonly position: number
  /** UTC of its first record; null = it has none. */
  readonly at: string | null
  /** False: nothing of it counts. */
  readonly opened: boolean
}

/** Beginnings that are known, by segment of one log. They never change once they count. */
export type Intros = Map<number, Intro>

/** Records are in order of their positions, times only nearly: a clock may have been set back so far. */
const CLOCK_MS = 86_400_000

export interface Wanted {
  /** The first position of interest. */
  readonly position: number
  /** The first moment of interest, UTC. */
  readonly from?: string | undefined
}

/** Index of the first of `files` that can hold what is wanted. */
export async function seek(
  disk: Disk,
  dir: string,
  files: readonly SegmentFiles[],
  wanted: Wanted,
  intros: Intros,
): Promise<number> {
  const from = wanted.from === undefined ? null : earlier(wanted.from)
  const before = async (i: number) => {
    const intro = await introOf(disk, dir, files[i] as SegmentFiles, intros)
    if (!intro) return false
    return (
      intro.position <= wanted.position || (from !== null && intro.at !== null && intro.at < from)
    )
  }
  let low = 0
  let high = files.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (await before(middle)) low = middle
    else high = middle - 1
  }
  // A segment that was never opened leaves the end of the one before where it is.
  while (low > 0 && !(await introOf(disk, dir, files[low] as SegmentFiles, intros))?.opened)
    low -= 1
  return low
}

const earlier = (utc: string) => new Date(Date.parse(utc) - CLOCK_MS).toISOString()

/** Whether a segment begins so late that nothing before `to` is in it or behind it. */
export async function isBehind(
  disk: Disk,
  dir: string,
  files: SegmentFiles,
  to: string,
  intros: Intros,
): Promise<boolean> {
  const intro = await introOf(disk, dir, files, intros)
  return intro?.at !== null && intro?.at !== undefined && earlier(intro.at) >= to
}

/** Position of the first record whose entry is kept; 0 in an empty log. */
export async function oldestOf(
  disk: Disk,
  dir: string,
  files: readonly SegmentFiles[],
  intros: Intros,
): Promise<number> {
  const first = files.find(({ entries }) => entries !== null)
  return first ? ((await introOf(disk, dir, first, intros))?.position ?? 0) : 0
}

/** Null = it has no whole header, or its entries are gone. */
async function introOf(
  disk: Disk,
  dir: string,
  { number, entries }: SegmentFiles,
  intros: Intros,
): Promise<Intro | null> {
  const known = intros.get(number)
  if (known) return known
  if (!entries) return null
  let at: string | null = null
  const walk = new Walk({
    log: basename(dir),
    segment: number,
    record: (bytes, start, end) => {
      at ??= (JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as { at: string }).at
    },
  })
  const lines = new Lines((bytes, start, end, offset) => walk.line(bytes, start, end, offset))
  for await (const chunk of readEntries(disk, dir, entries)) {
    lines.push(chunk)
    if (walk.opened || walk.fault) break
  }
  if (!walk.header) return null
  const intro = { position: walk.header.frontier.size, at, opened: walk.opened !== null }
  if (intro.opened) intros.set(number, intro)
  return intro
}
