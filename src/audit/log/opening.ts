// How a log stands when a bridge starts: read from its last segment alone. Says whether writing can
// go on where it ended, must go on in a new segment (the last end was unclean), or whether the log
// does not match its own last signature and must be set aside.
import { basename, join } from 'node:path'
import { type Disk, readAll } from '../../base/disk.ts'
import { Lines } from '../format/lines.ts'
import { type SigningKey, toBase64 } from '../format/note.ts'
import type { AuditRecord, Quarantine } from '../format/record.ts'
import { segmentName } from '../format/segment.ts'
import { unacceptedAfter } from '../format/unaccepted.ts'
import { type Mark, Walk } from '../format/walk.ts'
import { look } from '../read/directory.ts'
import { LogClock, momentOf } from './clock.ts'
import { segmentPath } from './manifest.ts'

/** Bytes from `offset` to the end of a segment's file. */
export interface VoidRange {
  readonly segment: number
  readonly offset: number
}

export type Reason = Omit<Quarantine, 'log'>

export type Opening = {
  /** Names in the directory that are no part of the log. */
  readonly strays: readonly string[]
} & (
  | { readonly how: 'empty'; readonly highest: number; readonly voids: readonly VoidRange[] }
  | {
      readonly how: 'quarantine'
      readonly reason: Reason
      /** As far as its records can be read. */
      readonly unaccepted: readonly Quarantine[]
    }
  | Good
)

export interface Good {
  readonly how: 'clean' | 'unclean'
  /** Highest number in use. */
  readonly highest: number
  /** The segment that holds the last good commit. */
  readonly segment: number
  /** Where to go on: behind the last commit if clean, in front of it if not. */
  readonly from: Mark
  /** The last commit's bytes, to be written again. */
  readonly replay: Uint8Array
  readonly end: Mark
  readonly voids: readonly VoidRange[]
  readonly unaccepted: readonly Quarantine[]
  /** UTC of the segment's beginning. */
  readonly since: string
  /** The log's age at its end. */
  readonly clock: LogClock
}

/**
 * `keys`: the signing keys we have, under this log's name. `own`: the segment that the manifest says
 * was written last; a file of a higher number that is no segment is a stray.
 */
export async function inspect(
  disk: Disk,
  dir: string,
  keys: readonly SigningKey[],
  own: number,
): Promise<Opening> {
  const { segments, strays: others } = await look(disk, dir)
  const strays = [...others]
  const named = () => [...strays].sort()
  const voids: VoidRange[] = []
  let highest = 0
  let unaccepted: readonly Quarantine[] = []
  const aside = (code: Reason['code'], args: Reason['args'], end?: Mark | null): Opening => ({
    how: 'quarantine',
    reason: { code, args, ...(end && endOf(end)) },
    unaccepted,
    strays: named(),
  })
  if (own > 0 && !segments[own - 1]?.entries) return aside('missing', {})
  for (const { number, entries, leaves } of [...segments].reverse()) {
    if (!entries && number > own) {
      strays.push(leaves ?? segmentName(number))
      continue
    }
    if (!entries || entries.packed) return aside('missing', {})
    const seen = await readTail(disk, dir, number)
    const { walk } = seen
    if (!walk.header && seen.foreign && number > own) {
      strays.push(entries.name)
      continue
    }
    highest = Math.max(highest, number)
    unaccepted = seen.unaccepted
    if (walk.fault?.signed || (!walk.header && (seen.foreign || number <= own))) {
      const { offset = 0, position = 0 } = walk.fault ?? {}
      return aside('damaged', { segment: number, offset, position }, walk.after)
    }
    if (!walk.opened || !walk.after || !walk.before) {
      // A beginning that was cut short: nothing in it was ever acknowledged.
      voids.unshift({ segment: number, offset: 0 })
      continue
    }
    const { after, before } = walk
    if (!keys.some((key) => key.verifier.text === after.key.text)) {
      return aside('no-key', { key: after.key.text }, after)
    }
    const clean = walk.fault === null && walk.lastKind === 'stop' && voids.length === 0
    if (!clean) voids.unshift({ segment: number, offset: before.offset })
    return {
      how: clean ? 'clean' : 'unclean',
      highest,
      segment: number,
      from: clean ? after : before,
      replay: clean ? new Uint8Array() : await lastCommit(disk, dir, number, before, after),
      end: after,
      voids,
      unaccepted,
      since: seen.since,
      clock: seen.clock,
      strays: named(),
    }
  }
  // Not one segment was ever begun whole.
  return own === 0 && (segments.length === 0 || segments[0]?.entries)
    ? { how: 'empty', highest, voids, strays: named() }
    : aside('missing', {})
}

/** Size and root, as a record of a log that was set aside names them. */
export function endOf({ position, frontier }: Pick<Mark, 'position' | 'frontier'>) {
  return { size: position, root: toBase64(frontier.root()) }
}

async function lastCommit(disk: Disk, dir: string, segment: number, before: Mark, after: Mark) {
  const bytes = await readAll(disk, segmentPath(dir, segment), before.offset)
  return bytes.subarray(0, after.offset - before.offset)
}

/** A first line longer than this is no header of ours. */
const LONGEST = 1 << 17

async function readTail(disk: Disk, dir: string, segment: number) {
  let unaccepted: readonly Quarantine[] = []
  let since = ''
  const clock = new LogClock()
  const walk = new Walk({
    log: basename(dir),
    segment,
    record: (line, start, end, kind) => {
      if (kind === null) return
      const record = JSON.parse(Buffer.from(line.subarray(start, end)).toString()) as AuditRecord
      if (record.kind === 'segment') {
        clock.restore(record.body.age, momentOf(record))
        unaccepted = record.body.unaccepted
        since = record.at
        return
      }
      clock.see(momentOf(record))
      unaccepted = unacceptedAfter(unaccepted, basename(dir), record)
    },
  })
  const lines = new Lines((b, start, end, offset) => walk.line(b, start, end, offset))
  for await (const chunk of disk.read(join(dir, `${segmentName(segment)}.jsonl`))) {
    lines.push(chunk)
    if (!walk.header && (walk.fault || lines.rest > LONGEST)) break
  }
  // A header is written before anything else: a whole line that is none was written by somebody else.
  const foreign = !walk.header && (walk.fault !== null || lines.rest > LONGEST)
  walk.end(lines.offset, lines.rest)
  return { walk, unaccepted, since, clock, foreign }
}
