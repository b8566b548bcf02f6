// PDUs over 64-byte reports: README.md §6. Nothing spliced, nothing twice, nothing unaccounted for.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { u32At } from '../../protocol/codec/bytes.ts'
import { encodePdu, MAX_PAYLOAD, MIN_PDU, type Pdu, wholePdu } from '../../protocol/codec/pdu.ts'
import {
  MAX_REPORTS,
  REPORT_DATA,
  REPORT_DESCRIPTOR,
  REPORT_HEADER,
  REPORT_SIZE,
  ReportEncoder,
  readReport,
} from '../../protocol/framing/hid-report.ts'
import { ReportStream } from '../../protocol/framing/report-stream.ts'
import { mulberry32 } from '../../src/base/env.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'

function pdu(seq: number, payload: number | Uint8Array): Uint8Array {
  const bytes = typeof payload === 'number' ? new Uint8Array(payload).fill(seq & 0xff) : payload
  return encodePdu({
    major: 1,
    type: 0x14,
    flags: 1,
    code: 0,
    seq: seq & 0xffff,
    link: 0xc0ffee,
    session: 7,
    payload: bytes,
  })
}

function listen() {
  const heard = {
    pdus: [] as Pdu[],
    discarded: [] as { reason: string; bytes: number }[],
    missing: 0,
    accepted: 0,
  }
  const stream = new ReportStream({
    pdu(got, raw, wire) {
      const whole = wholePdu(got, raw)
      expect(encodePdu(whole)).toEqual(raw)
      heard.pdus.push(whole)
      heard.accepted += wire
    },
    discarded: (reason, bytes) => void heard.discarded.push({ reason, bytes: bytes.length }),
    missing: (reports) => {
      heard.missing += reports
    },
  })
  return { heard, stream }
}

function reports(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / REPORT_SIZE }, (_, i) =>
    bytes.slice(i * REPORT_SIZE, (i + 1) * REPORT_SIZE),
  )
}

const reasons = (heard: { discarded: { reason: string }[] }) => heard.discarded.map((d) => d.reason)

describe('one PDU', () => {
  it('comes out of its reports as it went in, whatever its length', () => {
    const encoder = new ReportEncoder()
    const { heard, stream } = listen()
    for (let n = 0; n <= MAX_PAYLOAD; n += 1) {
      const wire = encoder.encode(pdu(n, n))
      expect(wire.length).toBe(Math.ceil((MIN_PDU + n) / REPORT_DATA) * REPORT_SIZE)
      stream.push(wire)
    }
    expect(heard.pdus.map((p) => p.payload.length)).toEqual(
      Array.from({ length: MAX_PAYLOAD + 1 }, (_, n) => n),
    )
    expect([heard.discarded, heard.missing, stream.held]).toEqual([[], 0, 0])
  })

  it('takes five reports at most, and refuses to be longer', () => {
    expect(MAX_REPORTS).toBe(5)
    expect(() => new ReportEncoder().encode(new Uint8Array(301))).toThrow(RangeError)
    expect(() => new ReportEncoder().encode(new Uint8Array(0))).toThrow(RangeError)
  })

  it('is described to the system as two 64-byte reports on a vendor page', () => {
    expect(Buffer.from(REPORT_DESCRIPTOR).toString('hex')).toBe(
      '0600ff0901a101150026ff00750895400902810209039102c0',
    )
  })
})

describe('a report', () => {
  it.each([
    ['no data', 2, 0],
    ['more data than fit', 2, 61],
    ['a short report that is not the last', 2, 59],
    ['more reports than a PDU can have', 1, 0x06],
    ['a count of zero', 1, 0x00],
    ['an index behind the count', 1, 0x55],
  ])('with %s is refused', (_, at, value) => {
    const [first] = reports(new ReportEncoder().encode(pdu(1, 200)))
    if (!first) throw new Error('no report')
    expect(readReport(first)).not.toBeNull()
    first[at] = value
    expect(readReport(first)).toBeNull()
  })

  it('with padding that is not zero is refused', () => {
    const [only] = reports(new ReportEncoder().encode(pdu(1, 10)))
    if (!only) throw new Error('no report')
    only[63] = 1
    expect(readReport(only)).toBeNull()
  })
})

