// One PDU is one line: README.md §5.1.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PDU, MIN_PDU } from '../../protocol/codec/pdu.ts'
import { decodeLine, encodeLine } from '../../protocol/framing/serial-line.ts'

const RUNS = process.env.WANDBRIDGE_LONG === '1' ? 5000 : 400
const pduBytes = fc.uint8Array({ minLength: MIN_PDU, maxLength: MAX_PDU })
const decode = (line: string) => decodeLine(Buffer.from(line, 'latin1'))
const latin1 = (max: number) =>
  fc.array(fc.nat(255), { maxLength: max }).map((codes) => String.fromCharCode(...codes))

describe('a line', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(pduBytes, (bytes) => {
        expect(decode(encodeLine(bytes))).toEqual(bytes)
      }),
      { numRuns: RUNS },
    )
  })

  it('has one spelling: any change that is not refused changes the bytes', () => {
    fc.assert(
      fc.property(pduBytes, fc.nat(), fc.nat(255), (bytes, where, code) => {
        const line = encodeLine(bytes)
        const at = where % line.length
        const other = line.slice(0, at) + String.fromCharCode(code) + line.slice(at + 1)
        const got = decode(other)
        if (typeof got !== 'string') expect(encodeLine(got)).toBe(other)
      }),
      { numRuns: RUNS },
    )
  })

  it('is refused or re-encodes to itself, whatever text it is', () => {
    const near = fc.tuple(latin1(520), fc.constantFrom(':', ''), fc.constantFrom('\r\n', '\n', ''))
    fc.assert(
      fc.property(near, ([middle, head, tail]) => {
        const line = head + middle + tail
        const got = decode(line)
        if (typeof got !== 'string') expect(encodeLine(got)).toBe(line)
      }),
      { numRuns: RUNS },
    )
  })

  it('refuses every one of the 256 characters but the sixteen digits', () => {
    const line = encodeLine(new Uint8Array(MIN_PDU))
    const taken = Array.from({ length: 256 }, (_, c) => String.fromCharCode(c)).filter(
      (c) => typeof decode(`${line.slice(0, 9)}${c}${line.slice(10)}`) !== 'string',
    )
    expect(taken.join('')).toBe('0123456789ABCDEF')
  })
})
