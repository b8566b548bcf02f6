// The FHIR surface on a real server: read, search, pages, and what FHIR's rules ask for when a request
// is not right. The client is one that we did not write, where it can say what is asked.
import { beforeEach, describe, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { observationsOf } from '../../src/fhir/observations.ts'
import type { FhirSources } from '../../src/fhir/sources.ts'
import { fhirSurface } from '../../src/fhir/surface.ts'
import { inZone } from '../../src/model/format.ts'
import { start } from '../audit/bench-log.ts'
import { starter as httpStarter, lost, type World } from '../http/world.ts'
import { checkEnums } from './enums.ts'
import { kitClient, needsJudges, validator } from './oracle.ts'
import { interrogations, NEW, OLD, recordsOf, SYSTEM, sourcesOf } from './readings.ts'

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
      if (type === 'DeviceMetric' || type === 'Patient') continue
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

  it('what changes the result and is not supported is refused; to whoever allows it, it is left out and said so', async () => {
    const { w } = await world()
    const kinds = [
      'madeUp=1',
      '_sort=code',
      '_sort=-date,_lastUpdated',
      '_include=Observation:nothing',
      '_revinclude=DiagnosticReport:result',
      '_elements=code',
      '_has:Patient:x=1',
    ]
    for (const kind of kinds) {
      for (const prefer of ['', 'handling=strict', 'return=minimal']) {
        const headers: Record<string, string> = prefer === '' ? {} : { prefer }
        const refused = await get(w, `/Observation?${kind}&code=157784`, headers)
        expect(refused.status, kind).toBe(400)
        expect(refused.body.issue[0]).toMatchObject({ severity: 'error', code: 'not-supported' })
      }
      for (const prefer of ['handling=lenient', 'a; HANDLING="lenient"']) {
        const lenient = await get(w, `/Observation?${kind}&code=157784`, { prefer })
        expect(lenient.status, kind).toBe(200)
        const said = lenient.body.entry?.at(-1)
        expect(said?.search.mode).toBe('outcome')
        const [name = ''] = kind.split('=')
        expect(JSON.stringify(said?.resource)).toContain(name)
        expect(lenient.body.link[0]?.url).not.toContain(name)
      }
    }
    expect((await get(w, '/Observation?code=157784&_count=1&_pretty=true')).status).toBe(200)
  })

  it('_sort gives the newest first, each once, page by page; _count=1 is the newest', async () => {
    const { w } = await world()
    for (const [type, date] of [
      ['Observation', 'effectiveDateTime'],
      ['DiagnosticReport', 'issued'],
      ['AuditEvent', 'recorded'],
    ] as const) {
      const up = (await get(w, `/${type}?_count=500&_sort=date`)).body
      const whole = ids(up)
      const times = (found: Found) => (found.entry ?? []).map((one) => String(one.resource[date]))
      const newest = (await get(w, `/${type}?_sort=-date&_count=1`)).body
      expect(times(newest)[0], type).toBe([...times(up)].sort().at(-1))
      const down: unknown[] = []
      const moments: string[] = []
      for (let path = `/${type}?_sort=-_lastUpdated&_count=7`; ; ) {
        const { body } = await get(w, path)
        down.push(...ids(body))
        moments.push(...times(body))
        const next = body.link.find(({ relation }) => relation === 'next')
        if (!next) break
        path = next.url.split('/R4')[1] ?? ''
      }
      expect(new Set(down).size, type).toBe(down.length)
      expect([...down].sort()).toEqual([...whole].sort())
      expect(moments).toEqual([...moments].sort().reverse())
    }
    const all = ids((await get(w, '/Observation?code=157784&_count=500')).body)
    const named = (await get(w, `/Observation?_id=${[all[1], all[0], all[2]]}&_sort=-date`)).body
    expect(ids(named)).toEqual([all[2], all[1], all[0]])
  })

  it('a patient that nobody knows has nothing, and one that is named by identifier has what is theirs', async () => {
    const { w } = await world()
    for (const type of ['Observation', 'DiagnosticReport', 'Device']) {
      for (const name of ['nobody', 'Patient/nobody', `${w.url}/fhir/R4/Patient/x`]) {
        expect(ids((await get(w, `/${type}?patient=${name}`)).body), type).toEqual([])
      }
    }
    const [first] = interrogations(await recordsOf('mixture'))
    if (!first) throw new Error('no reading')
    w.records.push({ ...first, patient: 'P-17' })
    const theirs = encodeURIComponent('urn:wandbridge:pseudonym|P-17')
    for (const name of ['patient', 'subject']) {
      const { entry = [] } = (await get(w, `/Observation?${name}:identifier=${theirs}`)).body
      expect(entry.length).toBeGreaterThan(5)
      for (const { resource } of entry) {
        expect(resource['subject']).toMatchObject({
          type: 'Patient',
          identifier: { value: 'P-17' },
        })
      }
    }
    expect(ids((await get(w, '/Observation?patient:identifier=P-18')).body)).toEqual([])
    expect((await get(w, '/Observation?device:identifier=x')).status).toBe(400)
  })

  it('finds what is of a patient under whichever identifier, and says which one goes on', async () => {
    const { w } = await world()
    const [first] = interrogations(await recordsOf('mixture'))
    if (!first) throw new Error('no reading')
    const places = [OLD, NEW].map((owner) => w.records.push({ ...first, owner }))
    const found = (await get(w, '/Patient')).body
    const [old, now] = [OLD, NEW].map(({ value }) =>
      found.entry
        ?.map((one) => one.resource)
        .find((one) => JSON.stringify(one['identifier']).includes(value)),
    )
    expect(old).toMatchObject({
      active: false,
      name: [{ text: 'Doe, Jane' }],
      link: [{ other: { reference: `Patient/${now?.id}` }, type: 'replaced-by' }],
    })
    expect(now).toMatchObject({ active: true, identifier: [NEW] })
    expect(JSON.stringify([old?.id, now?.id])).not.toMatch(/A-1|B-2/)
    const token = (value: string) => encodeURIComponent(`${SYSTEM}|${value}`)
    for (const asked of [
      ...[`patient=${now?.id}`, `patient=Patient/${old?.id}`, `subject=Patient/${now?.id}`],
      ...[`patient:identifier=${token('A-1')}`, `patient:identifier=${token('B-2')}`],
    ]) {
      const { entry = [] } = (await get(w, `/DiagnosticReport?${asked}`)).body
      expect(entry.length, asked).toBe(places.length)
    }
    expect(ids((await get(w, `/Observation?patient:identifier=${token('C')}`)).body)).toEqual([])
    const included = await get(
      w,
      `/DiagnosticReport?patient=${now?.id}&_include=DiagnosticReport:patient`,
    )
    expect(
      included.body.entry?.filter((one) => one.resource.resourceType === 'Patient').length,
    ).toBe(2)
  })

  it('finds by value: with prefix, unit and system, and an equal is as wide as its last digit', async () => {
    const { w } = await world()
    const { entry = [] } = (await get(w, '/Observation?code=157784&_count=500')).body
    const values = entry.map(
      ({ resource }) => (resource['valueQuantity'] as { value: number }).value,
    )
    const [value = 0] = values
    const ucum = 'http://unitsofmeasure.org'
    const count = async (text: string) =>
      ids(
        (await get(w, `/Observation?code=157784&value-quantity=${encodeURIComponent(text)}`)).body,
      ).length
    const equal = values.filter((one) => one === value).length
    expect(await count(`${value}`)).toBe(equal)
    expect(await count(`${value}|${ucum}|mL/d`)).toBe(equal)
    expect(await count(`eq${value}||mL/d`)).toBe(equal)
    expect(await count(`${value}|${ucum}|mL/h`)).toBe(0)
    expect(await count(`${value}|urn:other|mL/d`)).toBe(0)
    expect(await count(`gt${value}`)).toBe(values.filter((one) => one > value).length)
    expect(await count(`ge${value}`)).toBe(values.filter((one) => one >= value).length)
    expect(await count(`lt${value}`)).toBe(values.filter((one) => one < value).length)
    expect(await count(`ap${value * 1.05}`)).toBeGreaterThanOrEqual(equal)
    expect(await count('1e6')).toBe(0)
    for (const bad of ['x', '5|a|b|c', '', 'gt', '1,2x'].filter((one) => one !== '')) {
      const path = `/Observation?value-quantity=${encodeURIComponent(bad)}`
      expect((await get(w, path)).status, bad).toBe(400)
    }
  })

  it('gives with reports what they are of, once, beside the matches', async () => {
    const { w } = await world('normal-refill')
    const path =
      '/DiagnosticReport?_include=DiagnosticReport:result&_include=DiagnosticReport:subject'
    const { body } = await get(w, `${path}&_count=2`)
    const { entry = [] } = body
    const matches = entry.filter((one) => one.search.mode === 'match')
    const rest = entry.filter((one) => one.search.mode === 'include')
    expect(matches).toHaveLength(2)
    const wanted = new Set(
      matches.flatMap(({ resource }) =>
        [...(resource['result'] as { reference: string }[]), resource['subject']].map(
          (one) => (one as { reference: string }).reference,
        ),
      ),
    )
    const name = ({ resource }: { resource: Json }) =>
      `${resource['resourceType']}/${resource['id']}`
    expect(rest.map(name).sort()).toEqual([...wanted].sort())
    expect(body.link.find(({ relation }) => relation === 'next')?.url).toContain('_include')
    expect(ids(body)).toHaveLength(2)
  })

  it('$lastn gives the newest of everything, of each drug its own', async () => {
    const { w } = await world()
    const newest = interrogations(await recordsOf('mixture')).at(-1)
    if (!newest?.pump) throw new Error('no reading')
    const { entry = [] } = (await get(w, `/Observation/$lastn?device=${newest.pump.id}`)).body
    const metrics = entry.map(
      ({ resource }) => (resource['device'] as { reference: string }).reference,
    )
    expect(new Set(metrics).size).toBe(metrics.length)
    const own = observationsOf(newest)
    for (const one of own) {
      const found = entry.find(
        ({ resource }) =>
          (resource['device'] as { reference: string }).reference === one.device?.reference,
      )
      expect(found?.resource['effectiveDateTime']).toBe(one.effectiveDateTime)
    }
    const doses = (await get(w, '/Observation/$lastn?code=157924&max=2')).body
    expect(doses.total).toBe(2 * (newest.infusion.drugs?.length ?? 0))
    expect((await get(w, '/Observation/$lastn?patient=nobody')).body.total).toBe(0)
    for (const bad of ['max=0', 'max=x', 'max=1&max=2', '_sort=date', 'madeUp=1']) {
      expect((await get(w, `/Observation/$lastn?${bad}`)).status, bad).toBe(400)
    }
  })

  it('finds what the pump has logged itself, by its code', async () => {
    const { w } = await world('stall-late-recovery')
    const logged = (await recordsOf('stall-late-recovery')).flatMap((one) =>
      one.kind === 'pump-events' ? one.entries : [],
    )
    expect(logged.map(({ code }) => code)).toContain('stall-recovered')
    const { entry = [] } = (await get(w, '/Observation?code=MDCX_PUMP_EVENT&_count=500')).body
    const words = entry.map(
      ({ resource }) => (resource['valueCodeableConcept'] as { text: string }).text,
    )
    expect(words).toEqual(logged.map(({ code }) => code?.replaceAll('-', ' ')))
    const one = entry[0]?.resource
    expect((await get(w, `/Observation/${one?.['id']}`)).body).toEqual(one)
  })

  it('a date without zone is a day of the clinic', async () => {
    const { w } = await world('mixture', 'Pacific/Auckland')
    const { entry = [] } = (await get(w, '/Observation?code=157784&_count=500')).body
    for (const { resource } of entry) {
      const day = inZone(String(resource['effectiveDateTime']), 'Pacific/Auckland').slice(0, 10)
      const found = (await get(w, `/Observation?code=157784&date=${day}`)).body
      expect(ids(found)).toContain(resource['id'])
    }
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
      '__proto__=1',
      'constructor=1',
      'toString:x=1',
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

describe('references', () => {
  const references = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return []
    const { reference } = value as { reference?: unknown }
    const inside = Object.values(value).flatMap(references)
    return typeof reference === 'string' ? [reference, ...inside] : inside
  }

  it.each(['mixture', 'stall-late-recovery', 'concentration-change', 'wrong-pump'])(
    'of %s all lead somewhere, also when an alarm has ended, a drug is gone, a list was unread, retention has passed, and of a pump that was never read',
    async (scenario) => {
      const { w } = await world(scenario)
      const newest = interrogations(await recordsOf(scenario)).at(-1)
      if (!newest?.pump) throw new Error('no reading')
      const { infusion, alarms } = newest
      const alarm = { ...alarms?.[0], id: '9', code: 'motor-stall', occurredAt: null } as never
      const [drug] = infusion.drugs ?? []
      const more = { ...infusion, drugs: [drug, drug, drug] as never[] }
      // More of everything, then nothing of it, then the lists cannot be read, then as it was.
      w.records.push({ ...newest, alarms: [alarm, alarm, alarm], infusion: more })
      w.records.push({ ...newest, alarms: [], infusion: { ...infusion, drugs: [], schedule: [] } })
      w.records.push({
        ...newest,
        alarms: null,
        infusion: { ...infusion, drugs: null, schedule: null },
      })
      w.records.push({ ...newest, alarms: [] })
      w.records.push({
        ...(newest as object as { at: string }),
        kind: 'session',
        event: 'opened',
        how: null,
        pump: { id: 'ffffffffffffffff', serial: 'NEVER-READ' },
      } as never)
      w.records.first = 2
      const found = new Set<string>()
      for (const type of ['Observation', 'DiagnosticReport', 'Device', 'DeviceMetric']) {
        for (let path = `/${type}?_count=500`; ; ) {
          const { body } = await get(w, path)
          for (const { resource } of body.entry ?? []) {
            for (const one of references(resource)) found.add(one)
          }
          const next = body.link.find(({ relation }) => relation === 'next')
          if (!next) break
          path = next.url.split('/R4')[1] ?? ''
        }
      }
      expect(found.size).toBeGreaterThan(100)
      const statuses: (readonly [string, number])[] = []
      for (const one of found) statuses.push([one, (await get(w, `/${one}`)).status])
      expect(statuses.filter(([, status]) => status !== 200)).toEqual([])
      const { id } = newest.pump
      const drug3 = (await get(w, `/Device/${id}.drug3`)).body as unknown as Json
      expect(drug3).toMatchObject({ status: 'inactive', parent: { reference: `Device/${id}.vmd` } })
      const version = (drug3['meta'] as { versionId: string }).versionId
      expect((await get(w, `/Device/${id}.drug3/_history/${version}`)).status).toBe(200)
      const metric = (await get(w, `/DeviceMetric/${id}.alarm-3`)).body
      expect(metric).toMatchObject({ operationalStatus: 'off' })
      const unread = (await get(w, '/Device/ffffffffffffffff')).body
      expect(unread).toMatchObject({ status: 'unknown', serialNumber: 'NEVER-READ' })
    },
    60_000,
  )
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
    expect(await ask('/Encounter', { headers })).toBe(404)
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
