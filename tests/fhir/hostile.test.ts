// Whatever is asked, the answer is one of FHIR, and never an error of ours.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { PARAMS } from '../../src/fhir/parameters.ts'
import { TYPES } from '../../src/fhir/query.ts'
import { fhirSurface } from '../../src/fhir/surface.ts'
import { start, stop } from '../audit/bench-log.ts'
import { MemoryRecords } from '../http/world.ts'
import { checkEnums } from './enums.ts'
import { sourcesOf } from './readings.ts'

const RUNS = process.env['WANDBRIDGE_LONG'] === '1' ? 20_000 : 400
const env = systemEnv()

const names = [...new Set(TYPES.flatMap((type) => Object.keys(PARAMS[type])))]
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '_count',
      '_cursor',
      '_format',
      '_summary',
      '_sort',
      '_include',
      '__proto__',
    ),
  },
  fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('missing', 'not', 'in', ''))
    .map((x) => x.join(':')),
  fc.string(),
)
const date = fc
  .tuple(
    fc.constantFrom('', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap', 'xx'),
    fc.integer({ min: 0, max: 12_000 }),
    fc.constantFrom(
      '',
      '-01',
      '-13',
      '-02-30',
      '-01-05',
      '-01-05T08:00',
      '-01-05T08:00:00.5Z',
      '-12-31T23:59:59-14:00',
    ),
  )
  .map(([prefix, year, rest]) => `${prefix}${String(year).padStart(4, '0')}${rest}`)
const place = fc
  .tuple(
    fc.constantFrom('simulator-1-00000000', 'device-1-00000000', 'x'),
    fc.nat(),
    fc.constantFrom('0', 'z', 'mode', '9e9', '-1'),
  )
  .map((x) => x.join('.'))
const value = fc.oneof(
  date,
  place,
  fc.constantFrom(
    '157784',
    'urn:iso:std:iso:11073:10101|157784',
    '|',
    '|x',
    'x|',
    ',',
    '\\',
    '\\,',
    '0',
    '1',
    '-1',
    '9'.repeat(40),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
)
const query = fc.array(fc.tuple(name, value), { maxLength: 5 })
const path = fc.oneof(
  fc.constantFrom(...TYPES).map((type) => `/${type}`),
  fc
    .tuple(fc.constantFrom(...TYPES), fc.oneof(place, fc.string()))
    .map(([type, id]) => `/${type}/${id}`),
  fc
    .tuple(fc.constantFrom(...TYPES), place, value)
    .map(([type, id, v]) => `/${type}/${id}/_history/${v}`),
  fc.string().map((text) => `/${text}`),
)
const headers = fc.record({
  accept: fc.oneof(
    fc.constantFrom('*/*', 'application/fhir+json', 'text/html;q=x', ';;,,', ''),
    fc.string(),
  ),
  prefer: fc.oneof(fc.constantFrom('handling=strict', 'handling=lenient', ';,='), fc.string()),
  'if-none-match': fc.oneof(fc.constantFrom('*', 'W/"1"', '"'), fc.string()),
})

it('is answered in FHIR', { timeout: 600_000 }, async () => {
  const records = new MemoryRecords()
  const surface = fhirSurface({
    env,
    version: '0',
    zone: 'UTC',
    status: () => ({ pumps: [] }),
    ...(await sourcesOf(records, 'mixture', [start, stop])),
  })
  const statuses = new Set<number>()
  await fc.assert(
    fc.asyncProperty(path, query, headers, async (where, asked, given) => {
      const said = await surface.answer({
        path: where,
        query: new URLSearchParams(asked),
        headers: given,
        base: 'http://127.0.0.1:8420/fhir/R4',
        gone: () => false,
        recorded: async () => {},
      })
      statuses.add(said.status)
      expect([200, 304, 400, 404, 406, 410]).toContain(said.status)
      if (said.status !== 304) checkEnums(JSON.parse(said.body))
    }),
    { numRuns: RUNS },
  )
  for (const status of [200, 400, 404, 406]) expect(statuses).toContain(status)
})
