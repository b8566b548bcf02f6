// Reading a log back: the records of it that count, by time, kind, pump, session and position.
import { basename } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import type { AuditRecord } from '../format/record.ts'
import { readEntries, segmentFiles, walkSegment } from './files.ts'
import { type Intros, isBehind, seek } from './seek.ts'

export interface Filter {
  /** UTC, ISO 8601: records from this moment on, and before that one. */
  readonly from?: string
  readonly to?: string
  readonly kinds?: readonly string[]
  readonly pump?: string
  readonly session?: number
  /** Positions: only records behind this one. */
  readonly after?: number
}

export interface Stored {
  readonly position: number
  /** The line as it is hashed, without its newline. */
  readonly line: string
  readonly record: AuditRecord
}

/**
 * Committed records that pass the filter, in order, each once. Checks no signatures: see `verify`.
 * Segments that hold none of them are not read. `intros` remembers where they begin; one map a log.
 */
export async function* readRecords(
  disk: Disk,
  dir: string,
  filter: Filter = {},
  intros: Intros = new Map(),
): AsyncGenerator<Stored> {
  const first = filter.after === undefined ? 0 : filter.after + 1
  const { from, to, kinds } = filter
  const kept = (await segmentFiles(disk, dir)).filter(({ entries }) => entries !== null)
  const narrow = first > 0 || from !== undefined
  const begin = narrow ? await seek(disk, dir, kept, { position: first, from }, intros) : 0
  let next = first
  for (const files of kept.slice(begin)) {
    if (!files.entries) continue
    if (to !== undefined && (await isBehind(disk, dir, files, to, intros))) return
    let pending: Stored[] = []
    let ready: Stored[] = []
    const walk = await walkSegment(readEntries(disk, dir, files.entries), {
      log: basename(dir),
      segment: files.number,
      record: (bytes, start, end, kind) => {
        if (kinds && !kinds.includes(kind ?? '')) return
        const line = Buffer.from(bytes.subarray(start, end)).toString()
        const record = JSON.parse(line) as AuditRecord
        if (record.seq >= next && passes(record, filter))
          pending.push({ position: record.seq, line, record })
      },
      commit: (mark) => {
        ready = ready.concat(pending)
        pending = []
        next = Math.max(next, mark.position)
      },
    })
    // A segment that was never opened holds nothing that counts.
    if (walk.opened) yield* ready
    else next = Math.max(first, Math.min(next, walk.header?.frontier.size ?? next))
  }
}

function passes(record: AuditRecord, f: Filter): boolean {
  if (f.from !== undefined && record.at < f.from) return false
  if (f.to !== undefined && record.at >= f.to) return false
  if (f.kinds && !f.kinds.includes(record.kind)) return false
  if (f.pump !== undefined && record.pump !== f.pump) return false
  return f.session === undefined || record.session === f.session
}
