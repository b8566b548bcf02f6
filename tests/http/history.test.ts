// Status, history and visits over HTTP: what stands in them, page by page, as JSON and as lines.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scope } from '../../src/access/token.ts'
import { first, page, readings } from '../../src/http/history.ts'
import type {
  LoggedEvent,
  Problem,
  ReadingsReply,
  RefillsReply,
  VisitsReply,
} from '../../src/model/api.ts'
import type { ApiRecord, RecordOf } from '../../src/model/record.ts'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { lost, MemoryRecords, refillOf, sample, starter, visitOf, type World } from './world.ts'

const start = starter()

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

const minute = (n: number) => new Date(Date.UTC(2026, 0, 5, 9, n)).toISOString()

/** A reading is made before it is recorded. */
const read = (n: number) => new Date(Date.UTC(2026, 0, 5, 9, n, -6)).toISOString()

/** Ten readings a minute apart. */
async function tenReadings(w: World): Promise<void> {
  for (let i = 0; i < 10; i += 1) {
    w.records.push({ ...w.interrogation, at: minute(i), readAt: read(i) }, i % 2)
  }
  const visits = w.records.all.map((one) => visitOf(one as RecordOf<'interrogation'>))
  w.knowledge.visits = () => ({ items: visits, next: null, since: 0 })
  w.knowledge.refills = () => ({ items: [refillOf(w.interrogation)], next: null })
}

const LOG = 'simulator-1-00000000'
const cursor = (position: number) => `${LOG}.${position}`

describe('status', () => {
  it('is the one object of the pump, judged now, for every value a quality and a reason', async () => {
    const w = await start()
    const path = `/api/v1/pumps/${w.pump.pump.id}`
    const live = pumpStatusSchema.strict().parse(await (await w.get(path)).json())
    expect(live).toEqual(w.pump)
    w.change(lost)
    const { pumps } = (await (await w.get('/api/v1/pumps')).json()) as { pumps: unknown[] }
    expect(pumps[0]).toMatchObject({ quality: 'stale', reason: 'wand-lost' })
    const { asOf, wands } = (await (await w.get('/api/v1/wands')).json()) as {
      asOf: string
      wands: unknown[]
    }
    expect(Math.abs(Date.parse(asOf) - Date.now())).toBeLessThan(1_000)
    expect(wands).toEqual(w.state.status.wands)
    expect((await w.get('/api/v1/pumps/0000000000000000')).status).toBe(404)
    expect((await w.get('/readyz')).status).toBe(200)
    w.change((s) => ({
      ...s,
      audit: { ...s.audit, state: 'failed', code: 'audit.x', sentence: 'The disk is full.' },
    }))
    const ready = await w.get('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ok: false, code: 'audit.x', args: {}, sentence: 'The disk is full.' },
    ])
  })

  it('never answers one address with what another was just answered with', async () => {
    const w = await start()
    const { id } = w.pump.pump
    const ask = (path: string) => w.get(path).then(({ status }) => status)
    for (const [path, other] of [
      ['wands', 'pumps/wands'],
      ['pumps', 'pumps/pumps'],
      [`pumps/${id}`, `pumps/pump%20${id}`],
    ] as const) {
      for (let i = 0; i < 5; i += 1) {
        expect(await Promise.all([ask(`/api/v1/${path}`), ask(`/api/v1/${other}`)])).toEqual([
          200, 404,
        ])
      }
    }
  })

  it('answers HEAD with the same head and no body', async () => {
    const w = await start()
    for (const path of ['/api/v1/pumps', '/healthz', '/metrics', '/api/v1/openapi.json']) {
      const [get, head] = [await w.get(path), await w.get(path, {}, 'HEAD')]
      expect([path, head.status, await head.text()]).toEqual([path, 200, ''])
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
    }
    const stream = await w.get('/api/v1/events', {}, 'HEAD')
    expect([stream.status, stream.headers.get('content-type'), await stream.text()]).toEqual([
      200,
      'text/event-stream',
      '',
    ])
  })

  it('has no word of a person, a pump or a wand in its metrics', async () => {
    const w = await start()
    await w.get(`/api/v1/pumps/${w.pump.pump.id}`)
    const text = await (await w.get('/metrics')).text()
    for (const secret of [
      w.pump.pump.id,
      'SIM-0001',
      'SIMW',
      'loop-0',
      w.token.split('_')[2] ?? '',
    ]) {
      expect(text).not.toContain(secret)
    }
    expect(text).toContain('wandbridge_pumps{quality="current",reason="none"} 1')
    expect(text).toContain(
      'wandbridge_http_requests_total{route="/api/v1/pumps/{id}",status="200"} 1',
    )
    expect(text).toContain('wandbridge_audit_state{state="ok"} 1')
  })
})

