// Status, history and visits over HTTP: what stands in them, page by page, as JSON and as lines.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { first, page, readings, refills, visits } from '../../src/http/history.ts'
import type { ReadingsReply, RefillsReply, VisitsReply } from '../../src/model/api.ts'
import type { ApiRecord, RecordOf } from '../../src/model/record.ts'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { lost, sample, starter, type World } from './world.ts'

const start = starter()

async function* from(records: readonly ApiRecord[]): AsyncGenerator<ApiRecord> {
  yield* records
}
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

const minute = (n: number) => new Date(Date.UTC(2026, 0, 5, 9, n)).toISOString()

/** Ten readings a minute apart. */
async function tenReadings(w: World): Promise<void> {
  for (let i = 0; i < 10; i += 1) w.records.push({ ...w.interrogation, at: minute(i) }, i % 2)
}

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
      audit: { ...s.audit, state: 'failed', sentence: 'The disk is full.' },
    }))
    const ready = await w.get('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ok: false, sentence: 'The disk is full.' },
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
      readAt: minute(0),
      reportedVolume: { unit: 'mL', quality: 'stale', reason: 'recorded' },
      rate: { unit: 'mL/d' },
    })
    const range = await get(`?from=${minute(2)}&to=2026-01-05T10:05:00%2B01:00`)
    expect(range.readings.map(({ readAt }) => readAt)).toEqual([minute(2), minute(3), minute(4)])
    // No value is no value, and not the position 0.
    expect(await get('?after=&from=')).toMatchObject({ readings: whole.readings })
    const paged: number[] = []
    let next: number | null = -1
    while (next !== null) {
      const one: ReadingsReply = await get(`?limit=3&after=${next}`)
      expect(one.readings.length).toBeLessThanOrEqual(3)
      paged.push(...one.readings.map(({ position }) => position))
      next = one.next
    }
    expect(paged).toEqual(whole.readings.map(({ position }) => position))
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
    const { position } = w.records.all[3] as ApiRecord
    const one = await w.get(`/api/v1/pumps/${id}/interrogations/${position}`)
    expect(await one.json()).toMatchObject({ interrogation: w.records.all[3] })
    for (const path of [`${id}/interrogations/${position + 1000}`, `${id}/interrogations/0x1`]) {
      expect([400, 404]).toContain((await w.get(`/api/v1/pumps/${path}`)).status)
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

describe('visits', () => {
  const ended = (of: RecordOf<'interrogation'>, how: RecordOf<'session'>['how']): ApiRecord => {
    const { position, log, at, source, pump, wand, port, patient } = of
    const { session, snapshot, deviceTime } = of
    const place = { position, log, at, source, pump, wand, port, patient }
    const head = { ...place, session, snapshot, deviceTime }
    return { ...head, kind: 'session', event: 'ended', how }
  }

  it('say how their session ended, or that nobody knows', async () => {
    const { interrogation } = await sample()
    const one = (position: number, session: number) => ({ ...interrogation, position, session })
    const found = await all(
      visits(
        from([
          one(0, 1),
          ended(one(1, 1), 'confirmed'),
          one(2, 2),
          ended(one(3, 9), 'confirmed'),
          one(4, 3),
          ended(one(5, 3), 'lost'),
          one(6, 4),
        ]),
      ),
    )
    expect(found.map(({ position, closeConfirmed }) => [position, closeConfirmed])).toEqual([
      [0, true],
      [2, null],
      [4, false],
      [6, null],
    ])
    expect(found[0]).toMatchObject({ activeAlarms: interrogation.alarms.length })
  })

  it('give refills as the pump reports them, with the readings around and what was written down', async () => {
    const { interrogation } = await sample()
    const read = (position: number, filledAt: string | null, volume: number): ApiRecord => ({
      ...interrogation,
      position,
      at: minute(position),
      reservoir: {
        ...interrogation.reservoir,
        filledAt: { ...interrogation.reservoir.filledAt, value: filledAt },
        reportedVolume: { ...interrogation.reservoir.reportedVolume, value: volume },
      },
    })
    const { position, log, at, source, pump, wand, port, patient, session, snapshot, deviceTime } =
      interrogation
    const place = { position, log, at, source, pump, wand, port, patient }
    const head = { ...place, session, snapshot, deviceTime }
    const sheet = (n: number, step: string): ApiRecord => ({
      ...head,
      position: n,
      kind: 'worksheet',
      sheet: 's1',
      step,
      entries: {},
    })
    const records = [
      read(0, '2025-11-01T10:00:00', 5),
      read(1, '2025-11-01T10:00:00', 4.5),
      sheet(2, 'drained'),
      sheet(3, 'injected'),
      read(4, '2026-01-05T10:00:00', 20),
      read(5, null, 20),
      read(6, '2026-01-05T10:00:00', 19),
    ]
    const found = await all(refills(from(records)))
    expect(found.map((r) => [r.position, r.filledAt, r.before?.position ?? null])).toEqual([
      [0, '2025-11-01T10:00:00', null],
      [4, '2026-01-05T10:00:00', 1],
    ])
    expect(found[1]).toMatchObject({
      before: { reportedVolume: { value: 4.5 } },
      after: { position: 4, reportedVolume: { value: 20 } },
      worksheets: [{ step: 'drained' }, { step: 'injected' }],
    })
    expect((await all(refills(from(records), { after: 0 }))).map((r) => r.position)).toEqual([4])
    expect((await all(refills(from(records), { from: minute(5) }))).map((r) => r.position)).toEqual(
      [],
    )
    const w = await start()
    for (const record of records) w.records.push(record)
    const reply = (await (
      await w.get(`/api/v1/pumps/${w.pump.pump.id}/refills?after=0`)
    ).json()) as RefillsReply
    expect(reply.refills).toEqual([found[1]].map((r) => ({ ...r })))
  })
})

it('pages join to the whole, for any cut', async () => {
  const { interrogation } = await sample()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 30 }),
      fc.integer({ min: 1, max: 12 }),
      async (gaps, limit) => {
        const records: ApiRecord[] = []
        for (const gap of gaps) {
          const position = (records.at(-1)?.position ?? -1) + gap + 1
          records.push({ ...interrogation, position })
        }
        const items = (after: number) => readings(from(records.filter((r) => r.position > after)))
        const joined: number[] = []
        let next: number | null = -1
        while (next !== null) {
          const one: Awaited<ReturnType<typeof page<{ position: number }>>> = await page(
            items(next),
            limit,
          )
          joined.push(...one.items.map((r) => r.position))
          next = one.next
        }
        expect(joined).toEqual(records.map((r) => r.position))
        expect(await all(first(items(-1), limit))).toEqual((await page(items(-1), limit)).items)
      },
    ),
    { numRuns: 60 },
  )
})
