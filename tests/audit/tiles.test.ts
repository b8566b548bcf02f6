// The log as tiles: each hash is the one of the tree that was grown record by record, at every size, while
// segments end, are packed and dropped; and the proofs made of tiles are those of RFC 6962.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash, nodeHash, Tree, verifyConsistency } from '../../src/audit/format/merkle.ts'
import type { AuditLog } from '../../src/audit/log/log.ts'
import { LogTiles } from '../../src/audit/read/tiles.ts'
import { atOnce, inTime } from '../../src/model/merkle.ts'
import {
  consistencyRanges,
  parseTile,
  rangeRoot,
  rowOf,
  TILE_WIDTH,
  tilePath,
  tilesOf,
} from '../../src/model/tiles.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { bench, close, during, duringReal, logDir, open, refused } from './bench-log.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const numRuns = LONG ? 2_000 : 150
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function grown(n: number): Tree {
  const tree = new Tree()
  for (let i = 0; i < n; i += 1) tree.append(leafHash(Buffer.from(`leaf ${i}`)))
  return tree
}

/** Tiles of a tree in memory, by the definition. */
function tileOf(tree: Tree, level: number, index: number, width: number): Uint8Array {
  const unit = TILE_WIDTH ** level
  const hashes = Array.from({ length: width }, (_, i) => {
    const at = (index * TILE_WIDTH + i) * unit
    const leaves = new Tree()
    for (let leaf = at; leaf < at + unit; leaf += 1) leaves.append(tree.leaf(leaf))
    return leaves.root()
  })
  return Buffer.concat(hashes)
}

describe('an address of a tile', () => {
  it('is the one of the specification, and has one form', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067')
    expect(tilePath({ level: 2, index: 0, width: 1 })).toBe('tile/2/000.p/1')
    expect(parseTile('entries/x001/000.p/255')).toEqual({
      ...{ level: 0, index: 1_000, width: 255, entries: true },
    })
    for (const wrong of [
      '0/0',
      '0/x000/001',
      '00/001',
      '0/001.p/0',
      '0/001.p/256',
      '64/000',
      '0/001.p/01',
      '',
      'x/000',
    ])
      expect(parseTile(wrong)).toBeNull()
  })

  it('leads back to its tile', () => {
    const parts = {
      level: fc.integer({ min: 0, max: 63 }),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    }
    fc.assert(
      fc.property(fc.record(parts), (tile) => {
        expect(parseTile(tilePath(tile).slice('tile/'.length))).toEqual({ ...tile, entries: false })
      }),
      { numRuns },
    )
  })
})

describe('a proof made of tiles', () => {
  it('is the one of the definition, of any two sizes', async () => {
    const most = 1_400
    const tree = grown(most)
    const sizes = fc.tuple(fc.nat(most), fc.nat(most))
    await fc.assert(
      fc.asyncProperty(sizes, async ([a, b]) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        const ranges = consistencyRanges(from, to)
        const tiles = new Map(
          tilesOf(ranges, to).map(({ level, index, width }) => {
            expect(index * TILE_WIDTH + width).toBeLessThanOrEqual(rowOf(level, to))
            return [`${level} ${index}`, tileOf(tree, level, index, width)]
          }),
        )
        const hashes = (level: number, index: number) => {
          const bytes = tiles.get(`${level} ${index}`)
          if (!bytes) throw new Error(`tile ${level} ${index} was not named`)
          return bytes
        }
        const proof = ranges.map((range) => atOnce(rangeRoot(range, hashes), nodeHash))
        expect(proof.map(hex)).toEqual(tree.consistency(from, to).map(hex))
        const later = await Promise.all(
          ranges.map((range) => inTime(rangeRoot(range, hashes), async (l, r) => nodeHash(l, r))),
        )
        expect(later.map(hex)).toEqual(proof.map(hex))
      }),
      { numRuns: Math.min(numRuns, 300) },
    )
  })
})

describe('the tiles of a log', () => {
  async function appended(b: ReturnType<typeof bench>, log: AuditLog, from: number, n: number) {
    for (let at = from; at < from + n; at += 50)
      await during(
        b.env,
        Promise.all(Array.from({ length: 50 }, (_, i) => log.append(refused(at + i)))),
      )
  }

  it('are those of its records, while it grows over segments that are packed and dropped', async () => {
    const b = bench(1, undefined, { limits: { segmentBytes: 60_000 } })
    const log = await open(b)
    const tiles = new LogTiles(b.env, b.disk, logDir(log))
    const tree = new Tree()
    const all = async () => {
      const { size } = log.state
      if (tree.size === size) return
      const lines = await during(b.env, tiles.entries(tree.size, size, size))
      for (const line of lines ?? []) tree.append(leafHash(Buffer.from(line)))
    }
    const look = async () => {
      await all()
      const { size } = log.state
      const fresh = new LogTiles(b.env, b.disk, logDir(log))
      for (const one of [tiles, fresh]) {
        expect(hex(await during(b.env, one.root(size)))).toBe(hex(tree.root(size)))
        for (const from of [1, 255, 256, 257, Math.floor(size / 2), size - 1, size]) {
          const proof = await during(b.env, one.consistency(from, size))
          expect(verifyConsistency(from, tree.root(from), size, tree.root(size), proof)).toBe(true)
        }
        for (let index = 0; index * TILE_WIDTH < size; index += 1) {
          const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH)
          const bytes = await during(b.env, one.tile({ level: 0, index, width }, size))
          expect(hex(bytes ?? Buffer.of())).toBe(hex(tileOf(tree, 0, index, width)))
        }
        const rows = rowOf(1, size)
        const above = await during(b.env, one.tile({ level: 1, index: 0, width: rows }, size))
        expect(hex(above ?? Buffer.of())).toBe(hex(tileOf(tree, 1, 0, rows)))
        expect(
          await during(b.env, one.tile({ level: 1, index: 0, width: rows + 1 }, size)),
        ).toBeNull()
      }
    }
    await appended(b, log, 0, 300)
    await look()
    await appended(b, log, 300, 350)
    const dir = logDir(log)
    const care = {
      disk: b.disk,
      dir,
      append: (r: Parameters<AuditLog['append']>[0]) => log.append(r),
    }
    await duringReal(b.env, upkeep(care))
    await look()
    await appended(b, log, 650, 300)
    const retention = { keepDays: 0, age: () => log.age, wall: () => b.env.wall() }
    await all()
    await duringReal(b.env, upkeep({ ...care, retention }))
    expect(await during(b.env, tiles.entries(0, 256, log.state.size))).toBeNull()
    await look()
    await appended(b, log, 950, 100)
    await look()
    await close(b, log)
  }, 60_000)
})
