// How the page looks, for every scenario and every screen: what must be seen in three seconds is in the
// first screen, with the figures of the API in the one formatter's words; it can be read and used by eyes,
// ears, gloves and keyboard, on light and dark, on a phone and on paper, over a slow line.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { scenarioNames } from '../../simulator/index.ts'
import { DRUG_FIELDS, FIELDS } from '../../src/model/fields.ts'
import type { BridgeStatus, PumpStatus } from '../../src/model/status.ts'
import { readerOf, shown } from '../../src/words/reader.ts'
import { alarmName, summaryOf } from '../../src/words/summary.ts'
import { differs } from './approved.ts'
import { CHROMIUM, launch, NO_CHROMIUM } from './chromium.ts'
import { textOf } from './page.ts'
import { CONTRAST, DEJAVU, OUT_OF_SIGHT, TARGETS } from './page-measures.ts'
import { busy, doubtful, gone, historyOf, hourOf, several, worst } from './page-scenes.ts'
import { type Scene, type Stage, seat, stage, statusOf } from './page-stage.ts'
import { endAll, serve, temporary } from './programs.ts'

const CI = process.env['CI'] === 'true'
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const MS = 120_000
const READER = readerOf('en-US', 'UTC')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
let st: Stage
const statuses = new Map<string, BridgeStatus>()
const names = scenarioNames()

beforeAll(async () => {
  if (!CHROMIUM) return
  for (const name of names) statuses.set(name, await statusOf(name))
  browser = await launch()
  st = await stage()
}, MS)
afterAll(async () => {
  await browser?.close()
  await st?.close()
  await endAll()
})
beforeEach(({ skip }) => skip(!CHROMIUM && !CI, NO_CHROMIUM))

const statusIn = (name: string) => statuses.get(name) as BridgeStatus
const pumpIn = (name: string) => statusIn(name).pumps[0] as PumpStatus