describe('a stream of reports', () => {
  /** PDUs of 3, 4 and 5 reports; gives the reports that arrive to a fresh stream. */
  function arrive(change: (sent: Uint8Array[]) => Uint8Array[]) {
    const encoder = new ReportEncoder()
    const sent = [120, 180, 232].flatMap((n, seq) => reports(encoder.encode(pdu(seq, n))))
    expect(sent).toHaveLength(12)
    const ear = listen()
    for (const report of change(sent)) ear.stream.push(report)
    return { ...ear, seqs: ear.heard.pdus.map((p) => p.seq) }
  }

  it('loses the PDU of a dropped report, counts it, and no other', () => {
    const { heard, seqs } = arrive((sent) => sent.filter((_, i) => i !== 4))
    expect([seqs, heard.missing]).toEqual([[0, 2], 1])
    expect(reasons(heard)).toEqual(['out-of-sequence', 'out-of-sequence', 'out-of-sequence'])
  })

  it('does not splice two PDUs when the end of one and the start of the next are lost', () => {
    const encoder = new ReportEncoder()
    const a = reports(encoder.encode(pdu(1, 100)))
    const b = reports(encoder.encode(pdu(2, 100)))
    const { heard, stream } = listen()
    for (const report of [a[0], b[1]]) if (report) stream.push(report)
    expect([heard.pdus, heard.missing, stream.held]).toEqual([[], 2, 0])
  })

  it('loses the PDU of reports that changed places', () => {
    const { heard, seqs } = arrive(([a, b, c, ...rest]) => [a, c, b, ...rest] as Uint8Array[])
    expect(seqs).toEqual([1, 2])
    expect(reasons(heard)).toEqual(['out-of-sequence', 'out-of-sequence', 'out-of-sequence'])
  })

  it('ignores a repeated report, at once and later', () => {
    const { heard, seqs } = arrive((sent) =>
      sent.flatMap((report, i) => (i < 5 ? [report, report] : [report, sent[i - 5] ?? report])),
    )
    expect(seqs).toEqual([0, 1, 2])
    expect(reasons(heard)).toEqual(Array(12).fill('repeated'))
  })

  it('starts afresh at index 0, whatever the counter says', () => {
    const { heard, stream } = listen()
    for (let i = 0; i < 3; i += 1) stream.push(new ReportEncoder().encode(pdu(i, 100)))
    expect(heard.pdus.map((p) => p.seq)).toEqual([0, 1, 2])
  })

  it('keeps nothing of a buffer that is used again for every report', () => {
    const { heard, stream } = listen()
    const encoder = new ReportEncoder()
    const buffer = Buffer.alloc(REPORT_SIZE)
    for (let seq = 0; seq < 40; seq += 1) {
      buffer.set(encoder.encode(pdu(seq, 10)))
      stream.push(buffer)
    }
    expect([heard.pdus.length, reasons(heard)]).toEqual([40, []])
  })

  it('refuses a short read at once and keeps nothing of it', () => {
    const { heard, stream } = listen()
    const wire = new ReportEncoder().encode(pdu(1, 10))
    stream.push(wire.subarray(0, 63))
    stream.push(wire.subarray(63))
    expect([reasons(heard), stream.held, heard.pdus]).toEqual([['truncated', 'truncated'], 0, []])
  })

  it('gives up what it holds when the connection ends', () => {
    const { heard, stream } = listen()
    stream.push(new ReportEncoder().encode(pdu(1, 100)).subarray(0, REPORT_SIZE))
    expect(stream.held).toBe(REPORT_SIZE)
    stream.close()
    expect([heard.discarded, stream.held]).toEqual([[{ reason: 'truncated', bytes: 64 }], 0])
  })

  it('limits the damage of one changed byte to the PDU it lies in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: MAX_PAYLOAD }), { minLength: 3, maxLength: 12 }),
        fc.nat(),
        fc.nat(REPORT_SIZE - 1),
        fc.integer({ min: 1, max: 255 }),
        (payloads, where, at, flip) => {
          const encoder = new ReportEncoder()
          const sent = payloads.flatMap((n, seq) =>
            reports(encoder.encode(pdu(seq, n))).map((bytes) => ({ bytes, seq })),
          )
          const hit = sent[where % sent.length]
          if (!hit) return
          hit.bytes[at] = (hit.bytes[at] ?? 0) ^ flip
          const { heard, stream } = listen()
          for (const { bytes } of sent) stream.push(bytes)
          const others = payloads.map((_, seq) => seq).filter((seq) => seq !== hit.seq)
          const seqs = heard.pdus.map((p) => p.seq)
          expect(seqs.filter((seq) => seq !== hit.seq)).toEqual(others)
        },
      ),
      { numRuns: LONG ? 5000 : 500 },
    )
  })
})

