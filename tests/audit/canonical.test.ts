// Canonical JSON: what is written is read, what is read is written the same, and nothing else is.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, type Json, scan } from '../../src/audit/format/canonical.ts'

const numRuns = process.env['WANDBRIDGE_LONG'] === '1' ? 20_000 : 500

const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,6}$/)
const { json } = fc.letrec<{ json: Json; object: { [k: string]: Json } }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary-ascii' }),
    fc.array(tie('json'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('json'), { maxKeys: 6, noNullPrototype: true }),
}))
const object = fc.dictionary(key, json, { maxKeys: 6, noNullPrototype: true })

const reason = (line: string | Uint8Array) => {
  const found = scan(typeof line === 'string' ? Buffer.from(line) : line)
  return 'reason' in found ? found.reason : null
}

describe('canonical', () => {
  it('is read back to the same value, and accepted by the scanner', () => {
    fc.assert(
      fc.property(object, (value) => {
        const line = canonical(value)
        expect(JSON.parse(line)).toEqual(value)
        expect(reason(line)).toBeNull()
      }),
      { numRuns },
    )
  })

  it('accepts a line exactly when writing its value again gives that line', () => {
    const near = fc
      .tuple(
        object,
        fc.nat(),
        fc.constantFrom(...'{}[]",:\\0-1eE+. \tabu/\u007f\u0000'),
        fc.boolean(),
      )
      .map(([value, at, c, insert]) => {
        const line = canonical(value)
        const i = at % (line.length + 1)
        return line.slice(0, i) + c + line.slice(insert ? i : i + 1)
      })
    fc.assert(
      fc.property(near, (line) => {
        const sent = Buffer.from(line).toString() // half characters become U+FFFD
        let again: string | null = null
        try {
          again = canonical(JSON.parse(sent) as Json)
        } catch {
          again = null
        }
        expect(reason(line) === null).toBe(again === sent && line.startsWith('{'))
      }),
      { numRuns: numRuns * 4 },
    )
  })

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        reason(bytes)
      }),
      { numRuns },
    )
  })

  it.each([
    ['{"a":1,"a":1}', 'a name stands twice'],
    ['{"b":1,"a":1}', 'names are not in order'],
    ['{"a":1.5}', 'a comma or the end of the object is missing'],
    ['{"a":1e3}', 'a comma or the end of the object is missing'],
    ['{"a":-0}', 'a number starts with 0'],
    ['{"a":01}', 'a number starts with 0'],
    ['{"a":9007199254740992}', 'a number beyond 2^53 - 1'],
    ['{"a":"\\u0041"}', 'an escape that canonical JSON does not use'],
    ['{"a":"\\/"}', 'an escape that canonical JSON does not use'],
    ['{"a":"\\u000a"}', 'an escape that canonical JSON does not use'],
    ['{"a":"\\ud800"}', 'an escape that canonical JSON does not use'],
    ['{ "a":1}', 'a name is missing'],
    ['{"a":1} ', 'something stands behind the object'],
    ['{"1":1}', 'a name does not start with a letter'],
    ['{"__proto__":1}', 'a name does not start with a letter'],
    ['\ufeff{"a":1}', 'not an object'],
    ['[1]', 'not an object'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested deeper than 32'],
  ])('refuses %s', (line, why) => expect(reason(line)).toBe(why))

  it('refuses bytes that are not UTF-8', () => {
    expect(reason(Buffer.from('{"a":"\xe9"}', 'latin1'))).toBe('not UTF-8')
  })

  it('refuses to write what has no one form', () => {
    const loop: Json[] = []
    loop.push(loop)
    for (const bad of [{ a: 1.5 }, { a: -0 }, { a: 2 ** 53 }, { '1': 1 }, { a: '\ud800' }, loop]) {
      expect(() => canonical(bad as Json)).toThrow(RangeError)
    }
  })
})
