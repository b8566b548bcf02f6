// Since the last visit, and the trends: the right reading is compared, every difference has both sides,
// and however long it goes on, the page keeps no more than it can show.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventsSince } from '../../src/model/pump-events.ts'
import { cameAndWent, lastVisit } from '../../src/model/visit.ts'
import { readerOf } from '../../src/words/reader.ts'
import { refillRow } from '../../web/view/refills.ts'
import { alarmsBegin, type Point, Points, trendOf } from '../../web/view/trend.ts'
import { changesOf } from '../../web/view/visit.ts'
import { FULL, readIn } from '../model/full.ts'

const reader = readerOf('en-US', 'UTC')
const at = (hours: number, pumpHours = hours) => ({
  readAt: new Date(Date.UTC(2026, 10, 24) + hours * 3_600_000).toISOString(),
  deviceTime: new Date(Date.UTC(2026, 10, 24) + pumpHours * 3_600_000).toISOString().slice(0, 19),
})

describe('the last visit', () => {
  it('is the newest reading of another hour, not an earlier one of this visit', () => {
    const visits = [at(-1_400), at(-1_399.9), at(-0.5), at(-0.2), at(0)]
    expect(lastVisit(visits, at(0))).toBe(visits[1])
    expect(lastVisit(visits.slice(2), at(0))).toBeNull()
    expect(lastVisit([], at(0))).toBeNull()
  })

  it('is told by either clock, whichever says that time has passed', () => {
    const visits = [at(-0.2, -48), at(0)]
    expect(lastVisit(visits, at(0))).toBe(visits[0])
    expect(lastVisit([{ ...at(-0.2), deviceTime: null }, at(0)], at(0))).toBeNull()
  })

  it('goes on through readings that follow each other', () => {
    const visits = Array.from({ length: 40 }, (_, n) => at(-20 + n / 2))
    expect(lastVisit(visits, at(-0.5))).toBeNull()
  })
})

describe('what has changed', () => {
  const now = readIn(FULL)

  it('is nothing when nothing has', () => {
    const { programme, other, same } = changesOf(now, now, reader)
    expect([programme, other, same]).toEqual([[], [], true])
    const whole = { events: { ...now.content.events, total: 2 } }
    expect(eventsSince(whole.events.total, whole.events)).toEqual({ entries: [], overwritten: 0 })
  })

  it('has both sides, also where both would be shown alike', () => {
    const { reservoir } = now.content
    const holding = (value: number) => ({
      ...now,
      content: {
        ...now.content,
        reservoir: { ...reservoir, reportedVolume: { ...reservoir.reportedVolume, value } },
      },
    })
    const { other, same } = changesOf(holding(4.6), holding(4.6004), reader)
    expect(other.map(({ before, after }) => [before, after])).toEqual([['4.6 mL', '4.6004 mL']])
    expect(same).toBe(true)
  })

  it('does not say that the programme is the same where a part of it is not known', () => {
    const { infusion } = now.content
    const lockout = {
      ...infusion.patientBolus.lockout,
      value: null,
      quality: 'unavailable' as const,
    }
    const silent = {
      ...now,
      content: {
        ...now.content,
        infusion: { ...infusion, patientBolus: { ...infusion.patientBolus, lockout } },
      },
    }
    for (const [a, b] of [
      [now, silent],
      [silent, now],
      [silent, silent],
    ] as const) {
      expect(changesOf(a, b, reader).same).toBe(false)
    }
  })

  it('is not said of the programme where a schedule moved the rate', () => {
    const { infusion } = now.content
    const step = { start: { ...infusion.rate, value: 0, unit: 'min' }, rate: infusion.rate }
    const at = (value: number) => ({
      ...now,
      content: {
        ...now.content,
        infusion: { ...infusion, schedule: [step], rate: { ...infusion.rate, value } },
      },
    })
    const { programme, other, same } = changesOf(at(0.25), at(0.5), reader)
    expect([programme, same]).toEqual([[], true])
    expect(other).toMatchObject([{ before: '0.25 mL/day', after: '0.5 mL/day' }])
  })

  it('names an alarm that came and went, which neither reading lists', () => {
    const { alarms } = now.content
    const events = { ...now.content.events, total: 90 }
    const total = 90
    const before = { alarms, events }
    const raised = {
      ...{ number: total + 1, code: 'alarm-raised', argument: 5, invalid: undefined },
      ...{ occurredAt: '2026-11-20T03:10:00', detectedAt: '2026-11-20T03:12:00' },
    }
    const later = {
      ...{ alarms, readAt: at(0).readAt },
      events: { ...events, total: total + 1, entries: [...(events.entries ?? []), raised] },
    }
    expect(cameAndWent(before, later)).toMatchObject([
      { code: 'motor-stall', occurredAt: '2026-11-20T03:10:00' },
    ])
    expect(cameAndWent(later, later)).toEqual([])
    // One that is listed still has not gone.
    const listed = {
      ...later,
      alarms: [
        {
          ...raised,
          id: String(total + 1),
          code: 'motor-stall',
          class: 'critical',
          state: 'active',
          readAt: '',
        },
      ],
    }
    expect(cameAndWent(before, listed)).toEqual([])
  })

  it('counts events the pump has overwritten since, where it says how many', () => {
    const { content } = now
    const total = content.events.total ?? 0
    const later = { events: { ...content.events, total: total + 100, entries: [] } }
    expect(eventsSince(content.events.total, later.events)).toEqual({
      entries: [],
      overwritten: 100,
    })
    const silent = { events: { ...content.events, total: null } }
    expect(eventsSince(content.events.total, silent.events).overwritten).toBeNull()
    expect(eventsSince(silent.events.total, content.events).overwritten).toBeNull()
  })
})

