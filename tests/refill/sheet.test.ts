// A sheet is what its records say: every order of them, every correction, and whatever else stands in
// the log.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Entries, STEPS, type Step, wrongEntries } from '../../src/refill/sheet/entries.ts'
import { corrections, nextStep, right, sheetsOf, stateOf } from '../../src/refill/sheet/sheet.ts'
import { GOOD, ID, record, sheetTo, sheetWith } from './sheets.ts'

describe('a sheet', () => {
  it('asks for one step after another, to the end', () => {
    for (const [i, step] of STEPS.entries()) {
      const sheet = sheetTo(step)
      expect(nextStep(sheet)).toBe(STEPS[i + 1] ?? null)
      expect(stateOf(sheet)).toBe(step === 'finish' ? 'finished' : 'open')
      for (const other of STEPS.slice(i + 2)) expect(right(sheet, other)).toBe('no')
    }
  })

  it('keeps what was corrected, and shows the newest', () => {
    const typo = { ...GOOD.injected, volume: 2_000_000 }
    const steps = STEPS.map((step) => [step, GOOD[step]] as [Step, Entries])
    const sheet = sheetWith([
      ...steps.map(([step, entries]): [Step, Entries] =>
        step === 'injected' ? [step, typo] : [step, entries],
      ),
      ['injected', GOOD.injected],
    ])
    expect(sheet.steps.injected?.entries.volume).toBe(20_000_000)
    expect(corrections(sheet).map(({ step, entries }) => [step, entries])).toEqual([
      ['injected', typo],
    ])
    expect(sheet.history).toHaveLength(STEPS.length + 1)
  })

  it('lets nobody change whose it is, nor the reading before once drug has been drawn off', () => {
    expect(right(sheetTo('drug'), 'before')).toBe('correction')
    expect(right(sheetTo('aspirated'), 'before')).toBe('no')
    expect(right(sheetTo('after'), 'after')).toBe('correction')
    expect(right(sheetTo('finish'), 'after')).toBe('no')
    expect(right(sheetTo('finish'), 'injected')).toBe('correction')
    for (const step of STEPS) expect(right(sheetTo(step), 'identity')).toBe('no')
  })

  it('that was stopped takes nothing any more', () => {
    const sheet = sheetWith([
      ['identity', GOOD.identity],
      ['abandoned', { reason: 'Patient unwell.' }],
    ])
    expect(stateOf(sheet)).toBe('abandoned')
    expect(nextStep(sheet)).toBeNull()
    for (const step of [...STEPS, 'abandoned'] as Step[]) expect(right(sheet, step)).toBe('no')
  })
})

describe('records that are none of the sheet', () => {
  it('are passed over', () => {
    const good = [record('identity', GOOD.identity, 1), record('before', GOOD.before, 2)]
    const foreign = [
      record('drug', GOOD.drug, 3, { pump: { id: 'y', serial: 'SIM-0011' } }),
      record('drug', { lot: 'x' }, 4),
      record('unheard-of', {}, 5),
      record('identity', { ...GOOD.identity, serial: 'SIM-0011' }, 6),
      record('drug', GOOD.drug, 7, { sheet: 'another' }),
    ]
    expect(sheetsOf([...good, ...foreign])).toEqual(sheetsOf(good))
  })

  it('never make it throw, or change its pump', () => {
    const entries = fc.oneof(
      fc.constantFrom<unknown>(...Object.values(GOOD)),
      fc.dictionary(fc.string({ maxLength: 9 }), fc.jsonValue(), { maxKeys: 4 }),
    )
    const step = fc.oneof(fc.constantFrom<string>(...STEPS, 'abandoned'), fc.string())
    fc.assert(
      fc.property(fc.array(fc.tuple(step, entries), { maxLength: 20 }), (some) => {
        const records = some.map(([name, value], i) => record(name, value, i + 1))
        const sheet = sheetsOf([record('identity', GOOD.identity, 0), ...records]).get(ID)
        expect(sheet?.serial).toBe('SIM-0020')
        for (const written of sheet?.history ?? []) {
          expect(wrongEntries(written.step, written.entries)).toBeNull()
        }
      }),
      { numRuns: 200 },
    )
  })
})

it('says what is wrong with entries', () => {
  expect(wrongEntries('injected', { volume: 1.5 })).toMatch(/^injected: volume: /)
  expect(wrongEntries('inject', {})).toBe('there is no step "inject"')
  // Nobody's name fits in where a patient would be named.
  expect(wrongEntries('identity', { ...GOOD.identity, patientName: 'X' })).toMatch(/^identity: /)
})
