// How the page looks, for every scenario at once, a tile each: the figures of the API in the one
// formatter's words; and that it can be read and used: by eyes, ears, gloves and keyboard, at any width,
// on paper, over a slow line.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Drug } from '../../protocol/fields/drugs.ts'
import { Infusion } from '../../protocol/fields/infusion.ts'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import { type Simulator, scenarioNames, startSimulator } from '../../simulator/index.ts'
import { pumpsReplySchema } from '../../src/model/api.ts'
import type { ScalarField } from '../../src/model/fields.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import type { Value } from '../../src/model/value.ts'
import { readerOf, shown } from '../../src/words/reader.ts'
import { differs, masked } from './approved.ts'
import { hasChromium, launch, NO_CHROMIUM, visit } from './page.ts'
import { CONTRAST, TARGETS } from './page-measures.ts'
import { endAll, eventually, type Served, serve, temporary } from './programs.ts'

const CI = process.env['CI'] === 'true'
const MS = 120_000
const READER = readerOf('en-US', 'UTC')
const valueText = (field: ScalarField, value: Value) => shown(READER, field, value)
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
let served: Served
let page: Page
const simulators: Simulator[] = []
const serials = new Map<string, string>()

beforeAll(async () => {
  if (!hasChromium) return
  const dir = temporary()
  const ports = scenarioNames().map((name) => ({ name, path: join(dir, name) }))
  for (const { name, path } of ports) {
    const simulator = await startSimulator({ scenario: name, ports: [{ kind: 'pty', link: path }] })
    simulators.push(simulator)
    serials.set(name, simulator.wands[0]?.implantSerial ?? '')
  }
  browser = await launch()
  served = await serve(ports.map(({ path }) => path))
  page = await visit(browser, served, { viewport: { width: 1920, height: 1080 } })
  await page
    .locator('.state')
    .nth(ports.length - 1)
    .waitFor({ timeout: 90_000 })
}, MS)
afterAll(async () => {
  await browser?.close()
  for (const simulator of simulators) await simulator.stop()
  await endAll()
})
beforeEach(({ skip }) => skip(!hasChromium && !CI, NO_CHROMIUM))

const tileOf = (name: string) =>
  page.locator('.tile', {
    has: page.getByRole('heading', { name: serials.get(name) ?? '', exact: true }),
  })

async function tileText(name: string): Promise<string> {
  const text = await tileOf(name).evaluate((tile: { innerText: string }) => tile.innerText)
  return text.replace(/\s+/g, ' ')
}

/** What a scenario must show besides its figures: what it is about. */
const ABOUT: Readonly<Record<string, readonly RegExp[]>> = {
  'normal-refill': [
    /4\.5 mL reported by the pump, not measured/,
    /Capacity 20 mL Low alarm at 2 mL/,
  ],
  empty: [/Reservoir 20 mL low 2 mL 0 mL reported/, /Empty reservoir Class critical State active/],
  'low-reservoir-early': [
    /Low reservoir Class non-critical State active/,
    /Patient bolus Each 0\.05 mL/,
  ],
  mixture: [/Hydromorphone Concentration 10 mg\/mL/, /Bupivacaine Concentration 20 mg\/mL/],
  'event-log-overflow': [/Gap: \d+ older events were overwritten/],
  'clock-reset': [
    /Pump 01-Jan-2000 \d\d:\d\d:\d\d has no time zone/,
    /The pump’s clock is \d+ days behind/,
  ],
  'patient-boluses': [/Mode Flex/, /07:00 0\.3 mL\/day 22:00 0\.24 mL\/day/, /Lockout 120 min/],
  'missing-14ml': [/16 mL reported by the pump, not measured/],
  'worked-example': [/reported by the pump, not measured/],
}

