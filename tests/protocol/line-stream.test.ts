// A serial stream becomes PDUs: README.md §5.2. Every byte is accounted for, nothing comes out that
// was not sent, and damage costs at most the frames it touches.
import { ReadlineParser } from '@serialport/parser-readline'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodePdu } from '../../protocol/codec/pdu.ts'
import { LineStream } from '../../protocol/framing/line-stream.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { mulberry32 } from '../../src/base/env.ts'
import { traffic } from './mutate.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'

function listen() {
  const heard = {
    pdus: [] as string[],
    accepted: 0,
    discarded: 0,
    reasons: {} as Record<string, number>,
  }
  const stream = new LineStream({
    pdu(_, raw, wire) {
      heard.pdus.push(Buffer.from(raw).toString('hex'))
      heard.accepted += wire
    },
    discarded(reason, bytes) {
      heard.discarded += bytes.length
      heard.reasons[reason] = (heard.reasons[reason] ?? 0) + 1
    },
  })
  return { heard, stream }
}

const frame = (seq: number, n = 30) =>
  encodePdu({
    major: 1,
    type: 0x15,
    flags: 1,
    code: 0,
    seq,
    link: 7,
    session: 1,
    payload: new Uint8Array(n).fill(seq),
  })
const lineOf = (raw: Uint8Array) => Buffer.from(encodeLine(raw), 'latin1')
const hex = (raw: Uint8Array) => Buffer.from(raw).toString('hex')

describe('the law of conservation', () => {
  const SIZE = 20_000
  const TOTAL = LONG ? 10_500_000 : 1_050_000

  it(`holds over ${TOTAL} bytes of mutated traffic: nothing lost, nothing made up, no damage spreads`, {
    timeout: LONG ? 600_000 : 60_000,
  }, () => {
    let total = 0
    let extra = 0
    const used: Record<string, number> = {}
    const reasons: Record<string, number> = {}
    const add = (to: Record<string, number>, from: Readonly<Record<string, number>>) => {
      for (const [key, n] of Object.entries(from)) to[key] = (to[key] ?? 0) + n
    }
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = mulberry32(seed)
        const { wire, sent, whole, used: mutations } = traffic(random, SIZE)
        const { heard, stream } = listen()
        let pushed = 0
        while (pushed < wire.length) {
          const chunk = wire.subarray(pushed, pushed + 1 + (random() % 700))
          stream.push(chunk)
          pushed += chunk.length
          if (heard.accepted + heard.discarded + stream.held !== pushed) {
            expect({ ...heard, held: stream.held }).toBe(pushed)
          }
        }
        stream.close()
        expect(stream.held).toBe(0)
        expect(heard.accepted + heard.discarded).toBe(wire.length)
        expect(heard.pdus.filter((p) => !sent.has(p))).toEqual([])
        // What arrived whole is read, all of it and in its order, whatever stood beside it.
        let next = 0
        for (const p of heard.pdus) if (p === whole[next]) next += 1
        expect(next).toBe(whole.length)
        extra += heard.pdus.length - whole.length
        total += wire.length
        add(used, mutations)
        add(reasons, heard.reasons)
      }),
      { numRuns: Math.ceil(TOTAL / SIZE), ...(LONG ? {} : { seed: 20261124 }) },
    )
    expect(total).toBeGreaterThanOrEqual(TOTAL)
    // Two halves cut at the same place can be one of the frames again; by chance, and hardly ever.
    expect(extra).toBeLessThanOrEqual(5)
    expect(Object.keys(used).sort()).toEqual([
      'beheaded',
      'delimiter',
      'drop',
      'duplicate',
      'flip',
      'gone',
      'insert',
      'junk',
      'length',
      'long',
      'noise',
      'splice',
      'truncate',
    ])
    expect(Object.keys(reasons).sort()).toEqual(['checksum', 'noise', 'too-long', 'truncated'])
  })

  it('does not care how the bytes are cut', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer({ min: 1, max: 900 })), (seed, cuts) => {
        const { wire } = traffic(mulberry32(seed), 4000)
        const once = listen()
        once.stream.push(wire)
        const often = listen()
        let at = 0
        for (let i = 0; at < wire.length; i += 1) {
          const n = cuts[i % cuts.length] ?? 1
          often.stream.push(wire.subarray(at, at + n))
          at += n
        }
        expect(often.heard).toEqual(once.heard)
        expect(often.stream.held).toBe(once.stream.held)
      }),
      { numRuns: LONG ? 500 : 40 },
    )
  })

  it.each([
    ['a lost line end', (a: Buffer) => a.subarray(0, -2), 'truncated'],
    ['a lost LF', (a: Buffer) => a.subarray(0, -1), 'truncated'],
    [
      'an over-long line',
      (a: Buffer) => Buffer.concat([a.subarray(0, -2), Buffer.alloc(4_000_000, 'A')]),
      'too-long',
    ],
    [
      'a NUL',
      (a: Buffer) => Buffer.concat([a.subarray(0, 9), Buffer.of(0), a.subarray(10)]),
      'noise',
    ],
    [
      'a byte above 127',
      (a: Buffer) => Buffer.concat([a.subarray(0, 9), Buffer.of(0xc3), a.subarray(10)]),
      'noise',
    ],
    [
      'a corrupt length',
      (a: Buffer) => Buffer.concat([a.subarray(0, 13), Buffer.from('FF'), a.subarray(15)]),
      'truncated',
    ],
    ['a lost colon', (a: Buffer) => a.subarray(1), 'noise'],
  ] as const)('%s costs its own frame only', (_, damage, reason) => {
    const { heard, stream } = listen()
    const wire = [lineOf(frame(1)), damage(lineOf(frame(2))), lineOf(frame(3))]
    for (const bytes of wire) stream.push(bytes)
    expect(heard.pdus).toEqual([hex(frame(1)), hex(frame(3))])
    expect(Object.keys(heard.reasons)).toEqual([reason])
    expect(heard.accepted + heard.discarded).toBe(Buffer.concat(wire).length)
  })
})