/** The page with a scene on it, at a size; it is closed when `look` is done. */
async function on<T>(
  scene: Scene | string,
  size: readonly [number, number],
  look: (page: Page) => Promise<T>,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<T> {
  st.show(typeof scene === 'string' ? { status: statusIn(scene) } : scene)
  const [width, height] = size
  const page = await seat(browser, st, { viewport: { width, height }, colorScheme })
  try {
    return await look(page)
  } finally {
    await page.context().close()
  }
}

const SCREENS = [
  [1024, 768],
  [1366, 768],
  [1440, 900],
  [1920, 1080],
] as const
const PHONE = [390, 844] as const
/** Pictures that are kept are small. */
const JPEG = { type: 'jpeg', quality: 40 } as const
const FIRST = ['.who h2', '.state .title', '.session .sentence', '.cell.reservoir .figure']
const FIRST_ALL = [...FIRST, '.cell.rate .figure', '.cell.dose .figure', '.cell.refill .figure']
const FIRST_PHONE = FIRST.filter((what) => !what.startsWith('.session'))

/** What a scenario must show besides its figures: what it is about. */
const ABOUT: Readonly<Record<string, readonly RegExp[]>> = {
  'normal-refill': [
    /4\.5 mL reported by the pump, not measured/,
    /Refill before 15-Jan-2026 9 days left/,
  ],
  empty: [/0 mL reported/, /Alarms 2, 1 critical Empty reservoir Low reservoir/],
  'low-reservoir-early': [/Low reservoir Class non-critical State active/, /Each 0\.05 mL/],
  mixture: [/Hydromorphone 4 mg\/day Bupivacaine 8 mg\/day/, /Concentration 20 mg\/mL/],
  'event-log-overflow': [/Gap: \d+ older events were overwritten/],
  'clock-reset': [/29-Jan-2000 27 days left The pump’s clock is 9501 days behind/],
  'patient-boluses': [/Pump says: .* Flex/, /07:00 0\.3 mL\/day 22:00 0\.24 mL\/day/, /120 min/],
  'missing-14ml': [/16 mL reported by the pump, not measured/],
  'valve-closed': [/0\.25 mL\/day Not infusing set, not measured Pump says: Valve closed/],
  'mri-stuck-session': [/Session not confirmed closed\./, /read the pump with its own programmer/],
}

/**
 * With full counts every scenario, light and dark; in the gate those that have something of their own to show, light and
 * dark in turn. The others are a row each below, in “several wands”.
 */
const SHOWN = ['worst', ...(LONG ? names : Object.keys(ABOUT))]
const schemesOf = (name: string) =>
  (['light', 'dark'] as const).filter((_, i) => LONG || SHOWN.indexOf(name) % 2 === i)

/** Its figures are those of the API, digit for digit, under the mark of the simulator. */
async function figuresOf(page: Page, name: string): Promise<void> {
  const mark = page.locator('.simulator')
  expect(await mark.textContent()).toBe('Simulator. These are not readings of a patient’s pump.')
  await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
  const text = await textOf(page, 'main')
  const pump = pumpIn(name)
  const { volume, rate, doses, refill } = summaryOf(pump, READER)
  for (const said of [volume, rate, refill.day, refill.left]) expect(text).toContain(said)
  for (const { drug, dose } of doses) expect(text).toContain(`${drug} ${dose}`)
  const { reservoir: r } = FIELDS
  expect(text).toContain(`Capacity ${shown(READER, r.capacity, pump.reservoir.capacity)}`)
  for (const drug of pump.infusion.drugs ?? []) {
    const { concentration } = DRUG_FIELDS
    expect(text).toContain(`Concentration ${shown(READER, concentration, drug.concentration)}`)
  }
  if (pump.alarms?.length === 0)
    expect(text).toMatch(
      /No alarms reported by the pump at 08:00\. This page does not watch the pump\./,
    )
  for (const pattern of ABOUT[name] ?? []) expect(text).toMatch(pattern)
  expect(text).not.toMatch(/\bOK\b|✓|undefined|NaN/)
}

describe('the first screen', () => {
  it('is measured in a font as wide as DejaVu', { timeout: MS }, async () => {
    expect(await on('empty', SCREENS[0], (page) => page.evaluate(DEJAVU))).toBe(true)
  })

  it.each(SHOWN)(
    'of %s has everything in it, on every screen, with the figures of the API',
    { timeout: MS },
    async (name) => {
      const status = name === 'worst' ? worst(statusIn('mixture')) : statusIn(name)
      const heights = await on({ status }, SCREENS[0], async (page) => {
        const tall: number[] = []
        for (const [screens, wanted] of [
          [SCREENS, FIRST_ALL],
          [[PHONE], FIRST_PHONE],
        ] as const) {
          for (const [width, height] of screens) {
            await page.setViewportSize({ width, height })
            const hidden = await page.evaluate(`(${OUT_OF_SIGHT})(${JSON.stringify(wanted)})`)
            expect(hidden, `${name} at ${width}`).toEqual([])
            tall.push(Number(await page.evaluate("document.querySelector('.strip').offsetHeight")))
          }
        }
        const seen = await textOf(page, '.cell.alarmed')
        const [pump] = status.pumps
        for (const alarm of pump?.alarms ?? []) {
          if (alarm.class === 'critical') expect(seen).toContain(alarmName(alarm, READER))
        }
        // As it looks on the smallest screen.
        await page.setViewportSize({ width: 1024, height: 768 })
        for (const colorScheme of schemesOf(name)) {
          await page.emulateMedia({ colorScheme })
          const picture = `${name}-${colorScheme}`
          expect(
            await differs(browser, picture, await page.screenshot(JPEG)),
            picture,
          ).toBeLessThan(0.03)
        }
        if (name !== 'worst') await figuresOf(page, name)
        return tall
      })
      // The strip is as high as for every other scenario, on a screen that it stays on.
      if (name !== 'worst') expect(heights.slice(0, 4)).toEqual(await usual())
    },
  )

  let heights: Promise<number[]> | null = null
  const usual = () =>
    (heights ??= on('empty', SCREENS[0], async (page) => {
      const all: number[] = []
      for (const [width, height] of SCREENS) {
        await page.setViewportSize({ width, height })
        all.push(Number(await page.evaluate("document.querySelector('.strip').offsetHeight")))
      }
      return all
    }))

  it('stays in sight while one scrolls', { timeout: MS }, async () => {
    for (const size of SCREENS) {
      await on('empty', size, async (page) => {
        await page.evaluate('window.scrollTo(0, 600)')
        expect(await page.evaluate(`(${OUT_OF_SIGHT})(${JSON.stringify(FIRST_ALL)})`)).toEqual([])
      })
    }
  })
})

describe('whose pump it is', () => {
  const OWNER = {
    system: 'urn:oid:2.16.840.1.113883.19.5',
    value: 'MRN-00471122',
    name: 'Doe, Jane',
  }
  const owned = (refused: readonly string[]): Scene => {
    const scene = historyOf(statusIn('empty'))
    const { name: _, ...id } = OWNER
    const visits = (scene.visits ?? []).map((visit, i, all) => ({
      ...visit,
      owner: i === all.length - 1 ? id : null,
    }))
    const last = visits.at(-1)?.id ?? ''
    const whole = new Map(scene.whole)
    const [any] = whole.values()
    if (any) whole.set(last, { ...any, id: last, owner: OWNER })
    const patients = { assigned: 1, problem: null, refused, adt: null }
    return { ...scene, visits, whole, patients }
  }

  it('is said beside the serial, and two patients for one pump loudly, with all else in sight', {
    timeout: MS,
  }, async () => {
    const [serial = ''] = statusIn('empty').pumps.map(({ pump }) => pump.serial)
    await on(owned([serial]), SCREENS[0], async (page) => {
      await page.locator('.owner').getByText('Doe, Jane').waitFor()
      expect(await textOf(page, '.owner')).toMatch(
        /^Patient MRN-00471122 Doe, Jane urn:oid:2\.16\.840\.1\.113883\.19\.5, as known at the reading of 05-Jan-2026 08:00$/,
      )
      await page.clock.runFor(31_000)
      await page.locator('.who .loud').waitFor()
      expect(await textOf(page, '.who .loud')).toContain('gives this pump to two patients')
      // For so long the stage has said nothing: on a busy computer the page has not come back to it yet.
      if ((await page.locator('.strip.away').count()) > 0) await page.clock.runFor(10_000)
      await page.locator('.strip:not(.away)').waitFor()
      for (const [screens, wanted] of [
        [SCREENS, [...FIRST_ALL, '.owner strong', '.who .loud']],
        [[PHONE], [...FIRST_PHONE, '.owner strong', '.who .loud']],
      ] as const) {
        for (const [width, height] of screens) {
          await page.setViewportSize({ width, height })
          const hidden = await page.evaluate(`(${OUT_OF_SIGHT})(${JSON.stringify(wanted)})`)
          expect([width, hidden]).toEqual([width, []])
        }
      }
    })
  })

  it('is not said where nobody has said it', { timeout: MS }, async () => {
    await on(historyOf(statusIn('empty')), SCREENS[0], async (page) => {
      await page.locator('.since h4, .since p').first().waitFor()
      expect(await page.locator('.owner').count()).toBe(0)
    })
  })
})

describe('since the last visit', () => {
  it('says that older logs are not looked at, where there are any', { timeout: MS }, async () => {
    const status = statusIn('normal-refill')
    const pumps = status.pumps.map((pump) => ({
      ...pump,
      audit: { ...pump.audit, log: 'simulator-3-0000abcd' },
    }))
    const since = (scene: Scene) =>
      on(scene, SCREENS[0], async (page) => {
        await page.locator('.since p').getByText('No earlier visit').waitFor()
        return textOf(page, '.since')
      })
    const audit = { ...status.audit, log: 'simulator-3-0000abcd' }
    expect(await since({ status: { ...status, audit, pumps } })).toContain(
      'No earlier visit is recorded in the audit log that is written now, simulator-3-0000abcd. 2 audit logs of this computer are older: visits in them are not compared here.',
    )
    expect(await since({ status })).toContain('No earlier visit is recorded here.')
  })
})

describe('the tab', () => {
  it('says which pump and how many alarms, or when it was read', { timeout: MS }, async () => {
    const title = (scene: Scene | string) => on(scene, SCREENS[0], (page) => page.title())
    expect(await title('empty')).toBe('SIM-0003 · 2 alarms')
    expect(await title('normal-refill')).toBe('SIM-0001 · read 08:00')
    expect(await title('valve-closed')).toBe('SIM-0019 · not infusing')
  })

  it('and ears are told of alarms by name, critical first', { timeout: MS }, async () => {
    const heard = await on('empty', SCREENS[0], (page) => page.locator('[aria-live]').textContent())
    expect(heard).toMatch(
      /^SIM-0003: Not live\. Alarm, critical: Empty reservoir\. Alarm, non-critical: Low reservoir\. Session closed\.$/,
    )
  })
})

describe('what stands in the way', () => {
  const seen = (status: BridgeStatus) =>
    on({ status }, SCREENS[0], async (page) => ({
      text: await textOf(page, 'main'),
      bar: await page.locator('progress').count(),
    }))

  it('is said first: no wand, no pump, a reading that is under way', { timeout: MS }, async () => {
    const empty = statusIn('normal-refill')
    expect((await seen({ ...empty, wands: [], pumps: [] })).text).toMatch(
      /^Pump readings No wand is connected\. Plug in the wand\. It is found by itself\./,
    )
    const noPump = await seen(gone(empty))
    expect(noPump.text).toMatch(
      /No reading yet.* The wand is there\. It hears no pump\. Hold the wand/,
    )
    const reading = await seen(busy(empty))
    expect(reading.text).toMatch(/Reading, 40 % Hold the wand still\./)
    expect(reading.bar).toBe(1)
    expect((await seen(empty)).text).toMatch(/To read again: lift the wand, then hold it in place/)
  })

  it('is the bridge, when it goes: everything steps back, and the page says what it does', {
    timeout: MS,
  }, async () => {
    await on('empty', SCREENS[0], async (page) => {
      st.cut()
      await page.locator('.strip.away').waitFor()
      expect(await textOf(page, '.notice')).toBe(
        'Not live: the bridge does not answer This page tries to connect again by itself, every few seconds.',
      )
      expect(await textOf(page, '.state')).toBe('As of 08:00. Not live')
      expect(await page.title()).toBe('SIM-0003 · not live')
      const faint = (await page.evaluate(CONTRAST)) as { ratio: number; text: string }[]
      expect(faint.filter(({ ratio }) => ratio < 7)).toEqual([])
      st.show({ status: statusIn('empty') })
      await page.clock.runFor(10_000)
      await page.locator('.strip:not(.away)').waitFor()
      expect(await page.locator('.notice').count()).toBe(0)
    })
  })
})

describe('several wands', () => {
  it('are a row each, the worst first; one is shown whole, and stays until another is asked for', {
    timeout: MS,
  }, async () => {
    const all = several(names.map(statusIn))
    await on({ status: all }, SCREENS[2], async (page) => {
      const rows = await page.locator('.rows strong').allTextContents()
      expect(rows).toHaveLength(names.length)
      expect(rows.slice(0, 3)).toEqual(['SIM-0005', 'SIM-0003', 'SIM-0019'])
      expect(await textOf(page, '.rows')).toContain('Alarms: 2, 1 critical: Empty reservoir')
      expect(await textOf(page, '.who h2')).toBe('SIM-0005')
      await page.getByRole('button', { name: /SIM-0016/ }).click()
      expect(await textOf(page, '.who h2')).toBe('SIM-0016')
      expect(await page.locator('.strip').count()).toBe(1)
    })
  })
})

describe('the look', () => {
  const wide = [1366, 768] as const
  it.each([
    ['refill', 'normal-refill', wide],
    ['empty-phone', 'empty', PHONE],
    ['boluses', 'patient-boluses', wide],
    ['stopped-wall', 'valve-closed', [1920, 1080]],
    ['stuck', 'mri-stuck-session', wide],
  ] as const)('of %s is the approved one', { timeout: MS }, async (name, scenario, size) => {
    const seen = await on(scenario, size, (page) => page.screenshot({ ...JPEG, fullPage: true }))
    expect(await differs(browser, name, seen)).toBeLessThan(0.03)
  })

  it.each([
    ['no-pump', () => gone(statusIn('empty'))],
    ['reading', () => busy(statusIn('empty'))],
    ['several', () => several(names.map(statusIn))],
  ] as const)('of %s is the approved one', { timeout: MS }, async (name, status) => {
    const seen = await on({ status: status() }, SCREENS[0], (page) => page.screenshot(JPEG))
    expect(await differs(browser, name, seen)).toBeLessThan(0.03)
  })

  it('of a history is the approved one', { timeout: MS }, async () => {
    const scene = historyOf(statusIn('empty'))
    for (const scheme of ['light', 'dark'] as const) {
      const seen = await on(
        scene,
        wide,
        async (page) => {
          await page.locator('.trends .chart').first().waitFor()
          return page.screenshot({ ...JPEG, fullPage: true })
        },
        scheme,
      )
      expect(await differs(browser, `history-${scheme}`, seen)).toBeLessThan(0.03)
    }
  })
})

describe.each(['light', 'dark'] as const)('the page, %s', (scheme) => {
  it('has nothing that axe finds, contrast of 7:1 included', { timeout: MS }, async () => {
    for (const scene of [
      historyOf(statusIn('empty')),
      { status: several(names.map(statusIn)) },
      { status: doubtful(statusIn('mixture')) },
    ]) {
      await on(
        scene,
        SCREENS[2],
        async (page) => {
          await page.evaluate(
            "document.querySelectorAll('details').forEach((one) => { one.open = true })",
          )
          await page.evaluate(AXE)
          // axe waits by timers, which stand still on this page.
          const running = page.evaluate(`axe.run(document, {
            rules: { 'color-contrast-enhanced': { enabled: true }, 'target-size': { enabled: true } },
            resultTypes: ['violations'],
          }).then(({ violations }) => violations.map(({ id, nodes }) =>
            id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(' | ')))`)
          await page.clock.runFor(1_000)
          expect(await running).toEqual([])
          const measured = (await page.evaluate(CONTRAST)) as { ratio: number; text: string }[]
          expect(measured.length).toBeGreaterThan(40)
          expect(measured.filter(({ ratio }) => ratio < 7)).toEqual([])
        },
        scheme,
      )
    }
  })
})

describe('the page', () => {
  it('fits every width and 200 %, has targets of 48 px, and nothing that moves', {
    timeout: MS,
  }, async () => {
    await on(historyOf(worst(statusIn('mixture'))), SCREENS[0], async (page) => {
      await page.locator('.trends .chart').first().waitFor()
      for (const width of [320, 390, 640, 960, 1280, 1920]) {
        await page.setViewportSize({ width, height: 900 })
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
        const targets = (await page.evaluate(TARGETS)) as { what: string; w: number; h: number }[]
        expect(targets.length).toBeGreaterThan(5)
        expect(targets.filter(({ w, h }) => w < 48 || h < 48)).toEqual([])
      }
      expect(await page.evaluate('document.getAnimations().length')).toBe(0)
      // What a browser's zoom of 200 % leaves of each screen.
      for (const [width, height] of SCREENS) {
        await page.setViewportSize({ width: width / 2, height: height / 2 })
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width / 2)
        const sticks = "getComputedStyle(document.querySelector('.strip')).position"
        expect(await page.evaluate(sticks)).toBe('static')
      }
    })
  })

  it('does everything by keyboard', { timeout: MS }, async () => {
    await on(historyOf(statusIn('empty')), SCREENS[2], async (page) => {
      await page.locator('.trends .chart').first().waitFor()
      await page.evaluate('window.printed = 0; window.print = () => { window.printed += 1 }')
      const visited: string[] = []
      const picked = await textOf(page, '.picked')
      for (let n = 0; n < 16; n += 1) {
        await page.keyboard.press('Tab')
        const at = (await page.evaluate(`{
          const e = document.activeElement
          ;({ what: e.tagName + (e.type ? ' ' + e.type : ''), outline: getComputedStyle(e).outlineWidth,
            hidden: e.getBoundingClientRect().bottom < 0 })
        }`)) as { what: string; outline: string; hidden: boolean }
        if (at.what === 'BODY') break
        visited.push(at.what)
        expect(at.outline, at.what).toBe('4px')
        if (at.what.startsWith('BUTTON') || at.what === 'SUMMARY')
          await page.keyboard.press('Enter')
        if (at.what === 'INPUT range') await page.keyboard.press('ArrowLeft')
      }
      expect(visited[0]).toBe('A')
      expect(visited).toContain('INPUT radio')
      expect(visited).toContain('INPUT range')
      expect(await page.evaluate('window.printed')).toBe(1)
      expect(await textOf(page, '.picked')).not.toBe(picked)
      expect(await page.locator('details:not([open])').count()).toBe(0)
    })
  })

  it('holds an hour of events in 8 MB', { timeout: MS }, async () => {
    const status = statusIn('event-log-overflow')
    await on({ status }, SCREENS[0], async (page) => {
      const devtools = await page.context().newCDPSession(page)
      const used = async () => {
        await devtools.send('HeapProfiler.collectGarbage')
        return (await devtools.send('Runtime.getHeapUsage')).usedSize
      }
      const before = await used()
      for (const [event, record] of hourOf(status)) st.tell(event, record)
      await page.getByText(/^60 readings/).waitFor()
      expect((await used()) - before).toBeLessThan(8 * 1024 * 1024)
    })
  })

  it('says by words what it says by colour: in black and white every state still differs', {
    timeout: MS,
  }, async () => {
    const shapes: string[] = []
    for (const name of ['normal-refill', 'empty']) {
      shapes.push(
        await on(name, SCREENS[0], (page) =>
          page
            .locator('.state')
            .evaluate((e: { dataset: Record<string, string>; innerText: string }) =>
              [e.dataset['state'], e.innerText.trim().split(' ')[0]].join('|'),
            ),
        ),
      )
    }
    for (const shape of shapes) expect(shape).toMatch(/^(live\|Live|read\|Read|lost\|(Signal|Not))/)
  })
})

