// The receivers of the product hear what the plain ones of plain.ts hear, in the same order and to the byte,
// and hold as much after every piece, whatever comes and however it is cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodePdu, wholePdu } from '../../protocol/codec/pdu.ts'
import type { FrameDecoder, FrameSink } from '../../protocol/framing/framing.ts'
import { ReportEncoder } from '../../protocol/framing/hid-report.ts'
import { LineStream } from '../../protocol/framing/line-stream.ts'
import { ReportStream } from '../../protocol/framing/report-stream.ts'
import { mulberry32 } from '../../src/base/env.ts'
import { traffic } from './mutate.ts'
import { type Heard, plainLines, plainReports } from './plain.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'
const TOTAL = LONG ? 10_000_000 : 400_000
const SIZE = 20_000
const long = { timeout: LONG ? 900_000 : 60_000 }
const seeded = LONG ? {} : { seed: 20261124 }

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function ours(make: (sink: FrameSink) => FrameDecoder) {
  const heard: Heard[] = []
  const decoder = make({
    pdu(header, raw) {
      expect(hex(encodePdu(wholePdu(header, raw)))).toBe(hex(raw))
      heard.push({ pdu: hex(raw) })
    },
    discarded: (fault, bytes) => void heard.push({ refused: hex(bytes), fault }),
  })
  return { heard, decoder }
}

/** Gives both `wire` in pieces that `size` says, in one buffer that is used again as ports do. */
function agree(
  make: (sink: FrameSink) => FrameDecoder,
  plain: ReturnType<typeof plainLines>,
  wire: Uint8Array,
  size: () => number,
): readonly Heard[] {
  const { heard, decoder } = ours(make)
  const buffer = new Uint8Array(2_048)
  for (let at = 0; at < wire.length; ) {
    const piece = buffer.subarray(0, Math.min(size(), wire.length - at))
    piece.set(wire.subarray(at, at + piece.length))
    at += piece.length
    decoder.push(piece)
    plain.push(piece)
    if (decoder.held !== plain.held) expect(decoder.held).toBe(plain.held)
  }
  decoder.close()
  plain.close()
  // What still comes behind the end is refused by both.
  decoder.push(wire.subarray(0, 1_024))
  plain.push(wire.subarray(0, 1_024))
  expect(decoder.held).toBe(plain.held)
  expect(heard).toEqual(plain.heard)
  return heard
}

/** The faults that are heard in all runs. */
function faultsOf(heardIn: (random: () => number) => readonly Heard[]): string[] {
  const faults = new Set<string>()
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const one of heardIn(mulberry32(seed))) if ('fault' in one) faults.add(one.fault)
    }),
    { numRuns: TOTAL / SIZE, ...seeded },
  )
  return [...faults].sort()
}

const lines = (sink: FrameSink) => new LineStream(sink)
const reports = (sink: FrameSink) => new ReportStream(sink)

describe('lines', () => {
  it(`of ${TOTAL} mutated bytes`, long, () => {
    const faults = faultsOf((random) => {
      const { wire } = traffic(random, SIZE)
      const most = 1 + (random() % 1_400)
      return agree(lines, plainLines(), wire, () => 1 + (random() % most))
    })
    expect(faults).toEqual(['checksum', 'noise', 'too-long', 'truncated'])
  })

  it('of colons, line ends, and runs of one byte that are too long', () => {
    const noisy = fc.array(
      fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom(0x3a, 0x0a, 0x0d) },
        { weight: 5, arbitrary: fc.nat(255) },
      ),
      { maxLength: 60 },
    )
    const run = fc.tuple(fc.nat(255), fc.nat(1_200)).map(([b, n]) => Array<number>(n).fill(b))
    const bytes = fc.array(fc.oneof(noisy, run)).map((parts) => Uint8Array.from(parts.flat()))
    const cuts = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 })
    fc.assert(
      fc.property(bytes, cuts, (wire, sizes) => {
        let i = 0
        agree(lines, plainLines(), wire, () => sizes[i++ % sizes.length] as number)
      }),
      { numRuns: LONG ? 10_000 : 500 },
    )
  })
})

describe('reports', () => {
  it(`of ${TOTAL} mutated bytes`, long, () => {
    const faults = faultsOf((random) => {
      const below = (n: number) => random() % n
      const wire = mutatedReports(below)
      return agree(reports, plainReports(), wire, () => 64 * (1 + below(5)) - 1 + below(2))
    })
    const all = ['checksum', 'noise', 'out-of-sequence', 'repeated', 'truncated']
    expect(faults).toEqual(all)
  })
})

/** Reports of PDUs of every length: some lost, twice, changed, exchanged, or with a counter that jumps. */
function mutatedReports(below: (n: number) => number): Uint8Array {
  const { sent } = traffic(() => below(2 ** 31), SIZE / 2)
  const encoder = new ReportEncoder()
  const all = [...sent].flatMap((pdu) => {
    const wire = encoder.encode(Buffer.from(pdu, 'hex'))
    return Array.from({ length: wire.length / 64 }, (_, i) => wire.slice(i * 64, i * 64 + 64))
  })
  const out = all.flatMap((report, i) => {
    const kind = below(60)
    if (kind === 0) return []
    if (kind === 1) return [report, report]
    if (kind === 2) return [all[Math.max(0, i - below(20))] ?? report, report]
    if (kind > 5) return [report]
    const changed = report.slice()
    const at = kind === 3 ? below(4) : below(64)
    changed[at] = kind === 5 ? below(256) : (changed[at] as number) ^ (1 << below(8))
    return [changed]
  })
  return Buffer.concat(out)
}
