// The HTTP surface against a bare node:http server, in one run, as ratios: status requests a second with the same
// body, a broadcast of events to many clients against one written by hand, and the memory of a crowd of clients.
// Each server is a process of its own, and so is the load. Prints one JSON object.
// Usage: npm run bench -- http [--quick] [--clients N] [--crowd N]
import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { systemEnv } from '../src/base/env.ts'
import { EVENTS_A_SECOND, type Running, serve } from './suite/http-servers.ts'
import { spread } from './suite/rounds.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const quick = args.includes('--quick')
const CLIENTS = Number(option('--clients') ?? 1_000)
const CROWD = Number(option('--crowd') ?? 10_000)
const REQUESTS = quick ? 12_000 : 60_000
const TURNS = quick ? 7 : 21
const SECONDS = quick ? 3 : 5
const BROADCASTS = quick ? 3 : 9

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

/** What every status reply of ours carries beside what node:http adds by itself. */
async function headOf({ port, path, token }: Running): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` }
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  await reply.arrayBuffer()
  const own = ['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']
  return [...reply.headers].filter(([name]) => !own.includes(name)).flat()
}

interface Opened {
  readonly sockets: readonly Socket[]
  readonly kBPerClient: number
}

/** Opens so many streams, and sees what each takes of the server's memory. */
async function opened(
  server: Running,
  clients: number,
  data: (chunk: Buffer) => void,
): Promise<Opened> {
  const asked = `GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${server.token}\r\n\r\n`
  const { memory: before } = await server.ask<{ memory: number }>('memory')
  const sockets: Socket[] = []
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1')
      sockets.push(socket)
      socket.on('error', reject).once('data', () => resolve())
      socket.on('data', data)
      socket.write(asked)
    })
  for (let i = 0; i < clients; i += 50) {
    await Promise.all(Array.from({ length: Math.min(50, clients - i) }, open))
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const { memory: after } = await server.ask<{ memory: number }>('memory')
  return { sockets, kBPerClient: round((after - before) / clients / 1_024, 1) }
}

/** Has events made, and sees how long each takes to each client. */
async function broadcast(server: Running): Promise<Broadcast> {
  const times: number[] = []
  const mark = Buffer.from('"port":"bench ')
  const { sockets, kBPerClient } = await opened(server, CLIENTS, (chunk) => {
    const at = chunk.indexOf(mark)
    if (at < 0) return
    const made = Number(chunk.toString('latin1', at + mark.length, at + mark.length + 30).trim())
    times.push(performance.timeOrigin + performance.now() - made)
  })
  const { emitted } = await server.ask<{ emitted: number }>('emit', SECONDS * EVENTS_A_SECOND)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  for (const socket of sockets) socket.destroy()
  times.sort((a, b) => a - b)
  const at = (q: number) => round(times[Math.floor(times.length * q)] ?? Number.NaN, 1)
  return { p50: at(0.5), p99: at(0.99), delivered: times.length / (emitted * CLIENTS), kBPerClient }
}

/** As many as this computer lets one process have open. */
async function crowd(head: readonly string[]) {
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })
  const clients = Math.min(CROWD, (Number(stdout) || Number.POSITIVE_INFINITY) - 500)
  const kB = { ours: 0, bare: 0 }
  for (const which of ['bare', 'ours'] as const) {
    const server = await serve(which, clients, head)
    const { sockets, kBPerClient } = await opened(server, clients, () => {})
    kB[which] = kBPerClient
    for (const socket of sockets) socket.destroy()
    server.stop()
  }
  return { clients, oursKBPerClient: kB.ours, bareKBPerClient: kB.bare }
}

const round = (x: number, digits = 2) => Number(x.toFixed(digits))

async function main(): Promise<void> {
  const first = await serve('ours', 0)
  const head = await headOf(first)
  first.stop()
  const cost: number[] = []
  const rates: number[] = []
  const best = { ours: 0, bare: 0 }
  const servers = { bare: await serve('bare', 0, head), ours: await serve('ours', 0) }
  // Short turns, one after the other: what else the computer does meets both alike.
  for (let turn = -2; turn < TURNS; turn += 1) {
    const bare = await costOf(servers.bare)
    const ours = await costOf(servers.ours)
    if (turn < 0) continue
    cost.push(bare.cpuMs / ours.cpuMs)
    rates.push(ours.perSecond / bare.perSecond)
    best.bare = Math.max(best.bare, bare.perSecond)
    best.ours = Math.max(best.ours, ours.perSecond)
  }
  servers.bare.stop()
  servers.ours.stop()
  const streams = { ours: [] as Broadcast[], bare: [] as Broadcast[] }
  // In pairs, the first by turns: of each pair the ratio is taken, so that a busy while meets both.
  for (let turn = 0; turn < BROADCASTS; turn += 1) {
    const order = turn % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)
    for (const which of order) {
      const again = await serve(which, CLIENTS, head)
      streams[which].push(await broadcast(again))
      again.stop()
    }
  }
  const ratios = streams.ours.map(({ p99 }, i) => p99 / (streams.bare[i]?.p99 ?? Number.NaN))
  const calm = (all: Broadcast[]) => all.reduce((a, b) => (b.p99 < a.p99 ? b : a))
  const [mine, hand] = [calm(streams.ours), calm(streams.bare)]
  console.log(
    JSON.stringify(
      {
        node: process.version,
        status: {
          oursPerSecond: Math.round(best.ours),
          barePerSecond: Math.round(best.bare),
          rateRatio: round(spread(rates).median),
          processorRatio: round(spread(cost).median),
        },
        events: { clients: CLIENTS, perSecond: EVENTS_A_SECOND, ours: mine, bare: hand },
        p99Ratio: round(spread(ratios).median),
        p99Ratios: ratios.map((ratio) => round(ratio)),
        crowd: await crowd(head),
      },
      null,
      2,
    ),
  )
}

await main()
