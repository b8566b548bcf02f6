// Where in a log a position stands: the segments before are not opened. The beginning of a segment says
// at which position it begins; a search by halves reads a few of them, and each is remembered.
import { basename } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { Lines } from '../format/lines.ts'
import { Walk } from '../format/walk.ts'
import { readEntries, type SegmentFiles } from './files.ts'

/** How a segment begins. */
interface Intro {
  /** Position of its first record. */
  readonly position: number
  /** False: nothing of it counts. */
  readonly opened: boolean
}

/** Beginnings that are known, by segment of one log. They never change once they count. */
export type Intros = Map<number, Intro>

/** A segment whose entries are there and of which something counts. */
export interface Found {
  readonly files: SegmentFiles & { readonly entries: NonNullable<SegmentFiles['entries']> }
  /** Position of its first record. */
  readonly begin: number
}

/** The last segment that begins at `position` or before it, and the next one; null = there is none. */
export async function seek(
  disk: Disk,
  dir: string,
  all: readonly SegmentFiles[],
  position: number,
  intros: Intros,
): Promise<{ readonly found: Found | null; readonly next: Found | null }> {
  const files = all.filter((one): one is Found['files'] => one.entries !== null)
  const introAt = (i: number) => introOf(disk, dir, files[i] as Found['files'], intros)
  // A segment that was never opened stands where its neighbours say: it is passed over on both sides.
  const opened = async (from: number, step: 1 | -1): Promise<[number, Found | null]> => {
    for (let i = from; i >= 0 && i < files.length; i += step) {
      const intro = await introAt(i)
      const one = files[i] as Found['files']
      if (intro?.opened) return [i, { files: one, begin: intro.position }]
    }
    return [-1, null]
  }
  // The first index of which it is sure that it begins behind `position`.
  let low = 0
  let high = files.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const [i, one] = await opened(middle, -1)
    if (!one || one.begin <= position) low = middle + 1
    else high = Math.max(i, 0)
  }
  const [at, found] = await opened(low - 1, -1)
  const [, next] = await opened(found ? at + 1 : low, 1)
  return { found, next }
}

/** Null = it has no whole header. */
async function introOf(
  disk: Disk,
  dir: string,
  { number, entries }: Found['files'],
  intros: Intros,
): Promise<Intro | null> {
  const known = intros.get(number)
  if (known) return known
  const walk = new Walk({ log: basename(dir), segment: number, signed: () => true })
  const lines = new Lines((bytes, start, end, offset) => {
    if (!walk.opened) walk.line(bytes, start, end, offset)
  })
  for await (const chunk of readEntries(disk, dir, entries)) {
    lines.push(chunk)
    if (walk.opened || walk.fault) break
  }
  if (!walk.header) return null
  const intro = { position: walk.header.frontier.size, opened: walk.opened !== null }
  if (intro.opened) intros.set(number, intro)
  return intro
}