const DAY = 86_400
const point = (n: number, seconds: number, volume: number | null = n): Point => ({
  position: n,
  readAt: new Date(Date.UTC(2026, 10, 24) + seconds * 1000).toISOString(),
  deviceTime: null,
  volume,
  rate: 1,
  day: 1,
  alarms: [],
})

describe('the trends', () => {
  it('keep order, first and newest, in bounded memory', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30_000 }), (n) => {
        const points = new Points()
        for (let i = 0; i < n; i += 1) points.add(point(i, i))
        const all = points.all()
        expect(points.total).toBe(n)
        expect(all.length).toBeLessThanOrEqual(1_500)
        expect([all[0]?.position, all.at(-1)?.position]).toEqual([0, n - 1])
        expect(all.every((one, i) => i === 0 || one.position > (all[i - 1]?.position ?? 0))).toBe(
          true,
        )
        if (n < 1_000) expect(all.length).toBe(n)
      }),
      { numRuns: 20 },
    )
  })

  it('take no reading twice', () => {
    const points = new Points()
    for (const n of [1, 2, 2, 1, 3]) points.add(point(n, n))
    expect(points.all().map(({ position }) => position)).toEqual([1, 2, 3])
  })

  it('draw the range that was asked for, back from the newest', () => {
    const days = Array.from({ length: 500 }, (_, n) => point(n, n * DAY))
    expect(trendOf(days, [], 'quarter').points).toHaveLength(93)
    expect(trendOf(days, [], 'year').points).toHaveLength(367)
    expect(trendOf(days, [], 'all').points).toHaveLength(500)
  })

  it('stand in the order of the log, also where this computer’s clock was set back', () => {
    const moments = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 2 })
    fc.assert(
      fc.property(moments, (seconds) => {
        const points = seconds.map((at, n) => point(n, at))
        const { points: drawn, back } = trendOf(points, [], 'all')
        expect(drawn.map(({ position }) => position)).toEqual(points.map((one) => one.position))
        expect(drawn.every(({ at }, n) => n === 0 || at >= (drawn[n - 1]?.at ?? 0))).toBe(true)
        expect(back).toBe(seconds.some((at, n) => n > 0 && at < Math.max(...seconds.slice(0, n))))
      }),
    )
  })

  it('break at a refill and at what is not known, and nowhere else; a refill breaks no program', () => {
    const points = [0, 1, 2, 3, 4, 5].map((n) => point(n, n * DAY, n === 4 ? null : n))
    const { levels, days, refills } = trendOf(points, [{ position: 2 }], 'all')
    const places = (runs: typeof levels) => runs.map((run) => run.map(({ position }) => position))
    expect(places(levels)).toEqual([[0, 1], [2, 3], [5]])
    expect(places(days)).toEqual([[0, 1, 2, 3, 4, 5]])
    expect(refills.map(({ position }) => position)).toEqual([2])
  })

  it('say alarms by name where they are others than before, and where they were not read', () => {
    const alarms = [[], ['motor-stall'], ['motor-stall'], null, ['motor-stall', null], []]
    const points = alarms.map((some, n) => ({ ...point(n, n * DAY), alarms: some }))
    const begun = alarmsBegin(trendOf(points, [], 'all').points)
    expect(begun.map(({ position }) => position)).toEqual([1, 3, 4])
  })

  it('break at a refill whose reading was thinned, and mark none before the first', () => {
    const points = [point(10, 0), point(20, DAY), point(30, 2 * DAY)]
    const { levels, refills } = trendOf(points, [{ position: 5 }, { position: 25 }], 'all')
    expect(levels.map((run) => run.length)).toEqual([2, 1])
    expect(refills).toEqual([{ at: Date.UTC(2026, 10, 26), position: 25 }])
  })
})