describe('history', () => {
  it('of refills names people, and has their words, for whoever may read the audit log alone', async () => {
    const w = await start()
    const signed = { operator: 'A. Nurse', verified: 'pin' } as const
    const entries = { volume: 5, witnessedBy: 'B. Witness', remark: 'told Dr C', checks: [] }
    const step = { position: 3, at: minute(0), sheet: 's1', step: 'aspirated', entries, signed }
    const refill = { ...refillOf(w.interrogation), worksheets: [step] }
    w.knowledge.refills = () => ({ items: [refill], next: null })
    const asked = async (scopes: readonly Scope[]) => {
      const { text } = await w.tokenFor(scopes)
      const path = `/api/v1/pumps/${w.pump.pump.id}/refills`
      const reply = await w.get(path, { authorization: `Bearer ${text}` })
      return (await reply.json()) as RefillsReply
    }
    expect((await asked(['history', 'audit'])).refills[0]?.worksheets).toEqual([step])
    const { signed: _, ...rest } = step
    const plain = { ...rest, entries: { volume: 5 } }
    expect((await asked(['history'])).refills[0]?.worksheets).toEqual([plain])
  })

  it('is given by range and by cursor, oldest first, never as live', async () => {
    const w = await start()
    await tenReadings(w)
    const path = `/api/v1/pumps/${w.pump.pump.id}/readings`
    const get = async (query: string) =>
      (await (await w.get(`${path}${query}`)).json()) as ReadingsReply
    const whole = await get('')
    expect(whole).toMatchObject({ log: w.records.log, next: null, pump: { serial: 'SIM-0001' } })
    expect(whole.readings.map(({ position }) => position)).toEqual(
      w.records.all.map(({ position }) => position),
    )
    expect(whole.readings[0]).toMatchObject({
      readAt: read(0),
      reportedVolume: { unit: 'mL', quality: 'stale', reason: 'recorded' },
      rate: { unit: 'mL/d' },
    })
    const range = await get(`?from=${minute(2)}&to=2026-01-05T10:05:00%2B01:00`)
    expect(range.readings.map(({ readAt }) => readAt)).toEqual([read(2), read(3), read(4)])
    // No value is no value, and not the position 0.
    expect(await get('?after=&from=')).toMatchObject({ readings: whole.readings })
    for (const order of ['asc', 'desc'] as const) {
      const paged: number[] = []
      let next: string | null = order === 'asc' ? cursor(-1) : cursor(w.records.size)
      while (next !== null) {
        const one: ReadingsReply = await get(`?order=${order}&limit=3&after=${next}`)
        expect(one.readings.length).toBeLessThanOrEqual(3)
        paged.push(...one.readings.map(({ position }) => position))
        next = one.next
      }
      const wanted = whole.readings.map(({ position }) => position)
      expect(paged).toEqual(order === 'asc' ? wanted : wanted.reverse())
    }
    // A limit gives the newest of a range when they are asked for.
    const newest = await get('?order=desc&limit=2')
    expect(newest.readings.map(({ readAt }) => readAt)).toEqual([read(9), read(8)])
    // Every item has the cursor behind it.
    expect(whole.readings.map(({ id }) => id)).toEqual(w.records.all.map(({ id }) => id))
  })

  it('tells a cursor of another log from one that is none', async () => {
    const w = await start()
    await tenReadings(w)
    for (const what of ['readings', 'interrogations', 'refills']) {
      const ask = (after: string) => w.get(`/api/v1/pumps/${w.pump.pump.id}/${what}?after=${after}`)
      const gone = await ask('simulator-2-11111111.3')
      expect([gone.status, ((await gone.json()) as Problem).type]).toEqual([
        410,
        'urn:wandbridge:problem:cursor-gone',
      ])
      for (const after of ['3', 'x', cursor(-2), `${LOG}.1e1`, `${LOG}.`, `${LOG}.03`]) {
        expect([after, (await ask(after)).status]).toEqual([after, 400])
      }
    }
  })

  it('is given as lines, each an item with its cursor', async () => {
    const w = await start()
    await tenReadings(w)
    for (const what of ['readings', 'interrogations', 'refills']) {
      const path = `/api/v1/pumps/${w.pump.pump.id}/${what}?limit=4`
      const reply = await w.get(path, { accept: 'application/x-ndjson' })
      expect(reply.headers.get('content-type')).toBe('application/x-ndjson')
      const text = await reply.text()
      const lines = text.split('\n')
      expect(lines.pop()).toBe('')
      const page = (await (await w.get(path)).json()) as Record<string, unknown>
      expect(lines.map((line) => JSON.parse(line))).toEqual(page[what])
    }
  })

  it('has what pumps have logged, event by event, each once, page by page, in both orders and as lines', async () => {
    const w = await start()
    const { id } = w.pump.pump
    let number = 10
    for (const [n, size] of [3, 1, 64, 2].entries()) {
      w.records.push({ ...w.interrogation, at: minute(n) })
      const entries = Array.from({ length: size }, (_, i) => {
        number += 1
        const raised = { code: 'alarm-raised', argument: 5 }
        const said = i === 0 ? raised : { code: 'stall-recovered', argument: null }
        return { number, occurredAt: null, detectedAt: null, ...said }
      })
      const told = { kind: 'pump-events', upTo: number, overwritten: n, entries } as const
      const { source, pump, wand, port, patient, owner, session, snapshot, deviceTime } =
        w.interrogation
      const head = { source, pump, wand, port, patient, owner, session, snapshot, deviceTime }
      w.records.push({
        ...head,
        ...told,
        readAt: minute(n),
        id: '',
        position: 0,
        log: '',
        at: minute(n),
      })
    }
    for (const order of ['asc', 'desc']) {
      for (const limit of [1, 5, 64, 1_000]) {
        const numbers: (number | null)[] = []
        for (let after: string | null = ''; after !== null; ) {
          const query: string = `order=${order}&limit=${limit}${after === '' ? '' : `&after=${after}`}`
          const reply = (await (await w.get(`/api/v1/pumps/${id}/events?${query}`)).json()) as {
            events: LoggedEvent[]
            next: string | null
          }
          numbers.push(...reply.events.map((one) => one.number))
          after = reply.next
        }
        const expected = Array.from({ length: 70 }, (_, i) => 11 + i)
        expect(numbers).toEqual(order === 'asc' ? expected : expected.reverse())
      }
    }
    const lines = await w.get(`/api/v1/pumps/${id}/events?limit=1`, {
      accept: 'application/x-ndjson',
    })
    expect(JSON.parse((await lines.text()).split('\n')[0] ?? '')).toMatchObject({
      number: 11,
      alarm: 'motor-stall',
      overwritten: 0,
      readAt: minute(0),
    })
    for (const after of ['x', cursor(1), `${cursor(1)}.x`]) {
      expect((await w.get(`/api/v1/pumps/${id}/events?after=${after}`)).status).toBe(400)
    }
    expect((await w.get(`/api/v1/pumps/${id}/events?after=simulator-9-11111111.1.0`)).status).toBe(
      410,
    )
  })

  it('of a pump that was read before the start is found by its id', async () => {
    const w = await start()
    await tenReadings(w)
    w.change((s) => ({ ...s, pumps: [] }))
    const { id } = w.pump.pump
    expect((await w.get(`/api/v1/pumps/${id}`)).status).toBe(404)
    const visitsOf = (await (
      await w.get(`/api/v1/pumps/${id}/interrogations`)
    ).json()) as VisitsReply
    expect(visitsOf.interrogations).toHaveLength(10)
    const { id: record, position } = w.records.all[3] as ApiRecord
    expect(visitsOf.interrogations[3]?.id).toBe(record)
    const one = await w.get(`/api/v1/pumps/${id}/interrogations/${record}`)
    expect(await one.json()).toMatchObject({ interrogation: w.records.all[3] })
    // Of another log it would be another record.
    const elsewhere = `simulator-2-11111111.${position}`
    for (const other of [cursor(position + 1000), `${position}`, '0x1', elsewhere]) {
      expect((await w.get(`/api/v1/pumps/${id}/interrogations/${other}`)).status).toBe(404)
    }
    const none = await w.get('/api/v1/pumps/0000000000000000/readings')
    expect(none.status).toBe(404)
  })

  it('ends the stream of lines without its last chunk when the log cannot be read on', async () => {
    const w = await start()
    await tenReadings(w)
    const read = w.records.read.bind(w.records)
    w.records.read = async function* (query) {
      let n = 0
      for await (const record of read(query)) {
        n += 1
        if (n > 3) throw new Error('the disk is gone')
        yield record
      }
    }
    const path = `/api/v1/pumps/${w.pump.pump.id}/readings`
    const reply = await fetch(`${w.url}${path}`, {
      headers: { authorization: `Bearer ${w.token}`, accept: 'application/x-ndjson' },
    })
    await expect(reply.text()).rejects.toThrow()
    const problem = await w.get(path)
    expect(problem.status).toBe(500)
    expect(JSON.stringify(await problem.json())).not.toContain('the disk is gone')
    expect(w.state.logged.join()).toContain('the disk is gone')
  })

  it('is walked by few at once, and those who find no room are told so', async () => {
    const w = await start()
    await tenReadings(w)
    let going = 0
    let most = 0
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    w.records.read = async function* () {
      going += 1
      most = Math.max(most, going)
      await gate
      going -= 1
      yield* []
    }
    const path = `/api/v1/pumps/${w.pump.pump.id}/readings`
    const replies = Array.from({ length: 30 }, () => w.get(path))
    const early = await Promise.race(replies)
    expect(early.status).toBe(429)
    // Whoever reads the status is not kept waiting.
    expect((await w.get('/api/v1/pumps')).status).toBe(200)
    release()
    const codes = (await Promise.all(replies)).map(({ status }) => status)
    expect(codes.filter((code) => code === 200)).toHaveLength(22)
    expect(codes.filter((code) => code === 429)).toHaveLength(8)
    expect(most).toBe(2)
  })
})

