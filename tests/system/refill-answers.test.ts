// A whole refill in Chromium with mistakes, while the maker's programmer changes every field, leaves the pump
// stopped, and its clock is lost: nothing of that can be signed without an answer in writing to each.
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { CHROMIUM, NO_CHROMIUM } from './chromium.ts'
import { endAll, start } from './programs.ts'
import {
  browse,
  closeBrowsers,
  faults,
  fill,
  pasted,
  press,
  readNow,
  text,
  whole,
} from './refill-hands.ts'
import { CLOCK_LOST, EVERYTHING, MUST_BE_FOUND, PROGRAMMED, STOPPED } from './refill-programmed.ts'
import { type Worksheet, type World, worksheet, world } from './refill-world.ts'

const CI = process.env['CI'] === 'true'
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
// With full counts each of some dozens of answers is left out once.
const MS = LONG ? 1_800_000 : 240_000

afterAll(async () => {
  await closeBrowsers()
  await endAll()
})

const DRUGS = {
  ...{ name0: 'Morphine', concentration0: '10', mass0: 'mg', lot0: 'B-221', expiry0: 'Dec-2099' },
  ...{ name1: 'Clonidine', concentration1: '50', mass1: 'mcg', lot1: 'C-9', expiry1: 'Dec-2099' },
  ...{ preparer: 'Pharmacy 2', checkedBy: 'F. Nurse' },
}
const WHO = { operator: 'C. Tech', checker: 'D. Tech' }

/** Names of the fields that ask for an answer. */
const asked = (page: Page) =>
  page
    .evaluate(`[...document.querySelectorAll('textarea[name^=answer-]')].map((one) => one.name)`)
    .then((names) => names as string[])

const answers = (names: readonly string[], without?: string) =>
  Object.fromEntries(
    names.map((name) => [name, name === without ? '' : `Seen by Dr. E., who wants ${name}.`]),
  )

/** The fields that were not taken. */
const refused = (page: Page) =>
  page.evaluate(`[...document.querySelectorAll('[aria-invalid=true]')].map((one) => one.name)`)

/** Nobody's signature is taken while any one answer is missing, or says nothing. */
async function cannotBeSigned(page: Page): Promise<string[]> {
  const names = await asked(page)
  await fill(page, WHO)
  expect(await refused(page)).toEqual(names)
  expect(await text(page)).toContain('Nothing was written.')
  // In the gate one from the middle; every one of them with full counts.
  const left = LONG ? names : [names[names.length >> 1]]
  for (const one of left) {
    await pasted(page, { ...answers(names, one), ...WHO })
    expect(await refused(page)).toEqual([one])
  }
  await pasted(page, { ...answers(names), [names[0] ?? '']: 'ok', ...WHO })
  expect(await refused(page)).toEqual([names[0]])
  return names
}

async function readAgain(page: Page, sheet: Worksheet, id: string): Promise<void> {
  await page.goto(`${sheet.url}/sheet/${id}/correct/after`)
  await press(page)
}

/** Up to the programmer, with every mistake on the way met. */
async function toTheProgrammer(page: Page, { pump }: World): Promise<void> {
  await fill(page, { card: '11' })
  await fill(page, { card: '0020' })
  // Between the reading of the visit before and that of this one, an alarm comes and goes.
  await pump.command({ do: 'advance', hours: 2 })
  for (const on of [true, false]) await pump.command({ do: 'alarm', code: 'motor-stall', on })
  // Until its programmer is at the pump, an alarm that is over stays latched.
  await pump.command({ do: 'program', change: {} })
  await readNow(page)
  expect(await page.locator('main .loud').first().textContent()).toMatch(
    /^Since the last visit \(.*\) an alarm came and went: Motor stall, raised /,
  )
  await fill(page, { ...DRUGS, mass1: 'mg' })
  expect(await page.locator('.doubts').textContent()).toMatch(/mg AND mcg/)
  await fill(page, DRUGS)
  await pump.command({ do: 'drain' })
  const people = { discardedBy: 'A. Nurse', witnessedBy: 'B. Nurse' }
  await fill(page, { volume: '5000 mcL', ...people })
  expect(await text(page)).toContain('5000 mcL is in mcL. This sheet is in mL.')
  await fill(page, { volume: '5' })
  await fill(page, { volume: '200' })
  expect(await text(page)).toContain('no pump holds so much')
  await fill(page, { volume: '30' })
  expect(await page.locator('.doubts').textContent()).toMatch(/30 mL/)
  await pump.command({ do: 'refill', volume: 20_000_000 })
  await fill(page, { volume: '20' })
  await fill(page, { programmed: 'yes' })
}

describe('a refill in which everything is another afterwards', () => {
  it('is signed only with an answer to each', { timeout: MS }, async ({ skip }) => {
    skip(!CHROMIUM && !CI, NO_CHROMIUM)
    const here = await world(PROGRAMMED, '127.0.0.1:0')
    const sheet = await worksheet(here)
    const page = await browse()
    await page.goto(await sheet.link())
    await toTheProgrammer(page, here)
    const id = page.url().split('/').at(-1) ?? ''

    await here.pump.command(EVERYTHING)
    await press(page)
    const changed = await cannotBeSigned(page)
    for (const name of MUST_BE_FOUND) {
      const found = changed.filter((one) => one.startsWith(`answer-${name}`))
      expect(found, name).not.toEqual([])
    }
    const shown = await whole(page)
    expect(shown).toMatch(
      /Patient bolus, lockout: 480 min before, 8 min after\. Write down whether/,
    )
    expect(await faults(page)).toEqual([])

    await here.pump.command(STOPPED)
    await readAgain(page, sheet, id)
    const stopped = await cannotBeSigned(page)
    expect(stopped).toContain('answer-after.infusing')
    expect(await text(page)).toContain('The pump is NOT INFUSING. It says: Stopped. Mode: Stopped.')

    await here.pump.command(CLOCK_LOST)
    await readAgain(page, sheet, id)
    const lost = await cannotBeSigned(page)
    expect(lost[0]).toMatch(/^answer-since\.alarm\.motor-stall-/)
    expect(lost).toEqual(
      expect.arrayContaining([
        'answer-after.infusing',
        'answer-after.clock',
        'answer-changed.clock',
        'answer-changed.clock.resets',
      ]),
    )
    await pasted(page, { ...answers(lost), ...WHO })
    expect(await text(page)).toMatch(/Finished at .* Nothing on it is open\./)
    const finished = await whole(page)
    for (const answer of Object.values(answers(lost))) expect(finished).toContain(answer)
    await page.getByRole('link', { name: 'Pump readings' }).click()
    await page.locator('.who h2', { hasText: 'SIM-0020' }).waitFor()
    expect(await page.locator('.cell.rate').textContent()).toContain('Not infusing')
    // No date can be promised of a pump that is stopped.
    await page.goto(`${sheet.url}/sheet/${id}/slip`)
    expect(await text(page)).toContain('No date can be given: the pump was not infusing')
    const exported = start(['refill', 'export', id, '--text', '--state-dir', here.state])
    expect(await exported.exit).toBe(0)
    for (const answer of Object.values(answers(lost))) expect(exported.out()).toContain(answer)
  })
})
