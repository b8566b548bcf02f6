// One PDU is one line: README.md §5.1. And the guard that cuts the lines.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PDU, MIN_PDU } from '../../protocol/codec/pdu.ts'
import { decodeLine, encodeLine, LINE_MAX, LineGuard } from '../../protocol/framing/serial-line.ts'

const RUNS = process.env.WANDBRIDGE_LONG === '1' ? 5000 : 400
const pduBytes = fc.uint8Array({ minLength: MIN_PDU, maxLength: MAX_PDU })
const latin1 = (max: number) =>
  fc.array(fc.nat(255), { maxLength: max }).map((codes) => String.fromCharCode(...codes))

describe('a line', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(pduBytes, (bytes) => {
        expect(decodeLine(encodeLine(bytes))).toEqual(bytes)
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
        const got = decodeLine(other)
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
        const got = decodeLine(line)
        if (typeof got !== 'string') expect(encodeLine(got)).toBe(line)
      }),
      { numRuns: RUNS },
    )
  })

  it('refuses every one of the 256 characters but the sixteen digits', () => {
    const line = encodeLine(new Uint8Array(MIN_PDU))
    const taken = Array.from({ length: 256 }, (_, c) => String.fromCharCode(c)).filter(
      (c) => typeof decodeLine(`${line.slice(0, 9)}${c}${line.slice(10)}`) !== 'string',
    )
    expect(taken.join('')).toBe('0123456789ABCDEF')
  })
})

describe('the guard', () => {
  const noisy = fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(0x3a, 0x0a, 0x0d) },
      { weight: 5, arbitrary: fc.nat(255) },
    ),
    { maxLength: 60 },
  )
  /** Runs of one byte make lines over the cap, too. */
  const anyBytes = fc
    .array(
      fc.oneof(
        noisy,
        fc.tuple(fc.nat(255), fc.nat(1200)).map(([b, n]) => Array(n).fill(b)),
      ),
    )
    .map((parts) => Uint8Array.from(parts.flat()))

  function run(bytes: Uint8Array, cuts: readonly number[]) {
    const lines: string[] = []
    const refused: string[] = []
    let total = 0
    const guard = new LineGuard({
      line: (line) => {
        lines.push(Buffer.from(line).toString('latin1'))
        total += line.length
      },
      refused: (reason, part) => {
        refused.push(`${reason} ${part.length}`)
        total += part.length
      },
    })
    for (let at = 0, i = 0; at < bytes.length; i += 1) {
      const n = cuts[i % cuts.length] ?? bytes.length
      guard.push(bytes.subarray(at, at + n))
      at += n
    }
    return { guard, lines, refused, total: () => total }
  }

  it('lets through lines that begin with a colon, end with LF, hold neither inside, and fit', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        for (const line of run(bytes, []).lines) {
          expect(line).toMatch(/^:[^:\n]*\n$/)
          expect(line.length).toBeLessThanOrEqual(LINE_MAX)
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('accounts for every byte, holds little, and nothing after close', () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.integer({ min: 1, max: 300 })), (bytes, cuts) => {
        const { guard, total } = run(bytes, cuts)
        expect(total() + guard.held).toBe(bytes.length)
        expect(guard.held).toBeLessThanOrEqual(LINE_MAX)
        guard.close()
        expect([total(), guard.held]).toEqual([bytes.length, 0])
      }),
      { numRuns: RUNS },
    )
  })

  it('does not care how the bytes are cut', () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.integer({ min: 1, max: 300 })), (bytes, cuts) => {
        const [a, b] = [run(bytes, []), run(bytes, cuts)]
        expect([b.lines, b.refused, b.guard.held]).toEqual([a.lines, a.refused, a.guard.held])
      }),
      { numRuns: RUNS },
    )
  })
})
