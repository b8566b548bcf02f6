// The data unit: README.md §4. What is accepted is what somebody encoded, bit for bit.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../protocol/codec/crc32.ts'
import { decodePdu, encodePdu, MAX_PAYLOAD, MAX_PDU, type Pdu } from '../../protocol/codec/pdu.ts'

const RUNS = process.env.WANDBRIDGE_LONG === '1' ? 5000 : 300
const u8 = fc.nat(255)
const u32 = fc.integer({ min: 0, max: 0xffffffff })

const anyPdu: fc.Arbitrary<Pdu> = fc.record(
  {
    major: fc.constant(1),
    type: u8,
    flags: u8,
    code: u8,
    seq: fc.nat(0xffff),
    link: u32,
    session: u32,
    payload: fc.uint8Array({ maxLength: MAX_PAYLOAD }),
  },
  { noNullPrototype: true },
)

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice()
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7))
  return out
}

describe('the checksum', () => {
  it('is that of zlib', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926)
    expect(crc32(new Uint8Array(0))).toBe(0)
  })

  it('can be continued', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(crc32(b, crc32(a))).toBe(crc32(Uint8Array.from([...a, ...b])))
      }),
    )
  })
})

describe('a PDU', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(anyPdu, (pdu) => {
        expect(decodePdu(encodePdu(pdu))).toEqual(pdu)
      }),
      { numRuns: RUNS },
    )
  })

  it('is refused with any one bit turned, whatever its length', () => {
    for (const n of [0, 1, 11, 60, MAX_PAYLOAD]) {
      const bytes = encodePdu({
        major: 1,
        type: 2,
        flags: 1,
        code: 0,
        seq: 77,
        link: 0xc0ffee,
        session: 3,
        payload: new Uint8Array(n).fill(0x3c),
      })
      for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
        expect(typeof decodePdu(flipped(bytes, bit))).toBe('string')
      }
    }
  })

  it('is refused with any burst of damage up to 32 bits', () => {
    fc.assert(
      fc.property(anyPdu, fc.nat(), fc.integer({ min: 1, max: 0xffffffff }), (pdu, where, mask) => {
        let bytes = encodePdu(pdu)
        const at = where % (8 * bytes.length - 31)
        for (let i = 0; i < 32; i += 1) if ((mask >>> i) & 1) bytes = flipped(bytes, at + i)
        expect(typeof decodePdu(bytes)).toBe('string')
      }),
      { numRuns: RUNS },
    )
  })

  it('is refused when cut or lengthened anywhere', () => {
    fc.assert(
      fc.property(anyPdu, fc.nat(), fc.uint8Array({ minLength: 1 }), (pdu, cut, more) => {
        const bytes = encodePdu(pdu)
        expect(decodePdu(bytes.subarray(0, cut % bytes.length))).toBe('truncated')
        expect(decodePdu(Uint8Array.from([...bytes, ...more]))).toBe('truncated')
      }),
      { numRuns: RUNS },
    )
  })

  it('has one encoding: any bytes are refused, or are what encoding gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: MAX_PDU + 8 }), (bytes) => {
        const pdu = decodePdu(bytes)
        if (typeof pdu !== 'string') expect(encodePdu(pdu)).toEqual(bytes)
      }),
      { numRuns: RUNS },
    )
  })

  it('of another major version is told apart from noise by its checksum', () => {
    fc.assert(
      fc.property(anyPdu, u8, (pdu, major) => {
        fc.pre(major !== 1)
        const bytes = encodePdu({ ...pdu, major })
        expect(decodePdu(bytes)).toBe('version')
        expect(decodePdu(flipped(bytes, 8))).toBe('checksum')
      }),
    )
  })

  it('does not keep the buffer that it was read from', () => {
    const bytes = encodePdu({
      major: 1,
      type: 2,
      flags: 0,
      code: 0,
      seq: 1,
      link: 9,
      session: 0,
      payload: Uint8Array.of(1, 2, 3),
    })
    const pdu = decodePdu(bytes)
    bytes.fill(0)
    expect(pdu).toMatchObject({ payload: Uint8Array.of(1, 2, 3) })
  })

  it('with a payload too long is not encoded', () => {
    const pdu = { major: 1, type: 2, flags: 0, code: 0, seq: 1, link: 9, session: 0 }
    expect(() => encodePdu({ ...pdu, payload: new Uint8Array(MAX_PAYLOAD + 1) })).toThrow(
      RangeError,
    )
  })
})
