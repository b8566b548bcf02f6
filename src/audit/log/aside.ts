// What must leave the way before a segment is begun: the end of a failed write is copied beside the new
// segment, and a file of somebody else that has the new segment's name is moved, never removed.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Disk, readAll, replaceFile } from '../../base/disk.ts'
import type { Env } from '../../base/env.ts'
import type { NewRecord, Void } from '../format/record.ts'
import { segmentName, voidName } from '../format/segment.ts'
import { segmentPath } from './manifest.ts'
import type { VoidRange } from './opening.ts'

/**
 * Keeps a durable copy of every range beside segment `number`, because what a failed write left in
 * the old file may still change with the next power cut.
 */
export async function copyTails(
  disk: Disk,
  dir: string,
  number: number,
  ranges: readonly VoidRange[],
): Promise<Void[]> {
  const voids: Void[] = []
  const copies: Uint8Array[] = []
  for (const { segment, offset } of ranges) {
    const bytes = await readAll(disk, segmentPath(dir, segment), offset)
    if (bytes.length === 0 && offset > 0) continue
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    voids.push({ segment, offset, bytes: bytes.length, sha256 })
    copies.push(bytes)
  }
  const path = join(dir, voidName(number))
  if (voids.length > 0) await replaceFile(disk, path, Buffer.concat(copies))
  return voids
}

/** Moves what has a name of segment `number`; a record of each. Whatever it is, it is not opened. */
export async function clearWay(
  env: Env,
  disk: Disk,
  dir: string,
  number: number,
): Promise<NewRecord<'stray'>[]> {
  const moved: NewRecord<'stray'>[] = []
  for (const ending of ['jsonl', 'jsonl.gz', 'leaves', 'void', 'void.new']) {
    const file = `${segmentName(number)}.${ending}`
    if ((await disk.entry(join(dir, file))) === null) continue
    const mark = Buffer.from(env.random(4)).toString('hex')
    const to = `${file}.stray-${mark}`
    await disk.rename(join(dir, file), join(dir, to))
    moved.push({ kind: 'stray', outcome: { ok: false }, body: { file, moved: to } })
  }
  return moved
}