describe('every scenario', () => {
  it('is there, a tile each, under the mark of the simulator', async () => {
    expect(await page.locator('.tile').count()).toBe(scenarioNames().length)
    const mark = page.locator('.simulator')
    expect(await mark.textContent()).toBe('Simulator. These are not readings of a patient’s pump.')
    expect(
      await page.evaluate("getComputedStyle(document.querySelector('.simulator')).borderTopStyle"),
    ).toBe('double')
    await page.emulateMedia({ media: 'print' })
    expect(await mark.isVisible()).toBe(true)
    await page.emulateMedia({ media: 'screen' })
  })

  it('shows the figures of the API, digit for digit', { timeout: MS }, async () => {
    const compare = async (name: string) => {
      const reply = await page.evaluate("fetch('/api/v1/pumps').then((reply) => reply.json())")
      const { pumps } = pumpsReplySchema.parse(reply)
      const pump = pumps.find((one) => one.pump.serial === serials.get(name)) as PumpStatus
      const text = await tileText(name)
      const { reservoir: r, infusion: i } = pump
      expect(text, name).toContain(
        `${valueText(Reservoir.fields.reportedVolume, r.reportedVolume)} reported by the pump, not measured`,
      )
      expect(text, name).toContain(`Capacity ${valueText(Reservoir.fields.capacity, r.capacity)}`)
      expect(text, name).toContain(
        `Low alarm at ${valueText(Reservoir.fields.lowAlarmVolume, r.lowAlarmVolume)}`,
      )
      expect(text, name).toContain(
        `Rate ${valueText(Infusion.fields.rate, i.rate)} set, not measured`,
      )
      for (const drug of i.drugs) {
        const { concentration, dose24h } = Drug.fields
        expect(text, name).toContain(
          `${drug.name} Concentration ${valueText(concentration, drug.concentration)} 24 h dose ${valueText(dose24h, drug.dose24h)}`,
        )
      }
      if (pump.alarms.length === 0) expect(text, name).toMatch(/No alarms reported by the pump at/)
      for (const alarm of pump.alarms) expect(text, name).toContain(`Class ${alarm.class}`)
    }
    // Again, for pumps live on: one may have been read anew between the two looks.
    for (const name of scenarioNames()) await vi.waitFor(() => compare(name), 20_000)
  })

  it.each(Object.entries(ABOUT))('%s shows what it is about', async (name, patterns) => {
    await tileOf(name)
      .locator('.log')
      .evaluate((log: { open: boolean }) => {
        log.open = true
      })
    const text = await tileText(name)
    for (const pattern of patterns) expect(text).toMatch(pattern)
  })
})

describe('the look', () => {
  it.each([
    ['refill-wide', 'normal-refill', 1920],
    ['refill-narrow', 'normal-refill', 360],
    ['empty', 'empty', 1280],
    ['boluses', 'patient-boluses', 1280],
  ])('of %s is the approved one', { timeout: MS }, async (name, scenario, width) => {
    await page.setViewportSize({ width, height: 1080 })
    const seen = await masked(page, `.tile:has(h2:text-is("${serials.get(scenario)}"))`)
    expect(await differs(browser, name, seen)).toBeLessThan(0.03)
  })
})

