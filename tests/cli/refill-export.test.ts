// A sheet as rows and as text: nothing that was written is lost, every figure has its unit, and what was
// found stands with what was answered.
import { expect, it } from 'vitest'
import { sheetCsv, sheetText } from '../../src/cli/refill/export.ts'
import { STEPS } from '../../src/refill/sheet/entries.ts'
import { toAnswer } from '../../src/refill/sheet/findings.ts'
import type { Sheet } from '../../src/refill/sheet/sheet.ts'
import { sheetFile } from '../../src/refill/sheet/sheet-file.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { afterReading, CLINIC, GOOD, sheetTo, sheetWith } from '../refill/sheets.ts'

const w = wordsOf('en-US')
const pin = { version: '0.1.0', checkpoint: null, key: null }
const textOf = (sheet: Sheet) =>
  sheetText(sheetFile(sheet, { locale: CLINIC.locale, zone: CLINIC.zone }, pin), sheet)

/** Rows by the names of their columns; no cell of these sheets holds a comma. */
function rowsOf(csv: string): Record<string, string>[] {
  const [heads = [], ...rows] = csv
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','))
  return rows.map((cells) => Object.fromEntries(heads.map((head, i) => [head, cells[i] ?? ''])))
}

it('a row for each time a step was written, units in the names of the columns', () => {
  const sheet = sheetWith([
    ...STEPS.map((step) => [step, GOOD[step]] as const),
    ['aspirated', { ...GOOD.aspirated, volume: 4_650_000 }],
  ])
  const rows = rowsOf(sheetCsv(sheet))
  expect(rows.map(({ step }) => step)).toEqual([...STEPS, 'aspirated'])
  const [identity, before, drug, aspirated, injected, , after, finish, corrected] = rows
  expect(identity).toMatchObject({ pump: 'SIM-0020', source: 'simulator', pseudonym: 'P-77' })
  expect(before).toMatchObject({
    reservoir_reported_volume_mL: '5',
    infusion_rate_mL_per_day: '0.25',
    drug_1_dose24h_mg_per_day: '2.5',
  })
  expect(drug).toMatchObject({
    label_1_name: 'Morphine',
    label_1_concentration_mg_per_mL: '10',
    label_1_concentration_mcg_per_mL: '',
    label_1_lot: 'B-221',
    syringe_checked_by: 'F. Nurse',
  })
  expect(aspirated).toMatchObject({ aspirated_mL: '4.6', corrected_later: 'true' })
  expect(corrected).toMatchObject({ aspirated_mL: '4.65', corrected_later: 'false' })
  expect(injected).toMatchObject({ injected_mL: '20' })
  expect(after).toMatchObject({ reservoir_reported_volume_mL: '20' })
  expect(finish).toMatchObject({ operator: 'C. Tech', checker: 'D. Tech' })
})

it('the text has every finding with its answer, and the mark of what is no device', () => {
  const over = { after: afterReading({ filledAt: '2026-09-25T14:00:00' }) }
  const open = toAnswer(sheetTo('after', over), CLINIC, w)
  expect(open.length).toBeGreaterThan(0)
  const answers = open.map(({ id }, i) => ({ about: id, text: `Told to Dr. E., ${i}.` }))
  const text = textOf(sheetTo('finish', { ...over, finish: { ...GOOD.finish, answers } }))
  expect(text).toContain('SIMULATOR.')
  expect(text).toContain('  Aspirated: 4.6 mL\n')
  for (const [i, one] of open.entries()) {
    expect(text).toContain(`  ! ${one.text}\n      ${w.remarkBy(`Told to Dr. E., ${i}.`)}\n`)
  }
})
