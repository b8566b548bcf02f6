// Text from outside on one line: nothing of it acts, and nothing of it hides.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, printableJson } from '../../src/model/printable.ts'

describe('text from outside', () => {
  it.each([
    ['plain: 4.5 mL, Zürich, 図', 'plain: 4.5 mL, Zürich, 図'],
    ['\u001b[2J\u001b]0;title\u0007', '\\u{1b}[2J\\u{1b}]0;title\\u{7}'],
    ['two\r\nlines', 'two\\u{d}\\u{a}lines'],
    ['\u009b31m', '\\u{9b}31m'],
    ['refill\u202e054', 'refill\\u{202e}054'],
    ['a\u200bb\ufeff\u2066\u2028', 'a\\u{200b}b\\u{feff}\\u{2066}\\u{2028}'],
    ['half \ud800', 'half \\u{d800}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['written \\u{1b}', 'written \\u{5c}u{1b}'],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('is one line without control characters, and different texts stay different', () => {
    const back = (shown: string) =>
      shown.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(back(printable(text))).toBe(text)
        const json = JSON.stringify({ text })
        expect(printableJson(json)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
        expect(JSON.parse(printableJson(json))).toEqual({ text })
      }),
    )
  })
})
