// The FHIR surface on a real server: read, search, pages, and what FHIR's rules ask for when a request
// is not right. The client is one that we did not write, where it can say what is asked.
import { beforeEach, describe, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { observationsOf } from '../../src/fhir/observations.ts'
import type { FhirSources } from '../../src/fhir/sources.ts'
import { fhirSurface } from '../../src/fhir/surface.ts'
import { start } from '../audit/bench-log.ts'
import { starter as httpStarter, lost, type World } from '../http/world.ts'
import { checkEnums } from './enums.ts'
import { kitClient, needsJudges, validator } from './oracle.ts'
import { interrogations, recordsOf, sourcesOf } from './readings.ts'

type Json = Record<string, unknown>
interface Found {
  readonly resourceType: string
  readonly total?: number
  readonly link: readonly { relation: string; url: string }[]
  readonly entry?: readonly { resource: Json; fullUrl: string; search: { mode: string } }[]
}

const begin = httpStarter()
/** The first days of a log, for whoever audits it. */
const AUDITED: readonly NewRecord[] = [
  { ...start, at: '2026-01-01T08:00:00.000Z' },
  { ...start, at: '2026-01-02T08:00:00.000Z' },
  {
    kind: 'read-access',
    at: '2026-01-03T08:00:00.000Z',
    body: {
      token: 'abcd',
      route: '/fhir/R4/Device',
      from: '2026-01-03T07:59:00.000Z',
      to: '2026-01-03T08:00:00.000Z',
      reads: 1,
      refused: 0,
    },
  },
]

async function world(scenario = 'mixture', zone = 'UTC') {
  let given: Pick<FhirSources, 'feed' | 'knowledge'> | null = null
  const parts = () => {
    if (!given) throw new Error('there are no records yet')
    return given
  }
  const w = await begin({
    mounts: ({ env, status }) => [
      {
        prefix: '/fhir/R4',
        scope: 'fhir',
        ...fhirSurface({
          env,
          version: '0.0.0',
          zone,
          status: () => status.status(),
          get feed() {
            return parts().feed
          },
          get knowledge() {
            return parts().knowledge
          },
        }),
      },
    ],
  })
  given = await sourcesOf(w.records, scenario, AUDITED)
  const base = `${w.url}/fhir/R4`
  return { ...w, w, base }
}

async function get(w: World, path: string, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${w.token}`
  const reply = await fetch(`${w.url}/fhir/R4${path}`, { headers: { authorization, ...headers } })
  const text = await reply.text()
  const body = (text === '' ? null : JSON.parse(text)) as Found & { issue: Json[] }
  if (body) checkEnums(body)
  return { status: reply.status, headers: reply.headers, body }
}

const ids = (found: Found) =>
  (found.entry ?? []).filter((one) => one.search.mode === 'match').map((one) => one.resource['id'])

describe('a client that we did not write', () => {
  beforeEach(needsJudges)

  it('reads, searches and pages through everything, each once, and all of it is FHIR R4', async () => {
    const { base, token, w } = await world()
    const client = await kitClient(base, token)
    const validate = await validator()
    const statement = await client.capabilityStatement()
    expect(statement).toMatchObject({ fhirVersion: '4.0.1' })
    const types =
      (statement as { rest: { resource: { type: string }[] }[] }).rest[0]?.resource ?? []
    for (const { type } of types) {
      const whole = ids((await get(w, `/${type}?_count=0500`)).body)
      const seen: unknown[] = []
      let page = (await client.search({
        resourceType: type,
        searchParams: { _count: 7 },
      })) as unknown as Found
      let pages = 1
      for (; ; pages += 1) {
        validate(page)
        checkEnums(page as never)
        seen.push(...ids(page))
        const next = await client.nextPage({ bundle: page })
        if (!next) break
        page = next as unknown as Found
      }
      expect(new Set(seen).size, type).toBe(seen.length)
      expect(seen.slice(0, 500), type).toEqual(whole)
      expect(pages, type).toBe(Math.max(1, Math.ceil(seen.length / 7)))
      const id = String(seen[0])
      const one = await client.read({ resourceType: type, id })
      expect(one).toMatchObject({ resourceType: type, id })
      if (type === 'DeviceMetric') continue
      const version = (one as { meta?: { versionId?: string } }).meta?.versionId ?? '1'
      expect(await client.vread({ resourceType: type, id, version })).toEqual(one)
    }
  })
})

describe('searching', () => {
  it('finds by identifier, device, code, date, _lastUpdated and _id', async () => {
    const { w } = await world()
    const all = interrogations(await recordsOf('mixture'))
    const first = all[0]
    if (!first?.pump) throw new Error('no pump')
    const { id, serial } = first.pump
    const count = async (path: string) => ids((await get(w, path)).body).length
    const n = all.length
    const serialNumber = encodeURIComponent(`urn:wandbridge:pump-serial|${serial}`)
    expect(await count(`/Device?identifier=${serialNumber}`)).toBe(1)
    expect(await count(`/Device?identifier=${serial}`)).toBe(1)
    expect(await count('/Device?identifier=x|y')).toBe(0)
    expect(await count(`/Device?parent=${id}.vmd`)).toBe(4)
    const mdc = encodeURIComponent('urn:iso:std:iso:11073:10101|157784')
    for (const device of [
      id,
      `Device/${id}`,
      `${w.url}/fhir/R4/Device/${id}`,
      `DeviceMetric/${id}.rate-set`,
    ]) {
      expect(await count(`/Observation?device=${device}&code=${mdc}&_count=500`), device).toBe(n)
    }
    expect(await count(`/Observation?device=DeviceMetric/${id}.mode&code=157784`)).toBe(0)
    expect(await count(`/Observation?device=nobody`)).toBe(0)
    expect(await count('/Observation?code=157784,157760&_count=500')).toBe(3 * n)
    expect(await count('/Observation?code=157784&code=157760')).toBe(0)
    const own = `${first.log}.${first.position}.rate-set`
    const key = encodeURIComponent(`urn:wandbridge:record|${first.log}/${first.position}/rate-set`)
    // The records in this world stand in another log, at other positions.
    const [real] = ids((await get(w, '/Observation?code=157784')).body)
    expect(await count(`/Observation?_id=${real},${own}x`)).toBe(1)
    expect(
      await count(`/Observation?identifier=${key.replace(first.log, 'simulator-1-00000000')}`),
    ).toBeLessThanOrEqual(1)
    expect(await count('/DiagnosticReport?code=MDCX_INTERROGATION&_count=500')).toBe(n)
    expect(await count('/AuditEvent?subtype=start')).toBe(2)
    expect(await count('/AuditEvent?date=2026-01-02')).toBe(1)
    // Without an offset of the pump's clock that is known, a reading is of when it was made here.
    const dates = all.map((one) => observationsOf(one)[0]?.effectiveDateTime?.slice(0, 10) ?? '')
    const [day = ''] = [...dates].sort()
    const early = dates.filter((date) => date === day).length
    expect(await count(`/Observation?code=157784&date=${day}`)).toBe(early)
    expect(await count(`/Observation?code=157784&date=lt${day}`)).toBe(0)
    expect(await count(`/Observation?code=157784&date=gt${day}&_count=500`)).toBe(n - early)
    const at = encodeURIComponent(first.at)
    expect(await count(`/Observation?code=157784&_lastUpdated=${at}`)).toBe(1)
    expect(await count(`/Observation?code=157784&_lastUpdated=gt${at}&_count=500`)).toBe(n - 1)
    expect(await count(`/Observation?code=157784&_lastUpdated=le${at}`)).toBe(1)
    // Beyond the years with four digits texts are not in order.
    for (const ever of [
      'le9999',
      'lt9999-12-31T23:59:59-14:00',
      'ge0000',
      'gt0000-01-01T00:00:00%2B14:00',
    ]) {
      expect(await count(`/Observation?code=157784&_lastUpdated=${ever}&_count=500`), ever).toBe(n)
    }
    expect(await count('/Observation?_lastUpdated=gt9999')).toBe(0)
  })

  it('_count: 0 gives the number alone, a huge one the most there is, nonsense is refused', async () => {
    const { w } = await world()
    const none = (await get(w, '/Observation?_count=0')).body
    expect(none.total).toBeGreaterThan(100)
    expect(none.entry).toBeUndefined()
    for (const huge of ['501', '4294967296', '9'.repeat(90)]) {
      const { status, body } = await get(w, `/Observation?_count=${huge}`)
      expect(status).toBe(200)
      expect(ids(body).length).toBeLessThanOrEqual(500)
      expect(body.link[0]?.url).toContain('_count=500')
    }
    for (const bad of ['-1', 'x', '1.5', '1e3', '0x10', '1&_count=2']) {
      expect((await get(w, `/Observation?_count=${bad}`)).status, bad).toBe(400)
    }
  })

  it('parameters that are not known are left out and said so; strict, they are refused', async () => {
    const { w } = await world()
    const lenient = await get(w, '/Observation?madeUp=1&code=157784')
    expect(lenient.status).toBe(200)
    const said = lenient.body.entry?.at(-1)
    expect(said?.search.mode).toBe('outcome')
    expect(JSON.stringify(said?.resource)).toContain('madeUp')
    expect(lenient.body.link[0]?.url).not.toContain('madeUp')
    for (const prefer of [
      'handling=strict',
      'return=minimal, HANDLING="strict"',
      'a; handling=strict',
    ]) {
      const strict = await get(w, '/Observation?madeUp=1&code=157784', { prefer })
      expect(strict.status, prefer).toBe(400)
      expect(strict.body.issue[0]).toMatchObject({ severity: 'error', code: 'not-supported' })
    }
    const fine = await get(w, '/Observation?code=157784&_count=1', { prefer: 'handling=strict' })
    expect(fine.status).toBe(200)
    const lax = await get(w, '/Observation?madeUp=1', { prefer: 'handling=lenient' })
    expect(lax.status).toBe(200)
  })

  it('a page of a log that is not gone on with is gone, not empty', async () => {
    const { w } = await world()
    for (const type of ['Observation', 'DiagnosticReport', 'AuditEvent']) {
      const { status, body } = await get(w, `/${type}?_cursor=simulator-9-ffffffff.1.1`)
      expect(status, type).toBe(410)
      expect(body.issue[0]).toMatchObject({ severity: 'error', code: 'not-found' })
    }
  })

  it('what is named by id is looked up, in pages too, without a walk through the log', async () => {
    const { w } = await world()
    const all = ids((await get(w, '/Observation?_count=500')).body)
    const wanted = [all[100], all[3], all[77], 'nothing', all[3], all.at(-1)]
    const before = w.records.reads
    const first = (await get(w, `/Observation?_id=${wanted}&_count=2`)).body
    const second = (await get(w, new URL(first.link[1]?.url ?? '').href.split('/R4')[1] ?? '')).body
    expect([...ids(first), ...ids(second)]).toEqual([all[100], all[3], all[77], all.at(-1)])
    expect(first.link[1]?.relation).toBe('next')
    expect(second.link.some((one) => one.relation === 'next')).toBe(false)
    expect(w.records.reads - before).toBeLessThanOrEqual(10)
    const named = `${String(all[3])}&code=nothing`
    expect(ids((await get(w, `/Observation?_id=${named}`)).body)).toEqual([])
    const identifier = String(all[3]).replaceAll('.', '/')
    expect(ids((await get(w, `/Observation?identifier=${identifier}`)).body)).toEqual([all[3]])
    const other = encodeURIComponent(`urn:other|${identifier}`)
    expect(ids((await get(w, `/Observation?identifier=${other}`)).body)).toEqual([])
  })

  it('says on the Bundle, too, that what is in it is no reading of a patient', async () => {
    const { w } = await world()
    const some = (await get(w, '/Observation?_count=1')).body as unknown as Json
    expect(some['meta']).toMatchObject({ security: [{ code: 'HTEST' }] })
    const none = (await get(w, '/Observation?_id=nothing')).body as unknown as Json
    expect(none['meta']).not.toHaveProperty('security')
  })

  it('what cannot be right is refused, and nothing makes it an error of the server', async () => {
    const { w } = await world()
    const bad = [
      'code:not=157784',
      'code:missing=true',
      'date=yesterday',
      'date=2026-02-30',
      'date=2026-13',
      'date=zz2026',
      'date=2026-01-05T25:00',
      '_lastUpdated=gt',
      '_cursor=../../etc',
      '_cursor=%00',
      '_summary=data',
    ]
    for (const query of bad) {
      const { status, body } = await get(w, `/Observation?${query}`)
      expect(status, query).toBe(400)
      expect(body.resourceType).toBe('OperationOutcome')
    }
    const odd = [
      'code=%00%ff',
      'code=|',
      'code=||||',
      'code=,',
      'code=',
      `code=${'a,'.repeat(4_000)}`,
      '__proto__=1',
      'constructor=1',
      'toString:x=1',
      'device=../../x',
      'device=%E0%A4%A',
      'identifier=%7C%7C',
      '_id=simulator-1-00000000.99999999999999999999.x',
      'date=9999',
      'date=0001',
    ]
    for (const query of odd) {
      const { status, body } = await get(w, `/Observation?${query}`)
      expect(status, query).toBe(200)
      expect(body.resourceType).toBe('Bundle')
    }
  })
})

describe('content', () => {
  it('comes as FHIR JSON to whoever takes it, and not to whoever does not', async () => {
    const { w } = await world()
    const good = [
      '*/*',
      'application/json',
      'application/fhir+json',
      'application/fhir+json; fhirVersion=4.0',
      'text/html, application/*;q=0.1',
    ]
    for (const accept of good) {
      const { status, headers } = await get(w, '/Device', { accept })
      expect(status, accept).toBe(200)
      expect(headers.get('content-type')).toBe('application/fhir+json; charset=utf-8')
    }
    const none = [
      'application/fhir+xml',
      'text/html',
      'application/fhir+json; fhirVersion=3.0',
      'application/json;q=0',
    ]
    for (const accept of none) {
      const { status, body } = await get(w, '/Device', { accept })
      expect(status, accept).toBe(406)
      expect(body.resourceType).toBe('OperationOutcome')
    }
    expect((await get(w, '/Device?_format=json', { accept: 'text/html' })).status).toBe(200)
    expect((await get(w, '/Device?_format=application/fhir+json')).status).toBe(200)
    expect((await get(w, '/Device?_format=xml')).status).toBe(406)
  })

  it('has a version, and is not sent to whoever has it', async () => {
    const { w } = await world()
    const [id] = ids((await get(w, '/Observation?_count=1')).body)
    const { headers } = await get(w, `/Observation/${id}`)
    expect(headers.get('etag')).toBe('W/"1"')
    expect((await get(w, `/Observation/${id}`, { 'if-none-match': 'W/"1"' })).status).toBe(304)
    expect((await get(w, `/Observation/${id}`, { 'if-none-match': 'W/"2"' })).status).toBe(200)
    expect((await get(w, `/Observation/${id}/_history/1`)).status).toBe(200)
    expect((await get(w, `/Observation/${id}/_history/2`)).status).toBe(404)
  })

  it('says by DeviceMetric whether the pump is read now, and Observations stay as they are', async () => {
    const { w } = await world()
    const { id } = w.pump.pump
    // The pump of the status is in this log, too.
    w.records.push(w.interrogation)
    const own = `/DeviceMetric/${id}.rate-set`
    const status = async () => (await get(w, own)).body as unknown as Json
    expect(await status()).toMatchObject({ operationalStatus: 'on' })
    const seen = (await get(w, '/Observation?code=157784')).body
    w.change(lost)
    expect(await status()).toMatchObject({ operationalStatus: 'off' })
    expect(ids((await get(w, '/Observation?code=157784')).body)).toEqual(ids(seen))
    const entries = (found: Found) => found.entry?.map((one) => one.resource)
    expect(entries((await get(w, '/Observation?code=157784')).body)).toEqual(entries(seen))
  })
})

describe('every error', () => {
  it('is an OperationOutcome, also of what stands around the surface', async () => {
    const { w, token } = await world()
    const ask = async (path: string, init: RequestInit = {}) => {
      const reply = await fetch(`${w.url}/fhir/R4${path}`, init)
      const body = (await reply.json()) as { resourceType: string }
      expect(reply.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8')
      checkEnums(body)
      expect(body.resourceType).toBe('OperationOutcome')
      return reply.status
    }
    const headers = { authorization: `Bearer ${token}` }
    expect(await ask('/Patient', { headers })).toBe(404)
    expect(await ask('/Observation/nothing', { headers })).toBe(404)
    expect(await ask('/Observation/simulator-1-00000000.0.nothing', { headers })).toBe(404)
    expect(await ask(`/Observation/${'x'.repeat(90)}`, { headers })).toBe(404)
    expect(await ask('', { headers })).toBe(404)
    expect(await ask('/Observation')).toBe(401)
    expect(await ask('/Observation', { headers: { authorization: 'Bearer x' } })).toBe(401)
    expect(await ask('/Observation', { headers, method: 'POST' })).toBe(405)
    expect(await ask('/Observation/x', { headers, method: 'DELETE' })).toBe(405)
    const narrow = w.tokenFor(['status', 'history'])
    const other = { authorization: `Bearer ${narrow.text}` }
    expect(await ask('/Observation', { headers: other })).toBe(403)
    w.state.recorded = async () => false
    expect(await ask('/Observation', { headers })).toBe(503)
    expect(await ask('/Device/x', { headers })).toBe(503)
  })

  it('a token for another kind of bridge sees nothing', async () => {
    const { w } = await world()
    const { text } = w.tokenFor(['fhir'], { source: 'device' })
    const headers = { authorization: `Bearer ${text}` }
    const [id] = ids((await get(w, '/Observation?_count=1')).body)
    for (const path of ['Observation', 'Device', 'AuditEvent', `Observation/${id}`]) {
      expect((await fetch(`${w.url}/fhir/R4/${path}`, { headers })).status).toBe(401)
    }
  })

  it('every read is recorded, with the pump when it is of one', async () => {
    const { w } = await world()
    w.state.reads.length = 0
    const { serial } = interrogations(await recordsOf('mixture'))[0]?.pump ?? {}
    await get(w, '/Observation?code=157784')
    await get(w, '/Device/nobody')
    await get(w, '/metadata')
    const said = w.state.reads.map((one) => one.replace(/^\w+ /, ''))
    expect(said).toEqual([`/fhir/R4/Observation ${serial}`, '/fhir/R4/Device/{id} null'])
  })
})
