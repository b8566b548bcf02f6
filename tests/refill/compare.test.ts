// What stands beside each other on a sheet: the worked examples exactly, plain differences that a
// calculator gives too, a verdict only where the clinic has set one, and nothing that is kept quiet.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asShown, ratioTenths } from '../../src/model/residual.ts'
import { integer } from '../../src/model/units.ts'
import { type Clinic, labelDoubts, residual, rows, toldOf } from '../../src/refill/sheet/compare.ts'
import type { Labelled, Reading } from '../../src/refill/sheet/entries.ts'
import { measured, percent, reported } from '../../src/refill/sheet/figures.ts'
import { findings } from '../../src/refill/sheet/findings.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { afterReading, CLINIC, GOOD, reading, sheetTo } from './sheets.ts'

const w = wordsOf('en-US')
const texts = (says: readonly { text: string }[]) => says.map(({ text }) => text)
const STRICT: Clinic = { ...CLINIC, tolerance: 14.5, source: 'Pharmacy rule 7' }
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const runs = { numRuns: LONG ? 20_000 : 500 }

describe('the worked example: 20 mL, 0.25 mL/day, 60 days', () => {
  const fill = 20_000_000
  const expected = fill - 60 * 250_000

  it.each([
    [25, 4_625_000, '4.6 mL'],
    [145, 2_825_000, '2.8 mL'],
    [-145, 7_175_000, '7.2 mL'],
    [0, 5_000_000, '5 mL'],
  ])('at %i thousandths more, %i nL are there and %s are shown', (more, actual, shown) => {
    expect(expected).toBe(5_000_000)
    expect(fill - (60 * 250_000 * (1_000 + more)) / 1_000).toBe(actual)
    expect(reported(actual, 'en-US')).toBe(shown)
    expect(percent(ratioTenths(fill, expected, actual) ?? 0)).toBe(`${(1_000 + more) / 10} %`)
  })

  it('says the difference with both figures, and no verdict by itself', () => {
    expect(texts(residual(reading(), 4_600_000, CLINIC, w))).toEqual([
      '0.4 mL less came out than expected (4.6 mL aspirated, 5 mL expected).',
      '102.7 % of what should have left did leave: (20 mL − 4.6 mL) / (20 mL − 5 mL).',
    ])
    expect(texts(residual(reading({ reportedVolume: 4_625_000 }), 5_000_000, CLINIC, w))[0]).toBe(
      '0.4 mL more came out than expected (5 mL aspirated, 4.6 mL expected).',
    )
    expect(texts(residual(reading(), 5_000_000, CLINIC, w))[0]).toBe(
      'As much came out as expected (5 mL).',
    )
  })
})

describe('a ratio', () => {
  it('is given with the tolerance of the clinic and where that comes from', () => {
    expect(residual(reading(), 4_600_000, STRICT, w)).toEqual([
      {
        text: '0.4 mL less came out than expected (4.6 mL aspirated, 5 mL expected).',
        matters: false,
        bars: { expected: 5_000_000, aspirated: 4_600_000, full: 20_000_000 },
      },
      {
        text: '102.7 % of what should have left did leave: (20 mL − 4.6 mL) / (20 mL − 5 mL).',
        matters: false,
      },
      {
        text: 'That is within the tolerance of this clinic, 100 % ± 14.5 % (Pharmacy rule 7).',
        matters: false,
      },
    ])
    expect(residual(reading(), 2_800_000, STRICT, w).at(-1)).toEqual({
      text: 'That is OUTSIDE the tolerance of this clinic, 100 % ± 14.5 % (Pharmacy rule 7).',
      matters: true,
    })
    expect(residual(reading(), 2_830_000, STRICT, w).at(-1)?.matters).toBe(false)
  })

  it.each([
    ['no last fill', STRICT, { filledVolume: null }, w.noRatio.fill],
    [
      'a programme change between',
      STRICT,
      { programmedAt: '2026-10-01T09:00:00' },
      w.noRatio.programme,
    ],
    ['nothing that should have left', STRICT, { reportedVolume: 20_000_000 }, w.noRatio.volume],
  ])('is not given with %s', (_what, clinic, over, says) => {
    const all = texts(residual(reading(over), 4_600_000, clinic as Clinic, w))
    expect(all.some((text) => text.includes(' % '))).toBe(false)
    expect(all[1]).toBe(says)
  })

  it.each([
    ['no tolerance', CLINIC],
    ['a tolerance nobody vouches for', { ...CLINIC, tolerance: 10 }],
  ])('stands without a verdict where there is %s', (_what, clinic) => {
    const all = texts(residual(reading(), 2_000_000, clinic, w))
    expect(all).toHaveLength(2)
    expect(all.join(' ')).not.toMatch(/tolerance/)
  })
})

