// A whole refill with real programs: the page in Chromium, from the first reading to the printed sheet,
// with a killed server, a swapped pump and a refill nobody programmed on the way.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { CHROMIUM, NO_CHROMIUM } from './chromium.ts'
import { endAll, MAIN, start } from './programs.ts'
import {
  browse,
  closeBrowsers,
  faults,
  fill,
  kept,
  onPhone,
  press,
  small,
  text,
  widthOf,
} from './refill-hands.ts'
import { type World, worksheet, world } from './refill-world.ts'

const MS = 240_000
const CI = process.env['CI'] === 'true'

afterAll(async () => {
  await closeBrowsers()
  await endAll()
})

const pdftotext = spawnSync('pdftotext', ['-v']).status === 0

const DRUG = {
  name0: 'Morphine',
  concentration0: '10',
  mass0: 'mg',
  lot0: 'B-221',
  expiry0: 'Dec-2099',
  preparer: 'Pharmacy 2',
  checkedBy: 'F. Nurse',
}

/** Every page of the way is some screens of a phone long, and keeps its picture. */
const lengths: Record<string, number> = {}
async function step(page: Page, name: string): Promise<void> {
  lengths[name] = await onPhone(page)
  await kept(page, name)
}

describe('a refill on the page', () => {
  it('goes from the first reading to the printed sheet', { timeout: MS }, async ({ skip }) => {
    skip(!CHROMIUM && !CI, NO_CHROMIUM)
    const here = await world()
    let sheet = await worksheet(here)
    const page = await browse()
    await page.goto(await sheet.link())

    // Whose pump it is.
    expect(await text(page)).toContain('SIMULATOR.')
    await step(page, '1-identity')
    await fill(page, { card: '9999' })
    expect(await text(page)).toContain('does not end in 9999')
    expect(await faults(page)).toEqual([])
    await fill(page, { card: '0020', pseudonym: 'P-77' })
    expect(await text(page)).toContain('This sheet is locked to pump SIM-0020.')
    expect(await text(page)).toContain('SIMULATOR.')
    await step(page, '2-before')
    await press(page)
    expect(await text(page)).toContain('5 mL')
    await step(page, '3-drug')

    // mg against mcg, and an expired lot.
    await fill(page, { ...DRUG, mass0: 'mcg', expiry0: '2020-01' })
    const doubt = await page.locator('.doubts').textContent()
    expect(doubt).toMatch(/EXPIRED: lot B-221 expired Jan-2020/)
    expect(doubt).toMatch(/mg AND mcg/)
    expect(await faults(page)).toEqual([])
    expect(await small(page)).toEqual([])
    await step(page, '3-drug-doubtful')
    await fill(page, DRUG)
    await step(page, '4-aspirated')

    // A reload, and a server that is killed, lose nothing.
    await here.pump.command({ do: 'drain' })
    const id = page.url().split('/').at(-1) ?? ''
    await page.locator('#discardedBy').focus()
    await page.keyboard.type('Half typ')
    await page.reload()
    expect(await page.locator('#discardedBy').inputValue()).toBe('Half typ')
    sheet.program.child.kill('SIGKILL')
    await sheet.program.exit
    sheet = await worksheet(here)
    await page.goto(await sheet.link())
    await page.getByRole('link', { name: /SIM-0020/ }).click()
    expect(page.url()).toBe(`${sheet.url}/sheet/${id}`)
    expect(await text(page)).toContain('Morphine 10 mg/mL')

    // What is typed by somebody tired.
    await fill(page, { volume: '1,250', discardedBy: 'A. Nurse', witnessedBy: 'A. Nurse' })
    expect(await text(page)).toContain('1,250 is unclear. Type 1.25 or 1250.')
    expect(await text(page)).toContain('Two different people are needed here.')
    expect(await page.evaluate('document.activeElement?.id')).toBe('volume')
    await fill(page, { volume: '4,6', witnessedBy: 'B. Nurse' })
    expect(await text(page)).toContain(
      '0.4 mL less came out than expected (4.6 mL aspirated, 5 mL expected).',
    )
    await step(page, '5-injected')
    expect(await text(page)).toContain('102.7 % of what should have left did leave')
    await here.pump.command({ do: 'refill', volume: 20_000_000 })
    await fill(page, { volume: '20' })
    expect(await text(page)).toContain('You may now use the pump’s own programmer.')
    await step(page, '6-program')
    await fill(page, { programmed: 'yes' })
    await step(page, '7-after')

    // Another patient's pump, then the right one, which nobody has told.
    await here.pump.command({ do: 'present', pump: 1 })
    await press(page)
    expect(await page.locator('[role=alert]').textContent()).toMatch(
      /locked to pump SIM-0020.*SIM-0011|before it was handed over/,
    )
    await here.pump.command({ do: 'present', pump: 0 })
    await press(page)
    const untold =
      '5 mL before, 5 mL after. The same, as far as is shown. The pump has not been told of this refill.'
    expect(await page.locator('.loud', { hasText: untold }).count()).toBeGreaterThan(0)
    expect(await faults(page)).toEqual([])
    await fill(page, { operator: 'C. Tech', checker: 'D. Tech' })
    expect(await text(page)).toContain(`Not answered yet: ${untold}`)
    await step(page, '8-finish-refused')

    // Programmed after all, and read again.
    await here.pump.command({ do: 'program', change: { filledVolume: 20_000_000 } })
    await page.goto(`${sheet.url}/sheet/${id}/correct/after`)
    await press(page)
    expect(await text(page)).toContain(
      '5 mL before, 20 mL after. Changed. The pump reports a refill',
    )
    await step(page, '8-finish')
    // The pump's clock is 60 days ahead, which nobody may sign without a word.
    await fill(page, { 'answer-after.clock': 'ok', operator: 'C. Tech', checker: 'D. Tech' })
    expect(await text(page)).toContain('“ok” says neither')
    const answer = 'The clock is set at the next visit, told to Dr. E.'
    await fill(page, { 'answer-after.clock': answer, checker: 'D. Tech' })
    expect(await text(page)).toContain('Slip for the patient')
    expect(await text(page)).toMatch(/Finished at .* Nothing on it is open\./)
    expect(await text(page)).toContain(`Done about it: ${answer}`)
    expect(await faults(page)).toEqual([])
    expect(await small(page)).toEqual([])
    await step(page, '9-finished')
    await page.getByRole('link', { name: 'Pump readings' }).click()
    expect(await text(page)).toContain('No page of readings can be opened from here.')
    await page.goto(`${sheet.url}/sheet/${id}`)
    expect(Math.max(...Object.values(lengths)), JSON.stringify(lengths)).toBeLessThanOrEqual(5)
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await widthOf(page)).toBeLessThanOrEqual(360)
    await page.setViewportSize({ width: 1920, height: 1080 })

    await paper(page, here, id)
    await slip(page)
    await verified(here, id)
    expect(here.bridge.child.exitCode).toBeNull()
  })
})

