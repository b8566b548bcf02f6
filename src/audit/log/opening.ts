// How a log stands when a bridge starts: read from its last segment alone. Says whether writing can
// go on where it ended, must go on in a new segment (the last end was unclean), or whether the log
// does not match its own last signature and must be set aside.
import { basename, join } from 'node:path'
import { type Disk, readAll } from '../../base/disk.ts'
import type { SigningKey } from '../format/note.ts'
import type { Quarantine } from '../format/record.ts'
import { Lines, type Mark, segmentName, Walk } from '../format/segment.ts'

/** Bytes from `offset` to the end of a segment's file. */
export interface VoidRange {
  readonly segment: number
  readonly offset: number
}

export type Opening =
  | { readonly how: 'empty'; readonly highest: number; readonly voids: readonly VoidRange[] }
  | { readonly how: 'quarantine'; readonly reason: string }
  | {
      readonly how: 'clean' | 'unclean'
      /** Highest number in use. */
      readonly highest: number
      /** The segment that holds the last good commit. */
      readonly segment: number
      /** Where to go on: behind the last commit if clean, in front of it if not. */
      readonly from: Mark
      /** The last commit's bytes, to be written again. */
      readonly replay: Uint8Array
      /** Records in `replay`. */
      readonly end: Mark
      readonly voids: readonly VoidRange[]
      readonly unaccepted: readonly Quarantine[]
      /** UTC of the segment's beginning. */
      readonly since: string
    }

/** Numbers of the plain segments in a log's directory, rising. */
export async function segmentNumbers(disk: Disk, dir: string): Promise<number[]> {
  const names = await disk.list(dir)
  return names
    .map((name) => /^(\d{8})\.jsonl$/.exec(name)?.[1])
    .filter((n) => n !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

/** `keys`: the signing keys we have, under this log's name. */
export async function inspect(
  disk: Disk,
  dir: string,
  log: string,
  keys: readonly SigningKey[],
): Promise<Opening> {
  const numbers = await segmentNumbers(disk, dir)
  const highest = numbers.at(-1)
  if (highest === undefined) {
    const left = (await disk.list(dir)).filter((name) => /^\d{8}\.(jsonl\.gz|leaves)$/.test(name))
    return left.length === 0
      ? { how: 'empty', highest: 0, voids: [] }
      : { how: 'quarantine', reason: 'its last segment is missing' }
  }
  const voids: VoidRange[] = []
  for (const segment of numbers.reverse()) {
    const bytes = await readAll(disk, join(dir, `${segmentName(segment)}.jsonl`))
    const seen = read(bytes, log, segment)
    const { walk } = seen
    if (walk.fault?.signed || (!walk.after && bytes.includes(10))) {
      const at = `segment ${segment}, byte ${walk.fault?.offset}, record ${walk.fault?.position}`
      return { how: 'quarantine', reason: `${walk.fault?.reason} (${at})` }
    }
    if (!walk.opened || !walk.after || !walk.before) {
      // A beginning that was cut short: nothing in it was ever acknowledged.
      voids.unshift({ segment, offset: 0 })
      continue
    }
    const { after, before } = walk
    if (!keys.some((key) => key.verifier.text === after.key.text)) {
      return {
        how: 'quarantine',
        reason: `the key it was signed with is not here (${after.key.text})`,
      }
    }
    const clean = walk.fault === null && walk.lastKind === 'stop' && voids.length === 0
    const from = clean ? after : before
    if (!clean) voids.unshift({ segment, offset: before.offset })
    return {
      how: clean ? 'clean' : 'unclean',
      highest,
      segment,
      from,
      replay: clean ? new Uint8Array() : bytes.subarray(before.offset, after.offset),
      end: after,
      voids,
      unaccepted: seen.unaccepted,
      since: seen.since,
    }
  }
  // Not one segment was ever begun whole.
  return numbers.at(-1) === 1
    ? { how: 'empty', highest, voids }
    : { how: 'quarantine', reason: 'its earlier segments are missing' }
}

/** The newest signed checkpoint and its key, from the last segments alone; a sentence if there is none. */
export async function newestCheckpoint(
  disk: Disk,
  dir: string,
): Promise<{ readonly checkpoint: string; readonly key: string } | string> {
  for (const segment of (await segmentNumbers(disk, dir)).reverse()) {
    const bytes = await readAll(disk, join(dir, `${segmentName(segment)}.jsonl`))
    const { walk } = read(bytes, basename(dir), segment)
    if (walk.opened && walk.after) {
      return { checkpoint: walk.after.note, key: walk.after.key.text }
    }
  }
  return 'no segment with a signed checkpoint is here'
}

function read(bytes: Uint8Array, log: string, segment: number) {
  let unaccepted: Quarantine[] = []
  let since = ''
  const walk = new Walk({
    log,
    segment,
    record: (line, start, end, kind) => {
      if (kind !== 'segment' && kind !== 'quarantine' && kind !== 'accept') return
      const record = JSON.parse(Buffer.from(line.subarray(start, end)).toString())
      if (kind === 'segment') {
        unaccepted = [...record.body.unaccepted]
        since = record.at
      } else if (kind === 'quarantine') {
        unaccepted.push(record.body)
      } else {
        unaccepted = unaccepted.filter((q) => q.log !== record.body.log)
      }
    },
  })
  const lines = new Lines((b, start, end, offset) => walk.line(b, start, end, offset))
  lines.push(bytes)
  walk.end(lines.offset, lines.rest)
  return { walk, unaccepted, since }
}
