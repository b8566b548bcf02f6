// A log on its way to a broker of this computer, against the bare client that sends the same lines with the same
// window and the same expectation, in turns; the memory while the whole log is sent, as after a month without the
// broker; and a replica that starts over that stream. The log is the one that the bench `knowledge` has made: run
// that first, with the same number of records. Prints one JSON object.
// Usage: npm run bench -- fleet [--quick] [--records N]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jetstream } from '@nats-io/jetstream'
import { nodeDisk } from '../src/base/disk.ts'
import { sleep, systemEnv } from '../src/base/env.ts'
import { Feed } from '../src/feed/feed.ts'
import { Publisher } from '../src/fleet/publish/publisher.ts'
import { Sites } from '../src/fleet/serve/sites.ts'
import { Way } from '../src/fleet/serve/way.ts'
import { openBroker } from '../src/fleet/stream/broker.ts'
import { fleetSchema } from '../src/fleet/stream/config.ts'
import { Knowledge } from '../src/knowledge/knowledge.ts'
import { type LocalBroker, startBroker } from './suite/broker.ts'
import { cpuMs, rssMiB } from './suite/process.ts'
import { spread } from './suite/rounds.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const quick = args.includes('--quick')
const RECORDS = Number(option('--records') ?? (quick ? 100_000 : 1_000_000))
/** So many are sent in one turn by either. */
const COMPARED = Math.min(RECORDS / 2, 30_000)
const TURNS = quick ? 3 : 7
const place = join('.cache', `knowledge-${RECORDS}`, 'audit')
const source = 'simulator' as const
const WINDOW = 250
const round = (x: number, digits = 0) => Number(x.toFixed(digits))

interface Took {
  readonly ms: number
  readonly records: number
  /** Processor time of the sender, and of the broker. */
  readonly cpu: number
  readonly brokerCpu: number
}

const pidOf = ({ child }: LocalBroker) => child.pid as number

/** Begins to count; the function gives what was taken since. */
function taking(broker: number): (records: number) => Took {
  const [began, cpu, brokerCpu] = [env.monotonic(), cpuMs(process.pid), cpuMs(broker)]
  return (records) => ({
    ...{ records, ms: env.monotonic() - began, cpu: cpuMs(process.pid) - cpu },
    brokerCpu: cpuMs(broker) - brokerCpu,
  })
}

const feed = () => new Feed({ env, disk: nodeDisk, dir: place, source })

async function bare(broker: LocalBroker, lines: readonly string[]): Promise<Took> {
  const open = await openBroker({ servers: [broker.url] }, 'bench')
  await open.manager.streams.add({ name: 'bare', subjects: ['bare.>'], allow_direct: true })
  const client = jetstream(open.connection)
  const took = taking(pidOf(broker))
  const flying: Promise<unknown>[] = []
  for (const [i, line] of lines.entries()) {
    if (flying.length >= WINDOW) await flying.shift()
    flying.push(client.publish('bare.live.0123456789abcdef', line, { expect: { lastSequence: i } }))
  }
  await Promise.all(flying)
  const all = took(lines.length)
  await open.manager.streams.delete('bare')
  await open.close()
  return all
}

const sender = (url: string, site: string) =>
  new Publisher({
    env,
    config: fleetSchema.parse({ servers: [url], site, replicas: 1, window: WINDOW }),
    feed: feed(),
    pumpKey: new Uint8Array(32),
    older: async () => [],
    newest: () => null,
    log: () => {},
  })

/** The bare client begins with a stream that is there and lines that were read; so it counts from the first record on. */
async function forwarded(broker: LocalBroker, turn: number): Promise<Took> {
  const publisher = sender(broker.url, `turn-${turn}`)
  publisher.start()
  const { counts } = publisher
  while (counts.sent === 0) await sleep(env, 1)
  const before = counts.sent
  const took = taking(pidOf(broker))
  while (counts.sent < COMPARED) await sleep(env, 5)
  const all = took(counts.sent - before)
  await publisher.stop()
  return all
}

