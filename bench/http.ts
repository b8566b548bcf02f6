// The HTTP surface against a bare node:http server, in one run, as ratios: status requests a second
// with the same body, and a broadcast of events to many clients against one written by hand. Each
// server is a process of its own, and so is the load. Prints one JSON object.
// Usage: npm run bench -- http [--quick] [--clients N]

import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NEVER } from 'rxjs'
import { Access } from '../src/access/access.ts'
import { TokenStore } from '../src/access/store.ts'
import { SCOPES } from '../src/access/token.ts'
import { systemEnv, utc } from '../src/base/env.ts'
import { cursorText } from '../src/feed/cursor.ts'
import type { FeedRecord } from '../src/feed/feed-record.ts'
import { listen } from '../src/http/server.ts'
import type { HttpSources } from '../src/http/sources.ts'
import { noOwners } from '../src/model/owner.ts'
import type { ApiRecord } from '../src/model/record.ts'
import type { BridgeStatus, PumpStatus } from '../src/model/status.ts'
import { statusTold } from '../src/words/told.ts'
import { WORDS } from '../src/words/words.ts'
import { spread } from './suite/rounds.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const quick = args.includes('--quick')
const CLIENTS = Number(option('--clients') ?? (quick ? 200 : 1_000))
const REQUESTS = quick ? 12_000 : 60_000
const TURNS = quick ? 7 : 21
const SECONDS = quick ? 4 : 15
const EVENTS_A_SECOND = 10
const LOG = 'simulator-1-00000000'

type Which = 'ours' | 'bare'
interface Ready {
  readonly port: number
  readonly path: string
  readonly token: string
}

// The servers ------------------------------------------------------------------------------------

/** A pump's status of about the usual size: what the simulator gives, from its own bridge. */
async function sample(): Promise<{ pump: PumpStatus; status: BridgeStatus }> {
  const { startSimulator } = await import('../simulator/index.ts')
  const { Bridge } = await import('../src/bridge/bridge.ts')
  const { openWand } = await import('../src/drivers/open-wand/driver.ts')
  const { VirtualEnv } = await import('../src/base/env.ts')
  const { loopbackSource } = await import('../src/transport/loopback.ts')
  const virtual = new VirtualEnv()
  const simulator = await startSimulator({ env: virtual, seed: 1, wands: 1 })
  const ports = simulator.wands.map((wand) => loopbackSource('wand', wand.paths.line))
  const bridge = new Bridge({
    env: virtual,
    driver: openWand,
    source: 'simulator',
    ports,
    policy: 'continuous',
  })
  bridge.start()
  await virtual.until(() => bridge.status().pumps[0]?.quality === 'current', 60_000)
  const status = statusTold(WORDS['en-US'], bridge.status())
  const [pump] = status.pumps
  if (!pump) throw new Error('the simulator gave no pump')
  return { pump, status }
}

const record = (position: number, at: string): ApiRecord => ({
  kind: 'link',
  id: cursorText({ log: LOG, position }),
  position,
  log: LOG,
  at,
  source: 'simulator',
  pump: null,
  wand: 'SIMW-0001',
  // The moment it was made, for whoever measures.
  port: `bench ${performance.timeOrigin + performance.now()}`.padEnd(300, ' '),
  patient: null,
  owner: null,
  session: 7,
  snapshot: null,
  deviceTime: null,
  phase: 'ready',
  cause: 'bench',
  why: null,
  detail: '',
  connected: true,
})

async function ours(): Promise<Ready> {
  const { pump, status } = await sample()
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const tokens = new TokenStore(env, dir, 'simulator')
  await tokens.follow()
  const token = await tokens.create({ label: '', scopes: SCOPES, lifeMs: null })
  let size = 0
  let newest: FeedRecord | null = null
  let wake = () => {}
  const sources: HttpSources = {
    env,
    version: '0',
    words: WORDS['en-US'],
    status: { status: () => ({ ...status, asOf: utc(env.wall()) }), urgent$: NEVER },
    feed: {
      head: () => ({ log: LOG, size }),
      oldest: async () => 0,
      async *read() {},
      async *follow(_, { signal }) {
        yield { kind: 'caught-up', cursor: { log: LOG, position: size - 1 } }
        while (!signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          if (newest) yield { kind: 'record', cursor: newest, record: newest }
        }
      },
    },
    knowledge: {
      pump: () => null,
      visits: () => ({ items: [], next: null, since: 0 }),
      owners: noOwners,
      refills: () => ({ items: [], next: null }),
    },
    access: new Access({ env, tokens, required: true }),
    // As in a minute of which the first read is recorded.
    reads: { read: () => true, refused: () => {} },
    counters: () => [],
    log: console.error,
  }
  const most = CLIENTS + 100
  const limits = {
    perSecond: 1e9,
    burst: 1e9,
    streams: most,
    streamsPerToken: most,
    connections: most,
  }
  const server = await listen(sources, { host: '127.0.0.1', port: 0, limits })
  onCommand(() => {
    const api = record(size, utc(env.wall()))
    const { kind, position } = api
    newest = { log: LOG, position, kind, pump: null, api: () => api } as unknown as FeedRecord
    size += 1
    wake()
  })
  return {
    port: Number(new URL(server.url).port),
    path: `/api/v1/pumps/${pump.pump.id}`,
    token: token.text,
  }
}

