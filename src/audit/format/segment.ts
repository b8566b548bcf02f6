// The segment file: JSON Lines. The first line is the header: the checkpoint at which the segment
// begins, with the frontier of the tree, so that reading can begin here. Then records, and behind
// every group of them the checkpoint that commits it. How its lines are written, and how its header
// and its checkpoints are checked; walk.ts reads one from its first line to its last. Pure.
import { canonical, type Json } from './canonical.ts'
import { type Checkpoint, checkpointText, originOf, parseCheckpoint } from './checkpoint.ts'
import { Frontier, sameHash } from './merkle.ts'
import {
  fromBase64,
  parseVerifierKey,
  type SigningKey,
  signedBy,
  signNote,
  toBase64,
  type VerifierKey,
} from './note.ts'

export const FORMAT = 'wandbridge-audit/1'

export const segmentName = (n: number) => String(n).padStart(8, '0')
/** The copy of what was set aside when segment `n` was begun. */
export const voidName = (n: number) => `${segmentName(n)}.void`

/** A commit's checkpoint as the line behind its records. */
export function commitLine(
  checkpoint: Checkpoint,
  keys: readonly SigningKey[],
): { readonly line: string; readonly note: string } {
  const note = signNote(checkpointText(checkpoint), keys)
  // What a note holds has one form in JSON: this is its canonical line.
  return { line: `{"checkpoint":${JSON.stringify(note)}}\n`, note }
}

export function headerLine(
  log: string,
  segment: number,
  frontier: Frontier,
  key: SigningKey,
): string {
  const at = { origin: originOf(log), size: frontier.size, root: frontier.root() }
  return `${canonical({
    checkpoint: signNote(checkpointText(at), [key]),
    format: FORMAT,
    frontier: frontier.hashes.map(toBase64),
    key: key.verifier.text,
    log,
    segment,
  })}\n`
}

export interface Header {
  readonly note: string
  readonly key: VerifierKey
  readonly frontier: Frontier
}

/** Reads a header that belongs at `segment` of `log`; a sentence when it does not. */
export function parseHeader(line: string, log: string, segment: number): Header | string {
  let raw: Record<string, Json>
  try {
    raw = JSON.parse(line) as Record<string, Json>
    if (canonical(raw) !== line) return 'the header is not in its canonical form'
  } catch {
    return 'the header is not whole'
  }
  const fields = 'checkpoint format frontier key log segment'
  if (Object.keys(raw).join(' ') !== fields) return 'the header has not the fields of a header'
  if (raw['format'] !== FORMAT) return `the format is not ${FORMAT}`
  if (raw['log'] !== log) return 'the segment belongs to another log'
  if (raw['segment'] !== segment) return 'the segment carries another number'
  const key = parseVerifierKey(String(raw['key']))
  if (typeof key === 'string') return key
  if (key.name !== originOf(log)) return 'the key of the segment is of another log'
  const note = String(raw['checkpoint'])
  const checkpoint = parseCheckpoint(note)
  if (typeof checkpoint === 'string') return checkpoint
  const hashes = (raw['frontier'] as readonly Json[]).map(
    (h) => fromBase64(String(h)) ?? new Uint8Array(),
  )
  let frontier: Frontier
  try {
    frontier = new Frontier(checkpoint.size, hashes)
  } catch {
    return 'the frontier does not fit the size'
  }
  const reason = checkCheckpoint(note, log, frontier, [key])
  return reason ?? { note, key, frontier }
}

/** Null when `note` is the checkpoint of exactly this tree, signed by exactly these keys in this order. */
export function checkCheckpoint(
  note: string,
  log: string,
  frontier: Frontier,
  keys: readonly VerifierKey[],
  signed: typeof signedBy = signedBy,
): string | null {
  const checkpoint = parseCheckpoint(note)
  if (typeof checkpoint === 'string') return checkpoint
  const { origin, size, root, extensions } = checkpoint
  if (origin !== originOf(log)) return `the checkpoint is of another log: ${origin}`
  if (extensions.length > 0) return 'the checkpoint carries lines that this log does not write'
  if (checkpoint.note.signatures.length !== keys.length)
    return 'the checkpoint has a signature too many or too few'
  for (const [i, key] of keys.entries()) {
    const at = checkpoint.note.signatures[i]
    if (at?.name !== key.name || at.id !== key.id || !signed(checkpoint.note, key))
      return `the checkpoint is not signed by this log's key ${key.text}`
  }
  if (size !== frontier.size)
    return `the checkpoint is for ${size} records; ${frontier.size} are here`
  if (!sameHash(root, frontier.root()))
    return 'the records are not those that the checkpoint was signed for'
  return null
}
