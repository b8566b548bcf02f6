// C2SP tlog-cosignature v1 (c2sp.org/tlog-cosignature) with Ed25519: a witness says when it saw that a log
// has a checkpoint and has only grown to it. Pure.
import { type KeyObject, sign, verify } from 'node:crypto'
import {
  COSIGNS,
  type Note,
  parseVerifierKey,
  type SigningKey,
  signatureLine,
  signaturesOf,
  signingKey,
  type VerifierKey,
} from './note.ts'

/** The verifier key of a witness. It signs no notes, so it does not pass for the key of a log. */
export interface Cosigner {
  readonly witness: VerifierKey
}

export interface CosigningKey extends Cosigner {
  readonly signing: SigningKey
}

export function cosigningKey(name: string, privateKey: KeyObject): CosigningKey {
  const signing = signingKey(name, privateKey, COSIGNS)
  return { witness: signing.verifier, signing }
}

/** Reads `name+hash+base64`; a sentence when it is not the verifier key of a witness. */
export function parseCosigner(text: string): Cosigner | string {
  const witness = parseVerifierKey(text, COSIGNS)
  return typeof witness === 'string' ? witness : { witness }
}

/** The same; throws RangeError with that sentence. */
export function cosignerOf(text: string): Cosigner {
  const cosigner = parseCosigner(text)
  if (typeof cosigner === 'string') throw new RangeError(cosigner)
  return cosigner
}

const message = (text: string, seconds: number | bigint) =>
  Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)

/** The line for a checkpoint with this text; `seconds` since 1970. */
export function cosign(text: string, { signing }: CosigningKey, seconds: number): string {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(seconds))
  const signature = sign(null, message(text, seconds), signing.privateKey)
  return signatureLine(signing.verifier, Buffer.concat([time, signature]))
}

/**
 * When the witness saw it, in seconds since 1970; null = it carries none of its cosignatures; false = it
 * carries one that is not true.
 */
export function cosignedAt(note: Note, { witness }: Cosigner): number | null | false {
  let newest: number | null = null
  for (const { bytes } of signaturesOf(note, witness)) {
    if (bytes.length !== 72) return false
    const time = Buffer.from(bytes.subarray(0, 8)).readBigUInt64BE()
    const good =
      time > 0n &&
      time <= BigInt(Number.MAX_SAFE_INTEGER) &&
      verify(null, message(note.text, time), witness.publicKey, bytes.subarray(8))
    if (!good) return false
    newest = Math.max(newest ?? 0, Number(time))
  }
  return newest
}
