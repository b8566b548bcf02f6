// A log on its way to a broker of this computer, against the bare client that sends the same lines with the same
// window and the same expectation; and a replica that starts over that stream. The log is the one that the bench
// `knowledge` has made: run that first, with the same number of records. Prints one JSON object.
// Usage: npm run bench -- fleet [--quick] [--records N]
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { nodeDisk } from '../src/base/disk.ts'
import { sleep, systemEnv } from '../src/base/env.ts'
import { Feed } from '../src/feed/feed.ts'
import { Publisher } from '../src/fleet/publish/publisher.ts'
import { Sites } from '../src/fleet/serve/sites.ts'
import { openBroker } from '../src/fleet/stream/broker.ts'
import { fleetSchema } from '../src/fleet/stream/config.ts'
import { Knowledge } from '../src/knowledge/knowledge.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const RECORDS = Number(option('--records') ?? (args.includes('--quick') ? 100_000 : 1_000_000))
/** So many are sent in one turn by either, and the best of its turns counts. */
const COMPARED = Math.min(RECORDS, 30_000)
const TURNS = 4
const place = join('.cache', `knowledge-${RECORDS}`, 'audit')
const source = 'simulator' as const
const WINDOW = 250

const dir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
const mebibytes = () => Math.round(process.memoryUsage().rss / 2 ** 20)

async function broker(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', dir], {
    stdio: 'ignore',
  })
  await sleep(env, 1_000)
  return { child, url: `nats://127.0.0.1:${port}` }
}

const feed = () => new Feed({ env, disk: nodeDisk, dir: place, source })

/** Records a second. */
async function bare(url: string): Promise<number> {
  const lines: string[] = []
  for await (const { line } of feed().read({ limit: COMPARED })) lines.push(line)
  const open = await openBroker({ servers: [url] }, 'bench')
  await open.manager.streams.add({ name: 'bare', subjects: ['bare.>'], allow_direct: true })
  const client = jetstream(open.connection)
  const from = env.monotonic()
  const flying: Promise<unknown>[] = []
  for (const [i, line] of lines.entries()) {
    if (flying.length >= WINDOW) await flying.shift()
    flying.push(client.publish('bare.live.0123456789abcdef', line, { expect: { lastSequence: i } }))
  }
  await Promise.all(flying)
  const rate = (lines.length * 1_000) / (env.monotonic() - from)
  await open.manager.streams.delete('bare')
  await open.close()
  return rate
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

/** Records a second, of the same records. */
async function forwarded(url: string, turn: number): Promise<number> {
  const publisher = sender(url, `turn-${turn}`)
  const from = env.monotonic()
  publisher.start()
  while (publisher.counts.sent < COMPARED) await sleep(env, 5)
  const rate = (publisher.counts.sent * 1_000) / (env.monotonic() - from)
  await publisher.stop()
  return rate
}

/** Sends all of the log, as after a month without the broker: the rate, and the memory meanwhile. */
async function backlog(url: string) {
  const publisher = sender(url, 'bench')
  const from = env.monotonic()
  publisher.start()
  let most = 0
  let early = 0
  while (publisher.lag !== 0) {
    await sleep(env, 100)
    most = Math.max(most, mebibytes())
    if (publisher.counts.sent < RECORDS / 10) early = most
  }
  const all = (RECORDS * 1_000) / (env.monotonic() - from)
  await publisher.stop()
  return { all, mostMiB: most, firstTenthMiB: early }
}

async function replica(url: string) {
  const before = mebibytes()
  const from = env.monotonic()
  const open = await openBroker({ servers: [url] }, 'bench')
  const sites = new Sites({ env, brokers: [{ broker: open, only: null }], source, log: () => {} })
  await sites.start()
  const [site] = sites.all
  if (!site) throw new Error('the broker has no site')
  const knowledge = new Knowledge({ env, disk: null, dir: '', source, feed: site.feed })
  await knowledge.start()
  const seconds = (env.monotonic() - from) / 1_000
  const after = mebibytes()
  const pumps = knowledge.pumps().length
  await knowledge.stop()
  await sites.stop()
  await open.close()
  return { seconds, pumps, beforeMiB: before, afterMiB: after }
}

if (!existsSync(place)) {
  console.error(`There is no log of ${RECORDS} records: run the bench knowledge first.`)
  process.exit(2)
}
const { child, url } = await broker()
try {
  const round = (x: number, digits = 0) => Number(x.toFixed(digits))
  let plain = 0
  let own = 0
  for (let turn = 0; turn < TURNS; turn += 1) {
    plain = Math.max(plain, await bare(url))
    own = Math.max(own, await forwarded(url, turn))
  }
  const open = await openBroker({ servers: [url] }, 'bench')
  for await (const { config } of open.manager.streams.list())
    await open.manager.streams.delete(config.name)
  await open.close()
  const sent = await backlog(url)
  const started = await replica(url)
  console.log(
    JSON.stringify({
      node: process.version,
      records: RECORDS,
      window: WINDOW,
      barePerSecond: round(plain),
      forwardedPerSecond: round(own),
      backlogPerSecond: round(sent.all),
      ratio: round(own / plain, 2),
      memoryMiB: { firstTenth: sent.firstTenthMiB, most: sent.mostMiB },
      replica: { ...started, seconds: round(started.seconds, 1) },
    }),
  )
} finally {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
  rmSync(dir, { recursive: true, force: true })
}
