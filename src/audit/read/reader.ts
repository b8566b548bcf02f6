// Reading a log back: the records of it that count, by time, kind, pump, session and position.
import type { Disk } from '../../base/disk.ts'
import { LogReader } from './log-reader.ts'
import type { Stored, Wanted } from './scan.ts'

export type { Stored } from './scan.ts'

export interface Filter extends Wanted {
  readonly pump?: string
  readonly session?: number
  /** Who: the id of the record's actor. */
  readonly actor?: string
  /** Positions: only records behind this one. */
  readonly after?: number
}

/** Committed records that pass the filter, in order, each once. Checks no signatures: see `verify`. */
export async function* readRecords(
  disk: Disk,
  dir: string,
  filter: Filter = {},
  reader = new LogReader(disk, dir),
): AsyncGenerator<Stored> {
  const { after = -1, from, to, kinds } = filter
  const until = await reader.size()
  for await (const batch of reader.forward({ first: after + 1, until, from, to, kinds }))
    for (const stored of batch.records) if (passes(stored, filter)) yield stored
}

function passes(stored: Stored, { pump, session, actor }: Filter): boolean {
  if (pump === undefined && session === undefined && actor === undefined) return true
  const { record } = stored
  if (actor !== undefined && record.actor.id !== actor) return false
  if (pump !== undefined && record.pump !== pump) return false
  return session === undefined || record.session === session
}
