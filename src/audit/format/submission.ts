// What a witness is sent (c2sp.org/tlog-witness, add-checkpoint): the size of the checkpoint that it saw
// last, a proof that the log has only grown since, and the new checkpoint. Pure.
import { parseCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { HASH_BYTES, type Hash } from './merkle.ts'
import { fromBase64, toBase64 } from './note.ts'

const MOST_HASHES = 63
/** No submission that this reads is longer. */
export const MOST_BYTES = 65_536

export interface Submission {
  readonly old: number
  readonly proof: readonly Hash[]
  readonly checkpoint: SignedCheckpoint
}

/** `note`: the signed checkpoint, verbatim. */
export function submissionText(old: number, proof: readonly Hash[], note: string): string {
  return `${[`old ${old}`, ...proof.map(toBase64)].join('\n')}\n\n${note}`
}

/** Reads a submission; a sentence when it is not one. Nothing of it is believed yet. */
export function parseSubmission(text: string): Submission | string {
  const gap = text.indexOf('\n\n')
  const [first = '', ...lines] = text.slice(0, Math.max(gap, 0)).split('\n')
  const [, decimal] = /^old (0|[1-9]\d{0,15})$/.exec(first) ?? []
  const old = Number(decimal)
  if (gap < 0 || !Number.isSafeInteger(old)) return 'it does not begin with the old size'
  if (lines.length > MOST_HASHES) return `a proof has at most ${MOST_HASHES} lines`
  const proof: Hash[] = []
  for (const line of lines) {
    const hash = fromBase64(line)
    if (hash?.length !== HASH_BYTES) return 'a line of the proof is not a hash'
    proof.push(hash)
  }
  const checkpoint = parseCheckpoint(text.slice(gap + 2))
  return typeof checkpoint === 'string' ? checkpoint : { old, proof, checkpoint }
}
