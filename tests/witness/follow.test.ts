// A bridge's log before three witnesses, two of ours and one in Python that was written from the standards
// alone: they cosign what has grown; a restored backup, a copied folder and a log that was signed again are
// refused by each, and that is told with the first checkpoint.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Subject } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { parseCheckpoint } from '../../src/audit/format/checkpoint.ts'
import {
  type Cosigner,
  cosignedAt,
  cosigningKey,
  parseCosigner,
} from '../../src/audit/format/cosignature.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import { readKept } from '../../src/audit/read/cosigned.ts'
import { LogTiles } from '../../src/audit/read/tiles.ts'
import { accountOf } from '../../src/audit/verify/account.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { systemEnv, VirtualEnv } from '../../src/base/env.ts'
import { Witnesses } from '../../src/witness/follow.ts'
import { postTo } from '../../src/witness/post.ts'
import { runWitness } from '../../src/witness/run.ts'
import type { Post } from '../../src/witness/submit.ts'
import { bench, during, duringReal, refused } from '../audit/bench-log.ts'
import type { MemoryDisk } from '../audit/memory-disk.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Reached {
  readonly url: string
  readonly dir?: string
  readonly cosigner: Cosigner
}

function reached({ url, key }: { url: string; key: string }): Reached {
  const cosigner = parseCosigner(key)
  if (typeof cosigner === 'string') throw new Error(cosigner)
  return { url, cosigner }
}

/** `keyFrom`: the directory of one whose key it has. */
async function ours(logs: readonly string[], keyFrom?: Reached): Promise<Reached> {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-witness-'))
  if (keyFrom) copyFileSync(join(keyFrom.dir ?? '', 'witness.key'), join(dir, 'witness.key'))
  const options = { env: systemEnv(), disk: nodeDisk, dir, logs, host: '127.0.0.1', port: 0 }
  const running = await runWitness({ ...options, log: () => {} })
  ends.push(
    () => rmSync(dir, { recursive: true, force: true }),
    () => running.close(),
  )
  return { ...reached(running), dir }
}

