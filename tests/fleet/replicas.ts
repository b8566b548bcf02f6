// What the tests of a replica share: clinics with logs of their own at a broker, a replica of them, tokens.
import { TokenStore } from '../../src/access/store.ts'
import { SCOPES } from '../../src/access/token.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { type Replica, startReplica } from '../../src/host/replica.ts'
import type { ReadingEvent } from '../../src/model/event.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { WORDS } from '../../src/words/words.ts'
import { rig } from '../bridge/rig.ts'
import { randomRecords } from '../knowledge/records.ts'
import { env, type Node, onCleanUp, temporary } from './world.ts'

/** Records of a clinic whose pumps are called after it. */
export async function clinic(site: string, seed: number, n = 160): Promise<NewRecord[]> {
  const records = await randomRecords(seed, n)
  return records.map((one) =>
    one.pump ? { ...one, pump: one.pump.replace('P', site.toUpperCase()) } : one,
  )
}

/** One whole reading of a pump as a scenario has it, under another serial. */
export async function readingOf(scenario: string, serial: string): Promise<NewRecord> {
  const run = await rig({ scenario, policy: 'on-placement' })
  run.bridge.start()
  const is = (one: { readonly kind: string }): one is ReadingEvent => one.kind === 'reading'
  await run.until(() => run.events.some(is), 120_000)
  await run.stop()
  const {
    at: _at,
    mono: _mono,
    ...record
  } = recordOf(run.events.find(is) as ReadingEvent) as NewRecord
  return { ...record, pump: serial }
}

export async function replica(node: Pick<Node, 'url'>, dir = temporary()): Promise<Replica> {
  const made = await startReplica(env, dir, {
    ...{ broker: { servers: [node.url] }, source: 'simulator', words: WORDS['en-US'] },
    page: { locale: 'en-US', zone: 'UTC' },
    http: { host: '127.0.0.1', port: 0 },
    log: () => {},
  })
  onCleanUp(() => made.close())
  return made
}

const READS = { label: 'test', scopes: [...SCOPES], lifeMs: null }

/** A token that reads everything of what a directory is of. */
export const tokenIn = async (dir: string) =>
  (await new TokenStore(env, dir, 'simulator').create(READS)).text

export async function get(
  one: Pick<Replica, 'url'>,
  path: string,
  token: string | null,
): Promise<Response> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
  return fetch(`${one.url}${path}`, { headers, signal: AbortSignal.timeout(10_000) })
}
