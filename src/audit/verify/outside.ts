// What was kept elsewhere and what it is worth for a log: a verifier key vouches for every record when
// it is a key of the log's unbroken chain of keys; a checkpoint vouches for the records it covers, and
// only with the signature of such a key, of the key that was handed in with it, or of a witness that is named.
import { originOf, parseCheckpoint, type SignedCheckpoint } from '../format/checkpoint.ts'
import { type Cosigner, cosignedAt, cosignerOf } from '../format/cosignature.ts'
import { EMPTY_ROOT, type Hash, sameHash } from '../format/merkle.ts'
import { parseVerifierKey, signerOf, type VerifierKey } from '../format/note.ts'
import type { VerifyOptions } from './verification.ts'

/** How many records are vouched for from outside; `nothing` counts those that are not. */
export interface Vouched {
  readonly key: number
  readonly checkpoint: number
  readonly nothing: number
}

export class Outside {
  readonly #log: string
  readonly #key: VerifierKey | null
  readonly #since: SignedCheckpoint | null
  /** What one of them has cosigned needs no other signature. */
  readonly #witnesses: readonly Cosigner[]
  /** Keys of the log, each bound to the next by a note that both signed. */
  #chain: VerifierKey[] = []
  /** Records whose entries are gone in front of the chain: nobody can follow a change of key among them. */
  #dropped = 0
  /** Root at the size of the checkpoint, as it is in the log. */
  #root: Hash | null = null