/** Sends all of the log: the rate, and the memory in MiB after each tenth of it. */
async function backlog(broker: LocalBroker) {
  const publisher = sender(broker.url, 'bench')
  const took = taking(pidOf(broker))
  publisher.start()
  const memoryMiB: number[] = []
  while (publisher.lag !== 0) {
    await sleep(env, 20)
    if (publisher.counts.sent >= ((memoryMiB.length + 1) * RECORDS) / 10)
      memoryMiB.push(rssMiB(process.pid))
  }
  const all = took(publisher.counts.sent)
  await publisher.stop()
  return { ...told(all), memoryMiB }
}

/** Starts as `wandbridge serve --from` does before it answers, in a process of its own, and tells what it took. */
async function replica(url: string, brokerPid: number): Promise<void> {
  const heapKB = () => {
    globalThis.gc?.()
    return process.memoryUsage().heapUsed / 1_024
  }
  const before = heapKB()
  const took = taking(brokerPid)
  const open = await openBroker({ servers: [url] }, 'bench')
  const sites = new Sites({
    env,
    ways: [new Way(env, null, async () => open)],
    source,
    log: () => {},
  })
  await sites.start()
  const [site] = sites.all
  if (!site) throw new Error('the broker has no site')
  const knowledge = new Knowledge({ env, disk: null, dir: '', source, feed: site.feed })
  await knowledge.start()
  const all = took(knowledge.state.position + 1)
  const memoryMiB = rssMiB(process.pid)
  const pumps = knowledge.pumps().length
  const kBPerPump = round((heapKB() - before) / pumps)
  process.send?.({ ...told(all), pumps, memoryMiB, kBPerPump })
  await knowledge.stop()
  await sites.stop()
  await open.close()
}

async function startedReplica({ url, child }: LocalBroker): Promise<unknown> {
  const given = ['--replica', url, `${child.pid}`]
  const own = fork(fileURLToPath(import.meta.url), given, { execArgv: ['--expose-gc'] })
  const [said] = (await once(own, 'message')) as [unknown]
  if (own.exitCode === null) await once(own, 'exit')
  return said
}

const told = ({ ms, records, cpu, brokerCpu }: Took) => ({
  ...{ records, seconds: round(ms / 1_000, 1), perSecond: round((records * 1_000) / ms) },
  cpuSeconds: round(cpu / 1_000, 1),
  brokerCpuSeconds: round(brokerCpu / 1_000, 1),
})

const median = (all: readonly number[]) => spread(all).median

async function main(): Promise<void> {
  if (!existsSync(place)) {
    console.error(`There is no log of ${RECORDS} records: run the bench knowledge first.`)
    process.exit(2)
  }
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  const broker = await startBroker(env, join(dir, 'broker'))
  try {
    const lines: string[] = []
    for await (const { line } of feed().read({ limit: COMPARED })) lines.push(line)
    const turns: { plain: Took; own: Took }[] = []
    for (let turn = 0; turn < TURNS; turn += 1) {
      if (turn % 2 === 0)
        turns.push({ plain: await bare(broker, lines), own: await forwarded(broker, turn) })
      else {
        const own = await forwarded(broker, turn)
        turns.push({ plain: await bare(broker, lines), own })
      }
    }
    const open = await openBroker({ servers: [broker.url] }, 'bench')
    for await (const { config } of open.manager.streams.list())
      await open.manager.streams.delete(config.name)
    await open.close()
    const rate = ({ ms, records }: Took) => (records * 1_000) / ms
    const cost = ({ cpu, records }: Took) => (cpu * 1_000) / records
    const sent = await backlog(broker)
    const started = await startedReplica(broker)
    console.log(
      JSON.stringify({
        ...{ node: process.version, window: WINDOW, load: round(loadavg()[0] as number) },
        bare: {
          perSecond: round(median(turns.map(({ plain }) => rate(plain)))),
          cpuUs: round(median(turns.map(({ plain }) => cost(plain))), 1),
        },
        forwarded: {
          perSecond: round(median(turns.map(({ own }) => rate(own)))),
          cpuUs: round(median(turns.map(({ own }) => cost(own))), 1),
        },
        ratio: {
          rate: round(median(turns.map(({ plain, own }) => rate(own) / rate(plain))), 2),
          processorTime: round(median(turns.map(({ plain, own }) => cost(plain) / cost(own))), 2),
        },
        ...{ backlog: sent, replica: started },
      }),
    )
  } finally {
    await broker.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

if (args[0] === '--replica') {
  const [, url = '', pid = ''] = args
  await replica(url, Number(pid))
} else await main()
