// What a witness answers to a checkpoint (c2sp.org/tlog-witness): it cosigns what a known key has signed
// and what is proven to continue the checkpoint that it cosigned last, and nothing else. Pure.
import { EMPTY_ROOT, type Hash, sameHash, verifyConsistency } from '../audit/format/merkle.ts'
import { signerOf, type VerifierKey } from '../audit/format/note.ts'
import type { Submission } from '../audit/format/submission.ts'

/** The checkpoint of a log that a witness cosigned last. */
export interface Seen {
  readonly size: number
  readonly root: Hash
}

export const NOTHING_SEEN: Seen = { size: 0, root: EMPTY_ROOT }

export type Answer =
  | { readonly status: 200 }
  | { readonly status: 400 | 403 | 404 | 422; readonly why: string }
  /** It has seen another size than the one that is claimed: this one. */
  | { readonly status: 409; readonly size: number }

/** `keys`: those that are known for the log's origin. */
export function judge(
  { old, proof, checkpoint }: Submission,
  keys: readonly VerifierKey[],
  seen: Seen,
): Answer {
  const { origin, size, root, note } = checkpoint
  if (keys.length === 0) return { status: 404, why: `no log is known as ${origin}` }
  const signer = signerOf(note, keys)
  if (signer === null) return { status: 403, why: 'it is not signed by a known key of this log' }
  if (typeof signer === 'string') return { status: 403, why: signer }
  if (old > size) return { status: 400, why: 'the old size is larger than the checkpoint' }
  if (old !== seen.size) return { status: 409, size: seen.size }
  if (size === 0 && !sameHash(root, EMPTY_ROOT))
    return { status: 422, why: 'a log without records has another root' }
  if (!verifyConsistency(old, seen.root, size, root, proof))
    return { status: 422, why: `it is not proven to continue the log of ${old} records` }
  return { status: 200 }
}
