// What lies in a log's directory, as a verification sees it: the files of segments in the order of their
// numbers. Names that no segment can have are passed over; a number that stands far behind the others
// costs nothing, and what cannot be read is told apart from what was changed.
import { type Disk, errorCode } from '../../base/disk.ts'
import { segmentName } from '../format/segment.ts'
import type { SegmentFiles } from '../read/files.ts'

/** More segments than one record can set aside: so many cannot be missing in one place. */
export const MOST_MISSING = 1_000
/** Bytes of leaf hashes of one segment: two million records. */
export const MOST_LEAVES = 1 << 26

/** Files of segments, by rising number; numbers of which nothing is here are left out. */
export async function inventory(disk: Disk, dir: string): Promise<SegmentFiles[]> {
  const names = new Set(await disk.list(dir))
  const numbers = new Set<number>()
  for (const name of names) {
    const [, number] = /^(\d{8})\.(jsonl|jsonl\.gz|leaves)$/.exec(name) ?? []
    if (number !== undefined) numbers.add(Number(number))
  }
  return [...numbers].sort((a, b) => a - b).map((number) => filesOf(number, names))
}

function filesOf(number: number, names: ReadonlySet<string>): SegmentFiles {
  const base = segmentName(number)
  const plain = names.has(`${base}.jsonl`)
  const packed = names.has(`${base}.jsonl.gz`)
  return {
    number,
    // Both exist only after a crash while packing; the plain one is whole.
    entries: plain
      ? { name: `${base}.jsonl`, packed: false }
      : packed
        ? { name: `${base}.jsonl.gz`, packed: true }
        : null,
    leaves: names.has(`${base}.leaves`) ? `${base}.leaves` : null,
  }
}

/** Why a file could not be read: what the system refuses says nothing about the log. */
export function notRead(error: unknown): { readonly reason: string; readonly unread: boolean } {
  const code = errorCode(error)
  if (code === 'ENOTFILE') return { reason: 'it is no regular file', unread: false }
  if (code === 'ENOTDIR') return { reason: 'it is no directory', unread: false }
  if (code.startsWith('Z_')) return { reason: `it cannot be unpacked: ${code}`, unread: false }
  return { reason: `it cannot be read: ${code}`, unread: true }
}
