// The folds: the same knowledge however the records are cut, and what each kind of record adds to it.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { decoder } from '../../src/drivers/open-wand/decoder.ts'
import type { Known } from '../../src/knowledge/known.ts'
import { thinned } from '../../src/knowledge/thin.ts'
import { pumpView, refillsOf, unclosedOf, visitsOf } from '../../src/knowledge/views.ts'
import { feedRecords, folded, LOG, randomRecords } from './records.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const again = (known: Known) => JSON.parse(JSON.stringify(known)) as Known
const ORIGIN = { log: LOG, source: 'simulator' } as const

describe('knowledge of random records', () => {
  it('is the same from one go, and from a snapshot at any cut with the rest on top', async () => {
    const all = await Promise.all([1, 2, 3, 4].map((seed) => randomRecords(seed, 400)))
    const runs = all.map((records) => feedRecords(records))
    const wholes = runs.map((run) => again(folded(run)))
    expect(wholes.some(({ sessions }) => sessions.length > 0)).toBe(true)
    fc.assert(
      fc.property(fc.nat(3), fc.nat(400), (i, cut) => {
        const run = runs[i] ?? []
        const before = again(folded(run.slice(0, cut)))
        expect(again(folded(run.slice(cut), before))).toEqual(wholes[i])
      }),
      { numRuns: LONG ? 2_000 : 15 },
    )
  })

  it('is the same when live exchanges that later ones replace are left out', async () => {
    const run = feedRecords(await randomRecords(5, 600))
    const whole = again(folded(run))
    let left = 0
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sizes) => {
        const known = folded([])
        for (let from = 0, i = 0; from < run.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1
          const batch = run.slice(from, from + size)
          const kept = thinned(batch)
          left += batch.length - kept.length
          folded(kept, known)
          from += size
        }
        expect(again(known)).toEqual(whole)
      }),
      { numRuns: LONG ? 1_000 : 8 },
    )
    expect(left).toBeGreaterThan(0)
  })
})

const A = { pump: 'P-1', model: 'one', port: '/dev/tty1', wand: 'W-1', link: 7 }
const B = { ...A, pump: 'P-2' }
const at = (minute: number) => `2026-01-05T08:${String(minute).padStart(2, '0')}:00.000Z`
const opened = (who: typeof A, session: number): NewRecord => {
  return { ...who, session, kind: 'session', body: { event: 'opened' } }
}
const ended = (who: typeof A, session: number, how: string): NewRecord => {
  return { ...who, session, kind: 'session', body: { event: 'ended', how } }
}
const START: NewRecord = {
  kind: 'start',
  body: { software: 'wandbridge 0', node: 'v20', platform: 'linux' },
}
const { pump: _p, model: _m, ...W } = A
const list = (...sessions: { session: number; why: string; pump: string | null }[]): NewRecord => {
  return { ...W, kind: 'unclosed', body: { sessions } }
}
const timed = (records: readonly NewRecord[]) =>
  records.map((record, i) => ({ ...record, at: at(i), mono: i }))
const unclosed = (...records: NewRecord[]) =>
  unclosedOf(folded(feedRecords(timed(records)))).map(({ serial, session, why }) => {
    return `${serial} ${session} ${why}`
  })