describe('the pump and the refill', () => {
  it('says as loudly what did not change', () => {
    const before = reading({ reportedVolume: 4_600_000 })
    const same = reading({ position: 20, reportedVolume: 4_600_000 })
    expect(toldOf(before, same, 20_000_000, CLINIC, w)).toEqual([
      {
        text: '4.6 mL before, 4.6 mL after. Not changed. The pump has not been told of this refill.',
        matters: true,
      },
    ])
  })

  it('says it, too, when the volume moved and no refill was programmed', () => {
    const moved = reading({ position: 20, reportedVolume: 4_900_000 })
    expect(texts(toldOf(reading(), moved, 20_000_000, CLINIC, w))).toEqual([
      '5 mL before, 4.9 mL after. Changed. The pump has not been told of this refill.',
    ])
  })

  it('compares what is in the pump with what was injected', () => {
    expect(texts(toldOf(reading(), afterReading(), 18_500_000, CLINIC, w))).toEqual([
      '5 mL before, 20 mL after. Changed. The pump reports a refill programmed at 24-Nov-2026 14:45, by its clock.',
      'The pump reports 1.5 mL more than was injected (20 mL reported, 18.5 mL injected).',
    ])
    const fine = afterReading({ reportedVolume: 18_250_000 })
    expect(toldOf(reading(), fine, 18_250_000, CLINIC, w).at(-1)).toEqual({
      text: 'The pump reports what was injected (18.3 mL reported, 18.25 mL injected).',
      matters: false,
    })
  })

  it('says what was programmed otherwise between the readings, and beside the label', () => {
    const after = afterReading({
      drugs: [{ name: 'Morphine', massUnit: 'mg', concentration: 20_000_000 }],
    })
    const all = findings(sheetTo('after', { after }), CLINIC, w)
    expect(texts(all.filter(({ matters }) => matters))).toEqual([
      'Program changed. Drug 1, concentration: 10 mg/mL before, 20 mg/mL after. Write down whether that is as ordered.',
      'Drug 1: the pump is programmed with Morphine 20 mg/mL now, the label said Morphine 10 mg/mL.',
    ])
  })

  it('does not say that what moved below the digits that are shown did not change', () => {
    const moved = reading({ position: 20, reportedVolume: 4_997_000 })
    expect(texts(toldOf(reading(), moved, undefined, CLINIC, w))).toEqual([
      '5 mL before, 5 mL after. The same, as far as is shown. The pump has not been told of this refill.',
    ])
  })

  it('puts every line of both readings side by side', () => {
    const all = rows(reading(), afterReading(), CLINIC)
    expect(all.filter(({ change }) => change === 'changed').map(({ id }) => id)).toEqual([
      'status.programmedAt',
      'reservoir.reportedVolume',
      'reservoir.lowAlarmDate',
      'reservoir.filledAt',
    ])
    expect(all.find(({ id }) => id === 'infusion.rate')).toMatchObject({
      before: '0.25 mL/day',
      after: '0.25 mL/day',
      change: 'same',
    })
    const silent = rows(reading({ reportedVolume: null }), afterReading(), CLINIC)
    expect(silent.find(({ id }) => id === 'reservoir.reportedVolume')).toMatchObject({
      before: 'not available',
      after: '20 mL',
      change: 'unknown',
    })
  })

  it('has a row for a lockout that was typed in hours instead of minutes', () => {
    const [before, after] = [480, 8].map((lockout) => {
      const one = reading()
      return { ...one, blocks: { ...one.blocks, bolus: { ...one.blocks.bolus, lockout } } }
    }) as [Reading, Reading]
    const changed = rows(before, after, CLINIC).filter(({ change }) => change === 'changed')
    expect(changed).toMatchObject([
      { what: 'Patient bolus, lockout', before: '480 min', after: '8 min' },
    ])
  })
})

