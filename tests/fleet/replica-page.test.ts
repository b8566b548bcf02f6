// The pages of a replica in Debian's Chromium, without script, on a wide and on a narrow screen: the worst pump first,
// nothing wider than the screen, nothing that the browser complains of, and every field of a pump on its page.
import { mkdirSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { CHROMIUM, launch, NO_CHROMIUM } from '../system/chromium.ts'
import { complaints } from '../system/page.ts'
import { faults } from '../system/refill-hands.ts'
import { readingOf, replica, tokenIn } from './replicas.ts'
import { broker, caughtUp, cleanUp, room, sending, temporary } from './world.ts'

afterEach(cleanUp)
const browser = CHROMIUM === null ? null : launch()
afterAll(async () => (await browser)?.close())

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

/** Where pictures are put to be looked at; nowhere if it is not set. */
const PICTURES = process.env['WANDBRIDGE_PICTURES']

describe('the pages of a replica', () => {
  it('show the worst first, fit a wide and a narrow screen, and need no script', async ({
    skip,
  }) => {
    skip(browser === null, NO_CHROMIUM)
    const node = await broker()
    const sites = {
      'clinic-a': [['normal-refill', 'A-100']],
      'clinic-b': [['valve-closed', 'B-300']],
    } as const
    for (const [site, pumps] of Object.entries(sites)) {
      const one = await room()
      for (const [scenario, serial] of pumps) await one.append([await readingOf(scenario, serial)])
      const sent = sending(one, node.url, site)
      await caughtUp(sent)
      if (site === 'clinic-b') await sent.stop()
    }
    const dir = temporary()
    const token = await tokenIn(dir)
    const served = await replica(node, dir)
    for (const width of [1_280, 390]) {
      const context = await ((await browser) as Browser).newContext({
        ...{ viewport: { width, height: 900 }, javaScriptEnabled: false },
        httpCredentials: { username: 'all', password: token },
      })
      const page = await context.newPage()
      const said = complaints(page)
      const fits = async (name: string) => {
        const widest = await page.evaluate('document.documentElement.scrollWidth')
        expect(widest, `${name} at ${width}`).toBeLessThanOrEqual(width)
        if (PICTURES === undefined) return
        mkdirSync(PICTURES, { recursive: true })
        await page.screenshot({ path: `${PICTURES}/${name}-${width}.png`, fullPage: true })
      }
      await page.goto(served.url)
      await page.waitForURL('**/fleet')
      const serials = await page.locator('td a strong').allInnerTexts()
      expect(serials.toSorted()).toEqual(['A-100', 'B-300'])
      expect(serials[0]).toBe('B-300')
      await fits('overview')
      // It renews itself only for who asks for that.
      expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0)
      await page.getByRole('link', { name: 'Renew this page' }).click()
      await page.getByRole('link', { name: 'Do not renew' }).waitFor()
      expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(1)
      await page.getByRole('link', { name: 'B-300' }).click()
      await page.getByRole('heading', { name: 'Pump B-300' }).waitFor()
      expect(await page.locator('body').textContent()).toContain('Not live')
      await fits('pump')
      expect(said).toEqual([])
      await context.close()
    }
    // What axe finds needs scripts of its own; in the dark as well.
    for (const colorScheme of LONG ? (['light', 'dark'] as const) : (['dark'] as const)) {
      const context = await ((await browser) as Browser).newContext({
        ...{ viewport: { width: 1_280, height: 900 }, colorScheme, bypassCSP: true },
        httpCredentials: { username: 'all', password: token },
      })
      const page = await context.newPage()
      await page.goto(`${served.url}/fleet`)
      expect(await faults(page), `overview, ${colorScheme}`).toEqual([])
      await page.getByRole('link', { name: 'B-300' }).click()
      await page.getByRole('heading', { name: 'Pump B-300' }).waitFor()
      expect(await faults(page), `pump, ${colorScheme}`).toEqual([])
      await context.close()
    }
  })
})
