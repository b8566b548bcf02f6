// Debian's Chromium, as the tests start it: its headless shell where it is installed, which is the same
// engine for a fourth of the processor's time, else the whole browser.
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PROGRAMS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']

/** The program, or null where there is none. */
export const CHROMIUM = PROGRAMS.find(existsSync) ?? null
export const NO_CHROMIUM = `neither ${PROGRAMS.join(' nor ')} is installed`

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM ?? 'chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
    ],
  })
