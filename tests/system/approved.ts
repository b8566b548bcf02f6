// Screenshots beside approved ones. What is of the moment is masked before; both are made small, so that
// the edges of letters do not count, and compared in a browser, which has a decoder of PNG already.
// WANDBRIDGE_APPROVE=1 takes what is there now: look at it before it is committed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'

const APPROVED = fileURLToPath(new URL('approved/', import.meta.url))
const SEEN = fileURLToPath(new URL('../../.cache/screenshots/', import.meta.url))

/** Times, dates, ages and the port, everywhere on the page; no history, which grows; nothing lies over anything. */
const MASK = `(() => {
  for (const element of document.querySelectorAll('.simulator, .state')) element.style.position = 'static'
  for (const element of document.querySelectorAll('.trends, .since')) element.style.display = 'none'
  for (const element of document.querySelectorAll('details')) element.open = false
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    const text = node.data
      .replace(/\\d\\d-[A-Z][a-z]{2}-\\d{4}/g, '24-Nov-2026')
      .replace(/\\d\\d:\\d\\d(:\\d\\d)?/g, (_, seconds) => seconds ? '14:02:11' : '14:02')
      .replace(/[\\d.]+ (s|min|h|days)(?= (ago|ahead|behind)|$)/g, '6 min')
      .replace(/\\/\\S+\\/\\S+/g, '/dev/ttyACM0')
    if (text !== node.data) node.data = text
  }
})()`

const UNMASK = `for (const element of document.querySelectorAll('.simulator, .state, .trends, .since'))
  element.removeAttribute('style')`

/** Of what is at `selector`, in the window as it is. */
export async function masked(page: Page, selector: string): Promise<Buffer> {
  const state = page.locator(`${selector} .state .title`).first()
  let seen: Buffer
  // The age goes on each second: a picture counts when it was not drawn anew meanwhile.
  do {
    await page.evaluate(MASK)
    seen = await page.locator(selector).first().screenshot({ animations: 'disabled' })
  } while (!(await state.textContent())?.includes('14:02:11, 6 min'))
  await page.evaluate(UNMASK)
  return seen
}

/** Share of the picture that is clearly another; 1 = another shape. */
const COMPARE = `async ([a, b]) => {
  const load = async (data) => createImageBitmap(await (await fetch('data:image/png;base64,' + data)).blob())
  const [one, two] = [await load(a), await load(b)]
  const off = Math.max(Math.abs(one.width / two.width - 1), Math.abs(one.height / two.height - 1))
  if (off > 0.06) return 1
  const [w, h] = [Math.round(one.width / 6), Math.round(one.height / 6)]
  const pixels = (image) => {
    const context = new OffscreenCanvas(w, h).getContext('2d')
    context.imageSmoothingQuality = 'high'
    context.drawImage(image, 0, 0, w, h)
    return context.getImageData(0, 0, w, h).data
  }
  const [p, q] = [pixels(one), pixels(two)]
  let other = 0
  for (let i = 0; i < p.length; i += 4) {
    const most = Math.max(...[0, 1, 2].map((c) => Math.abs(p[i + c] - q[i + c])))
    if (most > 64) other += 1
  }
  return other / (w * h)
}`

/** Share that differs from the approved picture; 1 = there is none. */
export async function differs(browser: Browser, name: string, seen: Buffer): Promise<number> {
  const file = join(APPROVED, `${name}.png`)
  mkdirSync(SEEN, { recursive: true })
  writeFileSync(join(SEEN, `${name}.png`), seen)
  if (process.env['WANDBRIDGE_APPROVE'] === '1') {
    writeFileSync(file, seen)
    return 0
  }
  if (!existsSync(file)) return 1
  const page = await browser.newPage()
  try {
    const pair = JSON.stringify([readFileSync(file), seen].map((png) => png.toString('base64')))
    return Number(await page.evaluate(`(${COMPARE})(${pair})`))
  } finally {
    await page.close()
  }
}
