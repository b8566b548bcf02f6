// Where the feed reads logs from: the files of this computer, or whatever else gives their records by
// position.
import { join } from 'node:path'
import { listLogs } from '../audit/read/files.ts'
import { LogReader, type Newest } from '../audit/read/log-reader.ts'
import type { Disk } from '../base/disk.ts'
import type { Source } from '../model/reading.ts'

export type { Batch, Newest, Range } from '../audit/read/log-reader.ts'
export { Stored } from '../audit/read/scan.ts'

/** One log, read at a position. */
export type RecordReader = Pick<
  LogReader,
  'log' | 'size' | 'oldest' | 'beginOf' | 'forward' | 'backward'
>

export interface Logs {
  /** Names of all logs that there are, in the order in which they were begun. */
  list(): Promise<readonly string[]>
  of(log: string): RecordReader
}

/** `dir`: `<state>/audit`. */
export const logsAt = (disk: Disk, dir: string, source: Source, newest?: Newest): Logs => ({
  list: () => listLogs(disk, dir, source),
  of: (log) => new LogReader(disk, join(dir, log), newest),
})
