// What stands on every sheet of paper is a text, whatever a pump calls itself.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quoted } from '../../web/view/paper.ts'

it('a text in a style sheet is that text, and ends no string', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '\n', '"} * { display: none', 'SIM-0003'),
  )
  fc.assert(
    fc.property(hostile, (text) => {
      const css = quoted(text)
      expect(css).toMatch(/^"(?:[\w .,:’·-]|\\[0-9a-f]{1,6} )*"$/)
      const back = css
        .slice(1, -1)
        .replace(/\\([0-9a-f]+) /g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
      expect(back).toBe(text)
    }),
  )
})
