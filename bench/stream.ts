// From the last byte of a line on a tty until a client of the stream of events has it, durable in between: a bridge
// as `serve` runs it, and the least that does the same, each in a process of its own. Both get the same lines, ours
// from simulated wands over pseudo-terminals, the other one the same bytes a moment later, so that what else this
// computer does meets both alike. Prints one JSON object.
// Usage: npm run bench -- stream [--quick]
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { MIN_PDU } from '../protocol/codec/pdu.ts'
import { LINES } from '../protocol/framing/line-stream.ts'
import { Live } from '../protocol/messages/live.ts'
import { startSimulator } from '../simulator/index.ts'
import { openPair } from '../simulator/ports/libc.ts'
import type { WandPath } from '../simulator/ports/path.ts'
import { servePty } from '../simulator/ports/pty.ts'
import { systemEnv } from '../src/base/env.ts'
import { startHost } from '../src/host/host.ts'
import { sourceFor } from '../src/transport/source.ts'
import { plainBridge } from './suite/plain-bridge.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const WANDS = 4
const SAMPLES = args.includes('--quick') ? 300 : 3_000
/** Before that many each is warming up. */
const WARM = 40
/** After a line of ours its bytes go to the other one, and its last byte a moment later. */
const LATER_MS = 20
const LAST_MS = 10

interface Ready {
  readonly url: string
  readonly token: string
}
interface Pauses {
  readonly loopP99Ms: number
  readonly longestGcMs: number
  readonly gcMs: number
  readonly cpuMs: number
  readonly residentMB: number
}

// What is compared ---------------------------------------------------------------------------------

/** Says how long its loop stood still since it began, and ends, when it is asked. */
function answerPauses(): void {
  const pauses: number[] = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.push(duration)
  }).observe({ entryTypes: ['gc'] })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const from = process.cpuUsage()
  process.on('message', () => {
    const { user, system } = process.cpuUsage(from)
    const said: Pauses = {
      loopP99Ms: delay.percentile(99) / 1e6,
      longestGcMs: Math.max(0, ...pauses),
      gcMs: pauses.reduce((sum, ms) => sum + ms, 0),
      cpuMs: (user + system) / 1_000,
      residentMB: Math.round(process.memoryUsage().rss / 2 ** 20),
    }
    process.send?.(said)
  })
  process.on('disconnect', () => process.exit())
}

async function bridge(dir: string, paths: readonly string[]): Promise<void> {
  const host = await startHost(env, dir, async () => ({
    source: 'simulator',
    ports: paths.map((path) => sourceFor(path, env)),
    policy: 'continuous',
    liveMs: 250,
    http: { host: '127.0.0.1', port: 0, log: console.error },
  }))
  const token = host.http?.lend({ label: '', scopes: ['status'], lifeMs: null })
  process.send?.({ url: `${host.http?.url}/api/v1/events`, token })
}

// The load -----------------------------------------------------------------------------------------

interface Running extends Ready {
  readonly child: ChildProcess
  pauses(): Promise<Pauses>
}

async function start(which: 'ours' | 'plain', rest: readonly string[]): Promise<Running> {
  const child = fork(fileURLToPath(import.meta.url), ['--be', which, ...rest])
  const [ready] = (await once(child, 'message')) as [Ready]
  return {
    ...ready,
    child,
    async pauses() {
      child.send('pauses')
      const [said] = (await once(child, 'message')) as [Pauses]
      child.disconnect()
      return said
    },
  }
}

/** Calls `event` with the data of each event of this name, when the last byte of it is here. */
function follow({ url, token }: Ready, name: string, event: (data: string) => void): void {
  get(url, { headers: { authorization: `Bearer ${token}` } }, (reply) => {
    let held = ''
    reply.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (held + chunk).split('\n\n')
      held = parts.pop() ?? ''
      for (const part of parts) {
        const lines = part.split('\n')
        const kind = lines.find((line) => line.startsWith('event: '))?.slice(7) ?? ''
        const data = lines.find((line) => line.startsWith('data: '))
        if (kind === name && data) event(data.slice(6))
      }
    })
  })
}

