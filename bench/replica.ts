// What a replica takes while many pumps are read: 20 sites at a broker of this computer, one reading a second
// and pump, one replica as `wandbridge serve --from` starts it, and for each site a client of its stream of
// events. Told for each number of pumps, of the calmest of three turns: how old an event is when its client has
// it, how many cores each process takes, and the memory of the replica. One process stands for the 20 bridges: it gives the broker
// records as they give them, through 20 connections, but it has no wands and no logs on a disk. The first
// records of a pump are those of the log that the bench `knowledge` has made: run that first.
// Usage: npm run bench -- replica [--quick] [--pumps 10,100,1000] [--seconds N] [--records N]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TokenStore } from '../src/access/store.ts'
import { SCOPES } from '../src/access/token.ts'
import { nodeDisk } from '../src/base/disk.ts'
import { sleep, systemEnv, utc } from '../src/base/env.ts'
import { Feed } from '../src/feed/feed.ts'
import { Pipeline, type Sent } from '../src/fleet/publish/pipeline.ts'
import { type Broker, openBroker } from '../src/fleet/stream/broker.ts'
import { descriptionOf, streamOf, subjectsFor, subjectsOf } from '../src/fleet/stream/names.ts'
import { startReplica } from '../src/host/replica.ts'
import { WORDS } from '../src/words/words.ts'
import { startBroker } from './suite/broker.ts'
import { cpuMs, rssMiB } from './suite/process.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const quick = args.includes('--quick')
const COUNTS = (option('--pumps') ?? '10,100,1000').split(',').map(Number)
const SECONDS = Number(option('--seconds') ?? (quick ? 5 : 20))
const TURNS = quick ? 1 : 3
/** Before the first turn: code that is new is slow. */
const WARM_SECONDS = quick ? 3 : 10
const RECORDS = Number(option('--records') ?? (quick ? 100_000 : 1_000_000))
const SITES = 20
const TICK_MS = 20
const source = 'simulator' as const
const place = join('.cache', `knowledge-${RECORDS}`, 'audit')

/** The replica, in a process of its own. */
async function serve(): Promise<void> {
  const [, , , url = '', dir = ''] = process.argv
  const replica = await startReplica(env, dir, {
    ...{ broker: { servers: [url] }, source, words: WORDS['en-US'] },
    page: { locale: 'en-US', zone: 'UTC' },
    http: { host: '127.0.0.1', port: 0 },
    log: () => {},
  })
  process.send?.(replica.url)
}

interface Texts {
  readonly opened: string
  readonly interrogation: string
  readonly live: string
}

/** One line of each kind. */
async function texts(): Promise<Texts> {
  const feed = new Feed({ env, disk: nodeDisk, dir: place, source })
  const first = async (kind: 'session' | 'interrogation' | 'live') => {
    for await (const { line } of feed.read({ kinds: [kind], limit: 1 })) return line
    throw new Error(`there is no ${kind} in the log`)
  }
  return {
    opened: await first('session'),
    interrogation: await first('interrogation'),
    live: await first('live'),
  }
}

/** A bridge as the broker sees it. */
class Bridge {
  readonly name: string
  readonly #broker: Broker
  readonly #texts: Texts
  readonly #pipeline: Pipeline
  readonly #subject: ReturnType<typeof subjectsFor>
  readonly #pumps: readonly string[]
  #position = 0