/** The least that does the same: the same headers and bytes, and a loop over open replies. */
async function bare(): Promise<Ready> {
  const { pump } = await sample()
  const body = Buffer.from(JSON.stringify(pump))
  const head = JSON.parse(option('--head') ?? '[]') as string[]
  const streams = new Set<import('node:http').ServerResponse>()
  const server = createServer((asked, reply) => {
    if (asked.url === '/api/v1/events') {
      reply.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      reply.write('retry: 1000\n\n')
      streams.add(reply)
      reply.on('close', () => streams.delete(reply))
      return
    }
    reply.writeHead(200, [...head, 'content-length', String(body.length)])
    reply.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let position = 0
  onCommand(() => {
    const data = JSON.stringify(record(position, utc(env.wall())))
    const bytes = Buffer.from(`id: ${position}\nevent: link\ndata: ${data}\n\n`)
    position += 1
    for (const reply of streams) reply.write(bytes)
  })
  return { port: (server.address() as AddressInfo).port, path: '/', token: 'none' }
}

/** Commands of the load: `emit` so many events a second, `memory`, `cpu`. */
function onCommand(emit: () => void): void {
  process.on('disconnect', () => process.exit())
  process.on('message', (what: string) => {
    if (what === 'memory') {
      gc?.()
      process.send?.({ memory: process.memoryUsage().rss })
    }
    if (what === 'cpu') {
      const { user, system } = process.cpuUsage()
      process.send?.({ cpu: (user + system) / 1_000 })
    }
    if (what === 'emit') {
      let left = SECONDS * EVENTS_A_SECOND
      const timer = setInterval(() => {
        emit()
        left -= 1
        if (left === 0) {
          clearInterval(timer)
          process.send?.({ emitted: SECONDS * EVENTS_A_SECOND })
        }
      }, 1_000 / EVENTS_A_SECOND)
    }
  })
}
declare const gc: (() => void) | undefined

// The load ---------------------------------------------------------------------------------------

interface Running extends Ready {
  ask<T>(what: string): Promise<T>
  stop(): void
}

async function serve(which: Which, head: readonly string[]): Promise<Running> {
  const said = ['--serve', which, '--head', JSON.stringify(head)]
  const child = fork(fileURLToPath(import.meta.url), [...args, ...said], {
    execArgv: ['--expose-gc'],
  })
  const next = <T>() => new Promise<T>((resolve) => child.once('message', (m) => resolve(m as T)))
  const ready = await next<Ready>()
  return {
    ...ready,
    ask<T>(what: string) {
      const answer = next<T>()
      child.send(what)
      return answer
    },
    stop: () => child.disconnect(),
  }
}

/** Status requests a second over 16 connections, one outstanding on each; little else is done here. */
async function rate(server: Running, n: number): Promise<number> {
  const { port, path, token } = server
  const asked = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  let left = n
  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(asked))
      let missing = 0
      socket.on('error', reject)
      socket.on('data', (chunk: Buffer) => {
        if (missing === 0) missing = lengthOf(chunk)
        missing -= chunk.length
        if (missing > 0) return
        left -= 1
        if (left > 0) socket.write(asked)
        else {
          socket.destroy()
          resolve()
        }
      })
    })
  const began = env.monotonic()
  await Promise.all(Array.from({ length: 16 }, worker))
  return n / ((env.monotonic() - began) / 1_000)
}

