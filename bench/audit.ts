// The audit log against the disk it stands on, in one run, as ratios: raw write + fdatasync, a lone
// durable append with its signature, the same with two witnesses that are told of it, 64 waiting writers,
// verification, and, if it is installed, better-sqlite3. Prints one JSON object.
// Usage: npm run bench -- audit [--quick] [--records N] [--dir DIR]
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Subject } from 'rxjs'
import { type Cosigner, parseCosigner } from '../src/audit/format/cosignature.ts'
import type { NewRecord } from '../src/audit/format/record.ts'
import { newKey } from '../src/audit/log/keys.ts'
import { AuditLog } from '../src/audit/log/log.ts'
import { LogTiles } from '../src/audit/read/tiles.ts'
import { verify } from '../src/audit/verify/verify.ts'
import { nodeDisk } from '../src/base/disk.ts'
import { systemEnv } from '../src/base/env.ts'
import { Witnesses } from '../src/witness/follow.ts'
import { postTo } from '../src/witness/post.ts'
import { runWitness } from '../src/witness/run.ts'

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

/** A witness in a process of its own: `--witness KEY` is how this program is one. */
async function witness(logKey: string) {
  const child = spawn(process.execPath, [process.argv[1] ?? '', '--witness', logKey], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const text of createInterface({ input: child.stdout })) {
    const { url, key } = JSON.parse(text) as { url: string; key: string }
    return { child, url, cosigner: parseCosigner(key) as Cosigner }
  }
  throw new Error('a witness did not start')
}

async function beWitness(logKey: string): Promise<void> {
  const place = { dir, host: '127.0.0.1', port: 0 }
  const { url, key } = await runWitness({
    ...{ env, disk: nodeDisk, logs: [logKey], log: () => {} },
    ...place,
  })
  console.log(JSON.stringify({ url, key }))
}

/** A log whose checkpoints two witnesses are sent. */
async function witnessedLog(options: Omit<Parameters<typeof AuditLog.open>[0], 'source'>) {
  const commits$ = new Subject<void>()
  const log = await AuditLog.open({ ...options, source: 'replay', onState: () => commits$.next() })
  const { key, log: name } = log.state
  const all = [await witness(key ?? ''), await witness(key ?? '')]
  const tree = new LogTiles(env, nodeDisk, join(options.dir, name ?? ''))
  const witnesses = new Witnesses({
    ...{ env, disk: nodeDisk, dir: options.dir, commits$, tree: () => tree },
    witnesses: all.map(({ url, cosigner }) => ({ cosigner, post: postTo(env, url) })),
    newest: () => {
      const { size, checkpoint } = log.state
      return { log: name ?? '', size, checkpoint: checkpoint ?? '' }
    },
    record: () => {},
    changed: () => {},
  })
  witnesses.start()
  children.push(...all.map(({ child }) => child))
  return { log, witnesses }
}

const TURNS = 41
const children: ChildProcess[] = []

async function main(): Promise<void> {
  const key = newKey(env)
  const keys = async () => [key]
  const options = { env, disk: nodeDisk, dir: join(dir, 'audit'), keys, boot: 'bench' }
  // Two logs, so that verification is measured on group commits: of lone appends every record has
  // a signature of its own to check.
  const single = await AuditLog.open({ ...options, source: 'device' })
  const log = await AuditLog.open({ ...options, source: 'simulator' })
  const { log: watched, witnesses } = await witnessedLog(options)
  const alone = async (n: number) => {
    for (let i = 0; i < n; i += 1) await single.append(record(i))
  }
  const seen = async (n: number) => {
    for (let i = 0; i < n; i += 1) await watched.append(record(i))
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
  const best = { raw: 0, rawSync: 0, lone: 0, witnessed: 0 }
  for (let turn = 0; turn < 3; turn += 1) {
    best.raw = Math.max(best.raw, await rate(lone, raw))
    best.rawSync = Math.max(best.rawSync, await rate(lone, rawSync))
    best.lone = Math.max(best.lone, await rate(lone, alone))
  }
  // The two in short turns, one after the other: what else the computer does meets both alike.
  const ratios: number[] = []
  for (let turn = 0; turn < TURNS; turn += 1) {
    const without = await rate(Math.ceil(lone / TURNS), alone)
    const withThem = await rate(Math.ceil(lone / TURNS), seen)
    best.witnessed = Math.max(best.witnessed, withThem)
    ratios.push(withThem / without)
  }
  const median = ratios.sort((a, b) => a - b)[TURNS >> 1] ?? Number.NaN
  const { of, behind, problems } = witnesses.status()
  const cosigned = watched.state.size - behind
  await witnesses.stop()
  await watched.close()
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
        loneAppendWitnessed: round(best.witnessed),
        waiting64: round(waiters),
        sqliteWalFull: sql === null ? 'better-sqlite3 is not installed' : round(sql),
        verify: round(verifyRate),
        verifyLoneCommits: round(verifyLone),
      },
      ratios: {
        loneToRaw: round(best.lone / best.raw, 2),
        witnessedToLone: round(median, 2),
        loneToRawSync: round(best.lone / best.rawSync, 2),
        waiting64ToRaw: round(waiters / best.raw, 1),
        ...(sql !== null && { loneToSqlite: round(best.lone / sql, 2) }),
      },
      witnesses: { of, records: watched.state.size, cosigned, problems },
      verified: { ok: result.ok && loneResult.ok, records: result.records },
      memoryMB: round(process.memoryUsage().rss / 2 ** 20),
    }),
  )
}

const beside = option('--witness')
try {
  if (beside === undefined) await main()
  else {
    await beWitness(beside)
    await new Promise(() => {})
  }
} finally {
  for (const child of children) child.kill()
  rmSync(dir, { recursive: true, force: true })
}