describe('mutated traffic', () => {
  const TOTAL = LONG ? 1_000_000 : 100_000

  it(`keeps its accounts over ${TOTAL} reports and gives no PDU that was not sent, none twice`, {
    timeout: LONG ? 300_000 : 30_000,
  }, () => {
    const random = mulberry32(20261124)
    const below = (n: number) => random() % n
    const encoder = new ReportEncoder()
    const sent = new Map<number, string>()
    const got = new Set<number>()
    const tally = { accepted: 0, discarded: 0, missing: 0, dropped: 0, strange: 0 }
    const stream = new ReportStream({
      pdu(_, raw, wire) {
        tally.accepted += wire / REPORT_SIZE
        const id = u32At(raw, 16)
        if (got.has(id) || sent.get(id) !== Buffer.from(raw).toString('latin1')) tally.strange += 1
        got.add(id)
      },
      discarded: (_, bytes) => {
        tally.discarded += bytes.length / REPORT_SIZE
      },
      missing: (n) => {
        tally.missing += n
      },
    })
    let pushed = 0
    const deliver = (report: Uint8Array) => {
      stream.push(report)
      pushed += 1
    }
    let held: Uint8Array | undefined
    let last: Uint8Array | undefined
    const mutations: ((report: Uint8Array) => void)[] = [
      () => {
        tally.dropped += 1
      },
      (r) => [r, r].forEach(deliver),
      (r) => {
        r[below(REPORT_SIZE)] = below(256)
        deliver(r)
      },
      (r) => {
        r[below(REPORT_HEADER)] = below(256)
        deliver(r)
      },
      (r) => {
        if (held) deliver(held)
        held = r
      },
      (r) => {
        if (last) deliver(Uint8Array.from([...r.subarray(0, 32), ...last.subarray(32)]))
        deliver(r)
      },
      (r) => {
        deliver(Uint8Array.from(r, () => below(256)))
        deliver(r)
      },
    ]
    for (let id = 0; pushed < TOTAL; id += 1) {
      const payload = new Uint8Array(4 + below(MAX_PAYLOAD - 3)).map(() => below(256))
      new DataView(payload.buffer).setUint32(0, id, true)
      const raw = pdu(id, payload)
      sent.set(id, Buffer.from(raw).toString('latin1'))
      for (const report of reports(encoder.encode(raw))) {
        const mutate = below(12) === 0 ? mutations[below(mutations.length)] : undefined
        if (mutate) mutate(report)
        else deliver(report)
        last = report
      }
      if (id % 1000 === 0) {
        expect(tally.accepted + tally.discarded + stream.held / REPORT_SIZE).toBe(pushed)
      }
    }
    stream.close()
    expect(tally.accepted + tally.discarded).toBe(pushed)
    expect(stream.held).toBe(0)
    expect(tally.strange).toBe(0)
    expect(tally.missing).toBeGreaterThanOrEqual(tally.dropped / 2)
    expect(got.size).toBeGreaterThan(sent.size / 2)
    expect(got.size).toBeLessThan(sent.size)
  })
})
