// Whether a writer that started now would go on with the log where it ended. It would set aside a log that was
// copied, that does not match its signatures or whose key is not here, and mend one whose bridge was killed:
// whoever only wants to say that the log was read must do neither. Reads, and writes nothing.
import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { originOf } from '../format/checkpoint.ts'
import { signingKey } from '../format/note.ts'
import { isOriginal, readManifest } from './manifest.ts'
import { inspect } from './opening.ts'
import { notAsLeft } from './succession.ts'

/** `dir`: `<state>/audit`. Null = it would go on; else why it would not. */
export async function notOurs(
  disk: Disk,
  dir: string,
  source: string,
  keys: readonly KeyObject[],
): Promise<string | null> {
  const manifest = await readManifest(disk, dir, source)
  if (manifest === null || manifest === 'damaged')
    return 'no manifest says that it was written here'
  if (!(await isOriginal(disk, dir, manifest))) {
    return 'this is a copy, or it was restored from one: only the original is written'
  }
  const { log, segment } = manifest
  const signers = keys.map((key) => signingKey(originOf(log), key))
  const opening = await inspect(disk, join(dir, log), signers, segment?.number ?? 0)
  if (opening.how === 'quarantine') return opening.reason.reason
  const wrong = notAsLeft(opening, manifest)
  if (wrong) return wrong.reason
  if (opening.how === 'clean') return null
  return 'its bridge did not end in order, and only the next start of a bridge mends that'
}
