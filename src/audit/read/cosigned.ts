// What witnesses have cosigned of a log, kept beside it: `<state>/audit/<log>.witnesses`, replaced as a
// whole. It is no part of the log: who loses it asks the witnesses again. Pure but for the disk.

import { type Disk, readAll, replaceFile } from '../../base/disk.ts'
import { strictUtf8 } from '../../base/utf8.ts'
import { canonical, type Json } from '../format/canonical.ts'
import { parseCheckpoint } from '../format/checkpoint.ts'
import { type Cosigner, cosignedAt } from '../format/cosignature.ts'
import type { Hash } from '../format/merkle.ts'

const FORMAT = 'wandbridge-witnesses/1'

/** Beside the log in `dir`. */
export const witnessFile = (dir: string) => `${dir}.witnesses`

/** The file of a few notes is no larger. */
const MOST_BYTES = 1 << 20

/** Signed checkpoints, one a witness, each with its cosignature; none when the file is not there or is none. */
export async function readKept(disk: Disk, dir: string): Promise<readonly string[]> {
  const size = await disk.size(witnessFile(dir))
  if (size === null || size > MOST_BYTES) return []
  try {
    const text = strictUtf8(await readAll(disk, witnessFile(dir)))
    const { notes } = JSON.parse(text) as { readonly notes: readonly string[] }
    // What is not written as this writes it would be read otherwise by another program.
    return text === fileText(notes) && notes.every((note) => typeof note === 'string') ? notes : []
  } catch (error) {
    // Only what the system says; what is no such file holds nothing that anybody signed.
    if ([SyntaxError, TypeError, RangeError].some((kind) => error instanceof kind)) return []
    throw error
  }
}

export async function writeKept(disk: Disk, dir: string, notes: readonly string[]): Promise<void> {
  await replaceFile(disk, witnessFile(dir), Buffer.from(fileText(notes)))
}

const fileText = (notes: readonly string[]) =>
  `${canonical({ format: FORMAT, notes: [...notes] } satisfies Json)}\n`

/** A checkpoint that a witness has cosigned, and when it says that was, in seconds since 1970. */
export interface Cosigned {
  readonly note: string
  readonly size: number
  readonly root: Hash
  readonly at: number
}

/** Those of the notes that a witness has cosigned, the largest first. */
export function cosignedBy(
  notes: readonly string[],
  origin: string,
  by: Cosigner,
): readonly Cosigned[] {
  const own = notes.flatMap((note): Cosigned[] => {
    const checkpoint = parseCheckpoint(note)
    if (typeof checkpoint === 'string' || checkpoint.origin !== origin) return []
    const at = cosignedAt(checkpoint.note, by)
    const { size, root } = checkpoint
    return at ? [{ note, size, root, at }] : []
  })
  return own.sort((a, b) => b.size - a.size)
}
