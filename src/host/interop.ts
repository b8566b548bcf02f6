// What the commands need of the standards without a running bridge: an interrogation as a FHIR Bundle,
// and what destinations are still owed. Reads only.
import { dirname, join } from 'node:path'
import { listLogs } from '../audit/read/files.ts'
import { nodeDisk } from '../base/disk.ts'
import { type Env, systemEnv } from '../base/env.ts'
import { fileStore } from '../base/file-store.ts'
import { owed } from '../delivery/outbox.ts'
import { sinceOf } from '../delivery/place.ts'
import { parseSaved } from '../delivery/saved.ts'
import { Feed } from '../feed/feed.ts'
import { bundleOf } from '../fhir/bundle.ts'
import { sourceOf } from '../model/source.ts'
import { type Addressee, placeFile } from './delivery-host.ts'

const feedOf = (env: Env, dir: string, log: string) =>
  new Feed({ env, disk: nodeDisk, dir, source: sourceOf(log), log })

/** `dir`: `<state>/audit/<log>`. Null = there is no interrogation at this position. */
export async function exportedBundle(dir: string, log: string, position: number, base: string) {
  const feed = feedOf(systemEnv(), dirname(dir), log)
  for await (const found of feed.read({ after: position - 1, before: position + 1 })) {
    const record = found.api()
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
export async function* owedTo(stateDir: string, config: Addressee, env: Env): AsyncGenerator<Owed> {
  const text = await fileStore(placeFile(stateDir, config.name)).load()
  const saved = parseSaved(text, config.name, sinceOf(env, config.since))
  const audit = join(stateDir, 'audit')
  const log = (await listLogs(nodeDisk, audit)).at(-1)
  if (log === undefined) return
  const feed = feedOf(env, audit, log)
  for await (const { record, message } of owed(feed, config.sender(env), saved)) {
    const { control } = message
    yield { control, position: record.position, log, text: message.text() }
  }
}

export { trial } from '../hl7/trial.ts'
