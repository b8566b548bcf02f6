// The document: up to date, taken by a linter, and not to be broken. Clients that are generated from it: tests/system/clients.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PAGE_SCOPES } from '../../src/access/links.ts'
import { SCOPES, type Scope } from '../../src/access/token.ts'
import { breaking, type Json } from '../../tools/compatibility.ts'
import { document as make } from '../../tools/openapi.ts'
import { document } from './contract.ts'

const FILE = new URL('../../src/http/openapi.json', import.meta.url).pathname
const ROOT = new URL('../../', import.meta.url).pathname
const ORACLE = join(ROOT, 'tests/oracles/openapi/node_modules')
const there = existsSync(ORACLE)
const WHY = 'tests/oracles/openapi is not installed: npm ci --prefix tests/oracles/openapi'

type Loose = Record<string, never>
/** A copy of the document with one thing done to it. */
function changed(change: (copy: Loose) => void): Json {
  const copy = structuredClone(document) as unknown as Loose
  change(copy)
  return copy as unknown as Json
}
const at = (copy: Loose, ...path: string[]): Loose =>
  path.reduce<Loose>((one, name) => one[name] as unknown as Loose, copy)

describe('the document', () => {
  it('is the one the routes make', async () => {
    expect(await make()).toEqual(JSON.parse(readFileSync(FILE, 'utf8')))
  })

  it('names every event, and closes no object', () => {
    const names = Object.keys(document.components.schemas)
    for (const name of [
      'SnapshotEvent',
      'Record',
      'StatusEvent',
      'ResetEvent',
      'TickEvent',
      'ByeEvent',
    ]) {
      expect(names).toContain(name)
    }
    expect(JSON.stringify(document)).not.toContain('"additionalProperties":false')
    expect(names.filter((name) => name.endsWith('Input'))).toEqual([])
  })

  it('says of each address one media type an answer, its scope, and how long to wait when it is too often', () => {
    for (const [path, { get }] of Object.entries(document.paths)) {
      const {
        responses,
        security,
        description = '',
      } = get as typeof get & {
        security: Record<string, string[]>[]
        description?: string
      }
      for (const [status, { content = {} }] of Object.entries(responses)) {
        expect([path, status, Object.keys(content).length]).toEqual([path, status, 1])
      }
      if (security.length === 0) continue
      const [scope = ''] = security[0]?.['token'] ?? []
      expect(SCOPES as readonly string[], path).toContain(scope)
      expect(description).toContain(`Scope: \`${scope}\``)
      const page = PAGE_SCOPES.includes(scope as Scope)
      expect(
        security.some((one) => 'page' in one),
        path,
      ).toBe(page)
      expect(Object.keys(responses['429'] ?? {}), path).toContain('headers')
    }
    const open = Object.entries(document.paths).filter(
      ([, { get }]) => (get as { security?: object[] }).security?.length === 0,
    )
    expect(open.map(([path]) => path).sort()).toEqual(['/healthz', '/readyz'])
  })

  it('is taken by a linter without a word', { timeout: 60_000 }, ({ skip }) => {
    skip(!there && process.env['CI'] !== 'true', WHY)
    const bin = join(ORACLE, '.bin', 'redocly')
    const out = execFileSync(bin, ['lint', '--format=json', FILE], {
      encoding: 'utf8',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    })
    const { totals, problems } = JSON.parse(out.slice(out.indexOf('{')))
    expect({ totals: { errors: totals.errors, warnings: totals.warnings }, problems }).toEqual({
      totals: { errors: 0, warnings: 0 },
      problems: [],
    })
  })
})

describe('a change', () => {
  const now = document as unknown as Json
  it('that adds breaks nothing', () => {
    expect(breaking(now, now)).toEqual([])
    const grown = changed((copy) => {
      const schemas = at(copy, 'components', 'schemas')
      Object.assign(at(schemas, 'Pump', 'properties'), { colour: { type: 'string' } })
      Object.assign(at(copy, 'paths'), { '/api/v1/new': { get: { responses: {} } } })
      ;(at(schemas, 'Record', 'oneOf') as unknown as unknown[]).push({ type: 'object' })
      const sources = at(schemas, 'Wand', 'properties', 'source', 'enum')
      ;(sources as unknown as string[]).push('other')
    })
    expect(breaking(now, grown)).toEqual([])
  })

  const SCHEMA = ['components', 'schemas']
  const READINGS = ['paths', '/api/v1/pumps/{id}/readings', 'get']
  it.each<[string, (copy: Loose) => void]>([
    ['/api/v1/wands is gone', (c) => delete at(c, 'paths')['/api/v1/wands']],
    ['another operationId', (c) => Object.assign(at(c, ...READINGS), { operationId: 'x' })],
    ['.serial is gone', (c) => delete at(c, ...SCHEMA, 'Pump', 'properties')['serial']],
    ['may be missing now', (c) => Object.assign(at(c, ...SCHEMA, 'Pump'), { required: ['id'] })],
    [
      'its type has changed',
      (c) => Object.assign(at(c, ...SCHEMA, 'Pump', 'properties', 'serial'), { type: 'number' }),
    ],
    [
      'its type has changed',
      (c) =>
        Object.assign(at(c, ...SCHEMA, 'Wand', 'properties', 'port'), { type: ['string', 'null'] }),
    ],
    [
      'its const has changed',
      (c) =>
        Object.assign(
          at(c, ...SCHEMA, 'Reservoir', 'properties', 'reportedVolume', 'properties', 'unit'),
          { const: 'L' },
        ),
    ],
    [
      'is not given as application/json',
      (c) => {
        delete at(c, ...READINGS, 'responses', '200', 'content')['application/json']
      },
    ],
    ['does not answer 200', (c) => delete at(c, ...READINGS, 'responses')['200']],
    ['is not taken any more', (c) => Object.assign(at(c, ...READINGS), { parameters: [] })],
    [
      'is required now',
      (c) => {
        const list = at(c, ...READINGS)['parameters'] as unknown as { required: boolean }[]
        ;(list[0] as { required: boolean }).required = true
      },
    ],
    [
      'its range has become narrower',
      (c) => {
        const list = at(c, ...READINGS)['parameters'] as unknown as {
          name: string
          schema: object
        }[]
        Object.assign(list.find(({ name }) => name === 'limit')?.schema ?? {}, { maximum: 10 })
      },
    ],
    [
      'an alternative is gone',
      (c) => {
        ;(at(c, ...SCHEMA, 'Record', 'oneOf') as unknown as unknown[]).pop()
      },
    ],
  ])('that breaks is named: %s', (sentence, change) => {
    expect(breaking(now, changed(change)).join('\n')).toContain(sentence)
  })
})
