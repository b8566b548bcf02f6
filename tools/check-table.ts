// The table of checks in conformance/README.md.
import { CHECKS } from '../conformance/checks/index.ts'

const OVER = { line: 'lines', report: 'HID' } as const
const cell = (text: string) => text.replaceAll('|', '\\|')

export const checkTable = (): string =>
  [
    '| check | § | what must hold | needs | over | wand |',
    '|---|---|---|---|---|---|',
    ...CHECKS.map(({ number, section, title, needs, framing, wand }) => {
      const over = framing ? OVER[framing] : ''
      return `| ${number} | ${section} | ${cell(title)} | ${needs.join(', ')} | ${over} | ${wand ?? ''} |`
    }),
  ].join('\n')
