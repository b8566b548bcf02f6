// The page from the link that opens it through a whole visit, and over a bridge that is killed meanwhile.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CHROMIUM, launch, NO_CHROMIUM } from './chromium.ts'
import { becomes, complaints, lift, link, textOf, visit } from './page.ts'
import { endAll, serve, sim } from './programs.ts'

const CI = process.env['CI'] === 'true'
const MS = 120_000

let browser: Browser
beforeAll(async () => {
  if (CHROMIUM) browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await endAll()
})
beforeEach(({ skip }) => skip(!CHROMIUM && !CI, NO_CHROMIUM))

describe.concurrent('the way in', () => {
  it('is a link that works once; without it the page says how to get one, and shows nothing', {
    timeout: MS,
  }, async () => {
    const pump = await sim('pty')
    const served = await serve([pump.port])
    const page = await visit(browser, served)
    expect(await textOf(page, '.who')).toMatch(/Pump SIM-0001 .*Model SIM-20/)
    expect(new URL(page.url()).pathname).toBe('/')

    const stranger = await (await browser.newContext()).newPage()
    await stranger.goto(served.url)
    await stranger.getByText('wandbridge open').waitFor()
    expect(await textOf(stranger, 'body')).not.toMatch(/SIM-|mL/)

    const used = link(served)
    expect((await stranger.goto(used))?.status()).toBe(200)
    expect((await (await browser.newContext()).newPage().then((p) => p.goto(used)))?.status()).toBe(
      404,
    )

    // A bridge that is killed and started again knows this browser still.
    served.bridge.child.kill('SIGKILL')
    await page
      .getByText('Not live: the bridge does not answer')
      .first()
      .waitFor({ timeout: 15_000 })
    expect(await textOf(page, '.state')).toMatch(/Not live$/)
    expect(await textOf(page, '.figure')).toBe('4.5 mL')
    await serve([pump.port], { state: served.state, listen: new URL(served.url).host })
    const away = page.getByText('Not live: the bridge does not answer').first()
    await away.waitFor({ state: 'hidden', timeout: 30_000 })
    expect((await page.request.get(`${served.url}/api/v1/wands`)).status()).toBe(200)
    expect(await page.getByText('This page opens with a link').count()).toBe(0)
  })
})

describe.concurrent('a visit', () => {
  it('is read once, closed, and compared with the one before; the wand is said in words and bars', {
    timeout: MS,
  }, async () => {
    const pump = await sim('pty')
    const served = await serve([pump.port])
    const page = await visit(browser, served)
    const said = complaints(page)
    await becomes(page, 'read')
    await page.getByText('You may now use the pump’s own programmer.').first().waitFor()
    expect(await textOf(page, '.state')).toMatch(
      /^Read at \d\d:\d\d:\d\d, [\d.]+ (s|min) ago\. Not live$/,
    )
    expect(await textOf(page, '.session')).toMatch(/^Reading finished \d\d:\d\d\. Session closed\./)
    expect(await textOf(page, '.cell.alarmed')).toMatch(
      /No alarms reported by the pump at \d\d:\d\d\. This page does not watch the pump\./,
    )
    expect(await textOf(page, '.since')).toMatch(/No earlier visit is recorded here/)

    await lift(page, pump)
    expect(await page.locator('.bars .full').count()).toBe(0)
    await pump.command({ do: 'program', change: { rate: 300_000 } })
    await pump.command({ do: 'advance', days: 2 })
    await pump.command({ do: 'place', gap: 45 })
    await page.getByText('move closer').waitFor({ timeout: 20_000 })
    await lift(page, pump)
    await pump.command({ do: 'place', gap: 5 })
    await page.getByText('Program changes').waitFor({ timeout: 60_000 })
    expect(await textOf(page, '.changes')).toMatch(/Rate now 0\.25 mL\/day 0\.3 mL\/day/)
    expect(await textOf(page, '.clocks')).toMatch(/The pump’s clock is 2 days ahead/)
    await page.locator('.since summary').click()
    await page.locator('.since .events').getByText('Programmed').first().waitFor()
    expect(await textOf(page, '.since .events')).toMatch(/Programmed 0\.3 mL\/day/)

    // Trends, with the table behind.
    expect(await page.locator('.trends .chart').count()).toBe(2)
    await page.locator('.trends details summary').click()
    // What is behind a summary is drawn once it is open.
    await page.locator('.trends details tbody tr').nth(1).waitFor()
    expect(await page.locator('.trends details tbody tr').count()).toBe(2)
    await page.locator('.log summary').click()
    await page.locator('.log').getByText('Every event the pump has logged is here').waitFor()
    expect(said).toEqual([])
  })
})
