// C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint): a signed note that says how many records a log
// has and the root of their tree. Pure.

import { HASH_BYTES, type Hash } from './merkle.ts'
import { fromBase64, type Note, parseNote, toBase64 } from './note.ts'

export interface Checkpoint {
  /** `wandbridge/<log id>`; also the name of the log's key. */
  readonly origin: string
  /** Records in the log. */
  readonly size: number
  readonly root: Hash
}

export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note
  /** Opaque lines behind the root; this log writes none. */
  readonly extensions: readonly string[]
}

export const originOf = (log: string) => `wandbridge/${log}`

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Reads a signed checkpoint; a sentence when it is not one. Signatures are not checked here. */
export function parseCheckpoint(text: string): SignedCheckpoint | string {
  const note = parseNote(text)
  if (typeof note === 'string') return note
  const [origin = '', decimal = '', encoded = '', ...extensions] = note.text
    .slice(0, -1)
    .split('\n')
  const root = fromBase64(encoded)
  const size = Number(decimal)
  if (origin === '' || !/^(0|[1-9][0-9]*)$/.test(decimal) || !Number.isSafeInteger(size)) {
    return 'a checkpoint starts with its origin and its size'
  }
  if (!root || root.length !== HASH_BYTES) return 'a checkpoint has a root of 32 bytes in base64'
  if (extensions.includes('')) return 'a checkpoint has no empty lines in its text'
  return { origin, size, root, note, extensions }
}
