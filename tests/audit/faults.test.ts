// Failing disks, in virtual time: what is said, when, and that everything heals without a restart.

import { describe, expect, it } from 'vitest'
import type { AuditState } from '../../src/audit/log/health.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { auditSaid } from '../words/said.ts'
import { bench, close, during, logDir, open, refused, stop } from './bench-log.ts'
import type { Operation } from './memory-disk.ts'

const fails = (code: string) => () => {
  throw Object.assign(new Error(code), { code })
}

describe('a disk that', () => {
  it.each([
    ['EROFS', 'read-only'],
    ['EIO', 'reports errors'],
    ['EACCES', 'may not be written'],
    ['ENOSPC', 'disk is full'],
  ])('answers %s: said at once, nothing lost, heals by itself', async (code, words) => {
    const b = bench()
    const log = await open(b)
    b.disk.fault = fails(code)
    let receipt: unknown = 'waiting'
    void log.append(refused(1)).then((r) => (receipt = r))
    await b.env.advance(20)
    expect(log.state).toMatchObject({ state: 'failed', errno: code, waiting: 1, size: 1 })
    expect(auditSaid(log.state)).toContain(words)
    expect(auditSaid(log.state)).toContain('not live')
    expect(log.state.captures).toBe(code !== 'ENOSPC')
    await b.env.advance(60_000)
    expect(receipt).toBe('waiting')
    b.disk.fault = () => {}
    await b.env.advance(1_100)
    expect(receipt).toMatchObject({ position: 1 })
    expect(log.state).toMatchObject({ state: 'ok', captures: true })
    await close(b, log)
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({
      ok: true,
      records: 3,
    })
  })

  it('fails at the n-th operation of any kind, for every n: nothing acknowledged is lost', async () => {
    const operations: Operation[] = [
      'append',
      'sync',
      'syncDir',
      'create',
      'remove',
      'rename',
      'read',
      'list',
    ]
    for (const operation of operations) {
      for (let n = 1; n <= 8; n += 1) {
        const b = bench(n, undefined, { limits: { segmentBytes: 3_000 } })
        let calls = 0
        let hit = 0
        b.disk.fault = (asked) => {
          // It takes two, so that the first way out fails as well.
          if (asked !== operation || ++calls < n || hit === 2) return
          hit += 1
          fails('EIO')()
        }
        const log = await open(b)
        const got = []
        for (let i = 0; i < 12; i += 1) got.push(await during(b.env, log.append(refused(i))))
        await close(b, log)
        b.disk.fault = () => {}
        expect(got.every((r) => r !== null)).toBe(true)
        const last = got.at(-1)
        const dir = `/state/audit/${last?.log}`
        const result = await verify(b.disk, dir, { schemas: true })
        expect([operation, n, result.sentence]).toEqual([
          operation,
          n,
          expect.stringContaining('consistent'),
        ])
        expect(result.records).toBeGreaterThan(last?.position ?? 0)
      }
    }
  }, 60_000)

  it('does not answer for 30 s: slow after one, failed after five, fine when it answers', async () => {
    const states: [number, string][] = []
    const b = bench(1, undefined, {
      onState: (s: AuditState) =>
        void states.push([Math.round(b.env.monotonic() / 100) / 10, s.state]),
    })
    const log = await open(b)
    await during(b.env, log.append(refused(0)))
    const from = Math.round(b.env.monotonic() / 100) / 10
    states.length = 0
    b.disk.fault = (operation) =>
      operation === 'sync' ? new Promise((resolve) => void b.env.after(30_000, resolve)) : undefined
    let receipt: unknown = null
    void log.append(refused(1)).then((r) => (receipt = r))
    await b.env.advance(29_000)
    expect(states.map(([at, s]) => [Math.round((at - from) * 10) / 10, s])).toEqual([
      [1, 'slow'],
      [5, 'failed'],
    ])
    expect(log.state.errno).toBe('EHUNG')
    expect(receipt).toBeNull()
    await b.env.advance(2_000)
    expect(receipt).toMatchObject({ position: 2 })
    expect(log.state.state).toBe('ok')
  })

  it('never answers again: the end of the bridge does not wait for it', async () => {
    const b = bench()
    const log = await open(b)
    b.disk.fault = () => new Promise(() => {})
    const lost = log.append(refused(1))
    await b.env.advance(10)
    await during(b.env, log.close(), 3_000)
    expect(await lost).toBeNull()
  })

  it('is full when the bridge ends: the ballast makes room for the closing records', async () => {
    const b = bench(1, undefined, { limits: { ballastBytes: 20_000 } })
    const log = await open(b)
    b.disk.room = 100
    void log.append(refused(1))
    await b.env.advance(5_000)
    expect(log.state).toMatchObject({ state: 'failed', errno: 'ENOSPC', captures: false })
    const closing = log.append(stop)
    await close(b, log)
    expect(await closing).toMatchObject({ position: expect.any(Number) })
    b.disk.room = Number.POSITIVE_INFINITY
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
    // A clean start, and the ballast is there again.
    const c = bench(2, b.disk)
    const again = await open(c)
    expect(again.state).toMatchObject({ state: 'ok', log: log.state.log })
    expect(await c.disk.size(`${logDir(log)}/ballast`)).toBe(4_096)
  })

  it('loses the directory under us: a new log says so, with every record that was not acknowledged', async () => {
    const b = bench()
    const log = await open(b)
    await during(b.env, log.append(refused(1)))
    const old = log.state.log
    for (const name of [...b.disk.files.keys()]) b.disk.files.delete(name)
    const receipt = await during(b.env, log.append(refused(2)))
    expect(receipt?.log).toMatch(/^simulator-2-/)
    expect(log.state.unaccepted).toMatchObject([{ log: old, code: 'gone', args: {}, size: 2 }])
    await close(b, log)
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
  })

  it('is written by two bridges: the second waits, and takes over when the first ends', async () => {
    const b = bench()
    const first = await open(b)
    const c = bench(2, b.disk)
    const second = await open(c)
    expect(second.state).toMatchObject({ state: 'failed', errno: 'ELOCKED' })
    expect(auditSaid(second.state)).toContain('Another bridge')
    const waiting = second.append(refused(2))
    await during(b.env, first.append(refused(1)))
    await during(b.env, first.append(stop))
    await close(b, first)
    expect(await during(c.env, waiting)).toMatchObject({ position: 3, log: first.state.log })
    await close(c, second)
    expect(await verify(b.disk, logDir(first))).toMatchObject({ ok: true, records: 4 })
  })

  it('is written by a stranger: found before anything is acknowledged, and set aside', async () => {
    const b = bench()
    const log = await open(b)
    await during(b.env, log.append(refused(1)))
    const file = b.disk.files.get(`${logDir(log)}/00000001.jsonl`)
    if (file) file.bytes = Buffer.concat([file.bytes, Buffer.from('hello\n')])
    expect(await during(b.env, log.append(refused(2)))).toMatchObject({ position: 2 })
    await close(b, log)
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
    expect(b.disk.files.get(`${logDir(log)}/00000002.void`)?.bytes.toString()).toMatch(/^hello\n/)
  })

  it('stands while the wall clock is set back an hour', async () => {
    const b = bench()
    const log = await open(b)
    await during(b.env, log.append(refused(1)))
    b.env.setWall(-3_600_000)
    await during(b.env, log.append(refused(2)))
    await close(b, log)
    const lines = (b.disk.files.get(`${logDir(log)}/00000001.jsonl`)?.bytes.toString() ?? '').split(
      '\n',
    )
    const records = lines.filter((l) => l.includes('"kind":"link"')).map((l) => JSON.parse(l))
    expect(Date.parse(records[1].at)).toBeLessThan(Date.parse(records[0].at))
    expect(records[1].mono).toBeGreaterThanOrEqual(records[0].mono)
    expect(await verify(b.disk, logDir(log))).toMatchObject({ ok: true })
  })
})
