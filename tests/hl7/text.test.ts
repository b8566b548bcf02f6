// The text of HL7 v2: escapes that come back, and replies as others write them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escaped, parseAck, unescaped } from '../../src/hl7/text.ts'

const RUNS = process.env['WANDBRIDGE_LONG'] === '1' ? 5_000 : 200

describe('text', () => {
  it('comes back as it was, and never holds a delimiter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escaped(text)).not.toMatch(/[|^&~]|\p{Cc}/u)
        expect(unescaped(escaped(text))).toBe(text)
      }),
      { numRuns: RUNS },
    )
  })

  it('a reply is read with whatever line ends, and what is none is none', () => {
    const ack = { means: 'try-again', code: 'AE', control: 'a|b', text: 'no such patient' }
    for (const end of ['\r', '\n', '\r\n']) {
      const lines = ['MSH|^~\\&|X', 'MSA|AE|a\\F\\b', 'ERR||||||||no such patient']
      expect(parseAck(lines.join(end))).toEqual(ack)
    }
    for (const text of ['', 'MSH', 'MSA|AA|1', 'MSH|^~\\&|X\rPID|1', 'junk']) {
      expect(parseAck(text).means, text).toBeNull()
    }
  })
})
