// Pages of the history of a bridge that knows 1,000 pumps, over HTTP, beside reading its log and parsing every line:
// the list of all pumps' state aside, what a chart asks for of one pump. The log is made once and kept in .cache.
// Prints one JSON object.
// Usage: npm run bench -- history [--quick]
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NewRecord } from '../src/audit/format/record.ts'
import { systemEnv } from '../src/base/env.ts'
import { Bridge } from '../src/bridge/bridge.ts'
import { openWand } from '../src/drivers/open-wand/driver.ts'
import { Feed } from '../src/feed/feed.ts'
import { treeOfLog } from '../src/host/audit-tiles.ts'
import { startHttp } from '../src/host/http-host.ts'
import { memoryOf } from '../src/host/memory.ts'
import { Knowledge } from '../src/knowledge/knowledge.ts'
import { Auditor } from '../src/recorder/auditor.ts'
import { EventRecorder } from '../src/recorder/event-recorder.ts'
import { WORDS } from '../src/words/words.ts'
import { happening } from './suite/happening.ts'
import { madeOnce } from './suite/made-once.ts'
import { spread } from './suite/rounds.ts'

const env = systemEnv()
const quick = process.argv.includes('--quick')
const PUMPS = 1_000
/** Each pump is read so often, a minute at a time. */
const VISITS = quick ? 2 : 10
const ASKED = quick ? 20 : 100
const place = join('.cache', `history-${VISITS}`)
const source = 'simulator' as const

/** One visit of a minute, as a bridge records it. */
async function visit(): Promise<NewRecord[]> {
  const all = await happening()
  const from = all.findIndex(({ kind }) => kind === 'interrogation')
  return all.slice(Math.max(0, from - 3), from + 57)
}

const auditorOf = (stateDir: string) =>
  new Auditor({ env, stateDir, source, boot: 'bench', settings: {}, owed: () => 0 })

async function make(dir: string): Promise<void> {
  const auditor = auditorOf(dir)
  await auditor.opened
  const records = await visit()
  for (let round = 0; round < VISITS * PUMPS; round += 1) {
    const serial = `SIM-${String(round % PUMPS).padStart(4, '0')}`
    const waiting = records.map(({ at: _at, mono: _mono, ...record }) =>
      auditor.append({ ...record, ...(record.pump && { pump: serial }) }),
    )
    await Promise.all(waiting)
  }
  await auditor.close('bench')
}

/** Reading the log and parsing every line, in ms. */
function parsed(): number {
  const from = env.monotonic()
  const [log = ''] = readdirSync(join(place, 'audit'))
  for (const name of readdirSync(join(place, 'audit', log))) {
    if (!name.endsWith('.jsonl')) continue
    const text = readFileSync(join(place, 'audit', log, name), 'utf8')
    for (const line of text.split('\n')) if (line.startsWith('{')) JSON.parse(line)
  }
  return env.monotonic() - from
}

async function main(): Promise<void> {
  await madeOnce(place, make)
  const auditor = auditorOf(place)
  await auditor.opened
  const { disk, dir, commits$ } = auditor
  const feed = new Feed({ env, disk, dir, source, head: () => auditor.head, wake$: commits$ })
  const knowledge = new Knowledge({ env, disk, dir: join(place, 'knowledge'), source, feed })
  await knowledge.start()
  const bridge = new Bridge({
    ...{ env, driver: openWand, source, ports: [], policy: 'manual' },
    ...{ recorder: new EventRecorder(env, auditor), memory: memoryOf(knowledge) },
  })
  bridge.start()
  const http = await startHttp(
    env,
    place,
    {
      ...{ bridge, auditor, feed, knowledge, tree: treeOfLog(env, auditor), words: WORDS['en-US'] },
      ...{ delivery: () => null, fleet: () => null, patients: () => null, counters: () => [] },
    },
    { host: '127.0.0.1', port: 0, log: console.error, limits: { perSecond: 1e6, burst: 1e6 } },
  )
  const token = http.lend({ label: '', scopes: ['status', 'history'], lifeMs: null })
  const headers = { authorization: `Bearer ${token}` }
  const ids = knowledge.pumps().map(({ id }) => id)
  const whole = parsed()
  const pages: Record<string, object> = {}
  const asked = {
    pumps: () => '/api/v1/pumps',
    interrogations: (id: string) => `/api/v1/pumps/${id}/interrogations?order=desc&limit=50`,
    refills: (id: string) => `/api/v1/pumps/${id}/refills?order=desc&limit=50`,
    readings: (id: string) => `/api/v1/pumps/${id}/readings?order=desc&limit=50`,
  }
  for (const [name, path] of Object.entries(asked)) {
    const times: number[] = []
    let bytes = 0
    for (let i = 0; i < ASKED; i += 1) {
      const id = ids[(i * 37) % ids.length] ?? ''
      const from = env.monotonic()
      const reply = await fetch(`${http.url}${path(id)}`, { headers })
      const text = await reply.text()
      if (reply.status !== 200) throw new Error(`${name}: ${reply.status} ${text}`)
      bytes = text.length
      if (i > 0) times.push(env.monotonic() - from)
    }
    const { median } = spread(times)
    const round = (x: number) => Number(x.toFixed(4))
    pages[name] = { bytes, medianMs: round(median), toParsedLog: round(median / whole) }
  }
  console.log(
    JSON.stringify({
      ...{ node: process.version, pumps: ids.length, records: auditor.head?.size ?? 0 },
      ...{ parsedLogMs: Math.round(whole), pages },
    }),
  )
  process.exit()
}

await main()
