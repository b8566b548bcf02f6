// Screenshots beside approved ones. Both are made small, so that the edges of letters do not count, and
// compared in a browser, which has a decoder of pictures already.
// WANDBRIDGE_APPROVE=1 takes what is there now: look at it before it is committed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'

const APPROVED = fileURLToPath(new URL('approved/', import.meta.url))
const SEEN = fileURLToPath(new URL('../../.cache/screenshots/', import.meta.url))

/** Share of the picture that is clearly another; 1 = another shape. */
const COMPARE = `async ([a, b]) => {
  const load = async (data) => createImageBitmap(await (await fetch(data)).blob())
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

/** First byte of one. */
const JPEG = 0xff

/** Share that differs from the approved picture; 1 = there is none. */
export async function differs(browser: Browser, name: string, seen: Buffer): Promise<number> {
  const kind = seen[0] === JPEG ? 'jpeg' : 'png'
  const file = join(APPROVED, `${name}.${kind}`)
  mkdirSync(SEEN, { recursive: true })
  writeFileSync(join(SEEN, `${name}.${kind}`), seen)
  if (process.env['WANDBRIDGE_APPROVE'] === '1') {
    writeFileSync(file, seen)
    return 0
  }
  if (!existsSync(file)) return 1
  const page = await browser.newPage()
  try {
    const address = (picture: Buffer) => `data:image/${kind};base64,${picture.toString('base64')}`
    const pair = JSON.stringify([readFileSync(file), seen].map(address))
    return Number(await page.evaluate(`(${COMPARE})(${pair})`))
  } finally {
    await page.close()
  }
}
