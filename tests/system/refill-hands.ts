// The hands of whoever fills in the worksheet's page: a browser, its forms by keyboard, and what is looked
// for on every page of it.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { launch } from './chromium.ts'

const browsers: Browser[] = []

export const closeBrowsers = () => Promise.all(browsers.map((browser) => browser.close()))

export async function browse(viewport = { width: 1280, height: 900 }): Promise<Page> {
  const browser = await launch()
  browsers.push(browser)
  const page = await browser.newPage({ viewport })
  page.setDefaultTimeout(90_000)
  return page
}

/** What is wrong with a page for whoever cannot see it as others do, contrast of 7:1 included. */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = (await page.evaluate(
    'axe.run({ rules: { "color-contrast-enhanced": { enabled: true } } })',
  )) as axe.AxeResults
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

/** Things to press that are smaller than a gloved finger. */
export const small = (page: Page) =>
  page.evaluate(`[
    ...document.querySelectorAll('a, button, summary, textarea, input[type=text], .choices label')
  ].filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 47.5).map((one) => one.outerHTML)`)

export const widthOf = (page: Page) => page.evaluate('document.documentElement.scrollWidth')

export const text = async (page: Page) => String(await page.evaluate('document.body.innerText'))

/** Everything that the page holds, what is folded as well. */
export const whole = async (page: Page) =>
  String(await page.evaluate('document.body.textContent')).replace(/\s+/g, ' ')

const PHONE = { width: 390, height: 844 }

/** How many screens of a phone a page is long, and that it is not wider than one. */
export async function onPhone(page: Page): Promise<number> {
  const size = page.viewportSize() ?? PHONE
  await page.setViewportSize(PHONE)
  try {
    if (Number(await widthOf(page)) > PHONE.width) return Number.POSITIVE_INFINITY
    return Number(await page.evaluate('document.documentElement.scrollHeight')) / PHONE.height
  } finally {
    await page.setViewportSize(size)
  }
}

const PICTURES = fileURLToPath(new URL('../../.cache/screenshots/', import.meta.url))

/** Pictures of a step on a phone and on a tablet, whole, for whoever looks at them. */
export async function kept(page: Page, name: string): Promise<void> {
  if (process.env['WANDBRIDGE_PICTURES'] !== '1') return
  mkdirSync(PICTURES, { recursive: true })
  const size = page.viewportSize() ?? PHONE
  for (const viewport of [PHONE, { width: 1024, height: 768 }]) {
    await page.setViewportSize(viewport)
    const path = join(PICTURES, `refill-${name}-${viewport.width}.png`)
    await page.screenshot({ path, fullPage: true })
  }
  await page.setViewportSize(size)
}

async function send(page: Page): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
}

const FORM = 'form:not(.sign)'

/** Fills a form as somebody without a mouse does, and sends it with Enter. */
export async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    const choice = page.locator(`input[type=radio][name="${name}"][value="${value}"]`)
    if ((await choice.count()) > 0) {
      await choice.focus()
      await page.keyboard.press('Space')
      continue
    }
    await page.locator(`[id="${name}"]`).focus()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type(value)
  }
  const long = await page.evaluate('document.activeElement?.tagName === "TEXTAREA"')
  if (long) await page.locator(`${FORM} button[type=submit]`).first().focus()
  await send(page)
}

/** Presses the first button of the form. */
export async function press(page: Page): Promise<void> {
  await page.locator(`${FORM} button[type=submit]`).first().focus()
  await send(page)
}

/** Has the pump read now, and takes no reading that is there. */
export async function readNow(page: Page): Promise<void> {
  await page.locator(`${FORM} button[type=submit]:not([name])`).focus()
  await send(page)
}

/** Puts every text in at once, as a browser that has kept it does, and presses the first button. */
export async function pasted(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`[id="${name}"]`).fill(value)
  }
  await press(page)
}
