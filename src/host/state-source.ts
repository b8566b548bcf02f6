// Of which kind of wands a state directory is: a bridge reads one kind, and its logs are of that kind alone.
import { join } from 'node:path'
import { listLogs } from '../audit/read/files.ts'
import { nodeDisk } from '../base/disk.ts'
import type { Source } from '../model/reading.ts'
import { sourceOf } from '../model/source.ts'

/** The state directory belongs to a bridge of another kind. */
export class OtherSource extends Error {}

/** Of which kinds the logs of a state directory are. */
export async function sourcesIn(stateDir: string): Promise<readonly Source[]> {
  const logs = await listLogs(nodeDisk, join(stateDir, 'audit')).catch(() => [])
  return [...new Set(logs.map(sourceOf))]
}

/** Rejects with OtherSource when there are logs of another kind than `wanted`. */
export async function checkSource(stateDir: string, wanted: Source): Promise<void> {
  const other = (await sourcesIn(stateDir)).find((one) => one !== wanted)
  if (other !== undefined) throw new OtherSource(otherSourceSentence(stateDir, other, wanted))
}

const KIND = { device: 'devices', simulator: 'simulated wands', replay: 'replayed captures' }

const otherSourceSentence = (stateDir: string, has: Source, wanted: Source) =>
  `${stateDir} holds the log of a bridge for ${KIND[has]}, and this one is for ${KIND[wanted]}. Nothing was read. Start it with --source ${has}, or give another --state-dir.`
