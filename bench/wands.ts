// Many wands in one process. At line rate: 1 to 1,024 streams of lines that are pushed to in turn, what a frame
// costs. Reading: as many wands of the simulator behind one bridge in virtual time, what a wand costs in a second
// of its life, the simulated wand included, with LIVE four times a second. Prints one JSON object.
// Usage: npm run bench -- wands [--quick]
import { startSimulator } from '../simulator/index.ts'
import { VirtualEnv } from '../src/base/env.ts'
import { Bridge } from '../src/bridge/bridge.ts'
import { openWand } from '../src/drivers/open-wand/driver.ts'
import { loopbackSource } from '../src/transport/loopback.ts'
import { lines, pieces } from './suite/frames.ts'
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

const chunks = pieces(lines(), 64)
const frame = COUNTS.map((): number[] => [])
for (let turn = -1; turn < TURNS; turn += 1) {
  for (const [i, count] of COUNTS.entries()) {
    const us = lineRate(count, chunks)
    if (turn >= 0) frame[i]?.push(us)
  }
}
const READ = quick ? [1, 16, 64, 256] : COUNTS
const life = READ.map((): number[] => [])
for (let turn = -1; turn < (quick ? 1 : 5); turn += 1) {
  for (const [i, count] of READ.entries()) {
    const ms = await reading(count)
    if (turn >= 0) life[i]?.push(ms)
  }
}
const medians = (of: readonly number[][]) => of.map((all) => spread(all).median)
const [us, ms] = [medians(frame), medians(life)]
const round = (x: number) => Number(x.toFixed(3))
const named = (counts: readonly number[], values: readonly number[]) =>
  Object.fromEntries(counts.map((count, i) => [count, round(values[i] ?? Number.NaN)]))
const last = <T>(all: readonly T[]): T => all.at(-1) as T
console.log(
  JSON.stringify({
    node: process.version,
    lineRate: { microsecondsPerFrame: named(COUNTS, us), flat: round(last(us) / (us[0] ?? 1)) },
    reading: {
      livesPerSecond: 4,
      millisecondsPerWandSecond: named(READ, ms),
      flat: round(last(ms) / (ms[0] ?? 1)),
      perProcessor: Math.floor(1_000 / last(ms)),
    },
  }),
)
