// What a tired person types: every mistake is met with a plain sentence, and what is right is read
// exactly.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concentration, measured } from '../../src/refill/sheet/figures.ts'
import {
  dateText,
  folded,
  hasExpired,
  readConcentration,
  readDate,
  readText,
  readVolume,
} from '../../src/refill/sheet/input.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'

const w = wordsOf('en-US')
const volume = (text: string) => readVolume(text, 'Volume aspirated, in mL', w, 'en-US')
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const runs = { numRuns: LONG ? 20_000 : 500 }

describe('a volume', () => {
  it.each([
    ['4.5', 4_500_000],
    ['4,5', 4_500_000],
    [' 4.65 mL ', 4_650_000],
    ['20', 20_000_000],
    ['20ml', 20_000_000],
    ['0', 0],
    ['0,05', 50_000],
    ['5.0', 5_000_000],
  ])('%j is read as it is meant', (text, nL) => {
    expect(volume(text)).toEqual({ ok: true, value: nL })
  })

  it.each([
    ['', 'Volume aspirated, in mL is empty. Type it.'],
    ['   ', 'Volume aspirated, in mL is empty. Type it.'],
    ['1,250', '1,250 is unclear. Type 1.25 or 1250.'],
    ['1.250', '1.250 is unclear. Type 1.25 or 1250.'],
    ['5.000', '5.000 is unclear. Type 5 or 5000.'],
    ['1,255', '1,255 is unclear. Type at most two digits behind the mark, or 1255 without a mark.'],
    ['0.125', '0.125 is finer than this can hold. Type at most two digits behind the mark.'],
    ['4.1234', '4.1234 is finer than this can hold. Type at most two digits behind the mark.'],
    [
      '-4.5',
      '-4.5 is below zero. A volume is never negative: type how much there was, such as 4.5.',
    ],
    [
      '−4.5',
      '−4.5 is below zero. A volume is never negative: type how much there was, such as 4.5.',
    ],
    ['20000 mcL', '20000 mcL is in mcL. This sheet is in mL. 20000 mcL is 20 mL. Type it in mL.'],
    ['4500 µL', '4500 µL is in mcL. This sheet is in mL. 4500 µL is 4.5 mL. Type it in mL.'],
    ['4.500 mcL', '4.500 mcL is in mcL. This sheet is in mL. Type it in mL.'],
    [
      '20000',
      '20000 mL cannot be: no pump holds so much. If it was meant in mcL, it is 20 mL. Type it in mL.',
    ],
    ['4 cc', '4 cc is not in mL. Type the volume in mL.'],
    ['1.234,5', '1.234,5 has more than one comma or point. Type one decimal mark only.'],
    ['.5', '.5 is easily misread. Type 0.5, with a digit on both sides of the mark.'],
    ['5.', '5. is easily misread. Type 5, with a digit on both sides of the mark.'],
    ['05', '05 is unclear. Type 5 or 0.5.'],
    ['05.5', '05.5 is unclear. Type 5.5.'],
    ['00', '00 is unclear. Type 0.'],
    ['four', '“four” is no volume. Type a number in mL, such as 4.5.'],
    ['4 5', '“4 5” is no volume. Type a number in mL, such as 4.5.'],
    ['1e1', '“1e1” is no volume. Type a number in mL, such as 4.5.'],
  ])('%j is asked back', (text, sentence) => {
    expect(volume(text)).toEqual({ ok: false, sentence })
  })

  it('is read back as it is shown', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5_000 }),
        fc.constantFrom('en-US', 'en-GB'),
        (n, locale) => {
          const nL = n * 10_000
          expect(readVolume(measured(nL, locale), 'x', w, locale)).toEqual({ ok: true, value: nL })
          const comma = measured(nL, locale).replace('.', ',')
          expect(readVolume(comma, 'x', w, locale)).toEqual({ ok: true, value: nL })
        },
      ),
      runs,
    )
  })

  it('never takes a text to mean two things, whatever is typed', () => {
    const typed = fc.string({ unit: fc.constantFrom(...'0123456789.,- mLcµ'), maxLength: 9 })
    fc.assert(
      fc.property(fc.oneof(typed, fc.string()), (text) => {
        const read = volume(text)
        if (!read.ok) {
          expect(read.sentence).toMatch(/\.$/)
          return
        }
        expect(read.value).toBeGreaterThanOrEqual(0)
        expect(read.value).toBeLessThanOrEqual(50_000_000)
        // What was taken is one mark, no group of three, and says what was typed.
        const figure = text
          .trim()
          .replace(/\s*m[lL]$/i, '')
          .replace(',', '.')
        expect(figure).toMatch(/^(0|[1-9]\d*)(\.\d{1,2})?$/)
        expect(Number(figure) * 1_000_000).toBeCloseTo(read.value, 3)
      }),
      runs,
    )
  })
})

