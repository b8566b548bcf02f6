// Captures of a bridge's traffic: whole, sealed, within their budget, and never in the log's way.
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { type CaptureOptions, Captures } from '../../src/recorder/captures.ts'
import { during } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'
import { aboutOf, bytesOf, partsOf, trafficOf } from '../capture/files.ts'

const DIR = '/state/captures'

function bench(more: Partial<CaptureOptions> = {}, disk = new MemoryDisk()) {
  const env = new VirtualEnv()
  const records: NewRecord[] = []
  const captures = new Captures({
    env,
    stateDir: '/state',
    boot: 'boot',
    bridge: { source: 'simulator', policy: 'manual', liveMs: null },
    append: async (record) => void records.push(record),
    allowed: () => true,
    disk,
    ...more,
  })
  const take = (bytes: number | Uint8Array, path = '/dev/wand') =>
    captures.take(
      path,
      { kind: 'in', bytes: typeof bytes === 'number' ? Uint8Array.of(bytes) : bytes },
      { wall: env.wall(), mono: env.monotonic() },
    )
  return { env, disk, captures, records, take }
}

const names = (disk: MemoryDisk) =>
  [...disk.files.keys()].filter((name) => name.startsWith(DIR)).sort()

const read = (disk: MemoryDisk, name = '') =>
  partsOf(disk.files.get(name)?.bytes ?? Buffer.alloc(0))

