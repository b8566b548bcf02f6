// The page through everything that can go wrong in a visit: it never shows as live what is not, and it says
// what to do.
import { spawnSync } from 'node:child_process'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { CHROMIUM, launch, NO_CHROMIUM } from './chromium.ts'
import { becomes, lift, state, textOf, visit } from './page.ts'
import { endAll, run, serve, sim } from './programs.ts'

const CI = process.env['CI'] === 'true'
const MS = 120_000
const strace = spawnSync('strace', ['-V']).status === 0

let browser: Browser
beforeAll(async () => {
  if (CHROMIUM) browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await endAll()
})
beforeEach(({ skip }) => skip(!CHROMIUM && !CI, NO_CHROMIUM))

describe('the signal', () => {
  it('goes with the cable within one second, and what was read stays, not live; then it is back', {
    timeout: MS,
  }, async () => {
    const pump = await sim('pty')
    const page = await visit(browser, await serve([pump.port], { policy: 'continuous' }))
    await becomes(page, 'live')
    // Again: a busy computer may lose it for a moment between the two looks.
    await vi.waitFor(async () => expect(await textOf(page, '.state')).toMatch(/^Live/), 20_000)
    // What ears hear: every text of the live region.
    await page.evaluate(`{
      const voice = document.querySelector('.voice')
      window.heard = [voice.textContent]
      new MutationObserver(() => window.heard.push(voice.textContent))
        .observe(voice, { childList: true, subtree: true, characterData: true })
      window.lostAt = null
      new MutationObserver(() => {
        if (window.lostAt === null && document.querySelector('.state[data-state=lost]'))
          window.lostAt = Date.now()
      }).observe(document.body, { childList: true, subtree: true, attributes: true })
    }`)
    const pulled = Date.now()
    await pump.command({ do: 'unplug' })
    await becomes(page, 'lost', 10_000)
    const took = Number(await page.evaluate('window.lostAt')) - pulled
    expect(took).toBeLessThanOrEqual(1_000)
    expect(await textOf(page, '.state')).toMatch(
      /^Signal lost at \d\d:\d\d\. Last reading \d\d:\d\d:\d\d, [\d.]+ s ago The wand does not answer\. Check its cable\.$/,
    )
    expect(await textOf(page, '.figure')).toBe('4.5 mL')
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    const quiet = (await page.evaluate('window.heard')) as string[]
    expect(new Set(quiet).size).toBe(quiet.length)
    expect(quiet.at(-1)).toMatch(/^SIM-0001: Signal lost\./)
    for (const text of quiet) expect(text).not.toMatch(/\d (s|min) ago|\d\d:\d\d/)

    await pump.command({ do: 'plug' })
    await becomes(page, 'live')
    expect(((await page.evaluate('window.heard')) as string[]).at(-1)).toMatch(/SIM-0001: Live/)
  })
})

describe('another pump', () => {
  it('under the wand is shown as another, and nothing of the first one stays', {
    timeout: MS,
  }, async () => {
    const pump = await sim('pty', '--scenario', 'wrong-pump')
    const page = await visit(browser, await serve([pump.port]))
    await page.getByText('You may now use the pump’s own programmer.').first().waitFor()
    expect(await textOf(page, '.pump h2')).toBe('SIM-0010')
    await lift(page, pump)
    await pump.command({ do: 'present', pump: 1 })
    await pump.command({ do: 'place' })
    await page.getByText('Another pump than before. Before: SIM-0010.').waitFor({ timeout: 60_000 })
    await page.locator('.drugs').getByText('Baclofen').waitFor({ timeout: 60_000 })
    expect(await textOf(page, '.pump h2')).toBe('SIM-0011')
    expect(await textOf(page, '.others')).toMatch(/SIM-0010 Read at .* Not live$/)
    const shown = `${await textOf(page, '.figures')} ${await textOf(page, '.main')}`
    expect(shown).toMatch(/13 mL .*0\.4 mL\/day .*Baclofen .*500 mcg\/mL/)
    expect(shown).not.toMatch(/Morphine|mg\/mL/)
  })
})

describe('a session that is not confirmed closed', () => {
  it('is a fault to be seen, with what to do, until it is closed', { timeout: MS }, async () => {
    const pump = await sim('pty', '--scenario', 'mri-stuck-session')
    const page = await visit(browser, await serve([pump.port]))
    await page.locator('.session.fault').waitFor({ timeout: 60_000 })
    const fault = await textOf(page, '.tile')
    expect(fault).toMatch(/Session not confirmed closed\..*Hold the wand in place again/)
    expect(fault).toMatch(/the pump may still be in telemetry mode, and may not infuse/)
    await page.locator('.session:not(.fault)').waitFor({ timeout: 60_000 })
    await page.getByText('You may now use the pump’s own programmer.').first().waitFor()
  })
})

describe('an audit log that fails', () => {
  it('makes nothing live, and the page says so, and heals with it', { timeout: MS }, async ({
    skip,
  }) => {
    skip(!strace && !CI, 'strace is not installed')
    const pump = await sim('pty')
    const served = await serve([pump.port], { policy: 'continuous' })
    const page = await visit(browser, served)
    await becomes(page, 'live')
    const broken = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO']
    const pid = String(served.bridge.child.pid)
    const tracer = run('strace', ['-f', '-qq', '-o', '/dev/null', ...broken, '-p', pid])
    await page.getByText('Not live: the audit log failed').first().waitFor({ timeout: 30_000 })
    expect(await state(page)).toBe('lost')
    expect(await textOf(page, '.notice')).toMatch(/The disk reports errors\..*not live/)
    expect(await textOf(page, '.figure')).toBe('4.5 mL')
    tracer.child.kill('SIGTERM')
    await becomes(page, 'live')
    expect(await page.locator('.notice').count()).toBe(0)
  })
})
