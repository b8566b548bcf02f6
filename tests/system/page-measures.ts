// Measures that are taken inside a page, as text: they know only what a browser knows.

/** Contrast of every text with the first ground behind it that is not see-through. */
export const CONTRAST = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number)
  const light = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((c) => {
      const s = c / 255
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const { backgroundColor } = getComputedStyle(e)
      if ((channels(backgroundColor)[3] ?? 1) > 0 && backgroundColor !== 'transparent') return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = []
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    const text = walker.currentNode.data.trim()
    if (text === '' || ['SCRIPT', 'NOSCRIPT', 'STYLE'].includes(element.tagName) || !element.checkVisibility()) continue
    const color = element.closest('svg') ? getComputedStyle(element).fill : getComputedStyle(element).color
    const [a, b] = [light(color), light(ground(element))].sort((x, y) => y - x)
    found.push({ ratio: (a + 0.05) / (b + 0.05), text })
  }
  return found
})()`

/** Size of everything that can be touched. */
export const TARGETS = `[...document.querySelectorAll('button, summary, label, a:not(.skip)')]
  .filter((e) => e.checkVisibility())
  .map((e) => {
    const { width, height } = e.getBoundingClientRect()
    return { what: e.outerHTML.slice(0, 80), w: Math.round(width), h: Math.round(height) }
  })`

/** Whether the page is set in a font as wide as DejaVu Sans: its digits are 0.636 em. */
export const DEJAVU = `(() => {
  const probe = document.createElement('span')
  probe.textContent = '0'.repeat(100)
  probe.style.cssText = 'position:absolute;font-size:100px;font-weight:400'
  document.body.append(probe)
  const { width } = probe.getBoundingClientRect()
  probe.remove()
  return width >= 6360
})()`

/** Which of these are not wholly in the window, or not wholly inside their own cell. */
export const OUT_OF_SIGHT = `(selectors) => [...selectors.map((what) => [what, document.querySelectorAll(what)]),
  ['critical', document.querySelectorAll('.names .critical')]]
  .flatMap(([what, all]) => what !== 'critical' && all.length === 0 ? [what + ' is not there'] :
    [...all].flatMap((e) => {
      const range = document.createRange()
      range.selectNodeContents(e)
      const boxes = [...range.getClientRects()]
      const inside = boxes.every(({ left, right, top, bottom }) =>
        left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight)
      const cell = (e.closest('.cell') ?? e.parentElement).getBoundingClientRect()
      const own = boxes.every(({ left, right }) => left >= cell.left - 1 && right <= cell.right + 1)
      return inside && own ? [] : [what + ': ' + e.textContent]
    }))`