const pdftotext = ['/usr/bin/pdftotext'].find(existsSync)

describe('on paper', () => {
  it('every sheet has the serial, the mark of a simulator and its number', { timeout: MS }, async ({
    skip,
  }) => {
    skip(pdftotext === undefined && !CI, 'pdftotext is not installed')
    const file = join(temporary(), 'page.pdf')
    await on(
      historyOf(statusIn('event-log-overflow')),
      SCREENS[0],
      async (page) => {
        await page.locator('.trends .chart').first().waitFor()
        await page.evaluate(
          "document.querySelectorAll('details').forEach((one) => { one.open = true })",
        )
        writeFileSync(file, await page.pdf({ format: 'A4', preferCSSPageSize: true }))
      },
      'dark',
    )
    const sheets = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' })
      .split('\f')
      .slice(0, -1)
    expect(sheets.length).toBeGreaterThan(1)
    sheets.forEach((sheet, n) => {
      expect(sheet).toContain('SIM-0013 · Simulator. These are not readings of a patient’s pump.')
      expect(sheet).toContain(`Page ${n + 1} of ${sheets.length}`)
    })
  })
})

describe('over HTTP', () => {
  it('the page is whole in less than 100 kB, gzipped, from this host alone, and cannot be left', {
    timeout: MS,
  }, async () => {
    const served = await serve([join(temporary(), 'no-wand')])
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
  })
})
