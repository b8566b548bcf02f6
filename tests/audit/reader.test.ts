// Reading back: filters, proofs, the device audit file, a year with retention, and the decoder again.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseCheckpoint } from '../../src/audit/format/checkpoint.ts'
import { parseVerifierKey } from '../../src/audit/format/note.ts'
import { checkProof, parseProof } from '../../src/audit/format/proof.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import type { AuditLog } from '../../src/audit/log/log.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import { verifyDeviceFile } from '../../src/audit/verify/device-file.ts'
import { deviceFile, prove } from '../../src/audit/verify/prove.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { type Bench, bench, close, during, duringReal, logDir, open, refused } from './bench-log.ts'
import type { MemoryDisk } from './memory-disk.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

const reading = (pump: string, volume: number, session: number): NewRecord<'interrogation'> => ({
  kind: 'interrogation',
  pump,
  wand: 'WAND-0001',
  session,
  snapshot: 1,
  deviceTime: '2026-11-24T14:02:11',
  action: 'R',
  pdus: [Uint8Array.of(volume, Number(pump.slice(4)))],
  decoder: 'test 1',
  body: { blocks: { reservoir: { reportedVolume: volume } } },
})

const decoder = {
  decode: (_: string, pdus: readonly Uint8Array[]) => ({
    said: { reservoir: { reportedVolume: pdus[0]?.[0] ?? null } },
    pump: `SIM-${pdus[0]?.[1]}`,
    model: null as string | null,
    deviceTime: '2026-11-24T14:02:11',
  }),
}

type Decode = (kind: string, pdus: readonly Uint8Array[]) => ReturnType<typeof decoder.decode>
const by = (decode: Decode) => (name: string) => (name === 'test 1' ? { decode } : undefined)
const rederive = by(decoder.decode)

let b: Bench
let log: AuditLog
let dir = ''

beforeAll(async () => {
  b = bench(1, undefined, { limits: { segmentBytes: 4_000 } })
  log = await open(b)
  dir = logDir(log)
  for (let i = 0; i < 30; i += 1) {
    await during(
      b.env,
      Promise.all([log.append(reading(`SIM-${i % 3}`, i, i % 4)), log.append(refused(i))]),
    )
  }
})

async function take(filter: Parameters<typeof readRecords>[2], disk = b.disk) {
  const out = []
  for await (const stored of readRecords(disk, dir, filter)) out.push(stored)
  return out
}

/** As upkeep leaves it, without the record of it. */
function pack(disk: MemoryDisk, path: string): void {
  const bytes = gzipSync(disk.files.get(path)?.bytes ?? '')
  disk.files.set(`${path}.gz`, { bytes, synced: 0 })
  disk.files.delete(path)
}

const chunk = (text: string) =>
  (async function* () {
    yield Buffer.from(text)
  })()

async function exported(pump: string): Promise<string> {
  let text = ''
  for await (const line of deviceFile(b.disk, dir, pump)) text += line
  return text
}

