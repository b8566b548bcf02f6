// The page in Debian's Chromium, on a real bridge with simulated wands on pseudo-terminals.
import { execFileSync } from 'node:child_process'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { MAIN, type Served, type Sim } from './programs.ts'

const once = (...args: readonly string[]) =>
  execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' }).trim()

export const link = ({ state }: Served) => once('open', '--print', '--state-dir', state)

/** What the browser complained about: a refusal of the Content-Security-Policy, an error, a request that failed. */
export function complaints(page: Page): string[] {
  const said: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) said.push(message.text())
  })
  page.on('pageerror', (error) => said.push(String(error)))
  page.on('request', (request) => {
    const own = new URL(request.url()).hostname === '127.0.0.1'
    if (!own) said.push(`asks ${request.url()}`)
  })
  return said
}

/** Opens the page by a link of its own, and waits for the first reading. */
export async function visit(
  browser: Browser,
  served: Served,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  await page.goto(link(served))
  await page.locator('.state').first().waitFor({ timeout: 60_000 })
  return page
}

/** Text as people see it, spaces made one. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const text = await page
    .locator(selector)
    .first()
    .evaluate((element: { innerText: string }) => element.innerText)
  return text.replace(/\s+/g, ' ').trim()
}

export const state = (page: Page) => page.locator('.state').first().getAttribute('data-state')

/** Waits until the first tile is in this state. */
export const becomes = (page: Page, kind: 'live' | 'read' | 'lost', timeout = 60_000) =>
  page.locator(`.state[data-state=${kind}]`).first().waitFor({ timeout })

/** Until the bridge has noticed: a wand that is moved at once was never lifted. */
export async function lift(page: Page, pump: Sim): Promise<void> {
  await pump.command({ do: 'lift' })
  await page.getByText('no pump in reach').waitFor({ timeout: 20_000 })
  await new Promise((resolve) => setTimeout(resolve, 2_500))
}
