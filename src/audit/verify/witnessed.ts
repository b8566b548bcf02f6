// What witnesses are worth for a log: each that is asked for must have cosigned a checkpoint of it, kept beside
// the log or handed in, and the records up to there must be those of every checkpoint that it cosigned. Whoever
// has the log's key can write another log in its place, and has no such cosignature; whoever puts an older copy
// back with what was kept beside it is found only by a note that was kept elsewhere.
import { originOf, parseCheckpoint } from '../format/checkpoint.ts'
import { type Cosigner, cosignerOf } from '../format/cosignature.ts'
import { EMPTY_ROOT, Frontier, type Hash, sameHash } from '../format/merkle.ts'
import { type Cosigned, cosignedBy } from '../read/cosigned.ts'
import type { WitnessedSize } from './verification.ts'

/** No commit with its torn end has more records. */
const KEPT = 100_000

interface Known {
  readonly cosigner: Cosigner
  /** What it cosigned, the largest first. */
  readonly notes: readonly Cosigned[]
}

interface Wrong {
  readonly reason: string
  readonly through: number
  readonly uncosigned?: boolean
}

export class Witnessed {
  readonly #all: readonly Known[]
  /** None of them needs to have cosigned anything. */
  readonly #older: boolean
  readonly #tree = new Frontier()
  /** Leaves behind those of the tree, which may come once more. */
  readonly #newest: Hash[] = []
  /** Roots at the sizes that were cosigned. */
  readonly #roots = new Map<number, Hash>([[0, EMPTY_ROOT]])
  readonly #asked: ReadonlySet<number>

  /** `notes`: what is kept beside the log or was handed in. Throws RangeError when a key is none of a witness. */
  constructor(log: string, keys: readonly string[], notes: readonly string[], older = false) {
    this.#older = older
    this.#all = keys.map((text) => {
      const cosigner = cosignerOf(text.trim())
      return { cosigner, notes: cosignedBy(notes, originOf(log), cosigner) }
    })
    this.#asked = new Set(this.#all.flatMap((one) => one.notes.map(({ size }) => size)))
  }

  /** Every leaf in order. Those of a torn end, and of a commit that was written again, come once more. */
  leaf(position: number, leaf: Hash): void {
    const at = position - this.#tree.size
    if (at < 0) return
    this.#newest.length = Math.min(this.#newest.length, at)
    this.#newest.push(Buffer.from(leaf))
    if (this.#newest.length > 2 * KEPT) this.#settle(KEPT)
  }

  #settle(n: number): void {
    for (const leaf of this.#newest.splice(0, n)) {
      this.#tree.append(leaf)
      if (this.#asked.has(this.#tree.size)) this.#roots.set(this.#tree.size, this.#tree.root())
    }
  }

  /** Records that all of them have cosigned. */
  get records(): number {
    return Math.min(...this.sizes.map(({ size }) => size ?? 0))
  }

  get sizes(): readonly WitnessedSize[] {
    return this.#all.map(({ cosigner, notes: [newest] }) => ({
      name: cosigner.witness.name,
      size: newest?.size ?? null,
      at: newest?.at ?? null,
    }))
  }

  /** As they stand in a sentence. */
  get who(): string {
    return this.#all.length === 1 ? 'the witness' : `all ${this.#all.length} witnesses`
  }

  /** Null when all have cosigned what a log with this newest checkpoint begins with. */
  problem(newest: string | null): Wrong | null {
    const end = parseCheckpoint(newest ?? '')
    const records = typeof end === 'string' ? 0 : end.size
    this.#settle(Math.max(0, records - this.#tree.size))
    const through = Math.max(0, records - 1)
    if (typeof end === 'string' || !sameHash(end.root, this.#tree.root()))
      return { reason: 'its records are not those of its newest checkpoint', through }
    for (const known of this.#all) {
      const reason = twoHistories(known) ?? this.#otherThan(known, records)
      if (reason !== null) return reason
    }
    const none = this.#older ? undefined : this.#all.find(({ notes }) => notes.length === 0)
    if (!none) return null
    const reason = `${records} records agree with each other, and no cosignature of witness ${none.cosigner.witness.name} is here: it was never shown this log, or what it cosigned was removed or lost`
    return { reason, through, uncosigned: true }
  }

  #otherThan({ cosigner, notes }: Known, records: number): Wrong | null {
    const { name } = cosigner.witness
    for (const { size, root } of notes) {
      if (size > records) {
        const reason = `witness ${name} has cosigned ${size} records; here are ${records}: the end is missing`
        return { reason, through: Math.max(0, records - 1) }
      }
      const own = this.#roots.get(size)
      if (own && sameHash(own, root)) continue
      const reason = `witness ${name} has cosigned another log of ${size} records`
      return { reason, through: Math.max(0, size - 1) }
    }
    return null
  }
}

/** A witness that has cosigned two roots of one size proves nothing any more, whichever is the log's. */
function twoHistories({ cosigner, notes }: Known): Wrong | null {
  for (const [i, { size, root }] of notes.entries()) {
    const before = notes[i - 1]
    if (before?.size !== size || sameHash(before.root, root)) continue
    const reason = `witness ${cosigner.witness.name} has cosigned two logs of ${size} records under this name: it, or whoever has its key, vouches for two histories`
    return { reason, through: Math.max(0, size - 1) }
  }
  return null
}
