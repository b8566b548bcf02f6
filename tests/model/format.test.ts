// How numbers are shown: no trailing zero, always a leading zero, never rescaled, for any value.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import {
  age,
  dateTime,
  decimal,
  inZone,
  quantity,
  unitText,
  valueText,
} from '../../src/model/format.ts'
import { toValue } from '../../src/model/value.ts'

const at = { deviceTime: null, receivedAt: '2026-11-24T14:02:12.345Z' }
const WELL_WRITTEN = /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/

/** A decimal text with at most six digits behind its mark, exactly. */
function millionths(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const n = BigInt(`${whole}${fraction.padEnd(6, '0')}`)
  return text.startsWith('-') ? -n : n
}

describe('decimal', () => {
  it('writes no trailing zero and always a leading one', () => {
    const whole = fc.integer({ min: -(2 ** 40), max: 2 ** 40 })
    fc.assert(
      fc.property(
        whole,
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 6 }),
        (n, s, d) => {
          const text = decimal(n, s, d)
          expect(text).toMatch(WELL_WRITTEN)
          expect(text).not.toBe('-0')
          // Half a unit of the last digit at most, in whole millionths: no fraction is exact enough.
          const off = millionths(text) - BigInt(n) * 10n ** BigInt(6 - s)
          const half = 10n ** BigInt(6 - Math.min(s, d))
          expect(2n * (off < 0n ? -off : off) <= half).toBe(true)
        },
      ),
      { examples: [[-411630696275, 2, 1]] },
    )
  })

  it('rounds half away from zero, in integers', () => {
    expect(decimal(4_650_000, 6, 1)).toBe('4.7')
    expect(decimal(4_649_999, 6, 1)).toBe('4.6')
    expect(decimal(-4_650_000, 6, 1)).toBe('-4.7')
    // 1.005 as a binary fraction is a little less and would round down.
    expect(decimal(1_005, 3, 2)).toBe('1.01')
  })
})

describe('quantity', () => {
  it('shows the figures of the worked example as people read them', () => {
    const shown = [5_000_000, 4_625_000, 2_825_000, 7_175_000].map((nL) =>
      valueText(Reservoir.fields.reportedVolume, toValue(Reservoir.fields.reportedVolume, nL, at)),
    )
    expect(shown).toEqual(['5 mL', '4.6 mL', '2.8 mL', '7.2 mL'])
    expect(quantity(0.25, 'mL/d', 3)).toBe('0.25 mL/day')
    expect(quantity(0.5, 'mL', 3)).toBe('0.5 mL')
  })

  it('writes mcg or microgram, never the letter that is mistaken for m', () => {
    expect(unitText('ug/mL', 'en-US')).toBe('mcg/mL')
    expect(unitText('ug/d', 'en-GB')).toBe('microgram/day')
    for (const unit of ['ug/mL', 'ug/d', 'mg/mL', 'mL', 'mL/d', '%']) {
      for (const locale of ['en-US', 'en-GB'] as const)
        expect(unitText(unit, locale)).not.toMatch(/[µμ]/)
    }
  })
})

describe('valueText', () => {
  it('says what is missing or not valid and never shows it as a number', () => {
    const field = Reservoir.fields.reportedVolume
    expect(valueText(field, toValue(field, null, at))).toBe('not available')
    expect(valueText(field, toValue(field, 60_000_000, at))).toBe('not valid (raw 60000000)')
  })
})

describe('dates and ages', () => {
  it('writes a date that nobody reads the wrong way round', () => {
    expect(dateTime('2026-11-24T14:02:11')).toBe('24-Nov-2026 14:02')
    expect(inZone('2026-07-01T12:00:00.000Z', 'Europe/London')).toBe('2026-07-01T13:00:00')
    expect(inZone('2026-01-01T00:30:00.000Z', 'UTC')).toBe('2026-01-01T00:30:00')
  })

  it('never makes an age younger than it is by more than its unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (ms) => {
        const [n = '', unit = ''] = age(ms).split(' ')
        const per = { s: 1000, min: 60_000, h: 3_600_000, days: 86_400_000 }[unit] ?? Number.NaN
        expect(Number(n) * per).toBeLessThanOrEqual(ms)
        const step = unit === 's' && ms < 10_000 ? 100 : per
        expect(ms - Number(n) * per).toBeLessThan(step + 1e-6)
      }),
    )
  })
})
