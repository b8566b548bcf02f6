// Reading a part of a long log gives exactly what reading all of it would, and leaves the rest alone.
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AuditLog } from '../../src/audit/log/log.ts'
import { segmentFiles } from '../../src/audit/read/files.ts'
import { LogReader } from '../../src/audit/read/log-reader.ts'
import { type Filter, readRecords } from '../../src/audit/read/reader.ts'
import { type Bench, bench, during, logDir, open, refused, start } from './bench-log.ts'

let b: Bench
let log: AuditLog
let dir = ''

beforeAll(async () => {
  b = bench(1, undefined, { limits: { segmentBytes: 4_000 } })
  log = await open(b)
  dir = logDir(log)
  for (let i = 0; i < 60; i += 1) {
    await b.env.advance(3_600_000)
    // Now and then somebody sets the clock: back, 40 days ahead, and right again.
    if (i % 17 === 16) b.env.setWall(-7_200_000)
    if (i === 20) b.env.setWall(40 * 86_400_000)
    if (i === 40) b.env.setWall(-40 * 86_400_000)
    await during(b.env, Promise.all([log.append(start), log.append(refused(i))]))
  }
})

async function take(filter: Filter, reader?: LogReader): Promise<number[]> {
  const out: number[] = []
  for await (const { position } of readRecords(b.disk, dir, filter, reader)) out.push(position)
  return out
}

describe('a part of a log', () => {
  it('is the same as that part of the whole, for any range, cursor and kind', async () => {
    const all: { position: number; at: string; kind: string }[] = []
    for await (const { position, record } of readRecords(b.disk, dir)) {
      all.push({ position, at: record.at, kind: record.kind })
    }
    expect((await segmentFiles(b.disk, dir)).length).toBeGreaterThan(10)
    const moments = fc.constantFrom(
      ...all.map(({ at }) => at),
      '2020-01-01T00:00:00.000Z',
      '2030-01-01T00:00:00.000Z',
    )
    const reader = new LogReader(b.disk, dir)
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            after: fc.integer({ min: -1, max: all.length + 3 }),
            from: moments,
            to: moments,
            kinds: fc.subarray(['start', 'link', 'segment']),
          },
          { requiredKeys: [] },
        ),
        async (filter) => {
          const wanted = all.filter(
            ({ position, at, kind }) =>
              position > (filter.after ?? -1) &&
              at >= (filter.from ?? '') &&
              at < (filter.to ?? '9') &&
              (filter.kinds?.includes(kind) ?? true),
          )
          expect(await take(filter, reader)).toEqual(wanted.map(({ position }) => position))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('is found without opening what lies before it', async () => {
    const files = await segmentFiles(b.disk, dir)
    const read = new Map<string, number>()
    b.disk.fault = (operation, path) => {
      if (operation === 'read') read.set(path, (read.get(path) ?? 0) + 1)
    }
    const reader = new LogReader(b.disk, dir)
    await take({ after: log.state.size - 2 }, reader)
    const once = [...read.values()].reduce((a, n) => a + n, 0)
    expect(once).toBeLessThan(8)
    read.clear()
    await take({ after: log.state.size - 2 }, reader)
    expect([...read.values()].reduce((a, n) => a + n, 0)).toBeLessThanOrEqual(1)
    b.disk.fault = () => {}
    expect(await reader.oldest()).toBe(0)
    const disk = b.disk.killed()
    for (const { entries } of files.slice(0, 3)) disk.files.delete(join(dir, entries?.name ?? ''))
    expect(await new LogReader(disk, dir).oldest()).toBeGreaterThan(0)
  })
})