/** The printed sheet, in both sizes, with the serial number on every page. */
async function paper(page: Page, { state, config }: World, id: string): Promise<void> {
  await page.getByRole('link', { name: 'Sheet for printing' }).click()
  await page.emulateMedia({ media: 'print' })
  expect(await faults(page)).toEqual([])
  expect(await text(page)).toContain('North Clinic')
  for (const format of ['A4', 'Letter']) {
    const path = join(state, `${format}.pdf`)
    await page.pdf({ path, format })
    onPaper(path)
  }
  const made = join(state, 'made.pdf')
  execFileSync(process.execPath, [
    ...[MAIN, 'refill', 'print', id, '--state-dir', state, '--config', config],
    ...['--pdf', made, '--paper', 'Letter'],
  ])
  onPaper(made)
  await page.emulateMedia({ media: null })
  await page.getByRole('link', { name: 'Back to the sheet' }).click()
}

function onPaper(path: string): void {
  const pages = readFileSync(path, 'latin1').match(/\/Type\s*\/Page\b/g) ?? []
  expect(pages.length).toBeGreaterThanOrEqual(2)
  if (!pdftotext && !CI) return
  const all = execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' })
  const each = all.split('\f').slice(0, -1)
  expect(each).toHaveLength(pages.length)
  for (const one of each) {
    expect(one).toContain('SIM-0020')
    expect(one).toContain('SIMULATOR.')
  }
  for (const figure of ['4.6 mL', '20 mL', 'B-221', 'P-77', 'A. Nurse', 'D. Tech', 'signature']) {
    expect(all).toContain(figure)
  }
}

async function slip(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Slip for the patient' }).click()
  const words = await text(page)
  expect(words).toMatch(/\d\d-\w{3}-20\d\d/)
  expect(words).toContain('555-0100')
  expect(words).toContain('SIM-20')
  expect(words).toContain('The pump’s own clock is wrong, so its date is not used.')
  expect(words).toContain('2.5 mg/day')
  expect(words).not.toMatch(/SIM-0020|P-77|wandbridge\//)
  expect(await faults(page)).toEqual([])
}

/** What is printed stands in the log; what was changed on paper does not. */
async function verified({ state, config }: World, id: string): Promise<void> {
  const kept = join(state, 'kept.html')
  const files = ['--state-dir', state]
  const made = start(['refill', 'print', id, '--out', kept, '--config', config, ...files])
  expect(await made.exit).toBe(0)
  const good = start(['audit', 'verify', '--sheet', kept, ...files])
  expect(await good.exit).toBe(0)
  expect(good.out()).toContain('The log still contains its checkpoint.')
  expect(good.out()).toContain('byte for byte')
  const exported = start(['refill', 'export', id, '--text', '--config', config, ...files])
  expect(await exported.exit).toBe(0)
  expect(exported.out()).toContain('0.4 mL less came out than expected')
  expect(exported.out()).toContain('Done about it: The clock is set at the next visit')
  const data = join(state, 'sheet.json')
  const json = ['refill', 'export', id, '--json', '--out', data, '--config', config, ...files]
  expect(await start(json).exit).toBe(0)
  const checked = start(['audit', 'verify', '--sheet', data, ...files])
  expect(await checked.exit, checked.err()).toBe(0)
  const changed = join(state, 'changed.html')
  writeFileSync(changed, readFileSync(kept, 'utf8').replace('4.6 mL', '4.8 mL'))
  const bad = start(['audit', 'verify', '--sheet', changed, ...files])
  expect(await bad.exit).toBe(1)
  expect(bad.err()).toContain('4.8 mL')
  const shown = start(['audit', 'show', '--kind', 'worksheet', '--json', ...files])
  expect(await shown.exit).toBe(0)
  const corrected = shown.json().filter((record) => 'refs' in record)
  expect(corrected).toHaveLength(1)
  expect(corrected[0]).toMatchObject({ action: 'U', patient: 'P-77', body: { step: 'after' } })
}
