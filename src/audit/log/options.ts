// What a log is opened with, and the limits it keeps.
import type { KeyObject } from 'node:crypto'
import type { Disk } from '../../base/disk.ts'
import type { Env } from '../../base/env.ts'
import type { AuditRecord } from '../format/record.ts'
import type { AuditState } from './health.ts'

export interface Limits {
  readonly segmentBytes: number
  readonly queueRecords: number
  readonly queueBytes: number
  readonly batchRecords: number
  readonly batchBytes: number
  /** A commit longer than this is slow; longer than that, failed. In ms. */
  readonly slowMs: number
  readonly failedMs: number
  readonly retryMs: number
  /** Bytes kept free for the closing records of a full disk. */
  readonly ballastBytes: number
}

export const LIMITS: Limits = {
  segmentBytes: 16 << 20,
  queueRecords: 20_000,
  queueBytes: 32 << 20,
  batchRecords: 2_048,
  batchBytes: 2 << 20,
  slowMs: 1_000,
  failedMs: 5_000,
  retryMs: 1_000,
  ballastBytes: 1 << 20,
}

export interface LogOptions {
  readonly env: Env
  readonly disk: Disk
  /** Where the logs live: `<state>/audit`. */
  readonly dir: string
  readonly source: AuditRecord['source']
  /** Asked at every attempt to open. The first signs new logs; any may have signed an existing one. */
  readonly keys: () => Promise<readonly KeyObject[]>
  /** Names this boot and process, for the monotonic times. */
  readonly boot: string
  readonly clock?: () => AuditRecord['clock']
  readonly limits?: Partial<Limits>
  /** Called on every change of the state, and after every commit. */
  readonly onState?: (state: AuditState) => void
  /** A new segment has begun: time for upkeep of the older ones. */
  readonly onSegment?: (dir: string, log: string, segment: number) => void
}