  /** Throws RangeError when what was handed in is no key or no checkpoint. */
  constructor(
    log: string,
    { key, since, witnesses = [] }: Pick<VerifyOptions, 'key' | 'since' | 'witnesses'>,
  ) {
    this.#log = log
    this.#witnesses = witnesses.map((text) => cosignerOf(text.trim()))
    this.#key = key === undefined ? null : keyOf(key)
    this.#since = since === undefined ? null : sinceOf(since)
    if (this.#since?.size === 0) this.#root = EMPTY_ROOT
  }

  /** Records that the checkpoint covers. */
  get size(): number | undefined {
    return this.#since?.size
  }

  /** The key that signs from here on; `dropped`: the entries of so many records end here. */
  signs(key: VerifierKey, dropped = 0): void {
    if (this.#chain.at(-1)?.text === key.text) return
    if (dropped > 0) {
      this.#chain = []
      this.#dropped = dropped
    }
    this.#chain.push(key)
  }

  /** Something was handed in for which older keys count. */
  get asked(): boolean {
    return this.#key !== null || this.#since !== null
  }

  /** A change of key that is proven although its entry was dropped. */
  changed(from: VerifierKey, to: VerifierKey): void {
    if (this.#chain.some(({ text }) => text === to.text)) this.#chain.unshift(from)
  }

  /** The root of the first `size` records. */
  reached(root: Hash): void {
    this.#root = root
  }

  /** Null when both hold for a log of so many records, else what is wrong and from where on. */
  problem(records: number): { readonly reason: string; readonly through: number } | null {
    const inChain = this.#chain.some(({ text }) => text === this.#key?.text)
    if (this.#key && this.#key.name !== originOf(this.#log)) {
      return { reason: `the key that was kept is of another log: ${this.#key.name}`, through: 0 }
    }
    const reason = this.#since && this.#checkpoint(this.#since, records)
    if (reason) return { reason, through: Math.max(0, Math.min(this.size ?? 0, records) - 1) }
    const before = (this.size ?? Number.POSITIVE_INFINITY) <= this.#dropped
    if (!this.#key || inChain || (before && this.#signer() === this.#key)) return null
    const signs = this.#chain.at(-1)?.text
    return {
      reason: `the log is signed with another key: ${signs}`,
      through: Math.max(0, records - 1),
    }
  }

  #signer(): VerifierKey | string | null {
    const known = [...(this.#key ? [this.#key] : []), ...this.#chain]
    return this.#since && signerOf(this.#since.note, known)
  }

  /** The witness that has cosigned it; a sentence when one of them has not, and seems to. */
  #witness({ note }: SignedCheckpoint): Cosigner | string | null {
    const named = this.#witnesses.filter((one) => cosignedAt(note, one) !== null)
    const wrong = named.find((one) => cosignedAt(note, one) === false)
    return wrong ? `its cosignature is not of witness ${wrong.witness.name}` : (named[0] ?? null)
  }

  #checkpoint(since: SignedCheckpoint, records: number): string | null {
    if (since.origin !== originOf(this.#log))
      return `the checkpoint that was kept is of another log: ${since.origin}`
    const signers = [this.#signer(), this.#witness(since)]
    const wrong = signers.find((signer) => typeof signer === 'string')
    if (wrong !== undefined) return `the checkpoint that was kept: ${wrong}`
    if (signers.every((signer) => signer === null)) {
      return 'the checkpoint that was kept is signed by no key of this log; give the verifier key that was kept with it (--key), or that of the witness which cosigned it (--witness)'
    }
    if (since.size > records)
      return `the checkpoint that was kept has ${since.size} records; here are ${records}: the end is missing`
    if (!this.#root || !sameHash(this.#root, since.root))
      return 'the records up to here are not those of the checkpoint that was kept'
    return null
  }

  /** For a log of so many records in which nothing is wrong. */
  vouched(records: number): Vouched {
    const key = this.#chain.some(({ text }) => text === this.#key?.text) ? records : 0
    const checkpoint = this.#since?.size ?? 0
    return { key, checkpoint, nothing: records - Math.max(key, checkpoint) }
  }

  /** The result in a sentence, with what witnesses say of it. */
  sentence(records: number, witnessed: CosignedBy | null): string {
    const { key, checkpoint } = this.vouched(records)
    const { records: cosigned = 0, who = '' } = witnessed ?? {}
    const all = `${records} records are`
    const ofWitness = witnessed === null ? '' : behind(records, cosigned, who)
    if (key === 0 && checkpoint === 0 && cosigned === 0) {
      return (
        `${all} consistent, not authenticated: nothing kept outside this log vouches for it.` +
        `${ofWitness} Give --key from a printed sheet, or --since with a checkpoint kept elsewhere.`
      )
    }
    if (key > 0) {
      const also = this.#since ? `, for the first ${checkpoint} also the checkpoint` : ''
      const both = ' and the checkpoint'
      const by =
        checkpoint === records ? `the key${both} kept elsewhere` : `the key kept elsewhere${also}`
      return `${all} intact and vouched for by ${by}.${ofWitness}`
    }
    const by = [
      ...(checkpoint > 0 ? [{ size: checkpoint, who: 'the checkpoint kept elsewhere' }] : []),
      ...(cosigned > 0 ? [{ size: cosigned, who }] : []),
    ]
    const nothing = records - Math.max(checkpoint, cosigned)
    if (by.every(({ size }) => size === records))
      return `${all} intact and vouched for by ${by.map((one) => one.who).join(' and ')}.`
    const parts = by.map(({ size, who: one }, i) =>
      i === 0 ? `the first ${size} are vouched for by ${one}` : `the first ${size} by ${one}`,
    )
    const why = this.#key
      ? 'The key was changed among entries that were dropped, which nobody can follow.'
      : 'Give --key from a printed sheet.'
    const rest = nothing > 0 ? [`the last ${nothing} by nothing. ${why}`] : []
    return `${all} intact: ${[...parts, ...rest].join(', ')}${nothing > 0 ? '' : '.'}`
  }
}

/** What witnesses say of a log: how many records all of them have cosigned, and who they are. */
interface CosignedBy {
  readonly records: number
  readonly who: string
}

function behind(records: number, cosigned: number, who: string): string {
  const subject = `${who.charAt(0).toUpperCase()}${who.slice(1)}`
  if (cosigned === 0) return ` Of ${who} no cosignature is here.`
  if (cosigned === records) return ` ${subject} cosigned all of them.`
  return ` ${subject} cosigned the first ${cosigned} of them and none of the last ${records - cosigned}.`
}

function keyOf(text: string): VerifierKey {
  const key = parseVerifierKey(text.trim())
  if (typeof key === 'string') throw new RangeError(key)
  return key
}

/** The note in what was handed in: text that people copied may have lost its end of line. */
export const noteOf = (text: string) => `${text.trimEnd()}\n`

function sinceOf(text: string): SignedCheckpoint {
  const checkpoint = parseCheckpoint(noteOf(text))
  if (typeof checkpoint === 'string') throw new RangeError(checkpoint)
  if (checkpoint.extensions.length > 0)
    throw new RangeError('a checkpoint of an audit log has three lines')
  return checkpoint
}