describe('a refill in the history', () => {
  const mL = (value: number | null) => ({
    ...{ value, unit: 'mL', deviceTime: null, receivedAt: '' },
    quality: 'stale' as const,
  })
  const filled = '2026-09-25T14:00:00'
  const before = {
    ...{ position: 1, readAt: '', reportedVolume: mL(4.9996), filledVolume: mL(20) },
    ...{ filledAt: filled, programmedAt: filled },
  }
  const step = (name: string, entries: object, operator: string | null = null) => ({
    ...{ position: 2, at: '', sheet: '20261124-1400-0a1b', step: name },
    entries: entries as Record<string, unknown>,
    signed: { operator, verified: 'claimed' as const },
  })
  const refill = {
    ...{
      id: 'x',
      position: 9,
      filledAt: filled,
      filledVolume: mL(20),
      source: 'simulator' as const,
    },
    ...{ before, after: null },
    worksheets: [
      step('drug', { drugs: [{ lot: 'B-221' }, { lot: 'C-9' }] }),
      step('aspirated', { volume: 4_700_000 }),
      step('aspirated', { volume: 4_600_000 }),
      step('injected', { volume: 20_000_000 }, 'C. Tech'),
    ],
  }

  it('has what was written, the correction rather than what it corrects, and the sheet’s own ratio', () => {
    expect(refillRow(refill)).toEqual({
      expected: 4_999_600,
      aspirated: 4_600_000,
      ratio: 1_027,
      lots: ['B-221', 'C-9'],
      who: 'C. Tech',
      sheets: ['20261124-1400-0a1b'],
    })
  })

  it('has no ratio where the sheet gives none, and nothing that was not written', () => {
    const later = { ...before, programmedAt: '2026-10-01T10:00:00' }
    expect(refillRow({ ...refill, before: later }).ratio).toBeNull()
    expect(refillRow({ ...refill, before: { ...before, filledVolume: mL(null) } }).ratio).toBeNull()
    expect(refillRow({ ...refill, before: null, worksheets: [] })).toEqual({
      ...{ expected: null, aspirated: null, ratio: null, lots: [], who: null, sheets: [] },
    })
    const odd = [step('drug', { drugs: 7 }), step('aspirated', { volume: 'x' })]
    expect(refillRow({ ...refill, worksheets: odd })).toMatchObject({ aspirated: null, lots: [] })
  })
})