describe('sessions not known to be closed', () => {
  it('are told until their own pump has confirmed a close', () => {
    const stuck = [opened(A, 5), ended(A, 5, 'unconfirmed')]
    expect(unclosed(...stuck)).toEqual(['P-1 5 unconfirmed'])
    const other = [START, opened(B, 6), ended(B, 6, 'confirmed')]
    expect(unclosed(...stuck, ...other)).toEqual(['P-1 5 unconfirmed'])
    const own = [opened(A, 9), ended(A, 9, 'confirmed')]
    expect(unclosed(...stuck, ...other, ...own)).toEqual([])
  })

  it('are told of a bridge that was killed in a session', () => {
    expect(unclosed(opened(A, 5))).toEqual([])
    expect(unclosed(opened(A, 5), START)).toEqual(['P-1 5 not-ended'])
  })

  it('are told of one whose end was lost when the next is opened, or the link', () => {
    expect(unclosed(opened(A, 5), opened(B, 6))).toEqual(['P-1 5 not-ended'])
    const body = { phase: 'waiting', cause: 'port-gone', why: null, connected: false }
    expect(unclosed(opened(A, 5), { ...W, kind: 'link', body })).toEqual(['P-1 5 not-ended'])
  })

  it('end with the wand’s word on its newest session, and with no word on an earlier one', () => {
    const lost = [
      opened(A, 5),
      ended(A, 5, 'lost'),
      list({ session: 5, why: 'cable-lost', pump: 'P-1' }),
    ]
    expect(unclosed(...lost)).toEqual(['P-1 5 cable-lost'])
    // The lease ran out, and the implant confirmed it.
    expect(unclosed(...lost, list())).toEqual([])
    expect(unclosed(...lost, opened(B, 6), ended(B, 6, 'confirmed'), list())).toEqual([
      'P-1 5 cable-lost',
    ])
    // A bridge that began anew knows of nothing before it.
    expect(unclosed(...lost, START, list())).toEqual(['P-1 5 cable-lost'])
  })

  it('are one a pump: a later session takes the place of an earlier', () => {
    const twice = [opened(A, 5), ended(A, 5, 'lost'), opened(A, 7), ended(A, 7, 'lost')]
    expect(unclosed(...twice)).toEqual(['P-1 7 lost'])
  })

  it('of an unknown pump are told by their wand, until a session through it is confirmed closed', () => {
    const unknown = list({ session: 0, why: 'left-to-lease', pump: null })
    expect(unclosed(unknown)).toEqual(['null 0 left-to-lease'])
    expect(unclosed(unknown, list({ session: 3, why: 'still-open', pump: null }))).toEqual([
      'null 3 still-open',
    ])
    expect(unclosed(unknown, opened(B, 1), ended(B, 1, 'confirmed'))).toEqual([])
  })

  it('name the pump by its id, the wand and when it was opened', () => {
    const [one] = unclosedOf(folded(feedRecords(timed([START, opened(A, 5), START]))))
    const { sessions: _, ...known } = folded(feedRecords(timed([START, opened(A, 5), START])))
    expect(one).toMatchObject({
      wand: 'W-1',
      port: '/dev/tty1',
      opened: { position: 1, at: at(1) },
    })
    expect(one?.pump).toBe(Object.keys(known.pumps)[0])
  })
})

describe('visits and refills', () => {
  it('have what people wrote between the readings, but no reading twice', async () => {
    const records = await randomRecords(11, 1_500)
    const wrote = { sheet: 'S', step: 'aspirated', entries: { volume: 4_600_000 } }
    const signed = { operator: 'A. Nurse', verified: 'pin' as const }
    const all = records.map((record) =>
      record.kind === 'worksheet' ? { ...record, body: { ...wrote, signed } } : record,
    )
    const steps = (some: typeof records) =>
      Object.values(folded(feedRecords(some)).pumps).flatMap((pump) =>
        refillsOf(pump, ORIGIN, {}).items.flatMap(({ worksheets }) => worksheets),
      )
    expect(steps(all).length).toBeGreaterThan(0)
    for (const step of steps(all)) expect(step).toMatchObject({ ...wrote, signed })
    for (const step of steps(records)) expect(step).not.toHaveProperty('entries')
  })

  it('come a page at a time, either way, each once', async () => {
    const known = folded(feedRecords(await randomRecords(11, 1_500)))
    for (const pump of Object.values(known.pumps)) {
      const all = visitsOf(pump, ORIGIN, { limit: 5_000 }).items
      expect(all.length).toBe(pump.visits.length)
      for (const order of ['asc', 'desc'] as const) {
        const seen: number[] = []
        let after: number | undefined
        for (;;) {
          const page = visitsOf(pump, ORIGIN, { order, limit: 7, after })
          seen.push(...page.items.map(({ position }) => position))
          if (page.next === null) break
          after = page.next
        }
        const expected = all.map(({ position }) => position)
        expect(seen).toEqual(order === 'asc' ? expected : expected.reverse())
      }
      const middle = all[Math.floor(all.length / 2)]?.readAt ?? ''
      const early = visitsOf(pump, ORIGIN, { to: middle, limit: 5_000 }).items
      const late = visitsOf(pump, ORIGIN, { from: middle, limit: 5_000 }).items
      expect(early.length + late.length).toBe(all.length)
      const filled = refillsOf(pump, ORIGIN, {}).items
      expect(filled.length).toBeGreaterThan(1)
      expect(filled.slice(1).every(({ before }) => before !== null)).toBe(true)
      // What the reading before says of its own refill is what the refill before said.
      for (const [n, { before }] of filled.entries()) {
        const last = filled[n - 1]
        if (!last || before?.filledAt === null) continue
        expect(before?.filledAt).toBe(last.filledAt)
        expect(before?.filledVolume.value).toBe(last.filledVolume.value)
      }
      for (const { activeAlarms, alarmCodes } of all) {
        expect(alarmCodes?.length ?? null).toBe(activeAlarms)
      }
    }
  })
})

