// What the commands need of the standards without a running bridge: an interrogation as a FHIR Bundle,
// and what destinations are still owed. Reads only.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listLogs } from '../audit/read/files.ts'
import { readRecords } from '../audit/read/reader.ts'
import { nodeDisk } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import { apiRecord } from '../feed/api-record.ts'
import { bundleOf } from '../fhir/bundle.ts'
import { type DestinationConfig, profileOf } from '../hl7/config.ts'
import { parseSaved } from '../hl7/cursor.ts'
import { controlId, isSendable, messageOf } from '../hl7/messages.ts'
import { sinceOf } from '../hl7/place.ts'
import { sourceOf } from '../model/reading.ts'

/** `dir`: `<state>/audit/<log>`. Null = there is no interrogation at this position. */
export async function exportedBundle(dir: string, log: string, position: number, base: string) {
  const query = { after: position - 1, kinds: ['interrogation'] }
  for await (const stored of readRecords(nodeDisk, dir, query)) {
    if (stored.position !== position) return null
    const record = apiRecord(stored.record, { position, log, source: sourceOf(log) })
    return record?.kind === 'interrogation' && record.pump ? bundleOf(record, base) : null
  }
  return null
}

export interface Owed {
  readonly control: string
  readonly position: number
  readonly log: string
  readonly text: string
}

/** What a destination would be sent now, in order. Rejects when its place cannot be read. */
export async function* owedTo(
  stateDir: string,
  config: DestinationConfig,
  env: Env,
): AsyncGenerator<Owed> {
  const path = join(stateDir, 'hl7', `${config.name}.json`)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  const saved = parseSaved(text, config.name, sinceOf(env, config.since))
  const profile = profileOf(config)
  const kinds = config.alarms ? ['interrogation', 'alarm'] : ['interrogation']
  const audit = join(stateDir, 'audit')
  const log = (await listLogs(nodeDisk, audit)).at(-1)
  if (log !== undefined) {
    const source = sourceOf(log)
    const after = saved.logs[log]
    const place = after === undefined ? { from: saved.since } : { after }
    for await (const { position, record } of readRecords(nodeDisk, join(audit, log), {
      kinds,
      ...place,
    })) {
      const one = apiRecord(record, { position, log, source })
      if (!one || !isSendable(one)) continue
      yield { control: controlId(one), position, log, text: messageOf(one, profile) }
    }
  }
}
