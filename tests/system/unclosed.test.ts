// A pump whose session was not closed, over a restart, while another pump is read and closed: it is told on
// every surface until that very pump has confirmed a close.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHROMIUM, launch, NO_CHROMIUM } from './chromium.ts'
import { textOf, visit } from './page.ts'
import {
  ask,
  endAll,
  eventually,
  lifted,
  type Served,
  serve,
  sim,
  start,
  stop,
  temporary,
  token,
} from './programs.ts'

const CI = process.env['CI'] === 'true'
const MS = 60_000
const [A, B] = ['SIM-0010', 'SIM-0011']

let browser: Browser | null = null
beforeAll(async () => {
  if (CHROMIUM) browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await endAll()
})

interface Wands {
  readonly wands: {
    readonly session: { readonly state: string }
    readonly unclosed: { readonly pump: string | null; readonly sentence: string }[]
    readonly pump: string | null
  }[]
}

it('is told by the page, the API, status and watch, though another pump was closed since', {
  timeout: 180_000,
}, async ({ skip }) => {
  skip(!CHROMIUM && !CI, NO_CHROMIUM)
  const pump = await sim('pty', '--scenario', 'wrong-pump')
  // The pump does not leave telemetry mode when it is asked to, and is gone before it is asked again.
  await pump.command({ do: 'fault', fault: 'mri' })
  const state = temporary()
  const bearer = await token(state)
  const open = () => serve([pump.port], { state })
  const wand = async (served: Served) =>
    (await ask<Wands>(served, bearer, '/api/v1/wands')).wands[0]
  const becomes = async (served: Served, good: (one: Wands['wands'][0]) => boolean) => {
    for (const end = performance.now() + MS; ; ) {
      const one = await wand(served)
      if (one && good(one)) return one
      if (performance.now() > end) throw new Error(`not so: ${JSON.stringify(one)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  const first = await open()
  await becomes(first, ({ session }) => session.state === 'not-confirmed')
  await pump.command({ do: 'lift' })
  expect((await wand(first))?.unclosed).toMatchObject([{ pump: A }])
  await stop(first.bridge, 'SIGKILL')

  await pump.command({ do: 'present', pump: B })
  const second = await open()
  await pump.command({ do: 'place' })
  const { unclosed } = await becomes(second, ({ session }) => session.state === 'closed')
  expect(unclosed).toMatchObject([{ pump: A }])
  const sentence = unclosed[0]?.sentence ?? ''
  expect(sentence).not.toBe('')

  // Whoever asks and whoever follows, in words and as data.
  const both = (words: string) => words.includes(A as string) || words.includes(sentence)
  const text = start(['status', '--state-dir', state])
  expect([await text.exit, both(text.out() + text.err())]).toEqual([4, true])
  expect(text.out() + text.err()).toContain(A)
  const json = start(['status', '--json', '--state-dir', state])
  expect(await json.exit).toBe(4)
  expect(json.out() + json.err()).toContain(A)
  const watching = start(['watch', '--json', '--state-dir', state])
  await eventually(
    () =>
      watching.json().flatMap((line) => (line['unclosed'] as Wands['wands'][0]['unclosed']) ?? []),
    (told) => told.some((one) => one.pump === A),
    10_000,
  )
  const words = start(['watch', '--state-dir', state])
  await eventually(words.out, both, 10_000)
  const page = await visit(browser as Browser, second)
  await page.locator('.session.fault').waitFor({ timeout: 20_000 })
  expect(await textOf(page, '.session.fault')).toContain(`Pump ${A}`)
  expect(await textOf(page, '.pump h2')).toBe(B)

  // Only its own close ends it.
  await lifted(pump, second, bearer)
  await pump.command({ do: 'present', pump: A })
  await pump.command({ do: 'place' })
  await becomes(second, (one) => one.unclosed.length === 0 && one.session.state === 'closed')
  await page.locator('.session.fault').waitFor({ state: 'hidden', timeout: 20_000 })
  const after = start(['status', '--json', '--state-dir', state])
  expect([await after.exit, after.err()]).toEqual([0, ''])
  expect(await stop(second.bridge)).toBe(0)
})
