// A change of key that outlives the entry it was recorded in: a tlog-proof of the `key-rotation` record under
// the checkpoint that committed it, which the old key and the new one signed. The old key's signature covers
// the record that names the new one, so nobody without the old key can make such a proof. Pure.

import type { Hash } from './merkle.ts'
import { parseVerifierKey, signedBy, type VerifierKey } from './note.ts'
import { checkProof, parseProof } from './proof.ts'

export interface KeyChange {
  readonly index: number
  readonly from: VerifierKey
  readonly to: VerifierKey
  /** The tree that both keys signed. */
  readonly size: number
  readonly root: Hash
}

/** Null when the text proves no change between two keys of this name. */
export function keyChange(text: unknown, name: string): KeyChange | null {
  const proof = typeof text === 'string' ? parseProof(text) : ''
  if (typeof proof === 'string' || !proof.extra) return null
  const said = rotation(proof.extra)
  const from = parseVerifierKey(String(said?.from))
  const to = parseVerifierKey(String(said?.to))
  if (typeof from === 'string' || typeof to === 'string') return null
  if (
    from.text === to.text ||
    from.name !== name ||
    to.name !== name ||
    checkProof(proof, from) !== null
  )
    return null
  const { index, checkpoint } = proof
  if (!signedBy(checkpoint.note, to)) return null
  return { index, from, to, size: checkpoint.size, root: checkpoint.root }
}

function rotation(line: Uint8Array): { readonly from?: unknown; readonly to?: unknown } | null {
  try {
    const { kind, body } = JSON.parse(Buffer.from(line).toString()) as {
      readonly kind?: unknown
      readonly body?: { readonly from?: unknown; readonly to?: unknown } | null
    }
    return kind === 'key-rotation' ? (body ?? null) : null
  } catch {
    return null
  }
}
