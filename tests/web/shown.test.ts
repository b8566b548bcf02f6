// What the page shows is what every other surface shows, by the one formatter: no trailing zero, a
// leading zero always, never another unit than the programmed one, for any value.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLOCKS } from '../../protocol/fields/blocks.ts'
import type { Field, ScalarField } from '../../protocol/fields/field.ts'
import { renderPump } from '../../src/cli/render.ts'
import { unitText } from '../../src/model/format.ts'
import { mapValues } from '../../src/model/map-values.ts'
import type { Code } from '../../src/model/statement.ts'
import { conversion } from '../../src/model/units.ts'
import { toValue, type Value } from '../../src/model/value.ts'
import { readerOf, shown } from '../../src/words/reader.ts'
import { WORDS } from '../../src/words/words.ts'
import { sample } from '../http/world.ts'
import { sampleArgs } from '../words/said.ts'

const AT = { deviceTime: null, receivedAt: '2026-11-24T14:02:12.345Z' }
const READERS = ['en-US', 'en-GB'].map((locale) => readerOf(locale, 'Europe/London'))

/** Every number the protocol declares, lists and what is in them included. */
function numbersOf(fields: Readonly<Record<string, Field>>): (ScalarField & { kind: 'uint' })[] {
  return Object.values(fields).flatMap((field) => {
    if (field.kind === 'list') return numbersOf(field.item.fields)
    return field.kind === 'uint' ? [field] : []
  })
}
const NUMBERS = Object.values(BLOCKS).flatMap(({ struct }) => numbersOf(struct.fields))

describe('a number on the page', () => {
  it('has no trailing zero, a leading zero, and the unit it was programmed in', () => {
    expect(NUMBERS.length).toBeGreaterThan(30)
    const any = fc.record({
      field: fc.constantFrom(...NUMBERS),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      mass: fc.constantFrom('mg' as const, 'mcg' as const),
      reader: fc.constantFrom(...READERS),
    })
    fc.assert(
      fc.property(any, ({ field, part, mass, reader }) => {
        const raw = Math.floor(part * Math.min(field.max, 0xffff_fffe))
        const text = shown(reader, field, toValue(field, raw, AT, mass))
        const unit = unitText(conversion(field.unit, mass)?.unit ?? '', reader.locale)
        const [digits = '', ...rest] = text.replace('< ', '').split(' ')
        expect(digits).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/)
        expect(rest.join(' ')).toBe(unit)
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 100_000 : 2_000 },
    )
  })

  it('that is missing or wrong is said, never left out and never zeroed', () => {
    const [field] = NUMBERS
    if (!field) throw new Error('the protocol declares no number')
    for (const reader of READERS) {
      const missing: Value = { value: null, unit: 'mL', ...AT, quality: 'unavailable' }
      expect(shown(reader, field, missing)).toBe('not available')
      expect(shown(reader, field, { ...missing, quality: 'invalid', raw: 99 })).toBe(
        'not valid (raw 99)',
      )
    }
  })

  it('is the terminal’s, digit for digit', async () => {
    const { pump } = await sample()
    const reader = readerOf('en-US', 'UTC')
    const terminal = renderPump(pump, reader).join(' ').replace(/\s+/g, ' ')
    const { reservoir: r, infusion: i } = BLOCKS
    for (const [field, value] of [
      [r.struct.fields.reportedVolume, pump.reservoir.reportedVolume],
      [r.struct.fields.capacity, pump.reservoir.capacity],
      [r.struct.fields.lowAlarmVolume, pump.reservoir.lowAlarmVolume],
      [i.struct.fields.rate, pump.infusion.rate],
      [i.struct.fields.volume24h, pump.infusion.volume24h],
    ] as const) {
      expect(terminal).toContain(shown(reader, field, value))
    }
  })
})

describe('the page', () => {
  it('takes language and zone from the clinic, and is US English in UTC where it knows neither', () => {
    expect(readerOf('en-GB', 'Europe/London')).toMatchObject({
      locale: 'en-GB',
      zone: 'Europe/London',
    })
    expect(readerOf('xx', 'Nowhere/Else')).toMatchObject({ locale: 'en-US', zone: 'UTC' })
  })

  it('keeps a value where it is, whatever its quality', async () => {
    const { pump } = await sample()
    const reader = readerOf('en-US', 'UTC')
    const { reportedVolume } = BLOCKS.reservoir.struct.fields
    const stale = mapValues(pump.reservoir, (value) => ({ ...value, quality: 'stale' as const }))
    expect(shown(reader, reportedVolume, stale.reportedVolume)).toBe(
      shown(reader, reportedVolume, pump.reservoir.reportedVolume),
    )
  })
})

describe('the catalogue', () => {
  /** Every text by its place; functions by what they say of marked arguments. */
  function textsOf(words: object, path = ''): [string, string][] {
    return Object.entries(words).flatMap(([key, value]): [string, string][] => {
      const place = `${path}${key}`
      if (typeof value === 'string') return [[place, value]]
      if (path === 'statements.') return [[place, value(sampleArgs(key as Code))]]
      if (typeof value === 'function') return [[place, String(value(...'abcdefgh'))]]
      return textsOf(value as object, `${place}.`)
    })
  }
  const all = Object.entries(WORDS).map(([locale, words]) => [locale, textsOf(words)] as const)

  it('has the same places in every language', () => {
    const [first, ...others] = all.map(([, texts]) => texts.map(([place]) => place).sort())
    for (const other of others) expect(other).toEqual(first)
  })

  it.each(all)('%s names no µg, no number and never that all is well', (_, texts) => {
    for (const [place, text] of texts) {
      expect(`${place}: ${text}`).not.toMatch(/µ|\bOK\b|✓|\bundefined\b/)
    }
  })
})
