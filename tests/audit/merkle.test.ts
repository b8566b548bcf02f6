// The tree: growing it, keeping it and proving from it agree, and no proof shows what is not so.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  consistencyBehind,
  EMPTY_ROOT,
  Frontier,
  type Hash,
  leafHash,
  nodeHash,
  Tree,
  verifyConsistency,
  verifyInclusion,
} from '../../src/audit/format/merkle.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const numRuns = LONG ? 5_000 : 300
const leaves = (n: number) =>
  Array.from({ length: n }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)))

function grown(n: number): Tree {
  const tree = new Tree()
  for (const leaf of leaves(n)) tree.append(leaf)
  return tree
}

/** MTH of RFC 6962 section 2.1, word for word. */
function mth(d: readonly Hash[]): Hash {
  if (d.length === 0) return EMPTY_ROOT
  if (d.length === 1) return d[0] as Hash
  let k = 1
  while (k * 2 < d.length) k *= 2
  return nodeHash(mth(d.slice(0, k)), mth(d.slice(k)))
}

describe('the tree', () => {
  it('has the root of the definition at every size, grown or kept', () => {
    const all = leaves(130)
    const tree = grown(130)
    const frontier = new Frontier()
    for (let n = 0; n <= 130; n += 1) {
      const root = Buffer.from(mth(all.slice(0, n)))
      expect(root.equals(tree.root(n))).toBe(true)
      expect(root.equals(frontier.root())).toBe(true)
      const resumed = new Frontier(frontier.size, frontier.hashes)
      expect(root.equals(resumed.root())).toBe(true)
      if (n < 130) frontier.append(all[n] as Hash)
    }
  })

  it('proves every record at every size, and every earlier tree', () => {
    const max = LONG ? 130 : 40
    const tree = grown(max)
    for (let size = 1; size <= max; size += 1) {
      for (let i = 0; i < size; i += 1) {
        expect(
          verifyInclusion(tree.leaf(i), i, size, tree.inclusion(i, size), tree.root(size)),
        ).toBe(true)
        expect(
          verifyConsistency(i, tree.root(i), size, tree.root(size), tree.consistency(i, size)),
        ).toBe(true)
      }
    }
  })

  it('believes no proof with one thing changed', () => {
    const tree = grown(100)
    const arb = fc.record({
      size: fc.integer({ min: 2, max: 100 }),
      pick: fc.nat(),
      how: fc.constantFrom('bit', 'drop', 'add', 'swap', 'index', 'leaf'),
      at: fc.nat(),
      bit: fc.nat(),
    })
    fc.assert(
      fc.property(arb, ({ size, pick, how, at, bit }) => {
        const index = pick % size
        const proof = tree.inclusion(index, size).map((h) => Buffer.from(h))
        const from = 1 + (pick % (size - 1))
        const path = tree.consistency(from, size).map((h) => Buffer.from(h))
        const i = at % proof.length
        const j = at % path.length
        let leaf = tree.leaf(index)
        let claimed = index
        let begins = from
        const change = (list: Buffer[], n: number) => {
          const hash = list[n] as Buffer
          if (how === 'bit') hash[bit % 32] = (hash[bit % 32] as number) ^ (1 << (bit % 8))
          if (how === 'drop') list.splice(n, 1)
          if (how === 'add') list.splice(n, 0, Buffer.from(hash))
          if (how === 'swap') list.push(list.shift() as Buffer)
        }
        change(proof, i)
        change(path, j)
        if (how === 'index') {
          claimed = (index + 1) % size
          begins = from === 1 ? size - 1 : from - 1
        }
        if (how === 'leaf') leaf = leafHash(Buffer.from('another'))
        if (how !== 'swap' || proof.length > 1) {
          expect(verifyInclusion(leaf, claimed, size, proof, tree.root(size))).toBe(false)
        }
        const before = how === 'leaf' ? leaf : tree.root(from)
        if (
          begins !== from ||
          how === 'leaf' ||
          how === 'bit' ||
          how === 'drop' ||
          how === 'add' ||
          path.length > 1
        ) {
          expect(verifyConsistency(begins, before, size, tree.root(size), path)).toBe(false)
        }
      }),
      { numRuns },
    )
  })

  it('counts beyond 32 bits', () => {
    const size = 2 ** 40 + 3
    const hashes = leaves(3)
    const big = new Frontier(size, hashes)
    big.append(hashes[0] as Hash)
    expect(big.size).toBe(size + 1)
    expect(big.hashes.length).toBe(2)
    expect(() => new Frontier(size, hashes.slice(1))).toThrow(RangeError)
    // An empty hash once passed, because the buffer still held the right one.
    expect(() => new Frontier(3, [hashes[0] as Hash, new Uint8Array()])).toThrow(RangeError)
  })

  it('is proven to continue, from its right edge and what follows, as from all of its nodes', () => {
    const all = leaves(40)
    const tree = grown(40)
    for (let from = 0; from <= 40; from += 1) {
      const edge = new Frontier()
      for (const leaf of all.slice(0, from)) edge.append(leaf)
      for (let to = from; to <= 40; to += 1)
        expect(consistencyBehind(edge, all.slice(from, to))).toEqual(tree.consistency(from, to))
    }
  })
})
