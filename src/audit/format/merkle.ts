// The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): what one hash says about every
// record before it. `Frontier` grows a tree in O(log n) memory; `Tree` keeps every node and gives
// proofs; the `verify…` functions check proofs that came from anywhere. Pure.
import { hash } from 'node:crypto'
import {
  atOnce,
  continues,
  EMPTY_ROOT,
  HASH_BYTES,
  type Hash,
  includes,
  split,
} from '../../model/merkle.ts'

export { EMPTY_ROOT, HASH_BYTES, type Hash }

const sha256 = (bytes: Uint8Array): Hash => hash('sha256', bytes, 'buffer')

let scratch = Buffer.alloc(70_000)

/** SHA-256(0x00 ‖ bytes[start, end)). */
export function leafHash(bytes: Uint8Array, start = 0, end = bytes.length): Hash {
  const length = end - start + 1
  if (length > scratch.length) scratch = Buffer.alloc(length * 2)
  scratch[0] = 0
  scratch.set(bytes.subarray(start, end), 1)
  return sha256(scratch.subarray(0, length))
}

const pair = Buffer.alloc(1 + 2 * HASH_BYTES, 1)

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  pair.set(left, 1)
  pair.set(right, 1 + HASH_BYTES)
  return sha256(pair)
}

export function sameHash(a: Hash, b: Hash): boolean {
  return Buffer.compare(a, b) === 0
}

const odd = (n: number) => n % 2 === 1
const half = (n: number) => Math.floor(n / 2)

/** Complete subtrees that make up a tree of `size` leaves: the ones in its binary number. */
export function subtrees(size: number): number {
  let n = 0
  for (let rest = size; rest > 0; rest = half(rest)) if (odd(rest)) n += 1
  return n
}

/** The right edge of a growing tree: one hash per complete subtree, the largest first. */
export class Frontier {
  #size: number
  readonly #hashes: Hash[]

  /** Throws RangeError when there are not as many hashes as `size` needs. */
  constructor(size = 0, hashes: readonly Hash[] = []) {
    if (subtrees(size) !== hashes.length || hashes.some((h) => h.length !== HASH_BYTES)) {
      throw new RangeError('the frontier does not fit the size')
    }
    this.#size = size
    this.#hashes = [...hashes]
  }

  get size(): number {
    return this.#size
  }

  get hashes(): readonly Hash[] {
    return this.#hashes
  }

