// The capture format: what is written is read again, whatever becomes of the file.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HEAD_SIZE } from '../../src/capture/format.ts'
import { captureWriter } from '../../src/capture/writer.ts'
import type { PortFact } from '../../src/transport/port.ts'
import { aboutOf, partsOf, trafficOf } from './files.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const runs = (n: number) => ({ numRuns: LONG ? n * 100 : n })

interface Given {
  readonly path: string
  readonly fact: PortFact
  readonly at: { readonly mono: number; readonly wall: number }
}

const fact: fc.Arbitrary<PortFact> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('in', 'out'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  }),
  fc.record({ kind: fc.constantFrom('opening', 'read', 'stop') }),
  fc.record({ kind: fc.constant('opened'), framing: fc.constantFrom('line', 'report') }),
  fc.record({
    kind: fc.constant('ended'),
    how: fc.constantFrom('unplugged', 'closed', 'busy'),
    text: fc.string({ unit: 'grapheme' }),
  }),
)
/** Clocks go on; the wall clock may jump to anywhere. */
interface Raw extends Omit<Given, 'at'> {
  readonly step: number
  readonly wall: number
}
const given: fc.Arbitrary<Raw[]> = fc.array(
  fc.record({
    path: fc.constantFrom('/dev/ttyACM0', 'tcp://10.0.0.1:4001', 'usb:W-1'),
    fact,
    step: fc.nat(10_000_000),
    wall: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  }),
  { maxLength: 60 },
)
const timed = (all: readonly Raw[]): Given[] => {
  let mono = 5
  return all.map(({ path, fact, step, wall }) => {
    mono += step / 1_000
    return { path, fact, at: { mono, wall } }
  })
}

const BRIDGE = { source: 'simulator', policy: 'on-placement', liveMs: null } as const
const writer = () =>
  captureWriter({ boot: 'boot', bridge: BRIDGE, began: { wall: 1_000, mono: 5 } })

/** A capture of them, some chunks at a time, and where each `take` ended. */
function written(all: readonly Given[], each: number) {
  const w = writer()
  const files: Uint8Array[] = [w.take()]
  for (let at = 0; at < all.length; at += each) {
    for (const { path, fact, at: when } of all.slice(at, at + each)) w.put(path, fact, when)
    files.push(w.take())
  }
  return { bytes: Buffer.concat(files), pieces: files }
}

const asRead = (all: readonly Given[], paths: readonly string[]) =>
  all.map(({ path, fact, at }) => ({
    port: paths.indexOf(path),
    fact,
    at,
  }))

describe('the capture format', () => {
  it('gives back everything, in order, with its times, in whatever pieces it is read', async () => {
    await fc.assert(
      fc.asyncProperty(
        given,
        fc.integer({ min: 1, max: 9 }),
        fc.nat(200),
        async (raw, each, piece) => {
          const all = timed(raw)
          const parts = await partsOf(written(all, each).bytes, piece + 1)
          expect(parts.filter((p) => p.kind === 'damage' || p.kind === 'cut')).toEqual([])
          const paths = aboutOf(parts).ports.map((port) => port.path)
          expect(trafficOf(parts)).toEqual(asRead(all, paths))
          expect(aboutOf(parts)).toMatchObject({
            bridge: BRIDGE,
            startedAt: '1970-01-01T00:00:01.000Z',
          })
        },
      ),
      runs(100),
    )
  })

  it('cut anywhere, is read up to its last whole chunk, and says that it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(given, fc.integer({ min: 1, max: 9 }), fc.nat(), async (raw, each, n) => {
        const { bytes } = written(timed(raw), each)
        const cut = n % (bytes.length + 1)
        const whole = await partsOf(bytes)
        const parts = await partsOf(bytes.subarray(0, cut), 100)
        const good = whole.filter((part) => part.to <= cut)
        const end = good.at(-1)?.to ?? 0
        expect(parts).toEqual([
          ...good,
          ...(end < cut ? [{ kind: 'cut', from: end, to: cut }] : []),
        ])
      }),
      runs(100),
    )
  })

  it('damaged anywhere, says where and yields every other chunk', async () => {
    const damage = fc.record({
      at: fc.nat(),
      bytes: fc.uint8Array({ maxLength: 80 }),
      instead: fc.nat(200),
    })
    await fc.assert(
      fc.asyncProperty(given, fc.integer({ min: 1, max: 9 }), damage, async (raw, each, hit) => {
        const { bytes } = written(timed(raw), each)
        const from = hit.at % bytes.length
        const to = Math.min(bytes.length, from + hit.instead)
        const damaged = Buffer.concat([bytes.subarray(0, from), hit.bytes, bytes.subarray(to)])
        if (damaged.equals(bytes)) return
        const parts = await partsOf(damaged, 77)
        const shift = damaged.length - bytes.length
        const expected = (await partsOf(bytes)).flatMap((part) => {
          if (part.to <= from) return [part]
          if (part.from < to || (from === to && part.from < from)) return []
          return [{ ...part, from: part.from + shift, to: part.to + shift }]
        })
        const good = parts.filter((part) => part.kind === 'about' || part.kind === 'traffic')
        expect(good).toEqual(expected)
        const bad = parts.filter((part) => part.kind === 'damage' || part.kind === 'cut')
        // What was lost without a trace is the end of a file, between two chunks.
        if (bad.length === 0) expect(good.at(-1)?.to ?? 0).toBe(damaged.length)
        for (const { from: at } of bad) {
          expect(at).toBeLessThanOrEqual(from + hit.bytes.length)
          expect(at).toBeGreaterThanOrEqual(good.findLast((p) => p.to <= from)?.to ?? 0)
        }
      }),
      runs(200),
    )
  })

  it('says how many chunks are missing where some were taken out', async () => {
    const all = timed(
      Array.from({ length: 9 }, () => ({
        ...{ path: 'a', step: 1_000, wall: 0 },
        fact: { kind: 'read' as const },
      })),
    )
    const { pieces } = written(all, 1)
    const parts = await partsOf(Buffer.concat(pieces.filter((_, i) => i !== 4 && i !== 5)))
    expect(parts.filter((part) => part.kind === 'damage')).toMatchObject([{ missing: 2 }])
    expect(trafficOf(parts)).toHaveLength(7)
  })

  it('says again what it is a capture of, for whoever finds the beginning damaged', async () => {
    const w = writer()
    const chunks = [w.take()]
    for (let n = 0; n < 500; n += 1) {
      w.put('/dev/wand', { kind: 'in', bytes: Uint8Array.of(n) }, { mono: n, wall: n })
      chunks.push(w.take())
    }
    const bytes = Buffer.concat(chunks)
    bytes.fill(0, 0, HEAD_SIZE * 10)
    const parts = await partsOf(bytes)
    expect(aboutOf(parts).ports).toEqual([{ path: '/dev/wand', framing: null }])
    const first = parts.findIndex((part) => part.kind === 'about')
    expect(first).toBeLessThan(250)
  })
})