async function theirs(logs: readonly string[]): Promise<Reached> {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-witness-'))
  const script = fileURLToPath(new URL('./python_witness.py', import.meta.url))
  const child = spawn('python3', ['-B', script, dir, 'python.example/w', ...logs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = new Promise((resolve) => child.once('close', resolve))
  ends.push(async () => {
    child.kill('SIGKILL')
    await gone
    rmSync(dir, { recursive: true, force: true })
  })
  for await (const line of createInterface({ input: child.stdout }))
    return reached(JSON.parse(line))
  throw new Error('the Python witness did not start')
}

/** A bridge's log and what it has of its witnesses. */
async function bridge(
  seed: number,
  disk: MemoryDisk | undefined,
  all: readonly Reached[],
  posts?: (url: string) => Post,
) {
  const commits$ = new Subject<void>()
  const b = bench(seed, disk, { onState: () => commits$.next() })
  const log = await during(b.env, AuditLog.open(b.options))
  const dir = join('/state/audit', log.state.log ?? '')
  const tree = new LogTiles(b.env, b.disk, dir)
  const records: NewRecord<'witness'>[] = []
  let changes = 0
  const witnesses = new Witnesses({
    ...{ env: b.env, disk: b.disk, dir: '/state/audit', commits$, tree: () => tree },
    witnesses: all.map(({ url, cosigner }) => ({
      cosigner,
      post: posts?.(url) ?? postTo(systemEnv(), url),
    })),
    newest() {
      const { log: name, size, checkpoint } = log.state
      return name && checkpoint ? { log: name, size, checkpoint } : null
    },
    record: (record) => void records.push(record),
    changed: () => {
      changes += 1
    },
  })
  const stop = () => duringReal(b.env, witnesses.stop())
  ends.push(stop)
  return {
    ...{ b, log, dir, witnesses, records, stop },
    changes: () => changes,
    async append(n: number) {
      for (let i = 0; i < n; i += 1) await during(b.env, log.append(refused(seed * 1_000 + i)))
    },
    /** Virtual time goes on while the witnesses answer in real time. */
    async until(done: (status: ReturnType<Witnesses['status']>) => boolean) {
      for (let i = 0; i < 400 && !done(witnesses.status()); i += 1) {
        await b.env.advance(100)
        await setTimeout(5)
      }
      return witnesses.status()
    },
  }
}

type Bridge = Awaited<ReturnType<typeof bridge>>
const allSigned = ({ of, signed }: ReturnType<Witnesses['status']>) => signed === of
const allSay = (status: ReturnType<Witnesses['status']>) => status.problems.length === status.of
const problems = ({ witnesses }: Bridge) =>
  witnesses.status().problems.map(({ problem }) => problem)

/** The key that `bench` signs with, for the log that the first bridge of a seed begins. */
async function keyOf(seed: number): Promise<string> {
  const b = bench(seed)
  const log = await during(b.env, AuditLog.open(b.options))
  return log.state.key ?? ''
}

async function three(seed = 1): Promise<Reached[]> {
  const key = await keyOf(seed)
  return [await ours([key]), await ours([key]), await theirs([key])]
}

describe('three witnesses', () => {
  it('cosign a log that grows, and what they said is kept with the notes', async () => {
    const all = await three()
    const one = await bridge(1, undefined, all)
    one.witnesses.start()
    for (const n of [1, 6, 40, 300]) {
      await one.append(n)
      expect(await one.until(allSigned)).toMatchObject({ signed: 3, behind: 0, problems: [] })
    }
    const cosigned = parseCheckpoint(one.witnesses.cosigned(one.log.state.checkpoint ?? ''))
    if (typeof cosigned === 'string') throw new Error(cosigned)
    for (const { cosigner } of all) expect(cosignedAt(cosigned.note, cosigner)).toBeGreaterThan(0)
    // While it grows on, the last one with cosignatures is there.
    const checkpoint = one.log.state.checkpoint ?? ''
    await one.append(1)
    expect(one.log.state.checkpoint).not.toBe(checkpoint)
    const last = parseCheckpoint(one.witnesses.last(one.log.state.log ?? '') ?? '')
    if (typeof last === 'string') throw new Error(last)
    expect(last.note.text).toBe(cosigned.note.text)
    for (const { cosigner } of all) expect(cosignedAt(last.note, cosigner)).toBeGreaterThan(0)
    expect(one.witnesses.last('device-1-00000000')).toBeNull()
    await one.stop()
    expect((await readKept(one.b.disk, one.dir)).length).toBe(3)
    // After a restart it goes on with what was kept, and without it by asking.
    let disk = one.b.disk.killed()
    for (const lost of [false, true]) {
      if (lost) disk.files.delete(`${one.dir}.witnesses`)
      const again = await bridge(lost ? 3 : 2, disk, all)
      again.witnesses.start()
      await again.append(1)
      expect(await again.until(allSigned)).toMatchObject({ signed: 3, problems: [] })
      await again.stop()
      disk = again.b.disk.killed()
    }
  }, 60_000)

  it('refuse a backup that was put back, at once and when it has grown again', async () => {
    const all = await three()
    const one = await bridge(1, undefined, all)
    one.witnesses.start()
    await one.append(5)
    await one.until(allSigned)
    const backup = one.b.disk.killed()
    await one.append(7)
    await one.until(allSigned)
    await one.stop()
    const restored = await bridge(3, backup, all)
    expect(restored.log.state).toMatchObject({ log: one.log.state.log, replaced: null })
    restored.witnesses.start()
    await restored.until(allSay)
    expect(problems(restored)).toEqual(['ahead', 'ahead', 'ahead'])
    expect(restored.records.map(({ body }) => body.problem)).toEqual(['ahead', 'ahead', 'ahead'])
    expect(restored.changes()).toBe(3)
    await restored.append(20)
    await restored.until((s) => s.problems.every(({ problem }) => problem === 'fork'))
    expect(problems(restored)).toEqual(['fork', 'fork', 'fork'])
  }, 60_000)

  it('refuse the second of two that write the same folder on', async () => {
    const all = await three()
    const one = await bridge(1, undefined, all)
    one.witnesses.start()
    await one.append(5)
    await one.until(allSigned)
    const copy = await bridge(4, one.b.disk.killed(), all)
    await one.append(3)
    await one.until(allSigned)
    await copy.append(3)
    copy.witnesses.start()
    await copy.until(allSay)
    expect(problems(copy)).toEqual(['fork', 'fork', 'fork'])
    // With its first checkpoint, and the first one's log is as it was.
    expect(copy.witnesses.status().behind).toBe(copy.log.state.size - 6)
    await one.append(1)
    expect(await one.until(allSigned)).toMatchObject({ problems: [] })
    // Each is intact by itself; the one that was refused says so.
    for (const record of copy.records) await during(copy.b.env, copy.log.append(record))
    const [first, second] = [
      await verify(one.b.disk, one.dir, { live: true }),
      await verify(copy.b.disk, copy.dir, { live: true }),
    ]
    expect([first, second].map(({ ok, refused: by }) => [ok, by.length])).toEqual([
      [true, 0],
      [true, 3],
    ])
    expect(accountOf([second])).toMatchObject([{ ok: false }])
  }, 60_000)

  it('refuse with 400 what is not UTF-8', async () => {
    for (const { url } of await three()) {
      const body = Buffer.concat([
        Buffer.from('old 0\n\n'),
        Buffer.from([0xff]),
        Buffer.from('x\n1\n'),
      ])
      const reply = await fetch(`${url}/add-checkpoint`, { method: 'POST', body })
      expect(reply.status).toBe(400)
    }
  })

  it('refuse a log that was written anew, with its key and with another', async () => {
    const all = await three()
    const one = await bridge(1, undefined, all)
    one.witnesses.start()
    await one.append(9)
    await one.until(allSigned)
    for (const [keys, problem] of [
      [[one.b.key], 'fork'],
      [[newKey(new VirtualEnv({ seed: 8 }))], 'unknown-key'],
    ] as const) {
      // The same name comes of the same chance; the records are others.
      const commits$ = new Subject<void>()
      const other = bench(1, undefined, { keys: async () => keys, onState: () => commits$.next() })
      const log = await during(other.env, AuditLog.open(other.options))
      expect(log.state.log).toBe(one.log.state.log)
      for (let i = 0; i < 30; i += 1) await during(other.env, log.append(refused(7_000 + i)))
      const tree = new LogTiles(other.env, other.disk, `/state/audit/${log.state.log}`)
      const witnesses = new Witnesses({
        ...{ env: other.env, disk: other.disk, dir: '/state/audit', commits$, tree: () => tree },
        witnesses: all.map(({ url, cosigner }) => ({ cosigner, post: postTo(systemEnv(), url) })),
        newest: () => ({
          log: log.state.log ?? '',
          size: log.state.size,
          checkpoint: log.state.checkpoint ?? '',
        }),
        record: () => {},
        changed: () => {},
      })
      witnesses.start()
      for (let i = 0; i < 200 && !allSay(witnesses.status()); i += 1) {
        await other.env.advance(20)
        await setTimeout(5)
      }
      await duringReal(other.env, witnesses.stop())
      expect(witnesses.status().problems.map((p) => p.problem)).toEqual([problem, problem, problem])
    }
  }, 60_000)
})

/** A bridge whose only witness answers so. */
async function mute(post: Post) {
  const { witness } = cosigningKey('w.example/w', newKey(new VirtualEnv()))
  const one = await bridge(1, undefined, [reached({ url: '', key: witness.text })], () => post)
  return [one] as const
}

describe('a witness that', () => {
  const key = parseCosigner('witness.example/x+00000000+AA==')
  it.each([
    ['does not know the log', { status: 404, text: '' }, 'unknown-log'],
    ['answers nonsense', { status: 200, text: '— x y\n' }, 'wrong-key'],
    ['says another size each time', null, 'no-answer'],
    ['fails', { status: 500, text: '' }, 'no-answer'],
    ['gives no size with 409', { status: 409, text: '-1\n' }, 'no-answer'],
  ] as const)(
    '%s is told as such and asked again, less and less often',
    async (_what, reply, problem) => {
      expect(typeof key).toBe('string')
      const cosigner = reached({
        url: '',
        key: (await import('../../src/audit/format/cosignature.ts')).cosigningKey(
          'w.example/w',
          newKey(new VirtualEnv()),
        ).witness.text,
      })
      let asked = 0
      const one = await bridge(1, undefined, [cosigner], () => async () => {
        asked += 1
        return reply ?? { status: 409, text: `${asked % 2}\n` }
      })
      await one.append(3)
      one.witnesses.start()
      await one.until(allSay)
      expect(problems(one)).toEqual([problem])
      expect(one.records).toEqual([])
      const before = asked
      for (let i = 0; i < 60; i += 1) await one.b.env.advance(10_000)
      expect(asked - before).toBeGreaterThan(8)
      expect(asked - before).toBeLessThan(60)
    },
  )

  it.each([
    ['with its size', '4\n'],
    ['without a size', 'conflict'],
  ])(
    'answers 409 %s to another root of this size, as older ones do, has seen another log',
    async (_how, text) => {
      const [one] = await mute(async (asked) =>
        asked.startsWith('old 4\n') ? { status: 409, text } : { status: 409, text: '4\n' },
      )
      await one.append(3)
      one.witnesses.start()
      await one.until(allSay)
      expect(problems(one)).toEqual(['fork'])
      expect(one.records.map(({ body }) => body.problem)).toEqual(['fork'])
    },
  )

  it('has lost what it had cosigned is told as such, once, and goes on to cosign', async () => {
    const key = await keyOf(1)
    let reached = await ours([key])
    const one = await bridge(
      1,
      undefined,
      [reached],
      () => (text) => postTo(systemEnv(), reached.url)(text),
    )
    one.witnesses.start()
    await one.append(5)
    await one.until(allSigned)
    expect(one.records).toEqual([])
    // The same key in a new directory.
    reached = await ours([key], reached)
    await one.append(5)
    const status = await one.until((s) => allSigned(s) && allSay(s))
    expect(status).toMatchObject({ signed: 1, problems: [{ problem: 'forgot', theirs: 0 }] })
    await one.append(5)
    await one.until(allSigned)
    expect(one.records.map(({ body }) => body.problem)).toEqual(['forgot'])
  })

  it('is told the last records when the bridge ends, and is not waited for long', async () => {
    const one = await bridge(1, undefined, await three())
    one.witnesses.start()
    await one.append(1)
    await one.until(allSigned)
    // Within the pause behind a cosignature.
    await one.append(1)
    expect(one.witnesses.status()).toMatchObject({ signed: 0 })
    await one.stop()
    expect(one.witnesses.status()).toMatchObject({ signed: 3, behind: 0 })
    expect(
      (await readKept(one.b.disk, one.dir)).every((note) =>
        note.includes(`\n${one.log.state.size}\n`),
      ),
    ).toBe(true)
    const [other] = await mute(() => new Promise(() => {}))
    other.witnesses.start()
    await other.append(1)
    const from = other.b.env.monotonic()
    await other.stop()
    expect(other.b.env.monotonic() - from).toBeLessThan(2_100)
  })

  it('cannot be reached keeps nothing from being recorded', async () => {
    const one = await bridge(1, undefined, await three(), () => () => new Promise(() => {}))
    one.witnesses.start()
    const from = one.b.env.monotonic()
    await one.append(50)
    expect(one.log.state).toMatchObject({ size: 51, state: 'ok', waiting: 0 })
    expect(one.b.env.monotonic() - from).toBeLessThanOrEqual(50 * 50)
    expect(one.witnesses.status()).toMatchObject({ of: 3, signed: 0, behind: 51 })
  })
})