describe('a concentration', () => {
  const read = (text: string, mass: string) => readConcentration(text, mass, 'Concentration', w)

  it('is kept in the unit of the label', () => {
    expect(read('10', 'mg')).toEqual({
      ok: true,
      value: { concentration: 10_000_000, massUnit: 'mg' },
    })
    expect(read('500 mcg/mL', 'mcg')).toEqual({
      ok: true,
      value: { concentration: 500_000, massUnit: 'mcg' },
    })
    expect(read('0,125', 'mg')).toMatchObject({ value: { concentration: 125_000 } })
  })

  it.each([
    ['10', '', 'Choose the unit that stands on the label: mg is not mcg.'],
    ['500 mcg', 'mg', 'You typed 500 mcg and chose mg. mg is not mcg: look at the label again.'],
    ['1,000', 'mcg', '1,000 is unclear. Type 1 or 1000.'],
    ['0', 'mg', 'A concentration of 0 cannot be. Look at the label again.'],
    ['ten', 'mg', '“ten” is no number. Type it such as 10 or 0.5.'],
    ['', 'mg', 'Concentration is empty. Type it.'],
  ])('%j in %j is asked back', (text, mass, sentence) => {
    expect(read(text, mass)).toEqual({ ok: false, sentence })
  })

  it('is read back as it is shown, and never rescaled', () => {
    const some = fc.integer({ min: 1, max: 40_000 })
    fc.assert(
      fc.property(some, fc.constantFrom('mg', 'mcg'), (n, mass) => {
        const ng = n * (mass === 'mg' ? 10_000 : 10)
        const shown = concentration(ng, mass, 'en-US')
        expect(shown).toMatch(mass === 'mg' ? / mg\/mL$/ : / mcg\/mL$/)
        expect(read(shown, mass)).toEqual({
          ok: true,
          value: { concentration: ng, massUnit: mass },
        })
      }),
      runs,
    )
  })
})

describe('a date on a label', () => {
  it.each([
    ['31-Dec-2027', '2027-12-31'],
    ['2027-12-31', '2027-12-31'],
    ['31 december 2027', '2027-12-31'],
    ['Dec-2027', '2027-12'],
    ['DEC 2027', '2027-12'],
    ['2027-12', '2027-12'],
    ['12/2027', '2027-12'],
    ['31/12/2027', '2027-12-31'],
    ['12/31/2027', '2027-12-31'],
    ['05/05/2027', '2027-05-05'],
    ['29 Feb 2028', '2028-02-29'],
  ])('%j is read', (text, date) => {
    expect(readDate(text, 'Expiry date', w)).toEqual({ ok: true, value: date })
  })

  it.each([
    ['03/04/2027', '03/04/2027 can be read in two ways. Type 03-Apr-2027 or 04-Mar-2027.'],
    [
      '31-Feb-2027',
      '“31-Feb-2027” is no date this sheet can read. Type it such as 31-Dec-2027 or Dec-2027.',
    ],
    [
      'tomorrow',
      '“tomorrow” is no date this sheet can read. Type it such as 31-Dec-2027 or Dec-2027.',
    ],
    ['12/27', '“12/27” is no date this sheet can read. Type it such as 31-Dec-2027 or Dec-2027.'],
    ['', 'Expiry date is empty. Type it.'],
  ])('%j is asked back', (text, sentence) => {
    expect(readDate(text, 'Expiry date', w)).toEqual({ ok: false, sentence })
  })

  it('is read back as it is shown', () => {
    const day = fc.integer({ min: 0, max: 36_000 })
    fc.assert(
      fc.property(day, fc.boolean(), (n, monthOnly) => {
        const iso = new Date(Date.UTC(2000, 0, 1) + n * 86_400_000).toISOString()
        const date = iso.slice(0, monthOnly ? 7 : 10)
        expect(readDate(dateText(date), 'x', w)).toEqual({ ok: true, value: date })
      }),
      runs,
    )
  })

  it('lets a month count to its end', () => {
    expect(hasExpired('2026-11', '2026-11-30')).toBe(false)
    expect(hasExpired('2026-11', '2026-12-01')).toBe(true)
    expect(hasExpired('2026-11-24', '2026-11-24')).toBe(false)
    expect(hasExpired('2026-11-23', '2026-11-24')).toBe(true)
  })
})

it('takes one line of text, and no more than fits', () => {
  expect(readText('  A.\n Nurse\t', 'Name', 80, w)).toEqual({ ok: true, value: 'A. Nurse' })
  expect(readText('x'.repeat(81), 'Name', 80, w)).toEqual({
    ok: false,
    sentence: 'Name is longer than 80 characters.',
  })
})

describe('names', () => {
  const name = (text: string) => readText(text, 'Name', 80, w)

  it.each(['P-77\u202e99-Q', 'A\u200bNurse', 'A\u0007', 'x\u2066y', '\ue000'])(
    'with marks that nobody sees are not taken: %j',
    (text) => expect(name(text)).toEqual({ ok: false, sentence: w.unseen('Name') }),
  )

  it('have one spelling, whatever they were typed with', () => {
    expect(name('Rene\u0301e Du\u00adbois')).toEqual({ ok: true, value: 'Ren\u00e9e Dubois' })
    for (const same of [
      'Rene\u0301e Smith-Jones',
      'REN\u00c9E  Smith\u2010Jones',
      'Ren\u00e9e Smi\u00adth\u2011Jones',
    ]) {
      expect(folded(same)).toBe('ren\u00e9e smith-jones')
    }
  })

  it('never leave a mark that cannot be seen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const read = name(text)
        if (read.ok) expect(read.value).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\u2028\u2029]/u)
      }),
    )
  })
})
