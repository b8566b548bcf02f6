// The audit log against the disk it stands on, in one run, as ratios: raw write + fdatasync, a lone
// durable append with its signature, 64 waiting writers, verification, and, if it is installed,
// better-sqlite3. Prints one JSON object.
// Usage: npm run bench -- audit [--quick] [--records N] [--dir DIR]
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewRecord } from '../src/audit/format/record.ts'
import { newKey } from '../src/audit/log/keys.ts'
import { AuditLog } from '../src/audit/log/log.ts'
import { verify } from '../src/audit/verify/verify.ts'
import { nodeDisk } from '../src/base/disk.ts'
import { systemEnv } from '../src/base/env.ts'

const env = systemEnv()
const args = process.argv.slice(2)
const quick = args.includes('--quick')
const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const dir = mkdtempSync(join(option('--dir') ?? tmpdir(), 'wandbridge-bench-'))
const lone = quick ? 1_000 : 5_000
const many = Number(option('--records') ?? (quick ? 60_000 : 400_000))

/** A record of about 460 bytes, as an ordinary event makes one. */
const record = (n: number): NewRecord<'link'> => ({
  kind: 'link',
  port: '/dev/ttyACM0',
  wand: 'WAND-0001',
  link: 2_718_281_828,
  session: 7,
  body: {
    phase: 'ready',
    cause: 'bench',
    why: { code: 'why.port', args: { text: `number ${n}` } },
    connected: true,
  },
})

/** Runs a second to be warm, then counts. */
async function rate(n: number, work: (n: number) => Promise<void>): Promise<number> {
  await work(Math.ceil(n / 10))
  const from = env.monotonic()
  await work(n)
  return (n * 1_000) / (env.monotonic() - from)
}

const line = Buffer.alloc(460, 'x')

async function raw(n: number): Promise<void> {
  const file = await open(join(dir, 'raw'), 'a')
  for (let i = 0; i < n; i += 1) {
    await file.write(line)
    await file.datasync()
  }
  await file.close()
}

async function rawSync(n: number): Promise<void> {
  const fd = openSync(join(dir, 'raw-sync'), 'a')
  for (let i = 0; i < n; i += 1) {
    writeSync(fd, line)
    fdatasyncSync(fd)
  }
  closeSync(fd)
}

async function sqlite(): Promise<number | null> {
  const name = 'better-sqlite3'
  const found = (await import(name).catch(() => null)) as {
    default: new (path: string) => Sqlite
  } | null
  if (!found) return null
  const db = new found.default(join(dir, 'db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('CREATE TABLE r (seq INTEGER PRIMARY KEY, line TEXT)')
  const insert = db.prepare('INSERT INTO r (line) VALUES (?)')
  const text = line.toString()
  return rate(lone, async (n) => {
    for (let i = 0; i < n; i += 1) insert.run(text)
  })
}

interface Sqlite {
  pragma(text: string): void
  exec(text: string): void
  prepare(text: string): { run(text: string): void }
}

async function main(): Promise<void> {
  const key = newKey(env)
  const keys = async () => [key]
  const options = { env, disk: nodeDisk, dir: join(dir, 'audit'), keys, boot: 'bench' }
  // Two logs, so that verification is measured on group commits: of lone appends every record has
  // a signature of its own to check.
  const single = await AuditLog.open({ ...options, source: 'device' })
  const log = await AuditLog.open({ ...options, source: 'simulator' })
  const alone = async (n: number) => {
    for (let i = 0; i < n; i += 1) await single.append(record(i))
  }
  const waiting = async (n: number) => {
    let left = n
    const writer = async () => {
      while (left > 0) {
        left -= 1
        await log.append(record(left))
      }
    }
    await Promise.all(Array.from({ length: 64 }, writer))
  }
  // Turns, and the best of each: what varies is the disk, and it varies for all.
  const best = { raw: 0, rawSync: 0, lone: 0 }
  for (let turn = 0; turn < 3; turn += 1) {
    best.raw = Math.max(best.raw, await rate(lone, raw))
    best.rawSync = Math.max(best.rawSync, await rate(lone, rawSync))
    best.lone = Math.max(best.lone, await rate(lone, alone))
  }
  const waiters = await rate(many, waiting)
  const sql = await sqlite()
  await single.close()
  await log.close()
  const where = join(dir, 'audit', log.state.log ?? '')
  const before = env.monotonic()
  const result = await verify(nodeDisk, where)
  const verifyRate = (result.records * 1_000) / (env.monotonic() - before)
  const loneWhere = join(dir, 'audit', single.state.log ?? '')
  const loneFrom = env.monotonic()
  const loneResult = await verify(nodeDisk, loneWhere)
  const verifyLone = (loneResult.records * 1_000) / (env.monotonic() - loneFrom)
  const round = (x: number, digits = 0) => Number(x.toFixed(digits))
  console.log(
    JSON.stringify({
      node: process.version,
      perSecond: {
        raw: round(best.raw),
        rawSync: round(best.rawSync),
        loneAppend: round(best.lone),
        waiting64: round(waiters),
        sqliteWalFull: sql === null ? 'better-sqlite3 is not installed' : round(sql),
        verify: round(verifyRate),
        verifyLoneCommits: round(verifyLone),
      },
      ratios: {
        loneToRaw: round(best.lone / best.raw, 2),
        loneToRawSync: round(best.lone / best.rawSync, 2),
        waiting64ToRaw: round(waiters / best.raw, 1),
        ...(sql !== null && { loneToSqlite: round(best.lone / sql, 2) }),
      },
      verified: { ok: result.ok && loneResult.ok, records: result.records },
      memoryMB: round(process.memoryUsage().rss / 2 ** 20),
    }),
  )
}

try {
  await main()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
