// How numbers are shown: no trailing zero, always a leading zero, never rescaled, for any value.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DRUG_FIELDS, FIELDS, type RoledField, type ScalarField } from '../../src/model/fields.ts'
import {
  age,
  dateTime,
  decimal,
  inZone,
  number,
  quantity,
  unitText,
} from '../../src/model/format.ts'
import { conversion } from '../../src/model/units.ts'
import { toValue } from '../../src/model/value.ts'
import { nameOf, PLACES } from './full.ts'

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

describe('a number', () => {
  const quantities = PLACES.flatMap(({ declared }) => (declared.kind === 'uint' ? [declared] : []))
  /** The integer behind a shown figure, in units of the wire; null where it is none. */
  const wireOf = (text: string, per: number): bigint | null =>
    /^[\d.]+$/.test(text) ? (millionths(text) * BigInt(per)) / 1_000_000n : null

  it('of any field, at its extremes too, has every digit, or is rounded as declared, and never becomes 0', () => {
    const one = fc.constantFrom(...quantities).chain((field) => {
      const max = Math.min(field.max, 0xffff_fffe)
      const raw = fc.oneof(
        fc.constantFrom(
          field.min,
          Math.min(1, max),
          Math.min(49_999, max),
          Math.min(50_000, max),
          max,
        ),
        fc.integer({ min: field.min, max }),
      )
      return fc.record({
        field: fc.constant(field),
        raw,
        mass: fc.constantFrom('mg' as const, 'mcg' as const),
      })
    })
    fc.assert(
      fc.property(one, ({ field, raw, mass }) => {
        const converted = conversion(field.unit, mass)
        const { value, unit } = toValue(field, raw, at, mass)
        const text = number(Number(value), unit ?? '', field.digits)
        const per = converted?.per ?? 1
        if (raw !== 0) expect(text).not.toBe('0')
        if (text.startsWith('<')) {
          expect(raw).toBeGreaterThan(0)
          expect(field.digits).not.toBeNull()
          const least = wireOf(text.slice(2), per) ?? 0n
          expect(BigInt(raw) < least).toBe(true)
          return
        }
        expect(text).toMatch(WELL_WRITTEN)
        const shown = wireOf(text, per) ?? -1n
        if (field.digits === null) expect(shown).toBe(BigInt(raw))
        else {
          const off = shown - BigInt(raw)
          const half = BigInt(per) / 10n ** BigInt(field.digits)
          expect(2n * (off < 0n ? -off : off) <= half).toBe(true)
        }
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 100_000 : 3_000 },
    )
  })

  it('is rounded only where the pump reckons it', () => {
    for (const place of PLACES) {
      const { declared } = place
      if (declared.kind !== 'uint' || declared.digits === null) continue
      expect((declared as RoledField).role, nameOf(place)).toBe('reckoned')
    }
  })

  it('that is programmed keeps the digits that were lost before', () => {
    const { dose24h, concentration } = DRUG_FIELDS
    const shown = (field: ScalarField & { kind: 'uint' }, raw: number) => {
      const { value, unit } = toValue(field, raw, at, 'mg')
      return quantity(Number(value), unit ?? '', field.digits)
    }
    expect(shown(dose24h, 300)).toBe('0.0003 mg/day')
    expect(shown(dose24h, 2_400)).toBe('0.0024 mg/day')
    expect(shown(concentration, 1)).toBe('0.000001 mg/mL')
    expect(shown(FIELDS.bolus.volume, 2_500)).toBe('0.0025 mL')
    expect(shown(FIELDS.reservoir.filledVolume, 18_250_000)).toBe('18.25 mL')
    expect(shown(FIELDS.reservoir.reportedVolume, 4_625_000)).toBe('4.6 mL')
    expect(shown(FIELDS.reservoir.reportedVolume, 30_000)).toBe('< 0.1 mL')
    expect(shown(FIELDS.reservoir.reportedVolume, 0)).toBe('0 mL')
  })
})

describe('a unit', () => {
  it('writes mcg or microgram, never the letter that is mistaken for m', () => {
    expect(unitText('ug/mL', 'en-US')).toBe('mcg/mL')
    expect(unitText('ug/d', 'en-GB')).toBe('microgram/day')
    for (const unit of ['ug/mL', 'ug/d', 'mg/mL', 'mL', 'mL/d', '%']) {
      for (const locale of ['en-US', 'en-GB'] as const)
        expect(unitText(unit, locale)).not.toMatch(/[µμ]/)
    }
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
