// The audit log of a bridge as tiles: of the log that is written now. What was reckoned of its tree is kept
// for whoever asks next, and forgotten when another log is written.
import { join } from 'node:path'
import { LogTiles } from '../audit/read/tiles.ts'
import type { Env } from '../base/env.ts'
import type { AuditTiles } from '../http/sources.ts'
import { TILE_WIDTH } from '../model/tiles.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { allKeyChanges } from '../recorder/key-changes.ts'

export interface TreeOfLog extends AuditTiles {
  /** The tree of a log of this bridge. */
  of(log: string): LogTiles
}

/** What witnesses have added to the checkpoints of a log. */
export interface Cosignatures {
  /** A checkpoint with the cosignatures that are known for it. */
  cosigned(checkpoint: string): string
  /** The largest checkpoint of a log that any of them has cosigned; null = there is none. */
  last(log: string): string | null
}

export function treeOfLog(
  env: Env,
  auditor: Auditor,
  witnesses: () => Cosignatures | null = () => null,
): TreeOfLog {
  let known: LogTiles | null = null
  const of = (log: string): LogTiles => {
    if (known?.log !== log) known = new LogTiles(env, auditor.disk, join(auditor.dir, log))
    return known
  }
  let changes: { readonly key: string; readonly texts: Promise<readonly string[]> } | null = null
  return {
    of,
    keyChanges(log) {
      const { key } = auditor.state
      if (key === null) return Promise.resolve([])
      if (changes?.key !== key) {
        const texts = allKeyChanges(auditor.disk, join(auditor.dir, log), key)
        const asked = { key, texts }
        changes = asked
        // What could not be read is read again when somebody asks again.
        texts.catch(() => {
          if (changes === asked) changes = null
        })
      }
      return changes.texts
    },
    head() {
      const { log, size, checkpoint } = auditor.state
      if (log === null || checkpoint === null || size === 0) return null
      const by = witnesses()
      return {
        log,
        size,
        checkpoint: by?.cosigned(checkpoint) ?? checkpoint,
        cosigned: by?.last(log) ?? null,
      }
    },
    tile: (log, tile, size) => of(log).tile(tile, size),
    entries(log, { index, width }, size) {
      const from = index * TILE_WIDTH
      return of(log).entries(from, from + width, size)
    },
  }
}
