// The audit log of a bridge as tiles: of the log that is written now. What was reckoned of its tree is kept
// for whoever asks next, and forgotten when another log is written.
import { join } from 'node:path'
import { LogTiles } from '../audit/read/tiles.ts'
import type { Env } from '../base/env.ts'
import type { AuditTiles } from '../http/sources.ts'
import { TILE_WIDTH } from '../model/tiles.ts'
import type { Auditor } from '../recorder/auditor.ts'

export interface TreeOfLog extends AuditTiles {
  /** The tree of a log of this bridge. */
  of(log: string): LogTiles
}

/** `cosigned`: the newest checkpoint with what witnesses have added to it. */
export function treeOfLog(
  env: Env,
  auditor: Auditor,
  cosigned: (checkpoint: string) => string = (checkpoint) => checkpoint,
): TreeOfLog {
  let known: LogTiles | null = null
  const of = (log: string): LogTiles => {
    if (known?.log !== log) known = new LogTiles(env, auditor.disk, join(auditor.dir, log))
    return known
  }
  return {
    of,
    head() {
      const { log, size, checkpoint } = auditor.state
      if (log === null || checkpoint === null || size === 0) return null
      return { log, size, checkpoint: cosigned(checkpoint) }
    },
    tile: (log, tile, size) => of(log).tile(tile, size),
    entries(log, { index, width }, size) {
      const from = index * TILE_WIDTH
      return of(log).entries(from, from + width, size)
    },
  }
}
