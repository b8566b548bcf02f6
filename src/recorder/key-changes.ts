// For every change of a log's key a proof that needs no other entry: what the record of a retention carries on of
// the changes that it drops, without which a key that was kept from before vouches for nothing any more, and what
// whoever follows the log by its tiles is given.
import { basename } from 'node:path'
import { originOf } from '../audit/format/checkpoint.ts'
import { keyChange } from '../audit/format/key-change.ts'
import { type Frontier, type Hash, inclusionBehind } from '../audit/format/merkle.ts'
import { proofText } from '../audit/format/proof.ts'
import type { Body } from '../audit/format/record.ts'
import { parseHeader } from '../audit/format/segment.ts'
import { bodyOf } from '../audit/format/walk.ts'
import { readEntries, type SegmentFiles, segmentFiles, walkSegment } from '../audit/read/files.ts'
import type { Disk } from '../base/disk.ts'

/** Characters of all proofs together: the record is one line. The oldest do not fit. */
const MOST = 48_000

/** What a retention drops: every segment up to `through`, which ends at `position`. */
interface Dropped {
  readonly through: number
  readonly position: number
}

/** Proofs of all changes of key of a log, oldest first; `key` is the one that signs now. */
export async function allKeyChanges(disk: Disk, dir: string, key: string): Promise<string[]> {
  const whole = { through: Number.POSITIVE_INFINITY, position: Number.POSITIVE_INFINITY }
  return keyChanges(disk, dir, await segmentFiles(disk, dir), whole, key)
}

/**
 * Proofs of all changes of key in what is dropped, oldest first; the entries are still there, or a record has
 * them. `last`: the key behind the last segment, where that is known.
 */
export async function keyChanges(
  disk: Disk,
  dir: string,
  all: readonly SegmentFiles[],
  { through, position }: Dropped,
  last: string | null = null,
): Promise<string[]> {
  const found = new Map<number, string>()
  // Entries that were dropped before: the newest retention record is in one of the last segments.
  if (all.some(({ entries }) => entries === null)) {
    for (const text of await carried(disk, dir, all)) {
      const index = keyChange(text, originOf(basename(dir)))?.index
      if (index !== undefined) found.set(index, text)
    }
  }
  let begins = all[0] ? await firstKey(disk, dir, all[0]) : null
  for (const [i, files] of all.entries()) {
    if (files.number > through) break
    const next = all[i + 1]
    const ends = next ? await firstKey(disk, dir, next) : last
    // A segment ends with a change of key, so one with the same key before and behind it holds none.
    const same = begins !== null && begins === ends
    const proofs = same ? [] : await proofsIn(disk, dir, files)
    for (const [index, text] of proofs) if (index < position) found.set(index, text)
    begins = ends
  }
  const texts = [...found].sort(([a], [b]) => a - b).map(([, text]) => text)
  let length = texts.reduce((sum, text) => sum + text.length, 0)
  while (length > MOST) length -= texts.shift()?.length ?? 0
  return texts
}

/** The key in the header of a segment; null = its entries are not there, or its header is none. */
async function firstKey(
  disk: Disk,
  dir: string,
  { number, entries }: SegmentFiles,
): Promise<string | null> {
  if (!entries) return null
  const chunks: Uint8Array[] = []
  for await (const chunk of readEntries(disk, dir, entries)) {
    const end = chunk.indexOf(0x0a)
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
    if (end >= 0) break
  }
  const header = parseHeader(Buffer.concat(chunks).toString(), basename(dir), number)
  return typeof header === 'string' ? null : header.key.text
}

/** A change of key that is the record `at` of its commit. */
interface Rotation {
  readonly at: number
  readonly line: Uint8Array
}

interface Change extends Rotation {
  /** The tree in front of its commit; null = the segment begins with it. */
  readonly before: Frontier | null
  readonly leaves: readonly Hash[]
  readonly checkpoint: string
}

async function proofsIn(
  disk: Disk,
  dir: string,
  { number, entries }: SegmentFiles,
): Promise<ReadonlyMap<number, string>> {
  const proofs = new Map<number, string>()
  if (!entries) return proofs
  const changes: Change[] = []
  let rotation: Rotation | null = null
  let before: Frontier | null = null
  let leaves: Hash[] = []
  const { opened, header } = await walkSegment(readEntries(disk, dir, entries), {
    ...trusting(dir, number),
    record: (line, start, end, kind, _offset, leaf) => {
      if (kind === 'key-rotation')
        rotation = { at: leaves.length, line: Buffer.from(line.subarray(start, end)) }
      leaves.push(leaf)
    },
    commit: ({ frontier, note: checkpoint }) => {
      if (rotation) changes.push({ ...rotation, before, leaves, checkpoint })
      rotation = null
      before = frontier
      leaves = []
    },
  })
  if (!opened || !header) return proofs
  for (const { at, line: extra, before, leaves, checkpoint } of changes) {
    const frontier = before ?? header.frontier
    const index = frontier.size + at
    const path = inclusionBehind(frontier, leaves, index)
    proofs.set(index, proofText({ index, path, extra, checkpoint }))
  }
  return proofs
}

async function carried(
  disk: Disk,
  dir: string,
  all: readonly SegmentFiles[],
): Promise<readonly string[]> {
  for (const { number, entries } of [...all].reverse()) {
    if (!entries) continue
    let last: Body<'retention'> | null = null
    let pending: Body<'retention'> | null = null
    const { opened } = await walkSegment(readEntries(disk, dir, entries), {
      ...trusting(dir, number),
      record: (line, start, end, kind) => {
        if (kind === 'retention') pending = bodyOf(line, start, end) as Body<'retention'>
      },
      commit: () => {
        last = pending
      },
    })
    const found = last as Body<'retention'> | null
    if (opened && found) return found.keyChanges ?? []
  }
  return []
}

/** Whether commits are truly signed is asked when they are verified. */
const trusting = (dir: string, segment: number) => ({
  ...{ log: basename(dir), segment },
  signed: () => true,
})
