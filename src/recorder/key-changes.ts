// What the record of a retention carries on: for every change of key among the entries that are dropped, a proof
// that needs none of them. Without these a key that was kept from before vouches for nothing any more.
import { basename } from 'node:path'
import { originOf } from '../audit/format/checkpoint.ts'
import { keyChange } from '../audit/format/key-change.ts'
import { Lines } from '../audit/format/lines.ts'
import { type Hash, inclusionBehind } from '../audit/format/merkle.ts'
import { proofText } from '../audit/format/proof.ts'
import type { Body } from '../audit/format/record.ts'
import { bodyOf, type Mark, Walk } from '../audit/format/walk.ts'
import { readEntries, type SegmentFiles } from '../audit/read/files.ts'
import type { Disk } from '../base/disk.ts'

/** Characters of all proofs together: the record is one line. The oldest do not fit. */
const MOST = 48_000

/** Proofs of all changes of key below a position, oldest first; the entries are still there, or a record has them. */
export async function keyChanges(
  disk: Disk,
  dir: string,
  all: readonly SegmentFiles[],
  position: number,
): Promise<string[]> {
  const found = new Map<number, string>()
  // Entries that were dropped before: the newest retention record is in one of the last segments.
  if (all.some(({ entries }) => entries === null)) {
    for (const text of await carried(disk, dir, all)) {
      const index = keyChange(text, originOf(basename(dir)))?.index
      if (index !== undefined) found.set(index, text)
    }
  }
  for (const files of all) {
    const { from, proofs } = await proofsIn(disk, dir, files)
    if (from !== null && from >= position) break
    for (const [index, text] of proofs) if (index < position) found.set(index, text)
  }
  const texts = [...found].sort(([a], [b]) => a - b).map(([, text]) => text)
  let length = texts.reduce((sum, text) => sum + text.length, 0)
  while (length > MOST) length -= texts.shift()?.length ?? 0
  return texts
}

async function proofsIn(disk: Disk, dir: string, files: SegmentFiles) {
  const proofs = new Map<number, string>()
  let rotation: { readonly index: number; readonly line: Uint8Array } | null = null
  let leaves: Hash[] = []
  const walk: Walk = await walked(disk, dir, files, {
    record: (line, start, end, kind, leaf, now) => {
      const index = (now.after?.position ?? 0) + leaves.length
      if (kind === 'key-rotation')
        rotation = { index, line: Buffer.from(line.subarray(start, end)) }
      leaves.push(leaf)
    },
    commit: ({ note: checkpoint }, now) => {
      const changed = rotation as { readonly index: number; readonly line: Uint8Array } | null
      if (changed && now.before) {
        const { index, line: extra } = changed
        const path = inclusionBehind(now.before.frontier, leaves, index)
        proofs.set(index, proofText({ index, path, extra, checkpoint }))
      }
      rotation = null
      leaves = []
    },
  })
  if (!walk.opened) return { from: null, proofs: new Map<number, string>() }
  return { from: walk.header?.frontier.size ?? null, proofs }
}

async function carried(
  disk: Disk,
  dir: string,
  all: readonly SegmentFiles[],
): Promise<readonly string[]> {
  for (const files of [...all].reverse()) {
    let last: Body<'retention'> | null = null
    let pending: Body<'retention'> | null = null
    const walk = await walked(disk, dir, files, {
      record: (line, start, end, kind) => {
        if (kind === 'retention') pending = bodyOf(line, start, end) as Body<'retention'>
      },
      commit: () => {
        last = pending
      },
    })
    const found = last as Body<'retention'> | null
    if (walk.opened && found) return found.keyChanges ?? []
  }
  return []
}

interface Seen {
  readonly record: (
    line: Uint8Array,
    start: number,
    end: number,
    kind: string | null,
    leaf: Hash,
    walk: Walk,
  ) => void
  readonly commit: (mark: Mark, walk: Walk) => void
}

async function walked(disk: Disk, dir: string, files: SegmentFiles, seen: Seen): Promise<Walk> {
  const walk: Walk = new Walk({
    log: basename(dir),
    segment: files.number,
    // Whether they are truly signed is asked when they are verified.
    signed: () => true,
    record: (line, start, end, kind, _offset, leaf) =>
      seen.record(line, start, end, kind, leaf, walk),
    commit: (mark) => seen.commit(mark, walk),
  })
  if (!files.entries) return walk
  const lines = new Lines((bytes, start, end, offset) => walk.line(bytes, start, end, offset))
  for await (const chunk of readEntries(disk, dir, files.entries)) lines.push(chunk)
  return walk
}
