// The writer: order, durability, segments, recovery after every kind of end, quarantine, keys.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCheckpoint } from '../../src/audit/format/checkpoint.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import type { AuditLog } from '../../src/audit/log/log.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { mulberry32, VirtualEnv } from '../../src/base/env.ts'
import { auditSaid } from '../words/said.ts'
import {
  type Bench,
  bench,
  close,
  during,
  logDir,
  open,
  refused,
  start,
  stop,
} from './bench-log.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

async function fill(b: Bench, log: AuditLog, n: number, from = 0) {
  const all = Array.from({ length: n }, (_, i) => log.append(refused(from + i)))
  return during(b.env, Promise.all(all))
}

const lines = (b: Bench, dir: string) =>
  [...b.disk.files]
    .filter(([name]) => name.startsWith(dir) && name.endsWith('.jsonl'))
    .sort(([a], [z]) => (a < z ? -1 : 1))
    .flatMap(([, { bytes }]) => bytes.toString().trimEnd().split('\n'))

describe('the writer', () => {
  it('gives positions in order, commits what came together at once, and verifies', async () => {
    const b = bench()
    const log = await open(b)
    const before = b.disk.syncs
    const receipts = await fill(b, log, 50)
    expect(receipts.map((r) => r?.position)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    expect(b.disk.syncs - before).toBe(1)
    const state = log.state
    expect(state).toMatchObject({ state: 'ok', size: 51, waiting: 0, dropped: 0, captures: true })
    expect(parseCheckpoint(state.checkpoint ?? '')).toMatchObject({
      size: 51,
      origin: `wandbridge/${state.log}`,
    })
    await close(b, log)
    const result = await verify(b.disk, logDir(log), {
      key: state.key ?? '',
      since: state.checkpoint ?? '',
      schemas: true,
    })
    expect(result).toMatchObject({
      ok: true,
      records: 51,
      vouched: { key: 51, checkpoint: 51, nothing: 0 },
      problem: null,
    })
  })

  it('has exactly one commit in flight, and resolves nothing before its fdatasync', async () => {
    const b = bench()
    const log = await open(b)
    let release = () => {}
    let syncing = 0
    let most = 0
    b.disk.fault = (operation) => {
      if (operation !== 'sync') return
      syncing += 1
      most = Math.max(most, syncing)
      return new Promise<void>((resolve) => {
        release = () => {
          syncing -= 1
          resolve()
        }
      })
    }
    const done: number[] = []
    for (let i = 0; i < 3; i += 1) {
      void log.append(refused(i)).then((r) => done.push(r?.position ?? -1))
      await b.env.advance(10)
    }
    expect(done).toEqual([])
    release()
    await b.env.advance(10)
    expect(done).toEqual([1])
    release()
    await b.env.advance(10)
    expect(done).toEqual([1, 2, 3])
    expect(most).toBe(1)
  })

  it('begins new segments by size and by month, but not when the clock is set back', async () => {
    const b = bench(1, undefined, { limits: { segmentBytes: 20_000 } })
    const log = await open(b)
    for (let i = 0; i < 10; i += 1) await fill(b, log, 20, i * 20)
    const bySize = [...b.disk.files.keys()].filter((name) => name.endsWith('.jsonl')).length
    expect(bySize).toBeGreaterThan(3)
    b.env.setWall(-3_600_000)
    await fill(b, log, 1)
    b.env.setWall(40 * 86_400_000)
    await fill(b, log, 1)
    await close(b, log)
    const reasons = lines(b, logDir(log))
      .map((l) => JSON.parse(l))
      .filter((r) => r.kind === 'segment')
      .map((r) => r.body.why)
    expect(reasons[0]).toBe('first')
    expect(reasons.at(-1)).toBe('month')
    expect(new Set(reasons.slice(1, -1))).toEqual(new Set(['size']))
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
  })

  it('goes on in the same segment after a clean stop, and in a new one after an unclean end', async () => {
    const b = bench()
    const log = await open(b)
    await fill(b, log, 5)
    await during(b.env, log.append(stop))
    await close(b, log)
    const again = bench(2, b.disk)
    const second = await open(again)
    expect(second.state.size).toBe(7)
    await fill(again, second, 1)
    expect([...b.disk.files.keys()].filter((n) => n.endsWith('.jsonl')).length).toBe(1)
    const c = bench(3, b.disk.killed())
    const third = await open(c)
    expect(third.state).toMatchObject({ state: 'ok', log: log.state.log, size: 9 })
    expect([...c.disk.files.keys()].filter((n) => n.endsWith('.jsonl')).length).toBe(2)
    expect((await fill(c, third, 1))[0]?.position).toBe(9)
    await close(c, third)
    expect(await verify(c.disk, logDir(third), { schemas: true })).toMatchObject({
      ok: true,
      records: 10,
    })
  })

  it('keeps every acknowledged record over any number of power cuts, kills and failing writes', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
      const rng = mulberry32(seed)
      const chance = (n: number) => rng() % n
      let disk = bench().disk
      let key = ''
      const acknowledged = new Map<number, string>()
      const told: string[] = []
      let number = 0
      let name: string | null = null
      for (let life = 0; life < 4; life += 1) {
        const b = bench(seed + life, disk, { limits: { segmentBytes: 4_000, retryMs: 100 } })
        const log = await open(b)
        expect(log.state.state).toBe('ok')
        name ??= log.state.log
        expect(log.state.log).toBe(name)
        key = log.state.key ?? ''
        const failAt = chance(4) === 0 ? -1 : chance(12)
        let calls = 0
        b.disk.fault = (operation, path) => {
          if (operation !== 'sync' && operation !== 'append' && operation !== 'syncDir') return
          calls += 1
          if (calls === failAt) throw Object.assign(new Error(path), { code: 'EIO' })
        }
        for (let i = 0; i < 8; i += 1) {
          for (let k = chance(3); k >= 0; k -= 1) {
            const text = `number ${number}`
            void log.append(refused(number)).then((r) => {
              if (r) acknowledged.set(r.position, text)
              if (log.state.checkpoint) told.push(log.state.checkpoint)
            })
            number += 1
          }
          if (chance(2) === 0) await b.env.advance(chance(150))
        }
        // The cut comes in the middle of a commit that never ends, or at rest.
        if (chance(2) === 0) {
          b.disk.fault = () => new Promise(() => {})
          void log.append(refused(number))
          number += 1
        }
        await b.env.advance(chance(3))
        disk = chance(3) === 0 ? b.disk.killed() : b.disk.cut(chance)
      }
      const b = bench(seed + 9, disk)
      const log = await open(b)
      await close(b, log)
      expect(log.state.log).toBe(name)
      const kept = new Map<number, string>()
      for (const line of lines(b, logDir(log))) {
        try {
          const record = JSON.parse(line)
          if (record.kind === 'link') kept.set(record.seq, record.body.why.args.text)
        } catch {
          // Torn tails are still there.
        }
      }
      for (const [position, text] of acknowledged) expect(kept.get(position)).toBe(text)
      const since = told.at(-1)
      const result = await verify(b.disk, logDir(log), {
        key,
        schemas: true,
        ...(since && { since }),
      })
      expect(result.sentence).toMatch(/intact and vouched/)
    })
    await fc.assert(property, { numRuns: LONG ? 1_000 : 40 })
  }, 900_000)

  it('sets a log aside that does not match its last checkpoint, and says so until accepted', async () => {
    const b = bench()
    const log = await open(b)
    await fill(b, log, 5)
    await close(b, log)
    const file = b.disk.files.get(`${logDir(log)}/00000001.jsonl`)
    if (!file) throw new Error('no segment')
    file.bytes[file.bytes.indexOf('number 3') + 7] = '4'.charCodeAt(0)
    const c = bench(2, b.disk)
    const second = await open(c)
    const old = log.state.log
    expect(second.state.log).not.toBe(old)
    expect(second.state.unaccepted).toMatchObject([{ log: old }])
    expect(auditSaid(second.state)).toContain(`Audit log ${old} was set aside: `)
    await fill(c, second, 3)
    await close(c, second)
    const again = bench(3, c.disk)
    const third = await open(again)
    expect(third.state.log).toBe(second.state.log)
    expect(third.state.unaccepted).toMatchObject([{ log: old }])
    await during(
      again.env,
      third.accept(old ?? '', 'known: the disk was restored', {
        id: 'amy',
        role: 'lead',
        auth: 'token',
      }),
    )
    expect(third.state.unaccepted).toEqual([])
    await close(again, third)
    expect(await verify(b.disk, logDir(log))).toMatchObject({ ok: false })
    expect(await verify(again.disk, logDir(third), { schemas: true })).toMatchObject({ ok: true })
    const last = bench(4, again.disk)
    expect((await open(last)).state.unaccepted).toEqual([])
  })

  it('changes its key by a note that both sign', async () => {
    const b = bench()
    const log = await open(b)
    await fill(b, log, 3)
    const first = log.state.key ?? ''
    const next = newKey(new VirtualEnv({ seed: 5 }))
    await during(b.env, log.rotateKey(next, 'yearly'))
    await fill(b, log, 3)
    const second = log.state.key ?? ''
    expect(second).not.toBe(first)
    await close(b, log)
    for (const key of [first, second]) {
      expect(await verify(b.disk, logDir(log), { key })).toMatchObject({
        ok: true,
        vouched: { nothing: 0 },
      })
    }
    // The old key is not needed any more, even after an unclean end.
    const c = bench(2, b.disk.killed(), { keys: async () => [next] })
    const again = await open(c)
    expect(again.state).toMatchObject({ state: 'ok', log: log.state.log, unaccepted: [] })
    // Without the key nobody can go on in the log.
    const d = bench(3, c.disk.killed())
    expect((await open(d)).state.unaccepted).toMatchObject([{ log: log.state.log }])
  })

  it('keeps sources apart', async () => {
    const b = bench()
    const log = await open(b)
    const c = bench(2, b.disk, { source: 'device' })
    const other = await open(c)
    expect(other.state.log).toMatch(/^device-1-/)
    expect(log.state.log).toMatch(/^simulator-1-/)
  })

  it('counts what it could not keep, at the place where it is missing', async () => {
    const b = bench(1, undefined, { limits: { queueRecords: 10 } })
    const log = await open(b)
    let release = () => {}
    b.disk.fault = (operation) =>
      operation === 'sync' ? new Promise((resolve) => (release = resolve)) : undefined
    const first = log.append(start)
    await b.env.advance(1)
    const all = Array.from({ length: 25 }, (_, i) => log.append(refused(i)))
    await b.env.advance(1)
    b.disk.fault = () => {}
    release()
    await during(b.env, first)
    const receipts = await during(b.env, Promise.all(all))
    expect(receipts.filter((r) => r !== null).length).toBe(10)
    const long = await during(b.env, log.append({ ...stop, pdus: [new Uint8Array(60_000)] }))
    const bad = await during(b.env, log.append({ ...stop, link: -1 }))
    expect([long, bad]).toEqual([null, null])
    await fill(b, log, 1)
    await close(b, log)
    const gaps = lines(b, logDir(log))
      .map((l) => JSON.parse(l))
      .filter((r) => r.kind === 'gap')
      .map((r) => r.body)
    const total = gaps.reduce((sum, gap) => sum + gap.dropped, 0)
    expect(total).toBe(17)
    expect(gaps.flatMap((g) => g.reasons).map((r) => r.why)).toEqual(
      expect.arrayContaining(['queue-full', 'too-long', 'not-valid']),
    )
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
  })
})
