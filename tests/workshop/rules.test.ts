// The rules of the house bite: a ban that silently checks nothing would pass for ever. One house with
// every offence in it is built in a temporary directory, and the linter and the check of the rooms each
// look at it once.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

const houses: string[] = []
afterAll(() => {
  for (const house of houses) rmSync(house, { recursive: true, force: true })
})

type Files = Readonly<Record<string, string>>

/** A house of just these files, under the rules of ours. */
function build(files: Files): string {
  const house = mkdtempSync(join(tmpdir(), 'wandbridge-rules-'))
  houses.push(house)
  const tools = ['rooms', 'walks', 'check-rooms'].map((name) => `tools/${name}.mjs`)
  const rules = ['biome.json', 'tools/lint', ...tools]
  for (const file of [...rules, '.dependency-cruiser.mjs', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, file), join(house, file), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, file)), { recursive: true })
    writeFileSync(join(house, file), text)
  }
  return house
}

/** What a program says about a house. */
function says(house: string, program: string, ...args: readonly string[]): string {
  const { stdout, status, error } = spawnSync(process.execPath, [join(house, program), ...args], {
    cwd: house,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  if (error) throw error
  // Both programs are shown offences, so both have to fail.
  expect(status).toBe(1)
  return stdout
}

describe('the clock, timers and chance', () => {
  const BANNED = [
    'Date.now()',
    'new Date()',
    'Date()',
    'Math.random()',
    'process.hrtime()',
    'process.hrtime.bigint()',
    'performance.now()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'setImmediate(f)',
    'globalThis.setTimeout(f, 1)',
    'globalThis.Date.now()',
    'crypto.randomUUID()',
    'node.randomBytes(4)',
    '[1].map(Math.random)',
    "import('node:timers')",
    "import('node:timers/promises')",
  ]
  const ALLOWED = [
    'new Date(0)',
    'Date.UTC(2026, 0)',
    'Math.max(1, 2)',
    "node.createHash('sha256')",
  ]
  const HEAD = ["import * as node from 'node:crypto'", 'const f = () => {}']
  const REFUSED = ['src/drivers/open-wand/x.ts', 'protocol/x.ts', 'simulator/wand/x.ts']
  const FREE = ['src/base/env.ts', 'tests/x.ts', 'tools/x.ts', 'bench/x.ts']

  let said = ''
  beforeAll(() => {
    const lines = [...BANNED, ...ALLOWED].map((text, i) => `export const v${i} = ${text}`)
    const text = [...HEAD, ...lines, 'export { f, node }', ''].join('\n')
    const files = [...REFUSED, ...FREE]
    const house = build(Object.fromEntries(files.map((file) => [file, text])))
    const args = ['lint', '--reporter=github', '--max-diagnostics=none', ...files]
    said = says(house, 'node_modules/@biomejs/biome/bin/biome', ...args)
  })

  /** The lines of the expressions, from 0, that the linter refuses in this file. */
  function refused(file: string): number[] {
    const found = [
      ...said.matchAll(/title=(?:plugin|lint\/style\/noRestricted)[^:]*?,file=([^,]*),line=(\d+)/g),
    ].filter(([, where]) => where?.endsWith(`/${file}`))
    const lines = new Set(found.map((m) => Number(m[2]) - 1 - HEAD.length))
    return [...lines].sort((a, b) => a - b)
  }

  it.each(REFUSED)('are refused in %s, each form of them', (file) => {
    expect(refused(file)).toEqual([...BANNED.keys()])
  })

  it.each(FREE)('are free where they belong, in %s', (file) => {
    expect(refused(file)).toEqual([])
  })
})

describe('who imports whom', () => {
  const UNUSED = 'a permission that no file uses; take it out of the table'
  const HOUSE: Files = {
    // What the table allows.
    'protocol/codec/pdu.ts': 'export const pdu = 1',
    'src/index.ts': 'export const index = 1',
    'src/base/env.ts': 'export const env = 1',
    'src/drivers/a.ts': "import { pdu } from '../../protocol/codec/pdu.ts'\nexport const a = pdu",
    'simulator/index.ts': "import { env } from '../src/base/env.ts'\nexport const s = env",
    'src/cli/sim.ts': "export const s = () => import('../../simulator/index.ts')",
    // What it does not.
    'protocol/codec/type.ts': "import type { T } from '../../src/drivers/t.ts'\nexport type P = T",
    'src/drivers/t.ts': 'export type T = 1',
    'src/model/m.ts': "import { env } from '../base/env.ts'\nexport const m = env",
    'simulator/up.ts': "import { a } from '../src/drivers/a.ts'\nexport const u = a",
    'src/cli/eager.ts': "import { s } from '../../simulator/index.ts'\nexport const e = s",
    'src/refill/sheet/r.ts': "import { a } from '../../drivers/a.ts'\nexport const r = a",
    // Circles, what is not there, development packages, node in the browser.
    'src/drivers/b.ts': "import { c } from './c.ts'\nexport const b = (): number => c()",
    'src/drivers/c.ts': "import { b } from './b.ts'\nexport const c = (): number => b()",
    'src/drivers/d.ts': "import { gone } from './gone.ts'\nexport const d = gone",
    'src/drivers/e.ts': "import fc from 'fast-check'\nexport const e = fc",
    'src/drivers/f.ts': "import * as chai from 'chai'\nexport const f = chai",
    'src/model/g.ts': "import { readFileSync } from 'node:fs'\nexport const g = readFileSync",
    // Files out of place, neither of which imports anything.
    'src/cellar/h.ts': 'export const h = 1',
    'src/loose.ts': 'export const i = 1',
  }

  let lines: string[] = []
  let permissions: string[] = []
  beforeAll(async () => {
    lines = says(build(HOUSE), 'tools/check-rooms.mjs').trimEnd().split('\n')
    const { ROOMS } = (await import(new URL('tools/rooms.mjs', `file://${root}`).href)) as {
      ROOMS: Record<string, { may: string[]; lazily: string[] }>
    }
    permissions = Object.entries(ROOMS).flatMap(([name, { may, lazily }]) =>
      [...may, ...lazily].map((other) => `${name} → ${other}`),
    )
  })

  it('refuses every import that is not in the table, and lets through what is', () => {
    const told = lines.flatMap((line) => {
      const [, from, , rule] = /^(\S+\.ts) → (\S+): ([^(]*?)(?: \(.*)?$/.exec(line) ?? []
      return from ? [`${from}: ${rule}`] : []
    })
    expect(told.sort()).toEqual([
      'protocol/codec/type.ts: protocol: only its row',
      'simulator/up.ts: simulator: only its row',
      'src/cli/eager.ts: cli: simulator only lazily',
      'src/drivers/b.ts: no cycles',
      'src/drivers/d.ts: nothing unresolvable',
      'src/drivers/e.ts: the product stands without development packages',
      'src/drivers/f.ts: every package is in package.json',
      'src/model/g.ts: browser-safe rooms use no node modules',
      'src/model/m.ts: model: only its row',
      'src/refill/sheet/r.ts: refill/sheet: only its row',
    ])
  })

  it('refuses every permission that no file uses', () => {
    const used = ['drivers → protocol', 'simulator → base', 'cli → simulator']
    expect(permissions).toEqual(expect.arrayContaining(used))
    expect(lines.filter((line) => line.endsWith(UNUSED)).sort()).toEqual(
      permissions
        .filter((one) => !used.includes(one))
        .map((one) => `${one}: ${UNUSED}`)
        .sort(),
    )
  })

  it('refuses a step of a walk that no import stands behind', () => {
    const step = 'src/bridge/bridge.ts and src/bridge/gate.ts do not import each other'
    expect(lines.filter((line) => line.includes(step))).toHaveLength(1)
  })

  it('refuses a file without a room, a file directly in src/, and a room without a file', () => {
    expect(lines).toContain('src/cellar/h.ts: has no room; give the room a row in tools/rooms.mjs')
    expect(lines).toContain('src/loose.ts: lies directly in src/; put it into a room')
    expect(lines.filter((line) => line.startsWith('src/index.ts'))).toEqual([])
    expect(lines).toContain('web: a room without a file; take it out of the table')
    expect(lines.at(-1)).toMatch(/^\d+ files, \d+ imports, \d+ rooms: \d+ wrong$/)
  })
})