describe('the page', () => {
  it('has nothing that axe finds, contrast of 7:1 included', { timeout: MS }, async () => {
    await page.evaluate(AXE)
    const found = (await page.evaluate(`axe.run(document, {
      rules: { 'color-contrast-enhanced': { enabled: true }, 'target-size': { enabled: true } },
      resultTypes: ['violations'],
    }).then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(' | ')))`)) as string[]
    expect(found).toEqual([])
  })

  it('has 7:1 between every text and what is behind it, by its computed styles', async () => {
    const measured = (await page.evaluate(CONTRAST)) as { ratio: number; text: string }[]
    expect(measured.length).toBeGreaterThan(200)
    expect(measured.filter(({ ratio }) => ratio < 7)).toEqual([])
  })

  it.each([360, 640, 960, 1280, 1920])('fits a width of %d, targets of 48 px', async (width) => {
    await page.setViewportSize({ width, height: 900 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    const targets = (await page.evaluate(TARGETS)) as { what: string; w: number; h: number }[]
    expect(targets.length).toBeGreaterThan(5)
    expect(targets.filter(({ w, h }) => w < 48 || h < 48)).toEqual([])
  })

  it('does nothing that moves, and can be read at 200 %', async () => {
    await page.setViewportSize({ width: 1920, height: 1080 })
    expect(await page.evaluate('document.getAnimations().length')).toBe(0)
    await page.evaluate("document.documentElement.style.zoom = '2'")
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1920)
    await page.evaluate("document.documentElement.style.zoom = ''")
  })

  it('does everything by keyboard', { timeout: MS }, async () => {
    await page.evaluate('window.printed = 0; window.print = () => { window.printed += 1 }')
    await page.evaluate('window.scrollTo(0, 0); document.activeElement.blur()')
    const all = Number(
      await page.evaluate("document.querySelectorAll('.tile:first-child summary').length"),
    )
    const visited: string[] = []
    let opened = 0
    for (let n = 0; n < 12; n += 1) {
      await page.keyboard.press('Tab')
      const at = (await page.evaluate(`{
        const e = document.activeElement
        const style = getComputedStyle(e)
        ;({ what: e.tagName + (e.type ? ' ' + e.type : ''), outline: style.outlineWidth,
          tile: e.closest('.tile') === document.querySelector('.tile') })
      }`)) as { what: string; outline: string; tile: boolean }
      visited.push(at.what)
      expect(at.outline, at.what).toBe('4px')
      if (at.what.startsWith('BUTTON')) await page.keyboard.press('Enter')
      if (at.what === 'SUMMARY' && at.tile) {
        await page.keyboard.press('Enter')
        opened += 1
      }
      if (at.what.startsWith('INPUT') && at.tile) {
        await page.keyboard.press('ArrowLeft')
        expect(
          await page.evaluate(
            "document.querySelectorAll('.tile')[0].querySelectorAll('input')[1].checked",
          ),
        ).toBe(true)
      }
    }
    expect(visited[0]).toBe('A')
    expect(await page.evaluate('window.printed')).toBe(1)
    expect(visited.some((what) => what.startsWith('INPUT radio'))).toBe(true)
    expect(opened).toBe(all)
  })

  it('says by words what it says by colour: in black and white every state still differs', async () => {
    const shapes = (await page.evaluate(`[...document.querySelectorAll('.state')].map((e) =>
      [e.dataset.state, e.querySelector('path').getAttribute('d'), e.innerText.split(' ')[0]].join('|'))`)) as string[]
    for (const shape of shapes)
      expect(shape).toMatch(/^(live\|.*\|Live|read\|.*\|Read|lost\|.*\|(Signal|Not))$/)
  })
})

describe('over HTTP', () => {
  it('the page is whole in less than 100 kB, gzipped, from this host alone, and cannot be left', async () => {
    const { gzipSync } = await import('node:zlib')
    const index = await fetch(`${served.url}/`)
    const html = await index.text()
    expect(index.headers.get('cache-control')).toBe('no-store')
    expect(index.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(index.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*script-src 'self'/,
    )
    expect(html).not.toMatch(/<script(?![^>]*src="\/assets\/)|<style|style=|https?:/)
    let size = gzipSync(html).length
    const paths = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) =>
      String(path),
    )
    expect(paths).toHaveLength(3)
    for (const path of paths) {
      const reply = await fetch(served.url + path)
      expect([reply.status, reply.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ])
      expect(reply.headers.get('content-type')).toMatch(
        /^(text\/(javascript|css); charset=utf-8|image\/svg\+xml)$/,
      )
      expect((await fetch(served.url + path, { method: 'HEAD' })).status).toBe(200)
      expect((await fetch(served.url + path, { method: 'POST' })).status).toBe(405)
      size += gzipSync(Buffer.from(await reply.arrayBuffer())).length
    }
    expect(size).toBeLessThan(100_000)
    for (const path of [
      '/assets/',
      '/assets/..%2findex.html',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/index.html',
      '/assets/x.js',
    ]) {
      expect((await fetch(served.url + path)).status, path).toBe(404)
    }
    await eventually(() => served.bridge.err(), Boolean, 1_000)
  })
})