describe('the syringe beside the pump', () => {
  const label = (over: Partial<Labelled> = {}): Labelled => ({
    name: 'Morphine',
    massUnit: 'mg',
    concentration: 10_000_000,
    lot: 'B-221',
    expiry: '2027-12',
    ...over,
  })
  const doubts = (drugs: Labelled[]) => labelDoubts(reading(), drugs, '2026-11-24', CLINIC, w)

  it('says nothing where they agree', () => {
    expect(doubts([label()])).toEqual([])
    expect(doubts([label({ name: ' morphine ' })])).toEqual([])
  })

  it('says mg against mcg and an expired lot above all', () => {
    const all = doubts([label({ massUnit: 'mcg', concentration: 10_000, expiry: '2026-10-31' })])
    expect(all).toEqual([
      'EXPIRED: lot B-221 expired 31-Oct-2026. Settle this before anything is injected.',
      'mg AND mcg: the pump is programmed with Morphine 10 mg/mL, the label says Morphine 10 mcg/mL. Settle this before anything is injected.',
    ])
    expect(doubts([label({ massUnit: 'mcg', concentration: 10_000_000 })])[0]).toContain(
      '10000 mcg/mL',
    )
  })

  it('says another concentration, another drug, and another number of drugs', () => {
    expect(doubts([label({ concentration: 20_000_000 })])).toEqual([
      'The concentration differs: the pump is programmed with Morphine 10 mg/mL, the label says Morphine 20 mg/mL.',
    ])
    expect(doubts([label({ name: 'Hydromorphone' })])).toEqual([
      'The drug differs: the pump is programmed with Morphine, the label says Hydromorphone.',
    ])
    expect(doubts([label(), label({ name: 'Bupivacaine' })])).toEqual([
      'The pump does not say what it is programmed with, so Bupivacaine 10 mg/mL could not be compared.',
      'The pump is programmed with 1 drugs, the label names 2.',
    ])
  })
})

describe('arithmetic on a sheet', () => {
  /** Of a text such as `4.65 mL`, in hundredths: what somebody types into a calculator. */
  const hundredths = (text: string) => integer(text.replace(/ mL$/, ''), 2)

  it('gives what a calculator gives with the figures that are shown', () => {
    // Below that the figure shown is no number: less than the least that is shown.
    const volume = fc.integer({ min: 50_000, max: 40_000_000 })
    const typed = fc.integer({ min: 0, max: 4_000 }).map((n) => n * 10_000)
    fc.assert(
      fc.property(volume, typed, (reportedVolume, aspirated) => {
        const [says] = texts(residual(reading({ reportedVolume }), aspirated, CLINIC, w))
        const found =
          /^(\S+ mL) (more|less) came out than expected \((\S+ mL) aspirated, (\S+ mL) expected\)\.$/.exec(
            says ?? '',
          )
        if (!found) {
          expect(says).toBe(`As much came out as expected (${measured(aspirated, 'en-US')}).`)
          expect(asShown(reportedVolume)).toBe(aspirated)
          return
        }
        const [, difference = '', direction, out = '', due = ''] = found
        const sign = direction === 'more' ? 1 : -1
        expect(hundredths(out) - hundredths(due)).toBe(sign * hundredths(difference))
        // The expected figure is the one that every other surface shows.
        expect(due).toBe(reported(reportedVolume, 'en-US'))
      }),
      runs,
    )
  })

  it('gives the ratio of the figures that are shown', () => {
    const volume = fc.integer({ min: 0, max: 400 }).map((n) => n * 100_000)
    fc.assert(
      fc.property(volume, volume, volume, (filledVolume, reportedVolume, aspirated) => {
        const before = reading({ filledVolume, reportedVolume })
        const says = texts(residual(before, aspirated, STRICT, w))[1] ?? ''
        const found =
          /^(\S+) % of what should have left did leave: \((\S+) mL − (\S+) mL\) \/ \((\S+) mL − (\S+) mL\)\.$/.exec(
            says,
          )
        if (filledVolume <= reportedVolume) return void expect(says).toBe(w.noRatio.volume)
        const [shown, f, a, f2, e] = (found ?? []).slice(1).map(Number) as [number, ...number[]]
        expect(f).toBe(f2)
        const exact = (100 * ((f ?? 0) - (a ?? 0))) / ((f ?? 0) - (e ?? 0))
        expect(Math.abs(shown - exact)).toBeLessThanOrEqual(0.05 + 1e-9)
      }),
      runs,
    )
  })
})

it('keeps what was done about a doubt beside it', () => {
  const drugs = GOOD.drug.drugs.map((one) => ({ ...one, expiry: '2026-10-31' }))
  const drug = { ...GOOD.drug, drugs, remark: 'Released by the pharmacist.' }
  const [first] = findings(sheetTo('drug', { drug }), CLINIC, w)
  expect(first).toMatchObject({ matters: true, remark: 'Released by the pharmacist.' })
  expect(findings(sheetTo('finish'), CLINIC, w).filter(({ matters }) => matters)).toEqual([])
})