/** Requests a second, and the processor time that the server spent on them. */
async function costOf(server: Running): Promise<{ perSecond: number; cpuMs: number }> {
  const { cpu: before } = await server.ask<{ cpu: number }>('cpu')
  const perSecond = await rate(server, REQUESTS / TURNS)
  const { cpu: after } = await server.ask<{ cpu: number }>('cpu')
  return { perSecond, cpuMs: after - before }
}

/** What every status reply of ours carries beside what node:http adds by itself. */
async function headOf({ port, path, token }: Running): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` }
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  await reply.arrayBuffer()
  const own = ['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']
  return [...reply.headers].filter(([name]) => !own.includes(name)).flat()
}

/** Of a whole reply, from its beginning. */
function lengthOf(chunk: Buffer): number {
  const head = chunk.indexOf('\r\n\r\n')
  const text = chunk.toString('latin1', 0, head)
  if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(text)
  const body = Number(/content-length: (\d+)/i.exec(text)?.[1])
  return head + 4 + body
}

interface Broadcast {
  readonly p50: number
  readonly p99: number
  readonly delivered: number
  readonly kBPerClient: number
}

/** Opens the streams, has events made, and sees how long each takes to each client. */
async function broadcast(server: Running): Promise<Broadcast> {
  const { memory: before } = await server.ask<{ memory: number }>('memory')
  const times: number[] = []
  const mark = Buffer.from('"port":"bench ')
  const sockets: Socket[] = []
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1')
      sockets.push(socket)
      socket.on('error', reject)
      socket.once('data', () => resolve())
      socket.on('data', (chunk: Buffer) => {
        const at = chunk.indexOf(mark)
        if (at < 0) return
        const made = Number(
          chunk.toString('latin1', at + mark.length, at + mark.length + 30).trim(),
        )
        times.push(performance.timeOrigin + performance.now() - made)
      })
      socket.write(
        `GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${server.token}\r\n\r\n`,
      )
    })
  for (let i = 0; i < CLIENTS; i += 50) {
    await Promise.all(Array.from({ length: Math.min(50, CLIENTS - i) }, open))
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const { memory: after } = await server.ask<{ memory: number }>('memory')
  const { emitted } = await server.ask<{ emitted: number }>('emit')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  for (const socket of sockets) socket.destroy()
  times.sort((a, b) => a - b)
  const at = (q: number) => Number((times[Math.floor(times.length * q)] ?? Number.NaN).toFixed(1))
  return {
    p50: at(0.5),
    p99: at(0.99),
    delivered: times.length / (emitted * CLIENTS),
    kBPerClient: Number(((after - before) / CLIENTS / 1_024).toFixed(1)),
  }
}

async function main(): Promise<void> {
  const first = await serve('ours', [])
  const head = await headOf(first)
  first.stop()
  const ratios: number[] = []
  const best = { ours: 0, bare: 0 }
  const streams = { ours: [] as Broadcast[], bare: [] as Broadcast[] }
  const servers = { bare: await serve('bare', head), ours: await serve('ours', head) }
  // Short turns, one after the other: what else the computer does meets both alike.
  for (let turn = -2; turn < TURNS; turn += 1) {
    const bare = await costOf(servers.bare)
    const ours = await costOf(servers.ours)
    if (turn < 0) continue
    ratios.push(bare.cpuMs / ours.cpuMs)
    best.bare = Math.max(best.bare, bare.perSecond)
    best.ours = Math.max(best.ours, ours.perSecond)
  }
  servers.bare.stop()
  servers.ours.stop()
  for (let turn = 0; turn < 3; turn += 1) {
    for (const which of ['bare', 'ours'] as const) {
      const again = await serve(which, head)
      streams[which].push(await broadcast(again))
      again.stop()
    }
  }
  const calm = (all: Broadcast[]) => all.reduce((a, b) => (b.p99 < a.p99 ? b : a))
  const [mine, hand] = [calm(streams.ours), calm(streams.bare)]
  console.log(
    JSON.stringify(
      {
        node: process.version,
        status: {
          oursPerSecond: Math.round(best.ours),
          barePerSecond: Math.round(best.bare),
          ratio: Number(spread(ratios).median.toFixed(2)),
        },
        events: { clients: CLIENTS, perSecond: EVENTS_A_SECOND, ours: mine, bare: hand },
        p99Ratio: Number((mine.p99 / hand.p99).toFixed(2)),
      },
      null,
      2,
    ),
  )
}

const role = option('--serve') as Which | undefined
if (role) {
  const ready = role === 'ours' ? await ours() : await bare()
  process.send?.(ready)
} else {
  await main()
}
