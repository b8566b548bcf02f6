// C2SP signed notes (c2sp.org/signed-note) with Ed25519 keys: text that a key vouches for, and the
// verifier key as one line that fits on a printed sheet. Strict on the way in: base64 must be in its
// one form, so that no byte of a note can be changed without notice. Pure.
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** What a key signs (c2sp.org/signed-note): the note itself, or that it was seen, as a witness does. */
export type KeyType = 1 | 4
const ED25519: KeyType = 1
/** A timestamped cosignature of a witness (c2sp.org/tlog-cosignature). */
export const COSIGNS: KeyType = 4
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

export interface VerifierKey {
  readonly name: string
  /** The first four bytes of the key's hash, big-endian. */
  readonly id: number
  readonly publicKey: KeyObject
  /** `name+hash+base64`: the form that is printed and given to `--key`. */
  readonly text: string
}

export interface SigningKey {
  readonly verifier: VerifierKey
  readonly privateKey: KeyObject
}

export interface Signature {
  readonly name: string
  readonly id: number
  readonly bytes: Uint8Array
}

export interface Note {
  /** With its final newline. */
  readonly text: string
  readonly signatures: readonly Signature[]
}

/** Strict standard base64 (RFC 4648 section 4, with padding); null when it is not in that form. */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

const validName = (name: string) => /^[^\s+\p{Cc}]+$/u.test(name)

function verifierKey(name: string, raw: Uint8Array, type: KeyType): VerifierKey {
  if (!validName(name)) throw new RangeError(`${JSON.stringify(name)} is no name for a key`)
  const encoded = Buffer.concat([Buffer.of(type), raw])
  const id = createHash('sha256').update(`${name}\n`).update(encoded).digest().readUInt32BE(0)
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, raw]),
    format: 'der',
    type: 'spki',
  })
  return { name, id, publicKey, text: `${name}+${hex(id)}+${encoded.toString('base64')}` }
}

const hex = (id: number) => id.toString(16).padStart(8, '0')

/** An Ed25519 key under a name; of a log the name is its origin. */
export function signingKey(
  name: string,
  privateKey: KeyObject,
  type: KeyType = ED25519,
): SigningKey {
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new RangeError('not an Ed25519 key')
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { verifier: verifierKey(name, spki.subarray(SPKI_PREFIX.length), type), privateKey }
}

/** Reads `name+hash+base64`; a sentence when it is not a verifier key, or not of that type. */
export function parseVerifierKey(text: string, type: KeyType = ED25519): VerifierKey | string {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text)
  const [, name = '', id = '', encoded = ''] = match ?? []
  const bytes = fromBase64(encoded)
  if (!match || !bytes || !validName(name)) return 'this is no verifier key (name+hash+base64)'
  if (bytes[0] === COSIGNS && type === ED25519) return 'this is the key of a witness, not of a log'
  if (bytes[0] === ED25519 && type === COSIGNS) return 'this is the key of a log, not of a witness'
  if (bytes[0] !== type || bytes.length !== 33) return 'this verifier key is not an Ed25519 key'
  const key = verifierKey(name, bytes.subarray(1), type)
  return hex(key.id) === id ? key : 'the hash in this verifier key does not fit its key'
}

/** Signs `text`, which ends in a newline, with every key. */
export function signNote(text: string, keys: readonly SigningKey[]): string {
  if (!text.endsWith('\n')) throw new RangeError('the text of a note ends in a newline')
  const message = Buffer.from(text)
  const lines = keys.map(({ verifier, privateKey }) =>
    signatureLine(verifier, sign(null, message, privateKey)),
  )
  return `${text}\n${lines.join('')}`
}

export function signatureLine(
  { name, id }: Pick<VerifierKey, 'name' | 'id'>,
  signature: Uint8Array,
): string {
  const hash = Buffer.alloc(4)
  hash.writeUInt32BE(id)
  return `— ${name} ${Buffer.concat([hash, signature]).toString('base64')}\n`
}

/** Takes a note apart; a sentence when it is not one. Says nothing about its signatures. */
export function parseNote(note: string): Note | string {
  if (/(?!\n)\p{Cc}/u.test(note) || /\p{Surrogate}/u.test(note))
    return 'a note has no control characters'
  const gap = note.lastIndexOf('\n\n')
  if (gap < 0) return 'a note has an empty line before its signatures'
  const text = note.slice(0, gap + 1)
  const lines = note.slice(gap + 2).split('\n')
  if (lines.pop() !== '' || lines.length === 0) return 'a note ends with its signature lines'
  if (lines.length > 32) return 'a note with more than 32 signatures is not read'
  const signatures: Signature[] = []
  for (const line of lines) {
    const [, name = '', encoded = ''] = /^— (\S+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? []
    const bytes = fromBase64(encoded)
    if (!validName(name) || !bytes || bytes.length < 5)
      return 'a signature line of a note is broken'
    const id = Buffer.from(bytes).readUInt32BE(0)
    signatures.push({ name, id, bytes: bytes.subarray(4) })
  }
  return { text, signatures }
}

/** Whether `key` signed the note. Signatures of other keys are passed over, a wrong one is not. */
export function signedBy(note: Note, key: VerifierKey): boolean {
  const own = signaturesOf(note, key)
  const message = Buffer.from(note.text)
  return own.length > 0 && own.every(({ bytes }) => verify(null, message, key.publicKey, bytes))
}

/** Which of `keys` signed the note; null = none; a sentence when one of them has a wrong signature. */
export function signerOf(note: Note, keys: readonly VerifierKey[]): VerifierKey | string | null {
  const named = keys.filter((key) => signaturesOf(note, key).length > 0)
  const wrong = named.find((key) => !signedBy(note, key))
  return wrong ? `its signature is not of the key ${wrong.text}` : (named[0] ?? null)
}

export function signaturesOf({ signatures }: Note, key: VerifierKey): Signature[] {
  return signatures.filter(({ name, id }) => name === key.name && id === key.id)
}

/** Checks signatures beside everything else, on other processors. */
export class Signatures {
  #waiting = 0
  #wrong = false
  #settled: (() => void)[] = []

  /** As `signedBy`, but believes a signature until it is known to be wrong: `settle` says. */
  signedBy(note: Note, key: VerifierKey): boolean {
    const own = signaturesOf(note, key)
    const message = Buffer.from(note.text)
    for (const { bytes } of own) {
      this.#waiting += 1
      verify(null, message, key.publicKey, bytes, (error, good) => this.#done(!error && good))
    }
    return own.length > 0
  }

  #done(good: boolean): void {
    this.#waiting -= 1
    this.#wrong ||= !good
    if (this.#waiting === 0) for (const settled of this.#settled.splice(0)) settled()
  }

  /** Waits for all that were begun; whether every one so far was right. */
  async settle(): Promise<boolean> {
    if (this.#waiting > 0) await new Promise<void>((resolve) => void this.#settled.push(resolve))
    return !this.#wrong
  }
}