describe('a pump', () => {
  const live = (rate: number, session = 5): NewRecord => {
    const values = { activeAlarms: 0, deviceTime: null, rate, reportedVolume: 9 } as never
    return { ...A, session, kind: 'live', body: { values }, decoder: decoder.name }
  }
  const read = async (session = 5, serial = A.pump) => {
    const all = await randomRecords(3, 60)
    const found = all.find(({ kind }) => kind === 'interrogation') as NewRecord
    return { ...found, ...A, pump: serial, session }
  }
  const view = (...records: NewRecord[]) => {
    const known = folded(feedRecords(timed(records)))
    return Object.values(known.pumps).map((pump) => pumpView(known, ORIGIN, pump))
  }

  it('has of its reading that the pump contradicted it, from then on and not of the next', async () => {
    const reading = await read()
    const said = (event: 'changed' | 'contradicted', session = 5): NewRecord => {
      return { ...A, session, kind: 'session', body: { event } }
    }
    const doubted = (...records: NewRecord[]) => {
      const [pump] = Object.values(folded(feedRecords(timed(records))).pumps)
      const body = pump?.reading?.record.body as { contradicted?: true } | undefined
      return body?.contradicted
    }
    expect(doubted(reading, said('changed'))).toBeUndefined()
    expect(doubted(reading, said('contradicted'))).toBe(true)
    expect(doubted(reading, said('contradicted', 6))).toBeUndefined()
    expect(doubted(reading, said('contradicted'), await read(6))).toBeUndefined()
  })

  it('has its last reading, and the last live exchange of the same session', async () => {
    const reading = await read()
    const [pump] = view(opened(A, 5), live(1), reading, live(2), live(3), live(4, 6))
    expect(pump).toMatchObject({ serial: 'P-1', model: 'one', closeConfirmed: null })
    expect(pump).toMatchObject({ first: { position: 0 }, last: { position: 5 } })
    expect(pump?.reading?.position).toBe(2)
    expect(pump?.live?.position).toBe(4)
    expect(pump?.live?.rate).toMatchObject({
      value: 0.000003,
      quality: 'stale',
      reason: 'recorded',
    })
    const [later] = view(opened(A, 5), reading, live(2), reading, ended(A, 5, 'confirmed'))
    expect(later).toMatchObject({ live: null, closeConfirmed: true, reading: { position: 3 } })
  })

  it('is another one with the same serial and another model, and both say so', async () => {
    const reading = await read()
    const [one, two] = view(reading, { ...reading, model: 'two' }, await read(5, 'P-2'))
    expect(one?.id).not.toBe(two?.id)
    expect([one?.sameSerial, two?.sameSerial]).toEqual([[two?.id], [one?.id]])
  })

  it('is let go with the records that retention drops; a session not closed is not', async () => {
    const old = [opened(A, 5), await read(), ended(A, 5, 'lost')]
    const young = [
      opened(B, 6),
      await read(6, 'P-2'),
      ended(B, 6, 'confirmed'),
      await read(7, 'P-2'),
    ]
    const body = { through: 1, position: 5, keepDays: 400 }
    const dropped: NewRecord = { kind: 'retention', body }
    const known = folded(feedRecords(timed([...old, ...young, dropped])))
    expect(Object.values(known.pumps).map(({ serial }) => serial)).toEqual(['P-2'])
    const [pump] = Object.values(known.pumps)
    expect(pump?.visits.map(({ position }) => position)).toEqual([6])
    expect(unclosedOf(known)).toMatchObject([{ serial: 'P-1', session: 5, why: 'lost' }])
  })
})
