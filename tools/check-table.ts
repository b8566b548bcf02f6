// The table of checks in conformance/README.md.
import { CHECKS } from '../conformance/checks/index.ts'
import { cell, table } from './markdown.ts'

const OVER = { line: 'lines', report: 'HID' } as const

export const checkTable = (): string =>
  table(
    ['check', '§', 'what must hold', 'needs', 'over', 'wand'],
    CHECKS.map(({ number, section, title, needs, framing, wand }) => {
      const over = framing ? OVER[framing] : ''
      return [`${number}`, `${section}`, cell(title), needs.join(', '), over, `${wand ?? ''}`]
    }),
  )
