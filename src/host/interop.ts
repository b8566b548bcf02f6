// What the commands need of the standards without a running bridge: an interrogation as a FHIR Bundle,
// and what destinations are still owed. Reads only.
import { dirname, join } from 'node:path'
import { listLogs } from '../audit/read/files.ts'
import { nodeDisk } from '../base/disk.ts'
import { type Env, systemEnv } from '../base/env.ts'
import { fileStore } from '../base/file-store.ts'
import { VERSION } from '../base/version.ts'
import { owed } from '../delivery/outbox.ts'
import { sinceOf } from '../delivery/place.ts'
import { parseSaved } from '../delivery/saved.ts'
import type { Message } from '../delivery/sender.ts'
import { Feed } from '../feed/feed.ts'
import { Library } from '../fhir/library.ts'
import { Knowledge } from '../knowledge/knowledge.ts'
import type { Codings } from '../model/codings.ts'
import { sourceOf } from '../model/source.ts'
import { type Addressee, placeFile } from './delivery-host.ts'

const feedOf = (env: Env, dir: string, log: string) =>
  new Feed({ env, disk: nodeDisk, dir, source: sourceOf(log), log })

/**
 * `dir`: `<state>/audit/<log>`. Null = there is no interrogation at this position. What is in it is what the FHIR
 * surface of a bridge gives: it is asked for there.
 */
export async function exportedBundle(
  dir: string,
  log: string,
  position: number,
  { base, codings }: { readonly base: string; readonly codings: Codings },
) {
  const env = systemEnv()
  const [feed, source] = [feedOf(env, dirname(dir), log), sourceOf(log)]
  // Of refills and contradicted readings the whole log tells.
  const knowledge = new Knowledge({ env, disk: null, dir: '', source, feed })
  await knowledge.start()
  try {
    if (knowledge.state.phase === 'failed') throw new Error(`${log} cannot be read`)
    const status = () => ({ pumps: [] })
    const how = { env, version: VERSION, zone: 'UTC', codings, status, feed, knowledge }
    return await new Library(how).bundle(position, base)
  } finally {
    await knowledge.stop()
  }
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
  for await (const { record, message } of owed(feed, config.sender(env, feed), saved)) {
    const { control } = message
    await message.ready?.()
    yield { control, position: record.position, log, text: textOf(message) }
  }
}

/** Where none can be made, that is what is said: the bridge sets the message aside, and goes on. */
function textOf(message: Message): string {
  try {
    return message.text()
  } catch (error) {
    return `No message can be made of it: ${(error as Error).message}.`
  }
}

export { trial } from '../hl7/trial.ts'
