// Whether a log has only grown while nobody looked: of the hashes that the bridge gives as tiles
// (c2sp.org/tlog-tiles) a proof is made that leads from the checkpoint that was kept to the new one.
// What the bridge gives is believed only as far as it leads to both.
import { continues, type Hash, inTime, nodeBytes } from '../model/merkle.ts'
import { consistencyRanges, rangeRoot, tilePath, tilesOf } from '../model/tiles.ts'
import type { Pin } from './checkpoint.ts'

const node = async (left: Hash, right: Hash): Promise<Hash> =>
  // biome-ignore lint/style/noRestrictedGlobals: a hash is no chance, and a browser has no other.
  new Uint8Array(await crypto.subtle.digest('SHA-256', nodeBytes(left, right)))

/** The log that a checkpoint is of. */
export const logOf = ({ origin }: Pin) => origin.replace(/^wandbridge\//, '')

/** `tile` gives the bytes at an address below the log's prefix, and rejects when it cannot. */
export async function hasGrown(
  before: Pin,
  now: Pin,
  tile: (path: string) => Promise<Uint8Array>,
): Promise<boolean> {
  const ranges = consistencyRanges(before.size, now.size)
  const tiles = new Map(
    await Promise.all(
      tilesOf(ranges, now.size).map(
        async (one) => [`${one.level} ${one.index}`, await tile(tilePath(one))] as const,
      ),
    ),
  )
  const hashes = (level: number, index: number) =>
    tiles.get(`${level} ${index}`) ?? new Uint8Array()
  const proof: Hash[] = []
  for (const range of ranges) proof.push(await inTime(rangeRoot(range, hashes), node))
  const [from, to] = [bytesOf(before.root), bytesOf(now.root)]
  return inTime(continues(before.size, from, now.size, to, proof), node)
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