describe('what is known', () => {
  it('is asked for in the range and the order of the request, and cut into pages', async () => {
    const w = await start()
    await tenReadings(w)
    const asked: object[] = []
    const visits = w.records.all.map((one) => visitOf(one as RecordOf<'interrogation'>))
    const refills = w.records.all.map((one) => refillOf(one as RecordOf<'interrogation'>))
    w.knowledge.visits = (id, query) => {
      asked.push({ id, ...query })
      return { items: visits, next: null, since: 0 }
    }
    w.knowledge.refills = (id, query) => {
      asked.push({ id, ...query })
      return { items: refills, next: null }
    }
    // What is known besides is not given.
    const given = visits.map(({ events: _, ...visit }) => visit)
    const { id } = w.pump.pump
    const get = async <T>(query: string) =>
      (await (await w.get(`/api/v1/pumps/${id}/${query}`)).json()) as T
    const range = `from=${minute(2)}&to=${minute(8)}`
    const some = await get<VisitsReply>(`interrogations?${range}&limit=3&after=${cursor(1)}`)
    expect(some).toMatchObject({ log: LOG, pump: { id }, interrogations: given.slice(0, 3) })
    expect(some.next).toBe(visits[2]?.id)
    const filled = await get<RefillsReply>(`refills?order=desc&limit=4&after=${cursor(9)}`)
    expect([filled.refills, filled.next]).toEqual([refills.slice(0, 4), refills[3]?.id])
    expect(await get<VisitsReply>('interrogations')).toMatchObject({
      interrogations: given,
      next: null,
    })
    expect(asked).toEqual([
      { id, from: minute(2), to: minute(8), order: 'asc', after: 1 },
      { id, from: undefined, to: undefined, order: 'desc', after: 9 },
      { id, from: undefined, to: undefined, order: 'asc', after: undefined },
    ])
  })

  it('goes on in the log where interrogations are older than what is kept', async () => {
    const w = await start()
    await tenReadings(w)
    const visits = w.records.all.map((one) => visitOf(one as RecordOf<'interrogation'>))
    const since = visits[6]?.position ?? 0
    const { id } = w.pump.pump
    for (const order of ['asc', 'desc'] as const) {
      const kept = order === 'asc' ? visits.slice(6) : visits.slice(6).reverse()
      w.knowledge.visits = () => ({ items: kept, next: null, since })
      const reply = await w.get(`/api/v1/pumps/${id}/interrogations?order=${order}`)
      const { interrogations } = (await reply.json()) as VisitsReply
      const positions = visits.map(({ position }) => position)
      expect(interrogations.map(({ position }) => position)).toEqual(
        order === 'asc' ? positions : positions.reverse(),
      )
    }
  })
})

it('pages join to the whole, for any cut', async () => {
  const { interrogation } = await sample()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 30 }),
      fc.integer({ min: 1, max: 12 }),
      async (gaps, limit) => {
        const records = new MemoryRecords()
        for (const gap of gaps) records.push(interrogation, gap)
        const items = (after: number) => readings(records.read({ after }))
        const joined: number[] = []
        for (let more = true; more; ) {
          const one = await page(items(joined.at(-1) ?? -1), limit)
          joined.push(...one.items.map((r) => r.position))
          more = one.more
        }
        expect(joined).toEqual(records.all.map((r) => r.position))
        expect(await all(first(items(-1), limit))).toEqual((await page(items(-1), limit)).items)
      },
    ),
    { numRuns: 60 },
  )
})
