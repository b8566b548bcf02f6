// What whoever watches over a fleet knows of one log: the tree of the records that it has seen, and what the
// log's key has vouched for. Each signed checkpoint must be of exactly that tree. A log that was rewritten,
// in part or as a whole, with the right key or with another, cannot give one that is. Pure.
import { originOf, parseCheckpoint, type SignedCheckpoint } from '../../audit/format/checkpoint.ts'
import {
  consistencyBehind,
  Frontier,
  type Hash,
  leafHash,
  sameHash,
} from '../../audit/format/merkle.ts'
import {
  fromBase64,
  parseVerifierKey,
  signerOf,
  toBase64,
  type VerifierKey,
} from '../../audit/format/note.ts'

export type Finding =
  /** The records are not those that were seen before, or not those that the log's key vouches for. */
  | 'rewritten'
  /** A signed checkpoint covers fewer records than were seen: an older copy was put back. */
  | 'shorter'
  /** It is signed with a key that is not the log's, or with none. */
  | 'not-signed'
  /** The broker has dropped records that were never seen here: nothing can be reckoned. */
  | 'incomplete'

/** What is kept of a log from one start to the next. */
export interface Kept {
  readonly size: number
  /** Of the tree of so many records, in base64. */
  readonly frontier: readonly string[]
  /** Verifier keys that vouch for it, the first one first. */
  readonly keys: readonly string[]
}

export class RoomLog {
  readonly log: string
  /** The tree that was vouched for, and the leaves since. */
  #base: Frontier
  #leaves: Hash[] = []
  #tip: Frontier
  readonly #keys: VerifierKey[]

  /** Throws RangeError when what was kept does not fit itself. */
  constructor(log: string, kept: Kept | null) {
    this.log = log
    this.#base = new Frontier(
      kept?.size ?? 0,
      (kept?.frontier ?? []).map((text) => fromBase64(text) ?? new Uint8Array()),
    )
    this.#tip = this.#base.clone()
    this.#keys = (kept?.keys ?? []).map(parsedKey)
  }

  get origin(): string {
    return originOf(this.log)
  }

  /** Records that were seen. */
  get size(): number {
    return this.#tip.size
  }

  /** The next record of the log. */
  take(line: string, kind: string): void {
    const leaf = leafHash(Buffer.from(line))
    this.#leaves.push(leaf)
    this.#tip.append(leaf)
    if (kind === 'key-rotation') this.#rotated(line)
  }

  /**
   * A checkpoint of the log, with the key that came with it. Null = it is of other records than were seen so
   * far, and says nothing yet; what was found; or the checkpoint, which is right.
   */
  judge(text: string, key: string | null): Finding | SignedCheckpoint | null {
    const checkpoint = parseCheckpoint(text)
    if (typeof checkpoint === 'string' || checkpoint.origin !== this.origin) return 'not-signed'
    // The first key that is seen of a log is its own, unless somebody has told another one.
    if (this.#keys.length === 0 && key !== null) {
      const first = parseVerifierKey(key)
      if (typeof first !== 'string' && first.name === this.origin) this.#keys.push(first)
    }
    const signer = signerOf(checkpoint.note, this.#keys)
    if (signer === null || typeof signer === 'string') return 'not-signed'
    if (checkpoint.size < this.#base.size) return 'shorter'
    if (checkpoint.size !== this.size) return null
    if (!sameHash(checkpoint.root, this.#tip.root())) return 'rewritten'
    return checkpoint
  }

  /** That what was seen continues the log of `size` records; null = these were vouched for long ago. */
  proofFrom(size: number): readonly Hash[] | null {
    const more = size - this.#base.size
    if (size === 0) return []
    if (more < 0 || more > this.#leaves.length) return null
    const from = this.#base.clone()
    for (const leaf of this.#leaves.slice(0, more)) from.append(leaf)
    return consistencyBehind(from, this.#leaves.slice(more))
  }

  /** As it is now. */
  clone(): RoomLog {
    const made = new RoomLog(this.log, null)
    made.#base = this.#base.clone()
    made.#tip = this.#tip.clone()
    made.#leaves = [...this.#leaves]
    return made
  }

  /** The newest checkpoint was right: from here on proofs begin. */
  settle(): Kept {
    this.#base = this.#tip.clone()
    this.#leaves = []
    return {
      size: this.#base.size,
      frontier: this.#base.hashes.map(toBase64),
      keys: this.#keys.map(({ text }) => text),
    }
  }

  #rotated(line: string): void {
    const { body } = JSON.parse(line) as { readonly body?: { from?: unknown; to?: unknown } }
    const to = parseVerifierKey(String(body?.to))
    const from = this.#keys.some((key) => key.text === body?.from)
    if (from && typeof to !== 'string' && to.name === this.origin) this.#keys.push(to)
  }
}

function parsedKey(text: string): VerifierKey {
  const key = parseVerifierKey(text)
  if (typeof key === 'string') throw new RangeError(key)
  return key
}