  append(leaf: Hash): void {
    let node = leaf
    for (let rest = this.#size; odd(rest); rest = half(rest)) {
      node = nodeHash(this.#hashes.pop() as Hash, node)
    }
    this.#hashes.push(node)
    this.#size += 1
  }

  root(): Hash {
    let root: Hash | null = null
    for (let i = this.#hashes.length - 1; i >= 0; i -= 1) {
      const node = this.#hashes[i] as Hash
      root = root ? nodeHash(node, root) : node
    }
    return root ?? EMPTY_ROOT
  }

  clone(): Frontier {
    return new Frontier(this.#size, this.#hashes)
  }
}

/**
 * Gives the root of D[lo, hi) of a tree from a frontier and the leaves that follow it: of any subtree that
 * is a node of the frontier, stands behind it, or reaches from its right edge to behind it.
 */
function behind(frontier: Frontier, leaves: readonly Hash[]): (lo: number, hi: number) => Hash {
  const start = frontier.size
  const complete = new Map<number, { readonly end: number; readonly node: Hash }>()
  let begin = 0
  for (const node of frontier.hashes) {
    const end = begin + 2 ** Math.floor(Math.log2(start - begin))
    complete.set(begin, { end, node })
    begin = end
  }
  const range = (lo: number, hi: number): Hash => {
    const whole = complete.get(lo)
    const known = whole?.end === hi ? whole.node : hi - lo === 1 ? leaves[lo - start] : undefined
    if (known) return known
    const middle = lo + split(hi - lo)
    return nodeHash(range(lo, middle), range(middle, hi))
  }
  return range
}

/** PATH(index, D[n]) of a leaf behind a frontier, from the leaves that follow it; n = all of them. */
export function inclusionBehind(
  frontier: Frontier,
  leaves: readonly Hash[],
  index: number,
): Hash[] {
  const range = behind(frontier, leaves)
  const path = (lo: number, hi: number): Hash[] => {
    if (hi - lo === 1) return []
    const middle = lo + split(hi - lo)
    return index < middle
      ? [...path(lo, middle), range(middle, hi)]
      : [...path(middle, hi), range(lo, middle)]
  }
  return path(0, frontier.size + leaves.length)
}

/** PROOF(m, D[n]): m = the size of the frontier, n = with the leaves that follow it. */
export function consistencyBehind(frontier: Frontier, leaves: readonly Hash[]): Hash[] {
  const from = frontier.size
  if (from === 0 || leaves.length === 0) return []
  const range = behind(frontier, leaves)
  return provenFrom(from, from + leaves.length, range)
}

/** PROOF(from, D[to]), given the root of every subtree. */
function provenFrom(from: number, to: number, range: (lo: number, hi: number) => Hash): Hash[] {
  const proof = (lo: number, hi: number, whole: boolean): Hash[] => {
    if (from === hi) return whole ? [] : [range(lo, hi)]
    const middle = lo + split(hi - lo)
    return from <= middle
      ? [...proof(lo, middle, whole), range(middle, hi)]
      : [...proof(middle, hi, false), range(lo, middle)]
  }
  return proof(0, to, true)
}

/** Every node of a tree, 64 bytes a leaf: for proofs. */
export class Tree {
  /** Complete nodes, level by level from the leaves. */
  readonly #levels: NodeList[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  append(leaf: Hash): void {
    let node = leaf
    this.#level(0).push(node)
    let level = 0
    for (let rest = this.#size; odd(rest); rest = half(rest)) {
      node = nodeHash(this.#level(level).at(rest - 1), node)
      level += 1
      this.#level(level).push(node)
    }
    this.#size += 1
  }

  leaf(index: number): Hash {
    return this.#level(0).at(index)
  }

  /** Root of the first `size` leaves. */
  root(size = this.#size): Hash {
    this.#check(size)
    return size === 0 ? EMPTY_ROOT : this.#range(0, size)
  }

  /** PATH(index, D[size]), from the leaf's sibling upward. */
  inclusion(index: number, size = this.#size): Hash[] {
    this.#check(size)
    if (index < 0 || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`)
    const path = (lo: number, hi: number): Hash[] => {
      if (hi - lo === 1) return []
      const middle = lo + split(hi - lo)
      return index < middle
        ? [...path(lo, middle), this.#range(middle, hi)]
        : [...path(middle, hi), this.#range(lo, middle)]
    }
    return path(0, size)
  }

  /** PROOF(from, D[to]). */
  consistency(from: number, to = this.#size): Hash[] {
    this.#check(to)
    if (from < 0 || from > to) throw new RangeError(`no tree of ${from} before one of ${to}`)
    if (from === 0 || from === to) return []
    return provenFrom(from, to, (lo, hi) => this.#range(lo, hi))
  }

  #check(size: number): void {
    if (!(size >= 0 && size <= this.#size))
      throw new RangeError(`the tree has not grown to ${size}`)
  }

  #level(n: number): NodeList {
    const list = this.#levels[n] ?? new NodeList()
    this.#levels[n] = list
    return list
  }

  #range(lo: number, hi: number): Hash {
    const width = hi - lo
    const level = Math.log2(width)
    if (Number.isInteger(level) && lo % width === 0) return this.#level(level).at(lo / width)
    const middle = lo + split(width)
    return nodeHash(this.#range(lo, middle), this.#range(middle, hi))
  }
}

class NodeList {
  #bytes = Buffer.alloc(64 * HASH_BYTES)
  #length = 0

  push(node: Hash): void {
    const at = this.#length * HASH_BYTES
    if (at === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(at)])
    this.#bytes.set(node, at)
    this.#length += 1
  }

  at(i: number): Hash {
    if (i >= this.#length) throw new RangeError(`no node ${i}`)
    return this.#bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)
  }
}

/** Does `proof` show that `leaf` is number `index` under `root`? */
export const verifyInclusion = (...claim: Parameters<typeof includes>): boolean =>
  atOnce(includes(...claim), nodeHash)

/** Is the tree under `fromRoot` a beginning of the one under `toRoot`? */
export const verifyConsistency = (...claim: Parameters<typeof continues>): boolean =>
  atOnce(continues(...claim), nodeHash)
