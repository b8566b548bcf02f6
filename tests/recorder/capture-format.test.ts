// The capture format: what is written is read, and what a killed bridge left is read to its last line.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CaptureLine,
  headerText,
  lineText,
  parseCapture,
} from '../../src/recorder/capture-format.ts'

const HEADER = {
  boot: 'boot',
  ports: ['/dev/a', 'tcp://x:1'],
  startedAt: '2026-11-24T14:02:11.000Z',
}
const line: fc.Arbitrary<CaptureLine> = fc.oneof(
  fc.record({
    kind: fc.constant('traffic' as const),
    direction: fc.constantFrom('in' as const, 'out' as const),
    port: fc.nat(1),
    t: fc.nat(),
    bytes: fc.uint8Array({ maxLength: 300 }),
  }),
  fc.record({ kind: fc.constant('lost' as const), bytes: fc.nat(), t: fc.nat() }),
)
const textOf = (lines: readonly CaptureLine[]) => headerText(HEADER) + lines.map(lineText).join('')

describe('a capture', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        expect(parseCapture(textOf(lines))).toEqual({ header: HEADER, lines, rest: 0 })
      }),
    )
  })

  it('cut anywhere behind its header gives every whole line before the cut', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.nat(), (lines, at) => {
        const head = headerText(HEADER).length
        const text = textOf(lines)
        const cut = text.slice(0, head + (at % (text.length - head)))
        const read = parseCapture(cut)
        if (typeof read === 'string') throw new Error(read)
        expect(read.lines).toEqual(lines.slice(0, read.lines.length))
        expect(textOf(read.lines).length + read.rest).toBe(cut.length)
      }),
    )
  })

  it('of another make or with a damaged line is refused, and the line is named', () => {
    expect(parseCapture('')).toMatch(/^line 1/)
    expect(parseCapture('{"format":"pcap"}\n')).toMatch(/^line 1/)
    const good = textOf([{ kind: 'lost', bytes: 1, t: 2 }])
    expect(parseCapture(`${good}{"b":"AA=","d":"in","p":0,"t":1}\n`)).toMatch(/^line 3/)
    expect(parseCapture(`${good}{"b":"AA==","d":"in","p":2,"t":1}\n`)).toMatch(/^line 3/)
  })
})