describe('reading back', () => {
  it('gives every record once, and only those asked for', async () => {
    const all = await take({})
    expect(all.map((s) => s.position)).toEqual(all.map((_, i) => i))
    expect(all.length).toBe(log.state.size)
    const some = await take({ pump: 'SIM-1', session: 2, kinds: ['interrogation'] })
    expect(some.length).toBeGreaterThan(0)
    expect(some.every(({ record: r }) => r.pump === 'SIM-1' && r.session === 2)).toBe(true)
    const at = all[20]?.record.at ?? ''
    expect((await take({ from: at })).length + (await take({ to: at })).length).toBe(all.length)
    expect((await take({ after: 50 }))[0]?.position).toBe(51)
  })

  it('proves any record offline', async () => {
    const key = parseVerifierKey(log.state.key ?? '')
    if (typeof key === 'string') throw new Error(key)
    for (const position of [0, 17, log.state.size - 1]) {
      const proof = parseProof(await prove(b.disk, dir, position))
      if (typeof proof === 'string') throw new Error(proof)
      expect(checkProof(proof, key)).toBeNull()
      expect(JSON.parse(Buffer.from(proof.extra ?? []).toString()).seq).toBe(position)
    }
    await expect(prove(b.disk, dir, log.state.size)).rejects.toThrow('there is no record')
  })

  it('exports the device audit file of one pump, verifiable alone', async () => {
    const text = await exported('SIM-2')
    const key = log.state.key ?? ''
    expect(await verifyDeviceFile(chunk(text), { key })).toMatchObject({
      ok: true,
      records: 10,
      pump: 'SIM-2',
    })
    expect((await verifyDeviceFile(chunk(text))).sentence).toContain(
      'consistent, not authenticated',
    )
    expect((await verifyDeviceFile(chunk(text), { key: `${key.slice(0, -4)}AAAA` })).ok).toBe(false)
  })

  it('finds any one byte changed in a device audit file, and any line taken out', async () => {
    const text = await exported('SIM-0')
    const bytes = Buffer.from(text)
    const missed: number[] = []
    for (let at = 0; at < bytes.length; at += LONG ? 1 : 5) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ (1 << (at % 8))
      const result = await verifyDeviceFile(
        (async function* () {
          yield changed
        })(),
      )
      if (result.ok) missed.push(at)
    }
    // The pump's name in the header is vouched for by every record.
    expect(missed).toEqual([])
    const lines = text.split(/(?<=\n)/)
    for (let i = 0; i < lines.length; i += 1) {
      expect((await verifyDeviceFile(chunk(lines.toSpliced(i, 1).join('')))).ok).toBe(false)
    }
  }, 60_000)

  it('misses nothing of a segment that is packed between its name and its bytes', async () => {
    const whole = await take({})
    const disk = b.disk.killed()
    const packed: string[] = []
    disk.fault = (operation, path) => {
      if (operation !== 'read' || !path.endsWith('.jsonl') || !disk.files.has(path)) return
      if (packed.length > 1) return
      pack(disk, path)
      packed.push(path)
    }
    expect(await take({}, disk)).toEqual(whole)
    expect(packed.length).toBe(2)
  })

  it('rejects when a packed segment cannot be read, and nothing else breaks', async () => {
    const disk = b.disk.killed()
    pack(disk, join(dir, '00000001.jsonl'))
    disk.fault = (operation, path) => {
      if (operation === 'read' && path.endsWith('.gz')) throw new Error('EIO: i/o error')
    }
    await expect(take({}, disk)).rejects.toThrow('EIO')
  })

  it('reads every reading again from its PDUs', async () => {
    const good = await verify(b.disk, dir, { rederive, schemas: true })
    expect(good).toMatchObject({ ok: true, rederived: 30, differing: [] })
    const other: Decode = (kind, pdus) => ({
      ...decoder.decode(kind, pdus),
      said: { reservoir: { reportedVolume: 0 } },
    })
    const tampered = await verify(b.disk, dir, { rederive: by(other) })
    expect(tampered.problem?.reason).toContain('its PDUs say something else')
    for (const [what, words] of [
      [{ pump: 'SIM-9' }, 'of pump SIM-9'],
      [{ model: 'SIM-40' }, 'of model SIM-40'],
      [{ deviceTime: '2026-11-24T14:02:12' }, 'device time 2026-11-24T14:02:12'],
      [{ deviceTime: null }, 'device time null'],
    ] as const) {
      const decode: Decode = (kind, pdus) =>
        ({ ...decoder.decode(kind, pdus), ...what }) as ReturnType<Decode>
      const result = await verify(b.disk, dir, { rederive: by(decode) })
      expect(result.problem?.reason).toContain(words)
    }
    // A decoder that is not known here is no tampering.
    const newer = await verify(b.disk, dir, { rederive: () => undefined })
    expect(newer).toMatchObject({ ok: true, rederived: 0 })
    expect(newer.differing.length).toBe(30)
  })
})

it('a year: rotates, packs, drops entries by rule, verifies; a checkpoint of the first week still checks', async () => {
  const y = bench(7, undefined, { limits: { segmentBytes: 60_000 } })
  const year = await open(y)
  const where = logDir(year)
  const care = (keepDays?: number) =>
    duringReal(
      y.env,
      upkeep({
        disk: y.disk,
        dir: where,
        append: (r) => year.append(r),
        ...(keepDays !== undefined && {
          retention: { keepDays, age: () => year.age, wall: () => y.env.wall() },
        }),
      }),
    )
  let printed = ''
  for (let day = 0; day < 365; day += 1) {
    await y.env.suspend(86_400_000)
    await during(
      y.env,
      Promise.all(Array.from({ length: 4 }, (_, i) => year.append(reading('SIM-1', day % 256, i)))),
      10_000,
    )
    if (day === 5) printed = year.state.checkpoint ?? ''
    if (day % 30 === 29) await care(day > 200 ? 120 : undefined)
  }
  await close(y, year)
  const names = [...y.disk.files.keys()].map((n) => n.split('/').at(-1) ?? '')
  expect(names.filter((n) => n.endsWith('.gz')).length).toBeGreaterThan(4)
  expect(names).not.toContain('00000001.jsonl.gz')
  expect(names).toContain('00000001.leaves')
  const result = await verify(y.disk, where, {
    key: year.state.key ?? '',
    since: printed,
    schemas: true,
    rederive,
  })
  expect(result.sentence).toContain('vouched for by the key kept elsewhere, for the first')
  expect(result.records).toBe(year.state.size)
  expect(parseCheckpoint(printed)).toMatchObject({ size: expect.any(Number) })
  // Somebody else's retention is found.
  const second = names.find((n) => n.endsWith('.gz')) ?? ''
  y.disk.files.delete(`${where}/${second}`)
  expect((await verify(y.disk, where)).problem?.reason).toContain(
    'no record says that it was dropped',
  )
}, 60_000)