/** The wand's path, with `line` called before the bytes that end a LIVE reply go on their way. */
function heard(path: WandPath, line: (bytes: Buffer) => void): WandPath {
  return {
    framing: path.framing,
    get plugged() {
      return path.plugged
    },
    onPlug: (changed) => path.onPlug(changed),
    hold(holder) {
      let live: Uint8Array | null = null
      const decoder = LINES.decoder({
        pdu(pdu, raw) {
          // Without a payload it says that the implant has not answered yet.
          live = pdu.type === Live.type && raw.length > MIN_PDU ? raw : null
        },
        discarded() {},
      })
      let held: Uint8Array[] = []
      return path.hold({
        data(bytes) {
          live = null
          decoder.push(bytes)
          held.push(bytes)
          if (live !== null) line(Buffer.concat(held))
          if (decoder.held === 0) held = []
          holder.data(bytes)
        },
        unplugged: () => holder.unplugged(),
      })
    },
  }
}

const now = () => performance.now()
const round = (x: number) => Number(x.toFixed(2))

async function main(): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  const simulator = await startSimulator({ env, seed: 1, wands: WANDS })
  const began = new Map<string, number>()
  const lines = new Map<string, number>()
  const times = { ours: [] as number[], plain: [] as number[] }
  const pairs = simulator.wands.map(() => openPair())
  const ports = simulator.wands.map((wand, i) => {
    const fd = pairs[i]?.fd ?? -1
    const path = heard(wand.paths.line, (bytes) => {
      env.after(LATER_MS, () => writeSync(fd, bytes.subarray(0, -1)))
      env.after(LATER_MS + LAST_MS, () => {
        lines.set(bytes.toString('latin1').trim(), now())
        writeSync(fd, bytes.subarray(-1))
      })
      began.set(wand.serial, now())
    })
    return servePty(path, { env })
  })
  const plain = await start('plain', [join(base, 'plain.log'), ...pairs.map(({ path }) => path)])
  const ours = await start('ours', [join(base, 'state'), ...ports.map(({ path }) => path)])
  try {
    await new Promise<void>((resolve) => {
      follow(ours, 'live', (data) => {
        const { wand } = JSON.parse(data) as { wand: string }
        const from = began.get(wand)
        if (from !== undefined) times.ours.push(now() - from)
        began.delete(wand)
        if (times.ours.length >= SAMPLES + WARM) resolve()
      })
      follow(plain, '', (data) => {
        const from = lines.get(data.trim())
        if (from !== undefined) times.plain.push(now() - from)
        lines.delete(data.trim())
      })
    })
    const pauses = { ours: await ours.pauses(), plain: await plain.pauses() }
    const at = (all: readonly number[], q: number) => {
      const sorted = all.slice(WARM).sort((a, b) => a - b)
      return sorted[Math.floor((sorted.length - 1) * q)] ?? Number.NaN
    }
    const [p50, p99] = [0.5, 0.99].map((q) => ({
      ours: round(at(times.ours, q)),
      plain: round(at(times.plain, q)),
      ratio: round(at(times.ours, q) / at(times.plain, q)),
    }))
    const samples = { ours: times.ours.length - WARM, plain: times.plain.length - WARM }
    console.log(JSON.stringify({ node: process.version, wands: WANDS, samples, p50, p99, pauses }))
  } finally {
    for (const port of ports) await port.stop()
    await simulator.stop()
    rmSync(base, { recursive: true, force: true })
  }
}

const be = args.indexOf('--be')
const [which, first = '', ...paths] = be < 0 ? [] : args.slice(be + 1)
if (which === undefined) {
  await main()
  process.exit()
}
answerPauses()
if (which === 'ours') await bridge(first, paths)
else plainBridge(first, paths)
