// Whether a writer that started now would go on with the log where it ended. It would set aside a log that was
// copied, that does not match its signatures or whose key is not here, and mend one whose bridge was killed:
// whoever only wants to say that the log was read must do neither. Reads, and writes nothing.
import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { originOf } from '../format/checkpoint.ts'
import { signingKey } from '../format/note.ts'
import { isOriginal, readManifest } from './manifest.ts'
import { inspect, type Reason } from './opening.ts'
import { notAsLeft } from './succession.ts'

/** Why it would not: it would set the log aside, or its last end must be mended first. */
export type NotOurs = Reason['code'] | 'not-ended'

/** `dir`: `<state>/audit`. Null = it would go on. */
export async function notOurs(
  disk: Disk,
  dir: string,
  source: string,
  keys: readonly KeyObject[],
): Promise<NotOurs | null> {
  const manifest = await readManifest(disk, dir, source)
  if (manifest === null || manifest === 'damaged') return 'no-manifest'
  if (!(await isOriginal(disk, dir, manifest))) return 'copied'
  const { log, segment } = manifest
  const signers = keys.map((key) => signingKey(originOf(log), key))
  const opening = await inspect(disk, join(dir, log), signers, segment?.number ?? 0)
  if (opening.how === 'quarantine') return opening.reason.code
  const wrong = notAsLeft(opening, manifest)
  if (wrong) return wrong.code
  if (opening.how === 'clean') return null
  return 'not-ended'
}
