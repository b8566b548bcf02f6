// The alert rules and the dashboard of deploy/ name what a real bridge or a replica gives at /metrics, and nothing else;
// what it gives and neither shows is named here. Prometheus' own program takes the rules, and they do what they say.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { cosigningKey } from '../../src/audit/format/cosignature.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { systemEnv } from '../../src/base/env.ts'
import { countersOf } from '../../src/host/replica-overview.ts'
import { endAll, eventually, serve, sim, temporary, token } from './programs.ts'

afterEach(endAll)

const file = (path: string) => new URL(`../../${path}`, import.meta.url).pathname
const RULES = file('deploy/prometheus/wandbridge.rules.yml')
const BOARD = file('deploy/grafana/wandbridge.json')

interface Board {
  readonly panels: readonly {
    readonly id: number
    readonly gridPos: {
      readonly x: number
      readonly y: number
      readonly w: number
      readonly h: number
    }
    readonly targets: readonly { readonly expr: string }[]
  }[]
}
const board = () => JSON.parse(readFileSync(BOARD, 'utf8')) as Board
const expressions = () => board().panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
const namesIn = (text: string) => new Set(text.match(/\bwandbridge_[a-z0-9_]+/g) ?? [])

/** Neither alerts nor the dashboard show them: they are counted for whoever looks for a fault. */
const LEFT_OUT = ['wandbridge_adt_messages_total']

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
const CI = process.env['CI'] === 'true'
const promtool = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' })
  expect(`${stdout}${stderr}`).not.toContain('FAILED')
  expect(status, `${stdout}${stderr}`).toBe(0)
}

describe('monitoring', () => {
  it('names the metrics that a bridge gives', { timeout: 120_000 }, async () => {
    const wand = await sim('tcp')
    const state = temporary()
    const config = join(temporary(), 'config.yaml')
    const { witness } = cosigningKey('witness.example/x', newKey(systemEnv()))
    writeFileSync(
      config,
      `source: simulator
audit:
  witnesses: [{ url: 'http://127.0.0.1:1', key: '${witness.text}' }]
hl7:
  destinations: [{ name: emr, host: 127.0.0.1, port: 1, testMessages: true }]
fleet: { servers: ['nats://127.0.0.1:1'], site: clinic-a }
`,
    )
    const { url } = await serve([wand.port], { state, more: ['--config', config] })
    const headers = { authorization: `Bearer ${await token(state)}` }
    const get = async (path: string) => (await fetch(`${url}${path}`, { headers })).text()
    let text = ''
    let looks = 0
    await eventually(
      () => {
        looks += 1
        if (looks % 20 === 1) void get('/metrics').then((said) => (text = said))
        return text
      },
      (said) => said.includes('wandbridge_reading_age_seconds{'),
      30_000,
    )
    const given = new Set(
      [...text.matchAll(/^# TYPE (wandbridge_\S+)/gm)].map(([, name = '']) => name),
    )
    expect(given.size).toBeGreaterThan(25)
    const shown = new Set([
      ...namesIn(readFileSync(RULES, 'utf8').replaceAll('wandbridge_token', '')),
      ...expressions().flatMap((one) => [...namesIn(one)]),
    ])
    const away = { lost: null, lostOf: () => null, keyLostOf: () => null }
    const replica = countersOf(new Map(), away).map(({ name }) => `wandbridge_${name}`)
    expect([...shown].filter((name) => !given.has(name) && !replica.includes(name))).toEqual([])
    expect([...given].filter((name) => !shown.has(name) && !LEFT_OUT.includes(name))).toEqual([])
    const age = Number(/wandbridge_reading_age_seconds\{of="newest"\} (\S+)/.exec(text)?.[1])
    expect(age).toBeGreaterThanOrEqual(0)
    expect(age).toBeLessThan(60)
  })

  it('has rules that Prometheus takes, and that do what they say', ({ skip }) => {
    skip(!hasPromtool && !CI, 'promtool is not installed')
    promtool('check', 'rules', RULES)
    const dir = temporary()
    copyFileSync(RULES, join(dir, 'rules.yml'))
    copyFileSync(file('tests/deploy/wandbridge.rules.test.yml'), join(dir, 'test.yml'))
    promtool('test', 'rules', join(dir, 'test.yml'))
  })

  it('has a dashboard whose panels stand side by side, and whose questions Prometheus takes', ({
    skip,
  }) => {
    const { panels } = board()
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const [i, { gridPos: a }] of panels.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24)
      for (const { gridPos: b } of panels.slice(i + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
        expect(apart).toBe(true)
      }
    }
    skip(!hasPromtool && !CI, 'promtool is not installed')
    const rules = expressions().map(
      (expr, i) =>
        `      - record: test:expression:${i}\n        expr: ${JSON.stringify(expr.replaceAll('$__rate_interval', '5m'))}\n`,
    )
    const path = join(temporary(), 'expressions.yml')
    writeFileSync(path, `groups:\n  - name: board\n    rules:\n${rules.join('')}`)
    promtool('check', 'rules', path)
  })
})