describe('a capture', () => {
  it('holds everything that came, in order, with its times, and its digest is in the log', async () => {
    const { env, disk, captures, records, take } = bench()
    expect(await during(env, captures.start())).toBe(true)
    for (let n = 0; n < 200; n += 1) {
      take(n)
      await env.advance(10)
    }
    const sealed = await during(env, captures.stop())
    const [name = ''] = names(disk)
    const bytes = disk.files.get(name)?.bytes ?? Buffer.alloc(0)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(sealed).toEqual({ file: name, bytes: bytes.length, sha256 })
    expect(records).toMatchObject([{ kind: 'capture-seal', body: { bytes: bytes.length, sha256 } }])
    const traffic = trafficOf(await read(disk, name))
    expect(bytesOf(traffic)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    const began = traffic[0]?.at.mono ?? 0
    expect(traffic.map(({ at }) => at.mono - began)).toEqual(
      Array.from({ length: 200 }, (_, n) => n * 10),
    )
    take(1)
    expect(await during(env, captures.stop())).toBe(null)
  })

  it('names a wand that is found while it runs, and how an open port carries its PDUs', async () => {
    const { env, disk, captures, take } = bench()
    const at = { wall: 0, mono: 0 }
    captures.take('/dev/wand', { kind: 'opened', framing: 'line' }, at)
    await during(env, captures.start())
    take(1)
    await env.advance(1_000)
    take(7, 'usb:SIMW-0001')
    await during(env, captures.stop())
    const parts = await read(disk, names(disk)[0])
    expect(bytesOf(trafficOf(parts))).toEqual([1, 7])
    expect(aboutOf(parts).ports).toEqual([
      { path: '/dev/wand', framing: 'line' },
      { path: 'usb:SIMW-0001', framing: null },
    ])
  })

  it('that a killed bridge left is sealed as it was found by the next one', async () => {
    const first = bench()
    await during(first.env, first.captures.start())
    for (let n = 0; n < 50; n += 1) first.take(n)
    await first.env.advance(1_000)
    const disk = first.disk.killed()
    const [part = ''] = names(disk)
    expect(part).toMatch(/\.part$/)
    const second = bench({}, disk)
    await second.env.advance(1_000)
    expect(names(disk)).toEqual([part.replace('.part', '')])
    expect(second.records.map((r) => r.kind)).toEqual(['capture-seal'])
    expect(bytesOf(trafficOf(await read(disk, names(disk)[0])))).toHaveLength(50)
  })

  it('goes, oldest first, when the budget is spent', async () => {
    const { env, disk, captures, records, take } = bench({ budgetBytes: 800_000 })
    await during(env, captures.start())
    // As a configuration says that is read again.
    captures.limit({ budgetBytes: 80_000 })
    for (let n = 0; n < 400; n += 1) {
      // What cannot be compressed.
      take(randomBytes(1_000))
      await env.advance(100)
    }
    await during(env, captures.stop())
    const left = names(disk)
    const spent = left.reduce((n, name) => n + (disk.files.get(name)?.bytes.length ?? 0), 0)
    expect(spent).toBeLessThanOrEqual(80_000)
    expect(spent).toBeGreaterThan(40_000)
    expect(records.length).toBeGreaterThan(left.length)
  })

  it('of an earlier format goes by age and budget, too, whole or not', async () => {
    const disk = new MemoryDisk()
    const day = (iso: string) => `${DIR}/${iso}T00-00-00-000Z-abcd`
    const { env } = bench()
    const now = new Date(env.wall()).toISOString().slice(0, 10)
    const old = [`${day('1999-01-01')}.jsonl`, `${day('1999-01-02')}.jsonl.part`]
    const big = [`${day(now).replace('T00', 'T01')}.jsonl`, `${day(now)}.jsonl.part`]
    for (const name of [...old, ...big, `${DIR}/notes.txt`]) {
      const file = await disk.create(name)
      await file.append(Buffer.alloc(60_000))
      await file.close()
    }
    const next = bench({ budgetBytes: 80_000 }, disk)
    await next.env.advance(1_000)
    expect(names(disk)).toEqual([big[0], `${DIR}/notes.txt`])
  })

  it('that is stopped while the next one begins, or while it begins itself, is off', async () => {
    for (const begun of [true, false]) {
      const { env, disk, captures, take } = bench({ budgetBytes: 80_000 })
      let release = () => {}
      let begins = 0
      disk.fault = (operation) => {
        if (operation !== 'create') return
        begins += 1
        if (begins !== (begun ? 2 : 1)) return
        return new Promise<void>((resolve) => {
          release = resolve
        })
      }
      const start = captures.start()
      if (begun) await during(env, start)
      // More than an eighth of the budget, so that the next one begins.
      if (begun) take(randomBytes(20_000))
      await env.advance(1_000)
      const stop = captures.stop()
      release()
      expect(await during(env, stop)).not.toBeNull()
      await start
      await env.advance(1_000)
      expect([begun, captures.on]).toEqual([begun, false])
      expect(names(disk).filter((name) => name.endsWith('.part'))).toEqual([])
      expect(await during(env, captures.start())).toBe(true)
      expect(names(disk).filter((name) => name.endsWith('.part'))).toHaveLength(1)
      await during(env, captures.stop())
    }
  })

  it('ends at once when the disk is nearly full, before the log has to', async () => {
    const { env, disk, captures, take } = bench()
    await during(env, captures.start())
    take(1)
    disk.room = 60 << 20
    await env.advance(1_000)
    expect(captures.on).toBe(false)
    expect(names(disk)[0]).not.toMatch(/\.part$/)
    expect(await during(env, captures.start())).toBe(false)
  })

  it('ends when the disk fails, and says what a disk that hangs has cost', async () => {
    const a = bench()
    await during(a.env, a.captures.start())
    a.disk.fault = () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' })
    }
    a.take(1)
    await a.env.advance(1_000)
    expect(a.captures.on).toBe(false)

    const b = bench()
    await during(b.env, b.captures.start())
    let release = () => {}
    b.disk.fault = (operation) =>
      operation === 'append'
        ? new Promise<void>((resolve) => {
            release = resolve
          })
        : undefined
    const big = new Uint8Array(1 << 20)
    const take = () => b.take(big)
    take()
    await b.env.advance(1_000)
    for (let n = 0; n < 8; n += 1) take()
    b.disk.fault = () => {}
    release()
    await b.env.advance(1_000)
    take()
    await during(b.env, b.captures.stop())
    const traffic = trafficOf(await read(b.disk, names(b.disk)[0]))
    const lost = traffic.reduce((n, one) => n + (one.port === null ? one.lost : 0), 0)
    const kept = traffic.flatMap((one) =>
      one.port !== null && 'bytes' in one.fact ? [one.fact.bytes.length] : [],
    )
    expect(kept.reduce((n, bytes) => n + bytes, lost)).toBe(10 << 20)
    expect(lost).toBeGreaterThan(0)
  })
})
