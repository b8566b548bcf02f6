// What somebody could do who has a key: write a log anew, record by record, and sign it.
import type { KeyObject } from 'node:crypto'
import { canonical, type Json } from '../../src/audit/format/canonical.ts'
import { originOf } from '../../src/audit/format/checkpoint.ts'
import { Frontier, leafHash } from '../../src/audit/format/merkle.ts'
import { signingKey } from '../../src/audit/format/note.ts'
import { commitLine, headerLine } from '../../src/audit/format/segment.ts'
import { MemoryDisk } from './memory-disk.ts'

/** A disk with these files, durable. */
export function diskOf(files: Iterable<readonly [string, Buffer]>): MemoryDisk {
  const disk = new MemoryDisk()
  for (const [name, bytes] of files)
    disk.files.set(name, { bytes: Buffer.from(bytes), synced: bytes.length })
  return disk
}

/** Lines of the records that stand in a segment. */
export const recordsOf = (segment: Buffer): string[] =>
  segment
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{"checkpoint"'))

/** One segment of the given groups of lines, each group a commit signed by `keys`. */
export function segmentOf(
  log: string,
  groups: readonly (readonly string[])[],
  keys: readonly KeyObject[],
  at: { readonly number: number; readonly frontier: Frontier } = {
    number: 1,
    frontier: new Frontier(),
  },
): { readonly bytes: Buffer; readonly frontier: Frontier; readonly notes: readonly string[] } {
  const signers = keys.map((key) => signingKey(originOf(log), key))
  const frontier = at.frontier.clone()
  const notes: string[] = []
  const first = signers[0]
  if (!first) throw new Error('no key')
  let text = headerLine(log, at.number, frontier, first)
  for (const group of groups) {
    for (const line of group) frontier.append(leafHash(Buffer.from(line)))
    const checkpoint = { origin: originOf(log), size: frontier.size, root: frontier.root() }
    const { line, note } = commitLine(checkpoint, signers)
    notes.push(note)
    text += [...group, line].join('\n')
  }
  return { bytes: Buffer.from(text), frontier, notes }
}

/** The line with other fields. */
export const altered = (line: string, fields: { readonly [name: string]: Json | undefined }) =>
  canonical({ ...(JSON.parse(line) as { [name: string]: Json }), ...fields })
