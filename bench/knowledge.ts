// Knowledge beside its log: rebuilding it from nothing, and starting from its snapshot, against reading the
// bytes of the same log and doing nothing with them, and, in turns and in processor time, against parsing every line. The log is made once, as a bridge in continuous mode
// writes it, and kept in .cache. Prints one JSON object.
// Usage: npm run bench -- knowledge [--quick] [--records N]
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { newKey } from '../src/audit/log/keys.ts'
import { AuditLog } from '../src/audit/log/log.ts'
import { nodeDisk } from '../src/base/disk.ts'
import { systemEnv, utc } from '../src/base/env.ts'
import { Feed } from '../src/feed/feed.ts'
import { Knowledge } from '../src/knowledge/knowledge.ts'
import { happening } from './suite/happening.ts'
import { madeOnce } from './suite/made-once.ts'
import { spread } from './suite/rounds.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const RECORDS = Number(option('--records') ?? (args.includes('--quick') ? 100_000 : 1_000_000))
/** Records behind the older snapshot: what a bridge that dies may leave, many times over. */
const TAIL = 10_000
const PUMPS = 20
const TURNS = 5
const place = join('.cache', `knowledge-${RECORDS}`)
const source = 'simulator' as const

async function make(dir: string): Promise<void> {
  const key = newKey(env)
  const options = { env, disk: nodeDisk, dir: join(dir, 'audit'), keys: async () => [key] }
  const log = await AuditLog.open({ ...options, boot: 'bench', source })
  const records = await happening()
  const began = Date.UTC(2026, 0, 5, 8)
  let n = 1
  let round = 0
  const write = async (until: number) => {
    while (n < until) {
      const serial = `SIM-${String(round % PUMPS).padStart(4, '0')}`
      round += 1
      const waiting: Promise<unknown>[] = []
      for (const record of records.slice(0, until - n)) {
        const at = utc(began + n * 1_000)
        const pump = record.pump ? { pump: serial } : {}
        waiting.push(log.append({ ...record, ...pump, at, mono: n }))
        n += 1
      }
      await Promise.all(waiting)
    }
  }
  await write(RECORDS - TAIL)
  const older = await start(join(dir, 'older'), feed(dir))
  await older.knowledge.stop()
  await write(RECORDS)
  await log.close(60_000)
}

/** Reads every byte of the log; whole lines are given to `take`. */
async function raw(take: ((lines: readonly string[]) => void) | null = null) {
  const from = env.monotonic()
  let bytes = 0
  const [log] = await nodeDisk.list(join(place, 'audit'))
  const dir = join(place, 'audit', log ?? '')
  for (const name of await nodeDisk.list(dir)) {
    if (!name.includes('.jsonl')) continue
    let rest = ''
    for await (const chunk of nodeDisk.read(join(dir, name))) {
      bytes += chunk.length
      if (!take) continue
      const lines = (rest + Buffer.from(chunk).toString()).split('\n')
      rest = lines.pop() ?? ''
      take(lines)
    }
  }
  return { ms: env.monotonic() - from, bytes }
}

const feed = (dir: string) => new Feed({ env, disk: nodeDisk, dir: join(dir, 'audit'), source })

/** Every line is looked at, and none is taken. */
async function skipped(): Promise<number> {
  const from = env.monotonic()
  for await (const _ of feed(place).scan({ kinds: ['retention'] })) {
    throw new Error('there is no such record')
  }
  return env.monotonic() - from
}

async function start(dir: string, from: Feed) {
  const began = env.monotonic()
  const knowledge = new Knowledge({ env, disk: nodeDisk, dir, source, feed: from })
  await knowledge.start()
  const pumps = knowledge.pumps().length
  const ms = env.monotonic() - began
  const { phase, position } = knowledge.state
  if (phase !== 'following' || pumps !== PUMPS) throw new Error(`${phase}, ${pumps} pumps`)
  return { ms, position, knowledge }
}

/** Processor time, in ms. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const from = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1_000
}

async function main(): Promise<void> {
  await madeOnce(place, make)
  const dir = join(place, 'knowledge')
  rmSync(dir, { recursive: true, force: true })
  const read = await raw()
  const parsed = await raw((lines) => {
    for (const line of lines) JSON.parse(line)
  })
  const scan = await skipped()
  const rebuilt = await start(dir, feed(place))
  await rebuilt.knowledge.stop()
  const turns: number[] = []
  for (let turn = 0; turn < TURNS; turn += 1) {
    const floor = await cost(() => raw((lines) => void lines.map((line) => JSON.parse(line))))
    rmSync(dir, { recursive: true, force: true })
    const ours = await cost(async () => (await start(dir, feed(place))).knowledge.stop())
    turns.push(floor / ours)
  }
  const again = await start(dir, feed(place))
  await again.knowledge.stop()
  const snapshot = await nodeDisk.size(join(dir, `${source}.json`))
  rmSync(dir, { recursive: true })
  cpSync(join(place, 'older'), dir, { recursive: true })
  const tail = await start(dir, feed(place))
  await tail.knowledge.stop()
  const rate = (ms: number) => Math.round(((rebuilt.position + 1) * 1_000) / ms)
  const round = (x: number, digits = 2) => Number(x.toFixed(digits))
  console.log(
    JSON.stringify({
      node: process.version,
      records: rebuilt.position + 1,
      logMB: round(read.bytes / 2 ** 20, 0),
      snapshotKB: round((snapshot ?? 0) / 1024, 0),
      perSecond: {
        raw: rate(read.ms),
        parsed: rate(parsed.ms),
        skipped: rate(scan),
        rebuilt: rate(rebuilt.ms),
      },
      startMs: { snapshot: round(again.ms, 0), snapshotAndTail: round(tail.ms, 0) },
      ratios: {
        rebuiltToRaw: round(read.ms / rebuilt.ms),
        rebuiltToRawParsed: round(spread(turns).median),
        rebuiltToSkipped: round(scan / rebuilt.ms),
        startToRebuilt: round(again.ms / rebuilt.ms, 4),
      },
      memoryMB: round(process.memoryUsage().rss / 2 ** 20, 0),
    }),
  )
}

await main()
