// Captures of a bridge's traffic: whole, sealed, within their budget, and never in the log's way.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { type CaptureLine, parseCapture } from '../../src/recorder/capture-format.ts'
import { type CaptureOptions, Captures } from '../../src/recorder/captures.ts'
import { during } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'

const DIR = '/state/captures'

function bench(more: Partial<CaptureOptions> = {}, disk = new MemoryDisk()) {
  const env = new VirtualEnv()
  const records: NewRecord[] = []
  const captures = new Captures({
    env,
    stateDir: '/state',
    boot: 'boot',
    ports: ['/dev/wand'],
    append: async (record) => void records.push(record),
    allowed: () => true,
    disk,
    ...more,
  })
  const take = (n: number) =>
    captures.take('in', '/dev/wand', Uint8Array.of(n), { wall: env.wall(), mono: env.monotonic() })
  return { env, disk, captures, records, take }
}

const names = (disk: MemoryDisk) =>
  [...disk.files.keys()].filter((name) => name.startsWith(DIR)).sort()

function bytesOf(lines: readonly CaptureLine[]): number[] {
  return lines.flatMap((line) => (line.kind === 'traffic' ? [...line.bytes] : []))
}

function read(disk: MemoryDisk, name: string): CaptureLine[] {
  const capture = parseCapture(disk.files.get(name)?.bytes.toString() ?? '')
  if (typeof capture === 'string') throw new Error(capture)
  return [...capture.lines]
}

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
    const lines = read(disk, name)
    expect(bytesOf(lines)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    const began = lines[0]?.t ?? 0
    expect(lines.map((line) => line.t - began)).toEqual(
      Array.from({ length: 200 }, (_, n) => n * 10_000),
    )
    take(1)
    expect(await during(env, captures.stop())).toBe(null)
  })

  it('is followed by another one when a wand is found, and both name what they hold', async () => {
    const { env, disk, captures, take } = bench()
    await during(env, captures.start())
    take(1)
    for (let n = 0; n < 3; n += 1) {
      const at = { wall: env.wall(), mono: env.monotonic() }
      captures.take('in', 'usb:SIMW-0001', Uint8Array.of(7), at)
      await env.advance(100)
      take(2)
    }
    await during(env, captures.stop())
    const [first = '', second = ''] = names(disk)
    expect(names(disk)).toHaveLength(2)
    expect(bytesOf(read(disk, first))).toEqual([1])
    // The piece that told of the new wand came before its capture could begin, and is counted.
    expect(read(disk, second)[0]).toMatchObject({ kind: 'lost', bytes: 1 })
    expect(bytesOf(read(disk, second))).toEqual([2, 7, 2, 7, 2])
    const header = JSON.parse(disk.files.get(second)?.bytes.toString().split('\n')[0] ?? '')
    expect(header.ports).toEqual(['/dev/wand', 'usb:SIMW-0001'])
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
    expect(bytesOf(read(disk, names(disk)[0] ?? ''))).toHaveLength(50)
  })

  it('goes, oldest first, when the budget is spent', async () => {
    const { env, disk, captures, records } = bench({ budgetBytes: 80_000 })
    await during(env, captures.start())
    const piece = new Uint8Array(1_000)
    for (let n = 0; n < 400; n += 1) {
      captures.take('out', '/dev/wand', piece, { wall: env.wall(), mono: env.monotonic() })
      await env.advance(100)
    }
    await during(env, captures.stop())
    const left = names(disk)
    const spent = left.reduce((n, name) => n + (disk.files.get(name)?.bytes.length ?? 0), 0)
    expect(spent).toBeLessThanOrEqual(80_000)
    expect(spent).toBeGreaterThan(40_000)
    expect(records.length).toBeGreaterThan(left.length)
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
    const take = () =>
      b.captures.take('in', '/dev/wand', big, { wall: b.env.wall(), mono: b.env.monotonic() })
    take()
    await b.env.advance(1_000)
    for (let n = 0; n < 8; n += 1) take()
    b.disk.fault = () => {}
    release()
    await b.env.advance(1_000)
    take()
    await during(b.env, b.captures.stop())
    const lines = read(b.disk, names(b.disk)[0] ?? '')
    const lost = lines.reduce((n, line) => n + (line.kind === 'lost' ? line.bytes : 0), 0)
    expect(lost + bytesOf(lines).length).toBe(10 << 20)
    expect(lost).toBeGreaterThan(0)
  })
})
