// The Merkle tree cut into tiles (c2sp.org/tlog-tiles): rows of 256 hashes eight levels apart, of which
// every root and every proof can be made. Which tiles a proof needs, their addresses, and what comes of
// them. Pure; the hash is the caller's (merkle.ts).
import { EMPTY_ROOT, HASH_BYTES, type Hash, type Steps, split } from './merkle.ts'

/** Hashes in a full tile. */
export const TILE_WIDTH = 256

/** `level` counts rows of tiles: 0 are the leaves, and a hash of one above stands for 256 below. */
export interface Tile {
  readonly level: number
  readonly index: number
  /** Below 256 it is the last of its row. */
  readonly width: number
}

/** Hashes of a row of tiles in a tree of `size` leaves. */
export const rowOf = (level: number, size: number) => Math.floor(size / TILE_WIDTH ** level)

/** The tile as it stands in a tree of `size` leaves. */
const tileIn = (level: number, index: number, size: number): Tile => ({
  level,
  index,
  width: Math.min(TILE_WIDTH, rowOf(level, size) - index * TILE_WIDTH),
})

/** Its address below a log's prefix: `tile/0/x001/234.p/5`; `rows` is the first part, or `entries`. */
export function tilePath({ level, index, width }: Tile, rows = String(level)): string {
  let path = String(index % 1_000).padStart(3, '0')
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000))
    path = `x${String(rest % 1_000).padStart(3, '0')}/${path}`
  return `tile/${rows}/${path}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

const PATH = /^(0|[1-9]\d?|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Reads what stands behind `tile/`; null when it is no tile's address. */
export function parseTile(text: string): (Tile & { readonly entries: boolean }) | null {
  const [, rows, digits = '', partial] = PATH.exec(text) ?? []
  const index = Number(digits.replace(/[x/]/g, ''))
  const tile = {
    level: rows === 'entries' ? 0 : Number(rows),
    index,
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  }
  // One tile has one address.
  const one = rows !== undefined && Number.isSafeInteger(index) && tile.level < 64
  if (!one || tilePath(tile, rows) !== `tile/${text}`) return null
  return { ...tile, entries: rows === 'entries' }
}

/** Leaves from `lo` on and before `hi`. */
export type Range = readonly [lo: number, hi: number]

/** The subtrees whose roots are PROOF(from, D[to]) of RFC 6962 section 2.1.2, in its order. */
export function consistencyRanges(from: number, to: number): Range[] {
  if (from === 0 || from === to) return []
  const proof = (lo: number, hi: number, whole: boolean): Range[] => {
    if (from === hi) return whole ? [] : [[lo, hi]]
    const middle = lo + split(hi - lo)
    return from <= middle
      ? [...proof(lo, middle, whole), [middle, hi]]
      : [...proof(middle, hi, false), [lo, middle]]
  }
  return proof(0, to, true)
}

/** Complete subtrees, each inside one tile, that make up a range which is a subtree of some tree. */
function* complete([lo, hi]: Range): Generator<Range> {
  const width = hi - lo
  if (Number.isInteger(Math.log2(width)) && lo % width === 0) return yield [lo, hi]
  const middle = lo + split(width)
  yield* complete([lo, middle])
  yield* complete([middle, hi])
}

const levelOf = ([lo, hi]: Range) => Math.floor(Math.log2(hi - lo) / 8)

/** The tiles of a tree of `size` leaves that the roots of these ranges are made of, each once. */
export function tilesOf(ranges: readonly Range[], size: number): Tile[] {
  const tiles = new Map<string, Tile>()
  for (const range of ranges) {
    for (const part of complete(range)) {
      const level = levelOf(part)
      const index = Math.floor(part[0] / TILE_WIDTH ** (level + 1))
      const tile = tileIn(level, index, size)
      tiles.set(tilePath(tile), tile)
    }
  }
  return [...tiles.values()]
}

/** The root of a row of hashes whose number is a power of two. */
export function* rowRoot(bytes: Uint8Array): Steps<Hash> {
  let row = Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
  while (row.length > 1) {
    const above: Hash[] = []
    for (let i = 0; i < row.length; i += 2) above.push(yield [row[i] as Hash, row[i + 1] as Hash])
    row = above
  }
  return row[0] as Hash
}

/** The root of a range, of the tiles that `tilesOf` named; `hashes` gives the bytes of one. */
export function* rangeRoot(
  range: Range,
  hashes: (level: number, index: number) => Uint8Array,
): Steps<Hash> {
  const roots: Hash[] = []
  for (const part of complete(range)) {
    const level = levelOf(part)
    const unit = TILE_WIDTH ** level
    const first = part[0] / unit
    const index = Math.floor(first / TILE_WIDTH)
    const at = (first - index * TILE_WIDTH) * HASH_BYTES
    const count = (part[1] - part[0]) / unit
    const bytes = hashes(level, index).subarray(at, at + count * HASH_BYTES)
    if (bytes.length !== count * HASH_BYTES) throw new RangeError('a tile is too short')
    roots.push(yield* rowRoot(bytes))
  }
  let root = roots.pop() ?? EMPTY_ROOT
  while (roots.length > 0) root = yield [roots.pop() as Hash, root]
  return root
}