describe('a connection that ends in the middle of a line', () => {
  it('RATE=15.0: a bare line parser that outlives its connection invents a value', () => {
    const lines: string[] = []
    const parser = new ReadlineParser({ delimiter: '\n' })
    parser.on('data', (line: string) => lines.push(line))
    parser.write('RATE=12.5\nRATE=1')
    // The cable drops here; the next connection begins in the middle of RATE=5.0.
    parser.write('5.0\n')
    expect(lines).toEqual(['RATE=12.5', 'RATE=15.0'])
  })

  it('RATE=15.0: such a parser even makes an old frame whole, with a good checksum', () => {
    const lines: string[] = []
    const parser = new ReadlineParser({
      delimiter: '\n',
      includeDelimiter: true,
      encoding: 'latin1',
    })
    parser.on('data', (line: string) => lines.push(line))
    const line = lineOf(frame(9))
    parser.write(line.subarray(0, 40))
    parser.write(line.subarray(40))
    expect(lines).toEqual([line.toString('latin1')])
  })

  it('RATE=15.0: here nothing passes from one connection to the next, wherever the cut', () => {
    const line = lineOf(frame(9))
    for (let cut = 1; cut < line.length; cut += 1) {
      const old = listen()
      old.stream.push(line.subarray(0, cut))
      old.stream.close()
      const fresh = listen()
      fresh.stream.push(line.subarray(cut))
      fresh.stream.push(lineOf(frame(10)))
      expect([old.heard.pdus, old.heard.reasons, old.stream.held]).toEqual([
        [],
        { truncated: 1 },
        0,
      ])
      expect([fresh.heard.pdus, fresh.heard.reasons]).toEqual([[hex(frame(10))], { noise: 1 }])
    }
  })

  it('refuses the very text of the lesson', () => {
    const { heard, stream } = listen()
    stream.push(Buffer.from('RATE=12.5\nRATE=1'))
    stream.close()
    expect([heard.pdus, heard.reasons, heard.discarded]).toEqual([[], { noise: 2 }, 16])
  })
})

describe('delivery', () => {
  it('of a megabyte in one push is over when push returns, on the first call and on later ones', () => {
    const frames = Array.from({ length: 2100 }, (_, i) => frame(i & 0xff, 232))
    const wire = Buffer.concat(frames.map(lineOf))
    expect(wire.length).toBeGreaterThan(1_000_000)
    const { heard, stream } = listen()
    for (let n = 1; n <= 3; n += 1) {
      stream.push(wire)
      expect([heard.pdus.length, stream.held]).toEqual([n * frames.length, 0])
    }
    expect(heard.pdus.slice(0, frames.length)).toEqual(frames.map(hex))
  })

  it('is over when push returns also long after the stream was made', async () => {
    const { heard, stream } = listen()
    for (let n = 1; n <= 3; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      stream.push(
        Buffer.concat(Array.from({ length: 300 }, (_, i) => lineOf(frame(i & 0xff, 232)))),
      )
      expect(heard.pdus.length).toBe(300 * n)
    }
  })

  it('goes on when the receiver pushes more, and ends when it closes, from within', () => {
    const got: number[] = []
    const stream: LineStream = new LineStream({
      pdu(pdu) {
        got.push(pdu.seq)
        if (pdu.seq === 1) stream.push(lineOf(frame(2)))
        if (pdu.seq === 3) stream.close()
      },
      discarded: (_, bytes) => void got.push(-bytes.length),
    })
    stream.push(lineOf(frame(1)))
    stream.push(Buffer.concat([lineOf(frame(3)), lineOf(frame(4))]))
    expect(got).toEqual([1, 2, 3, -lineOf(frame(4)).length])
    stream.push(Buffer.from('late'))
    expect([got.at(-1), stream.held]).toEqual([-4, 0])
  })
})
