// What `serve` of the built program takes after a minute with one wand, by the kernel (Linux). And a day of one bridge
// in virtual time: a simulated wand that is read all the time over a log on the real disk, with a client of the
// stream of events; what its process takes after ten minutes and at the end, the simulated wand and the client
// included, as nothing of it may grow with time. Prints one JSON object.
// Usage: npm run bench -- memory [--quick] [--hours N]. Needs the build (npm run build).
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSimulator } from '../simulator/index.ts'
import { systemEnv, turn, VirtualEnv } from '../src/base/env.ts'
import { openWand } from '../src/drivers/open-wand/driver.ts'
import { Closers } from '../src/host/closers.ts'
import { startHttp } from '../src/host/http-host.ts'
import { openRooms } from '../src/host/rooms.ts'
import { loopbackSource } from '../src/transport/loopback.ts'
import { WORDS } from '../src/words/words.ts'

const args = process.argv.slice(2)
const at = args.indexOf('--hours')
const HOURS = at >= 0 ? Number(args[at + 1]) : args.includes('--quick') ? 1 : 24
const STEP_MS = 500
const FIRST_S = 600
/** Until then the newest records, which are held, fill their room. */
const HOUR_S = 3_600
const SAMPLES = 24
const SERVED_MS = 60_000

declare const gc: (() => void) | undefined
const MB = (bytes: number) => Number((bytes / 2 ** 20).toFixed(1))

interface Sample {
  readonly hours: number
  readonly residentMB: number
  readonly heapMB: number
}

function sample(seconds: number): Sample {
  gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { hours: seconds / 3_600, residentMB: MB(rss), heapMB: MB(heapUsed + external) }
}

/** In MB; null where the kernel does not tell. */
async function served(): Promise<number | null> {
  if (process.platform !== 'linux') return null
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  const link = join(dir, 'wand')
  const simulator = await startSimulator({
    env: systemEnv(),
    wands: 1,
    ports: [{ kind: 'pty', link }],
  })
  const program = fileURLToPath(new URL('../../../dist/bin/wandbridge.js', import.meta.url))
  const wand = ['--source', 'simulator', '--policy', 'continuous', '--serial', link]
  const rest = ['--state-dir', join(dir, 'state'), '--listen', '127.0.0.1:0']
  const child = spawn(process.execPath, [program, 'serve', ...wand, ...rest], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, SERVED_MS))])
    if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}`)
    const [, kB] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
    return MB(Number(kB) * 1_024)
  } finally {
    child.kill('SIGTERM')
    await ended
    await simulator.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function main(): Promise<void> {
  const servedMB = await served()
  const stateDir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  const env = new VirtualEnv({ seed: 1 })
  const simulator = await startSimulator({ env, seed: 1, wands: 1 })
  const closers = new Closers((name, error) => console.error(`${name}: ${String(error)}`))
  const rooms = openRooms(
    {
      ...{ env, stateDir, source: 'simulator', boot: 'bench', settings: {}, driver: openWand },
      ...{ policy: 'continuous', why: () => 'bench' },
      ports: simulator.wands.map((wand) => loopbackSource('wand', wand.paths.line)),
    },
    closers,
  )
  const { auditor } = rooms
  /** The disk and the sockets are real: they have their time, and virtual time waits. */
  const pass = async (ms: number) => {
    await env.advance(ms)
    do await turn()
    while (auditor.state.waiting > 0)
    await turn()
  }
  let started = false
  void rooms.start().then(() => {
    started = true
  })
  while (!started) await pass(10)
  const http = await startHttp(
    env,
    stateDir,
    {
      ...{ ...rooms, words: WORDS['en-US'], counters: () => [] },
      ...{ delivery: () => null, fleet: () => null, patients: () => null },
      tree: {
        head: () => null,
        tile: async () => null,
        entries: async () => null,
        keyChanges: async () => [],
      },
    },
    { host: '127.0.0.1', port: 0, log: console.error },
  )
  const token = http.lend({ label: '', scopes: ['status'], lifeMs: null })
  let events = 0
  let heard = 0
  get(`${http.url}/api/v1/events`, { headers: { authorization: `Bearer ${token}` } }, (reply) => {
    heard = reply.statusCode ?? 0
    reply.on('data', (chunk: Buffer) => {
      events += chunk.includes('event: live') ? 1 : 0
    })
  })
  // Slowly, so that what the server waits for is not late in virtual time.
  while (heard === 0) await pass(1)
  if (heard !== 200) throw new Error(`the stream was refused: ${heard}`)
  const samples: Sample[] = []
  const seconds = HOURS * 3_600
  const every = Math.floor((seconds - FIRST_S) / SAMPLES)
  for (let ms = 0; ms < seconds * 1_000; ms += STEP_MS) {
    await pass(STEP_MS)
    const s = (ms + STEP_MS) / 1_000
    if (s === FIRST_S || s === HOUR_S || (s > FIRST_S && (s - FIRST_S) % every === 0)) {
      samples.push(sample(s))
    }
  }
  const [first, last] = [samples[0], samples.at(-1)]
  const hour = samples.find(({ hours }) => hours === 1)
  if (!first || !last) throw new Error('nothing was seen')
  const most = Math.max(...samples.map(({ residentMB }) => residentMB))
  console.log(
    JSON.stringify({
      ...{
        node: process.version,
        servedMB,
        hours: HOURS,
        records: auditor.head?.size ?? 0,
        events,
      },
      ...{ first, last },
      // Of less than a day nothing is said of a day.
      day:
        HOURS < 24 || !hour
          ? null
          : {
              heapFromHour: Number((last.heapMB / hour.heapMB).toFixed(3)),
              heapFromTenMinutes: Number((last.heapMB / first.heapMB).toFixed(3)),
              resident: Number((last.residentMB / first.residentMB).toFixed(3)),
              mostResidentMB: most,
            },
      samples,
    }),
  )
  rmSync(stateDir, { recursive: true, force: true })
  process.exit()
}

await main()
