// The rules of the house bite: a ban that silently checks nothing would pass for ever.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

let house: string
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'wandbridge-rules-'))
  const rules = ['biome.json', 'tools/lint', 'tools/rooms.mjs', '.dependency-cruiser.mjs']
  for (const file of [...rules, 'package.json', 'tsconfig.json']) {
    cpSync(join(root, file), join(house, file), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
})
afterAll(() => rmSync(house, { recursive: true, force: true }))

type Files = Readonly<Record<string, string>>

/** What a program of the workshop says about a house of just these files. */
function says(files: Files, program: string, ...args: readonly string[]): string {
  for (const folder of ['src', 'protocol', 'simulator', 'tests', 'bench']) {
    rmSync(join(house, folder), { recursive: true, force: true })
    mkdirSync(join(house, folder))
  }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, file)), { recursive: true })
    writeFileSync(join(house, file), text)
  }
  const bin = join(root, 'node_modules', program)
  const { stdout, error } = spawnSync(process.execPath, [bin, ...args], {
    cwd: house,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  if (error) throw error
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

  /** The lines of the expressions, from 0, that the linter refuses in this file. */
  function refused(file: string, expressions: readonly string[]): number[] {
    const head = ["import * as node from 'node:crypto'", 'const f = () => {}']
    const lines = expressions.map((expression, i) => `export const v${i} = ${expression}`)
    const text = [...head, ...lines, 'export { f, node }', ''].join('\n')
    const args = ['lint', '--reporter=github', '--max-diagnostics=none', file]
    const said = says({ [file]: text }, '@biomejs/biome/bin/biome', ...args)
    const found = [...said.matchAll(/title=(?:plugin|lint\/style\/noRestricted)[^:]*?,line=(\d+)/g)]
    return [...new Set(found.map((m) => Number(m[1]) - 1 - head.length))].sort((a, b) => a - b)
  }

  for (const file of ['src/drivers/open-wand/x.ts', 'protocol/x.ts', 'simulator/wand/x.ts']) {
    it(`are refused in ${file}, each form of them`, () => {
      expect(refused(file, [...BANNED, ...ALLOWED])).toEqual([...BANNED.keys()])
    })
  }

  it('are free where they belong: in src/base/env.ts and around the product', () => {
    for (const file of ['src/base/env.ts', 'tests/x.ts', 'tools/x.ts', 'bench/x.ts']) {
      expect(refused(file, BANNED)).toEqual([])
    }
  })
})

describe('who imports whom', () => {
  /** `rule: file` of every violation in a house of just these files. */
  function violations(files: Files): string[] {
    const args = ['--output-type', 'json', 'src', 'protocol', 'simulator']
    const said = says(files, 'dependency-cruiser/bin/dependency-cruise.mjs', ...args)
    const { summary } = JSON.parse(said) as {
      summary: { totalCruised: number; violations: { rule: { name: string }; from: string }[] }
    }
    expect(summary.totalCruised).toBeGreaterThanOrEqual(Object.keys(files).length)
    return summary.violations.map(({ rule, from }) => `${from}: ${rule.name}`).sort()
  }

  it('lets through what the table allows', () => {
    expect(
      violations({
        'protocol/codec/pdu.ts': 'export const pdu = 1',
        'src/base/env.ts': 'export const env = 1',
        'src/drivers/a.ts':
          "import { pdu } from '../../protocol/codec/pdu.ts'\nexport const a = pdu",
        'simulator/index.ts': "import { env } from '../src/base/env.ts'\nexport const s = env",
        'src/cli/sim.ts': "export const s = () => import('../../simulator/index.ts')",
      }),
    ).toEqual([])
  })

  it('refuses what it does not, in TypeScript, types included', () => {
    expect(
      violations({
        'protocol/codec/pdu.ts':
          "import type { A } from '../../src/drivers/a.ts'\nexport type P = A",
        'src/base/env.ts': 'export const env = 1',
        'src/drivers/a.ts': 'export type A = 1\nexport const a = 1',
        'src/model/m.ts': "import { env } from '../base/env.ts'\nexport const m = env",
        'simulator/index.ts': "import { a } from '../src/drivers/a.ts'\nexport const s = a",
        'src/cli/sim.ts': "import { s } from '../../simulator/index.ts'\nexport const t = s",
        'src/cellar/c.ts': "import { env } from '../base/env.ts'\nexport const c = env",
        'src/refill/sheet/r.ts': "import { a } from '../../drivers/a.ts'\nexport const r = a",
      }),
    ).toEqual([
      'protocol/codec/pdu.ts: protocol: only its row',
      'simulator/index.ts: simulator: only its row',
      'src/cellar/c.ts: every file of src has a room',
      'src/cli/sim.ts: cli: simulator only lazily',
      'src/model/m.ts: model: only its row',
      'src/refill/sheet/r.ts: refill/sheet: only its row',
    ])
  })

  it('refuses circles, what is not there, development packages, and node in the browser', () => {
    expect(
      violations({
        'src/drivers/a.ts': "import { b } from './b.ts'\nexport const a = (): number => b()",
        'src/drivers/b.ts': "import { a } from './a.ts'\nexport const b = (): number => a()",
        'src/drivers/c.ts': "import { gone } from './gone.ts'\nexport const c = gone",
        'src/drivers/d.ts': "import fc from 'fast-check'\nexport const d = fc",
        'src/drivers/e.ts': "import * as chai from 'chai'\nexport const e = chai",
        'src/model/f.ts': "import { readFileSync } from 'node:fs'\nexport const f = readFileSync",
      }),
    ).toEqual([
      'src/drivers/a.ts: no cycles',
      'src/drivers/c.ts: nothing unresolvable',
      'src/drivers/d.ts: the product stands without development packages',
      'src/drivers/e.ts: every package is in package.json',
      'src/model/f.ts: browser-safe rooms use no node modules',
    ])
  })
})