  private constructor(broker: Broker, n: number, from: Texts, pumps: number) {
    this.name = `site-${n}`
    this.#broker = broker
    this.#texts = from
    const ref = { site: this.name, log: `simulator-1-${String(n).padStart(8, '0')}` }
    this.#subject = subjectsFor(ref, new Uint8Array(32))
    this.#pumps = Array.from({ length: pumps }, (_, k) => `S${n}-${String(k).padStart(5, '0')}`)
    this.#pipeline = new Pipeline(env, broker, {
      ...{ window: 250, less: 1, signal: new AbortController().signal, acked: () => {} },
    })
  }

  static async open(url: string, n: number, from: Texts, pumps: number): Promise<Bridge> {
    const broker = await openBroker({ servers: [url] }, `bench ${n}`)
    const made = new Bridge(broker, n, from, pumps)
    const ref = { site: made.name, log: `simulator-1-${String(n).padStart(8, '0')}` }
    await broker.manager.streams.add({
      ...{ name: streamOf(ref), subjects: [subjectsOf(ref)], allow_direct: true },
      description: descriptionOf(0),
    })
    for (const pump of made.#pumps.keys()) {
      await made.#send('session', from.opened, pump)
      await made.#send('interrogation', from.interrogation, pump)
    }
    await made.#pipeline.drained()
    return made
  }

  /** What every pump says once a second, as far as it is due between these parts of it. */
  async read(from: number, to: number): Promise<number> {
    const [first, last] = [from, to].map((part) => Math.round(part * this.#pumps.length))
    for (let pump = first as number; pump < (last as number); pump += 1)
      await this.#send('live', this.#texts.live, pump)
    await this.#pipeline.flush()
    return (last as number) - (first as number)
  }

  async close(): Promise<void> {
    await this.#pipeline.drained()
    this.#pipeline.end()
    await this.#broker.close()
  }

  #send(kind: string, text: string, n: number): Promise<void> | undefined {
    const pump = this.#pumps[n] as string
    const at = utc(env.wall())
    const line = text
      .replace(/"at":"[^"]*"/, `"at":"${at}"`)
      .replace(/"port":"[^"]*"/, `"port":"port-${n}"`)
      .replace(/"pump":"[^"]*"/, `"pump":"${pump}"`)
    const sent: Sent = {
      subject: this.#subject(kind, pump),
      line,
      position: this.#position,
      at,
      with: null,
    }
    this.#position += 1
    return this.#pipeline.send(sent)
  }
}

/** Has every pump read once a second. */
class Loader {
  /** How late each turn of it began, in ms. */
  readonly late: number[] = []
  readonly #bridges: readonly Bridge[]

  constructor(bridges: readonly Bridge[]) {
    this.#bridges = bridges
  }

  /** Gives the number of readings. */
  async read(seconds: number): Promise<number> {
    const began = env.monotonic()
    let readings = 0
    let done = 0
    while (done < seconds) {
      const now = Math.min((env.monotonic() - began) / 1_000, seconds)
      // At most to the end of this second: the next one begins with the first pump again.
      const to = Math.min(now, Math.floor(done) + 1)
      const part = done - Math.floor(done)
      for (const bridge of this.#bridges) readings += await bridge.read(part, part + to - done)
      done = to
      if (now > to) continue
      const before = env.monotonic()
      await sleep(env, TICK_MS)
      this.late.push(Math.max(0, env.monotonic() - before - TICK_MS))
    }
    return readings
  }
}

interface Quantiles {
  readonly median: number
  readonly p99: number
  readonly most: number
}

interface Turn {
  readonly perSecond: number
  /** Of a record, by its own time, when the client of the stream has it. */
  readonly ageMs: Quantiles
  /** How late a timer of the process that gives the load is: what the machine adds by itself. */
  readonly lateMs: Quantiles
  /** Of the replica, the broker, and what gives the load and takes the events. */
  readonly cores: number
  readonly brokerCores: number
  readonly loadCores: number
}

function quantiles(all: readonly number[]): Quantiles {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (part: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0)
  return { median: at(0.5), p99: at(0.99), most: at(1) }
}

/** Calls `told` with the age of each record that comes as an event, in ms. */
async function client(url: string, token: string, told: (ms: number) => void): Promise<() => void> {
  const headers = { authorization: `Bearer ${token}` }
  const asked = get(`${url}/api/v1/events`, { headers })
  const [reply] = (await once(asked, 'response')) as [IncomingMessage]
  if (reply.statusCode !== 200) throw new Error(`events: ${reply.statusCode}`)
  let text = ''
  reply.setEncoding('utf8').on('data', (chunk: string) => {
    const events = (text + chunk).split('\n\n')
    text = events.pop() ?? ''
    const now = env.wall()
    for (const event of events) {
      if (!event.includes('"kind":"live"') || event.includes('event: snapshot')) continue
      const at = /"at":"([^"]*)"/.exec(event)?.[1] ?? ''
      told(now - Date.parse(at))
    }
  })
  return () => asked.destroy()
}

