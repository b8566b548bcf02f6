// Going through a whole log by the feed, against reading the same bytes and parsing every line, in turns and in
// processor time, as ratios. Most records are `live`, one in a hundred is an interrogation. Prints one JSON object.
// Usage: npm run bench -- feed [--quick] [--records N] [--dir DIR]
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewRecord } from '../src/audit/format/record.ts'
import { newKey } from '../src/audit/log/keys.ts'
import { AuditLog } from '../src/audit/log/log.ts'
import { nodeDisk } from '../src/base/disk.ts'
import { systemEnv } from '../src/base/env.ts'
import { Feed } from '../src/feed/feed.ts'
import type { HistoryQuery } from '../src/feed/passes.ts'
import { spread } from './suite/rounds.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const base = mkdtempSync(join(option('--dir') ?? tmpdir(), 'wandbridge-bench-'))
const dir = join(base, 'audit')
const records = Number(option('--records') ?? (args.includes('--quick') ? 50_000 : 400_000))

const pdu = new Uint8Array(90)
const common = { pump: 'SIM-0001', model: 'SP-40', wand: 'WAND-0001', port: '/dev/ttyACM0' }

/** About 700 bytes in the log. */
const record = (n: number): NewRecord<'live' | 'interrogation'> => ({
  ...common,
  kind: n % 100 === 0 ? 'interrogation' : 'live',
  link: 2_718_281_828,
  session: 7,
  action: 'R',
  deviceTime: '2026-11-24T14:02:11',
  decoder: 'open-wand 1',
  pdus: [pdu],
  body:
    n % 100 === 0
      ? { blocks: { reservoir: { reportedVolume: n } } }
      : { values: { reportedVolume: n, rate: 1_200_000, activeAlarms: 0 } },
})

async function write(): Promise<void> {
  const key = newKey(env)
  const log = await AuditLog.open({
    ...{ env, disk: nodeDisk, dir, source: 'simulator', boot: 'bench' },
    keys: async () => [key],
  })
  for (let n = 0; n < records; n += 4_096) {
    const some = Array.from({ length: Math.min(4_096, records - n) }, (_, i) => record(n + i))
    await Promise.all(some.map((one) => log.append(one)))
  }
  await log.close()
}

/** Lines or records in a second of processor time. */
async function rate(work: () => Promise<number>): Promise<number> {
  const from = process.cpuUsage()
  const n = await work()
  const { user, system } = process.cpuUsage(from)
  return (n * 1e6) / (user + system)
}

/** Reads every segment; what is done with its lines is up to `line`. */
async function raw(line: (text: string) => void): Promise<number> {
  const [log = ''] = readdirSync(dir)
  let lines = 0
  for (const name of readdirSync(join(dir, log)).sort()) {
    if (!name.endsWith('.jsonl')) continue
    let rest = ''
    for await (const chunk of nodeDisk.read(join(dir, log, name))) {
      const texts = (rest + Buffer.from(chunk).toString()).split('\n')
      rest = texts.pop() ?? ''
      for (const text of texts) line(text)
      lines += texts.length
    }
  }
  return lines
}

/** Records of the log that were passed in going through what is selected. */
async function through(query: HistoryQuery, parsed: boolean): Promise<number> {
  const feed = new Feed({ env, disk: nodeDisk, dir, source: 'simulator' })
  let found = 0
  for await (const some of feed.scan(query)) {
    for (const one of some) if (!parsed || one.record.v === 1) found += 1
  }
  if (found === 0) throw new Error('nothing was found')
  return (await feed.look())?.size ?? 0
}

try {
  await write()
  const ways = {
    rawLines: () => raw(() => {}),
    rawParsed: () => raw((text) => JSON.parse(text)),
    feed: () => through({}, false),
    feedParsed: () => through({}, true),
    feedOneKind: () => through({ kinds: ['interrogation'] }, true),
    feedNewestFirst: () => through({ kinds: ['interrogation'], order: 'desc' }, true),
  }
  const turns: Record<keyof typeof ways, number>[] = []
  // The first is to be warm.
  for (let turn = -1; turn < 5; turn += 1) {
    const rates = {} as Record<keyof typeof ways, number>
    for (const [name, way] of Object.entries(ways)) {
      rates[name as keyof typeof ways] = await rate(way)
    }
    if (turn >= 0) turns.push(rates)
  }
  const median = (of: (rates: Record<keyof typeof ways, number>) => number) =>
    spread(turns.map(of)).median
  const round = (x: number, digits = 0) => Number(x.toFixed(digits))
  console.log(
    JSON.stringify({
      node: process.version,
      records,
      perSecond: Object.fromEntries(
        (Object.keys(ways) as (keyof typeof ways)[]).map((way) => [
          way,
          round(median((r) => r[way])),
        ]),
      ),
      ratios: {
        feedToRawLines: round(
          median((r) => r.feed / r.rawLines),
          2,
        ),
        feedParsedToRawParsed: round(
          median((r) => r.feedParsed / r.rawParsed),
          2,
        ),
        feedOneKindToRawParsed: round(
          median((r) => r.feedOneKind / r.rawParsed),
          2,
        ),
      },
      memoryMB: round(process.memoryUsage().rss / 2 ** 20),
    }),
  )
} finally {
  rmSync(base, { recursive: true, force: true })
}
