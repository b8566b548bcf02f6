// What witnesses are worth for a log: each that is asked for must have cosigned a checkpoint of it, which is
// kept beside the log, and the records up to there must be those of that checkpoint. Whoever has the log's
// key can write another log in its place, and has no such cosignature.
import { originOf, parseCheckpoint } from '../format/checkpoint.ts'
import { type Cosigner, parseCosigner } from '../format/cosignature.ts'
import { EMPTY_ROOT, Frontier, type Hash, sameHash } from '../format/merkle.ts'
import { toBase64 } from '../format/note.ts'
import { cosignedBy } from '../read/cosigned.ts'

/** No commit with its torn end has more records. */
const KEPT = 100_000

interface Cosigned {
  readonly cosigner: Cosigner
  /** The newest checkpoint that it cosigned; null = none is kept. */
  readonly size: number | null
  readonly root: Hash
}

export class Witnessed {
  readonly #all: readonly Cosigned[]
  readonly #tree = new Frontier()
  /** Leaves behind those of the tree, which may come once more. */
  readonly #newest: Hash[] = []
  /** Roots at the sizes that were cosigned. */
  readonly #roots = new Map<number, Hash>([[0, EMPTY_ROOT]])
  readonly #sizes: ReadonlySet<number | null>

  /** `notes`: what is kept beside the log. Throws RangeError when a key is none of a witness. */
  constructor(log: string, keys: readonly string[], notes: readonly string[]) {
    this.#all = keys.map((text) => {
      const cosigner = parseCosigner(text.trim())
      if (typeof cosigner === 'string') throw new RangeError(cosigner)
      const note = cosignedBy(notes, originOf(log), cosigner)?.note
      const said = note === undefined ? null : parseCheckpoint(note)
      return typeof said === 'string' || said === null
        ? { cosigner, size: null, root: EMPTY_ROOT }
        : { cosigner, size: said.size, root: said.root }
    })
    this.#sizes = new Set(this.#all.map(({ size }) => size))
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
      if (this.#sizes.has(this.#tree.size)) this.#roots.set(this.#tree.size, this.#tree.root())
    }
  }

  /** Records that all of them have cosigned. */
  get records(): number {
    return Math.min(...this.#all.map(({ size }) => size ?? 0))
  }

  /** Null when all have cosigned what a log with this newest checkpoint begins with. */
  problem(newest: string | null): { readonly reason: string; readonly through: number } | null {
    const end = parseCheckpoint(newest ?? '')
    const records = typeof end === 'string' ? 0 : end.size
    this.#settle(Math.max(0, records - this.#tree.size))
    const through = Math.max(0, records - 1)
    if (typeof end === 'string' || !sameHash(end.root, this.#tree.root()))
      return { reason: 'its records are not those of its newest checkpoint', through }
    for (const { cosigner, size, root } of this.#all) {
      const { name } = cosigner.witness
      if (size === null) return { reason: `no cosignature of witness ${name} is kept`, through }
      if (size > records) {
        const reason = `witness ${name} has cosigned ${size} records; here are ${records}: the end is missing`
        return { reason, through }
      }
      const own = this.#roots.get(size)
      if (!own || toBase64(own) !== toBase64(root)) {
        const reason = `witness ${name} has cosigned another log of ${size} records`
        return { reason, through: Math.max(0, size - 1) }
      }
    }
    return null
  }

  /** Said behind what the log is worth without them. */
  sentence(records: number): string {
    const who =
      this.#all.length === 1 ? 'The witness has' : `All ${this.#all.length} witnesses have`
    const { records: covered } = this
    return ` ${who} cosigned ${covered === records ? 'all of them' : `the first ${covered} of them`}.`
  }
}
