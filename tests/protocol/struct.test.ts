// Fields and bytes: README.md §3.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emit, parse } from '../../protocol/codec/struct.ts'
import {
  codeName,
  judge,
  type Struct,
  struct,
  text,
  u8,
  u16,
  u32,
} from '../../protocol/fields/field.ts'
import { STRUCTS, structValue } from './arbitrary.ts'

const RUNS = process.env.WANDBRIDGE_LONG === '1' ? 2000 : 60
const put = (declared: Struct, value: unknown) => emit(declared, value as never)

describe.each(STRUCTS.map((s) => [s.name, s] as const))('%s', (_, declared) => {
  it('comes out as it went in, out of range or not', () => {
    fc.assert(
      fc.property(structValue(declared), (value) => {
        expect(parse(declared, put(declared, value))).toEqual(value)
      }),
      { numRuns: RUNS },
    )
  })

  it('takes any bytes without throwing, and only bytes that are long enough', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: declared.size + 40 }), (bytes) => {
        const value = parse(declared, bytes)
        if (bytes.length < declared.size) expect(value).toBeNull()
      }),
      { numRuns: RUNS },
    )
  })

  it('loses nothing of its fixed part: the same bytes come back', () => {
    if (Object.values(declared.fields).some((f) => f.kind === 'list')) return
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: declared.size, maxLength: declared.size }),
        (bytes) => {
          expect(put(declared, parse(declared, bytes))).toEqual(bytes)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('ignores what a newer minor has put behind it', () => {
    if (Object.values(declared.fields).some((f) => f.kind === 'rest')) return
    fc.assert(
      fc.property(structValue(declared), fc.uint8Array({ maxLength: 20 }), (value, more) => {
        const bytes = Uint8Array.from([...put(declared, value), ...more])
        expect(parse(declared, bytes)).toEqual(value)
      }),
      { numRuns: RUNS },
    )
  })

  it('reads a view into a larger buffer as it reads a buffer of its own', () => {
    fc.assert(
      fc.property(structValue(declared), fc.nat(7), (value, shift) => {
        const bytes = put(declared, value)
        const large = new Uint8Array(bytes.length + 16).fill(0x5a)
        large.set(bytes, shift)
        expect(parse(declared, large.subarray(shift, shift + bytes.length))).toEqual(value)
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    )
  })
})

describe('judging a value', () => {
  const level = u16('A level.', { min: 10, max: 500 })

  it('believes what is in range, edges included, and nothing else', () => {
    expect([9, 10, 500, 501].map((raw) => judge(level, raw))).toEqual([
      'invalid',
      'ok',
      'ok',
      'invalid',
    ])
  })

  it('says unavailable for all-ones and for a text of NUL only, never 0 or an empty text', () => {
    const s = struct('s', 'For this test.', {
      a: level,
      b: u32('Full.', { max: 0xffffffff }),
      c: text(3, /^[A-Z]+$/, 'Text.'),
    })
    const value = parse(s, Uint8Array.of(255, 255, 255, 255, 255, 255, 0, 0, 0))
    expect(value).toEqual({ a: null, b: 0xffffffff, c: null })
    expect(judge(level, null)).toBe('unavailable')
    expect(judge(s.fields.b, 0xffffffff)).toBe('ok')
  })

  it('keeps one bad field from hiding its neighbours', () => {
    const s = struct('s', 'For this test.', { a: level, b: level })
    expect(parse(s, Uint8Array.of(0xfe, 0xff, 20, 0))).toEqual({ a: 0xfffe, b: 20 })
  })

  it('shows a code without a name', () => {
    const field = { kind: 'code', size: 1, names: { 1: 'one' }, doc: '' } as const
    expect([judge(field, 7), codeName(field, 7), codeName(field, 1)]).toEqual([
      'ok',
      'unknown(7)',
      'one',
    ])
  })
})

describe('a value that its field cannot hold', () => {
  const s = struct('s', 'For this test.', {
    a: u8('A number.'),
    b: text(2, /^[a-z]+$/, 'Text.'),
    c: u32('Full.', { max: 0xffffffff }),
  })
  it.each([
    ['too great', { a: 256, b: null, c: 0 }],
    ['negative', { a: -1, b: null, c: 0 }],
    ['a fraction', { a: 1.5, b: null, c: 0 }],
    ['no number', { a: Number.NaN, b: null, c: 0 }],
    ['a text too long', { a: 1, b: 'abc', c: 0 }],
    ['a text that is not Latin-1', { a: 1, b: '\u0416', c: 0 }],
    ['unavailable where there is no such pattern', { a: 1, b: null, c: null }],
  ])('is refused: %s', (_, value) => {
    expect(() => put(s as unknown as Struct, value)).toThrow(RangeError)
  })
})
