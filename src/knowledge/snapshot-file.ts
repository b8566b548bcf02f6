// The snapshot of what is known, beside the log: `<state>/knowledge/<source>.json`. It can be thrown away
// at any time. It counts only when it is whole, of this version of the folds, and of this very log: the
// record it ends with carries 16 random bytes, so the hash of its line is in no other log.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Disk, readAll, replaceFile } from '../base/disk.ts'
import type { Known } from './known.ts'

/** Changes with the folds and with the form of what they keep: then everything is read again. */
const FORMAT = 'wandbridge-knowledge/7'

export interface Snapshot {
  readonly format: string
  readonly log: string
  /** SHA-256 (hex) of the line at `known.position`. */
  readonly line: string
  readonly known: Known
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const pathOf = (dir: string, source: string) => join(dir, `${source}.json`)

/** The first line is the hash of the second. */
export async function saveSnapshot(
  disk: Disk,
  dir: string,
  source: string,
  { log, line, known }: Omit<Snapshot, 'format'>,
): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, log, line, known })
  await disk.makeDir(dir)
  await replaceFile(disk, pathOf(dir, source), Buffer.from(`${sha256(text)}\n${text}\n`))
}

/** Null = there is none that can be used; an error of the disk is one, too. */
export async function loadSnapshot(
  disk: Disk,
  dir: string,
  source: string,
): Promise<Snapshot | null> {
  try {
    const bytes = await readAll(disk, pathOf(dir, source))
    const [hash, text, end] = bytes.toString().split('\n')
    if (text === undefined || end !== '' || sha256(text) !== hash) return null
    const snapshot = JSON.parse(text) as Snapshot
    return snapshot.format === FORMAT ? snapshot : null
  } catch {
    return null
  }
}