async function measured(pumps: number) {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  const broker = await startBroker(env, join(dir, 'broker'))
  const from = await texts()
  const bridges: Bridge[] = []
  for (let n = 0; n < SITES; n += 1) {
    const share = Math.floor(pumps / SITES) + (n < pumps % SITES ? 1 : 0)
    bridges.push(await Bridge.open(broker.url, n, from, share))
  }
  const state = join(dir, 'replica')
  const tokens: string[] = []
  for (const { name } of bridges) {
    const store = new TokenStore(env, join(state, 'sites', name), source)
    tokens.push((await store.create({ label: 'bench', scopes: [...SCOPES], lifeMs: null })).text)
  }
  const replica = fork(fileURLToPath(import.meta.url), ['--serve', broker.url, state])
  try {
    const [url] = (await once(replica, 'message')) as [string]
    const ages: number[] = []
    const leave: (() => void)[] = []
    for (const token of tokens) leave.push(await client(url, token, (ms) => void ages.push(ms)))
    const loader = new Loader(bridges)
    await loader.read(WARM_SECONDS)
    const turns: Turn[] = []
    const ids = [replica.pid as number, broker.child.pid as number, process.pid]
    for (let turn = 0; turn < TURNS; turn += 1) {
      await sleep(env, 2_000)
      for (const list of [ages, loader.late]) list.length = 0
      const before = ids.map(cpuMs)
      const began = env.monotonic()
      const sent = await loader.read(SECONDS)
      const ms = env.monotonic() - began
      const cores = ids.map((id, i) => (cpuMs(id) - (before[i] as number)) / ms)
      const deadline = env.monotonic() + 20_000
      while (ages.length < sent && env.monotonic() < deadline) await sleep(env, 50)
      if (ages.length !== sent) throw new Error(`${sent} records, ${ages.length} events`)
      const [own = 0, brokers = 0, load = 0] = cores.map((x) => Number(x.toFixed(3)))
      turns.push({
        perSecond: Math.round((sent * 1_000) / ms),
        ...{ ageMs: quantiles(ages), lateMs: quantiles(loader.late) },
        ...{ cores: own, brokerCores: brokers, loadCores: load },
      })
    }
    const memoryMiB = rssMiB(ids[0] as number)
    for (const one of leave) one()
    for (const bridge of bridges) await bridge.close()
    // What else runs here makes timers late: the turn in which they were least late says most of the replica.
    turns.sort((a, b) => a.lateMs.p99 - b.lateMs.p99)
    const [calmest] = turns
    const p99s = turns.map(({ ageMs }) => ageMs.p99)
    return { pumps, ...calmest, p99s, memoryMiB, load: Math.round(loadavg()[0] as number) }
  } finally {
    const exit = once(replica, 'exit')
    replica.kill('SIGKILL')
    await exit
    await broker.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function main(): Promise<void> {
  if (!existsSync(place)) {
    console.error(`There is no log of ${RECORDS} records: run the bench knowledge first.`)
    process.exit(2)
  }
  const rows: unknown[] = []
  for (const pumps of COUNTS) rows.push(await measured(pumps))
  console.log(JSON.stringify({ node: process.version, sites: SITES, seconds: SECONDS, rows }))
  process.exit(0)
}

if (process.argv[2] === '--serve') await serve()
else await main()
