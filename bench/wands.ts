// Many wands in one process. At line rate: 1 to 1,024 streams of lines that are pushed to in turn, and as many
// connections over TCP, the sending end included: what a frame costs. Reading: as many wands of the simulator behind
// one bridge in virtual time, what a wand costs in a second of its life, the simulated wand included, with LIVE four
// times a second. Prints one JSON object, and draws it in .cache/bench/wands.svg.
// Usage: npm run bench -- wands [--quick]
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { startSimulator } from '../simulator/index.ts'
import { VirtualEnv } from '../src/base/env.ts'
import { Bridge } from '../src/bridge/bridge.ts'
import { openWand } from '../src/drivers/open-wand/driver.ts'
import { loopbackSource } from '../src/transport/loopback.ts'
import { FRAMES, lines, pieces } from './suite/frames.ts'
import { ourLines } from './suite/ours.ts'
import { spread } from './suite/rounds.ts'

const quick = process.argv.includes('--quick')
const COUNTS = [1, 16, 64, 256, 1_024]
const TURNS = quick ? 5 : 11

const spent = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Processor time of a frame in µs, with `count` wands. */
function lineRate(count: number, chunks: readonly Buffer[]): number {
  let frames = 0
  const read = () => {
    frames += 1
  }
  const ports = Array.from({ length: count }, () => ourLines(read))
  const times = Math.max(1, Math.ceil((quick ? 64 : 256) / count))
  const from = spent()
  for (let i = 0; i < times; i += 1) {
    for (const chunk of chunks) for (const port of ports) port(chunk)
  }
  return ((spent() - from) * 1_000) / frames
}

/** The same over as many connections that stand, each of which brings its part of as many frames in all. */
async function overTcp(count: number, wire: Buffer): Promise<number> {
  const each = Math.min(FRAMES, Math.ceil((quick ? 64_000 : 256_000) / count))
  const part = wire.subarray(0, (wire.length / FRAMES) * each)
  let frames = 0
  const far: Socket[] = []
  const server = createServer((socket) => void far.push(socket))
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }), 'listening')
  const { port } = server.address() as AddressInfo
  const ends = Array.from({ length: count }, () => {
    const push = ourLines(() => {
      frames += 1
    })
    return once(connect(port, '127.0.0.1').on('data', push), 'close')
  })
  while (far.length < count) await new Promise((resolve) => setImmediate(resolve))
  const from = spent()
  for (const socket of far) socket.write(part)
  while (frames < each * count) await new Promise((resolve) => setImmediate(resolve))
  const us = ((spent() - from) * 1_000) / frames
  for (const socket of far) socket.end()
  await Promise.all(ends)
  server.close()
  return us
}

/** Processor time of a wand in a second of its life in ms, with `count` wands that are read all the time. */
async function reading(count: number): Promise<number> {
  const env = new VirtualEnv({ seed: 1 })
  const simulator = await startSimulator({ env, seed: 1, wands: count })
  const ports = simulator.wands.map((wand, i) => loopbackSource(`loop-${i}`, wand.paths.line))
  const bridge = new Bridge({
    ...{ env, driver: openWand, source: 'simulator', ports, policy: 'continuous', liveMs: 250 },
  })
  bridge.start()
  const all = () => bridge.status().pumps.filter(({ quality }) => quality === 'current').length
  for (let s = 0; s < 60 && all() < count; s += 1) await env.advance(1_000)
  if (all() < count) throw new Error(`only ${all()} of ${count} are read`)
  const seconds = Math.max(2, Math.ceil((quick ? 64 : 256) / count))
  const from = spent()
  await env.advance(seconds * 1_000)
  const ms = (spent() - from) / seconds / count
  const stopping = bridge.stop()
  await env.advance(5_000)
  await stopping
  await simulator.stop()
  return ms
}

const wire = lines()
const chunks = pieces(wire, 64)
const frame = COUNTS.map((): number[] => [])
const tcp = COUNTS.map((): number[] => [])
for (let turn = -1; turn < TURNS; turn += 1) {
  for (const [i, count] of COUNTS.entries()) {
    const us = [lineRate(count, chunks), await overTcp(count, wire)] as const
    if (turn < 0) continue
    frame[i]?.push(us[0])
    tcp[i]?.push(us[1])
  }
}
const READ = quick ? [1, 16, 64, 256] : COUNTS
const life = READ.map((): number[] => [])
for (let turn = -1; turn < (quick ? 3 : 5); turn += 1) {
  for (const [i, count] of READ.entries()) {
    const ms = await reading(count)
    if (turn >= 0) life[i]?.push(ms)
  }
}
const medians = (of: readonly number[][]) => of.map((all) => spread(all).median)
const [us, tcpUs, ms] = [medians(frame), medians(tcp), medians(life)]
const round = (x: number) => Number(x.toFixed(3))
const named = (counts: readonly number[], values: readonly number[]) =>
  Object.fromEntries(counts.map((count, i) => [count, round(values[i] ?? Number.NaN)]))
const last = <T>(all: readonly T[]): T => all.at(-1) as T

/** Each line is drawn in parts of its first value: flat is good. */
function drawn(curves: Readonly<Record<string, readonly number[]>>): string {
  const [width, height, most] = [560, 220, 2.5]
  const x = (i: number) => 40 + (i * (width - 220)) / (COUNTS.length - 1)
  const y = (part: number) => height - 30 - ((height - 50) * Math.min(part, most)) / most
  const marks = [0, 1, 1.2, 2].map(
    (part) =>
      `<text x="4" y="${y(part) + 4}">${part}</text><line x1="30" x2="${width - 170}" y1="${y(part)}" y2="${y(part)}" stroke="#ccc"/>`,
  )
  const names = COUNTS.map((count, i) => `<text x="${x(i) - 8}" y="${height - 8}">${count}</text>`)
  const lines = Object.entries(curves).map(([name, values], n) => {
    const parts = values.map((value) => value / (values[0] ?? 1))
    const points = parts.map((part, i) => `${x(i)},${y(part).toFixed(1)}`).join(' ')
    const colour = ['#335', '#2a7a3f', '#b3372f'][n]
    const end = `<text x="${x(parts.length - 1) + 8}" y="${y(last(parts)) + 4}" fill="${colour}">${name}</text>`
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points}"/>${end}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${[...marks, ...names, ...lines].join('')}</svg>`
}

const OUT = join('.cache', 'bench')
mkdirSync(OUT, { recursive: true })
writeFileSync(
  join(OUT, 'wands.svg'),
  drawn({ 'a frame': us, 'over TCP': tcpUs, 'read all the time': ms }),
)
console.log(
  JSON.stringify({
    node: process.version,
    lineRate: { microsecondsPerFrame: named(COUNTS, us), flat: round(last(us) / (us[0] ?? 1)) },
    tcp: { microsecondsPerFrame: named(COUNTS, tcpUs), flat: round(last(tcpUs) / (tcpUs[0] ?? 1)) },
    reading: {
      livesPerSecond: 4,
      millisecondsPerWandSecond: named(READ, ms),
      flat: round(last(ms) / (ms[0] ?? 1)),
      perProcessor: Math.floor(1_000 / last(ms)),
    },
  }),
)
