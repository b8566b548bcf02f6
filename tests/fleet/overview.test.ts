// The overview of a fleet as a value and as a page: the worst first, whatever pumps there are; a site that is silent, or
// whose log is another, is said to be so; nothing that a wand or a site called itself is markup.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { overviewPage } from '../../src/fleet/page/overview.ts'
import {
  type Overview,
  type OverviewPump,
  overviewSchema,
  worstFirst,
} from '../../src/model/fleet.ts'
import { readerOf } from '../../src/words/reader.ts'

const AT = '2026-11-24T14:02:11.000Z'
const reader = readerOf('en-GB', 'Europe/London')

const pump: fc.Arbitrary<OverviewPump> = fc
  .record({
    site: fc.constantFrom('a', 'b'),
    id: fc.uuid(),
    serial: fc.string({ maxLength: 12 }),
    model: fc.option(fc.constant('SP-40')),
    silent: fc.boolean(),
    unclosed: fc.nat(1),
    infusing: fc.constantFrom('programmed', 'minimum-rate', 'nothing', 'unknown'),
    alarms: fc.option(fc.nat(3)),
    critical: fc.nat(3),
    daysLeft: fc.option(fc.integer({ min: -9, max: 90 })),
    ageMs: fc.nat(1e9),
  })
  .map(({ alarms, critical, daysLeft, ...one }) => ({
    ...{ ...one, alarms, daysLeft, readAt: AT },
    critical: alarms === null ? null : Math.min(critical, alarms),
    alarmCodes: alarms === null ? null : Array.from({ length: alarms }, () => 'motor-stall'),
    dueThisWeek: daysLeft !== null && daysLeft < 7,
  }))

const overview = (
  pumps: readonly OverviewPump[],
  more: Partial<Overview['sites'][number]> = {},
): Overview => {
  const site = {
    log: null,
    records: 9,
    lastAt: AT,
    silent: false,
    apart: false,
    keyLostAt: null,
    pumps: 1,
    unclosed: 0,
  }
  return {
    ...{ asOf: AT, brokerLostAt: null, pumps: worstFirst(pumps) },
    sites: [{ site: 'a', ...site, ...more }],
  }
}

const page = (all: Overview) => overviewPage(all, { reader, source: 'device' }).text

/** How soon somebody has to look: at once, this week, some time. */
const urgency = ({ critical, infusing, unclosed, daysLeft, alarms }: OverviewPump) => {
  if ((critical ?? 0) > 0 || infusing === 'nothing' || unclosed > 0) return 0
  return infusing !== 'programmed' || (daysLeft ?? 9) < 7 || (alarms ?? 0) > 0 ? 1 : 2
}

describe('the overview of a fleet', () => {
  it('has the worst first, each pump once, and is what its schema says', () => {
    fc.assert(
      fc.property(fc.array(pump, { maxLength: 30 }), (pumps) => {
        const all = overview(pumps)
        expect(overviewSchema.safeParse(all).success).toBe(true)
        expect(all.pumps.map(({ id }) => id).toSorted()).toEqual(
          pumps.map(({ id }) => id).toSorted(),
        )
        const order = all.pumps.map(urgency)
        expect(order).toEqual(order.toSorted((a, b) => a - b))
        // However the sites come.
        expect(worstFirst(pumps.toReversed())).toEqual(all.pumps)
      }),
    )
  })

  it('says of each pump what is wrong with it in words, and nothing that it was told is markup', () => {
    fc.assert(
      fc.property(pump, fc.constantFrom('<img src=x>', '"><script>', 'P&1'), (one, serial) => {
        const text = page(overview([{ ...one, serial, site: 'a' }]))
        expect(text).not.toContain('<img')
        expect(text).not.toContain('<script')
        if (one.infusing === 'nothing') expect(text).toContain('Not infusing')
        if (one.unclosed > 0) expect(text).toContain('One session not confirmed closed')
        if ((one.alarms ?? 0) > 0) expect(text).toContain('Motor stall')
        if (one.alarms === null) expect(text).toContain('could not be read')
      }),
      { numRuns: 40 },
    )
  })

  it('says which sites are silent, whose log is another, and that the broker is away', () => {
    expect(page(overview([]))).toContain('Heard of within half a minute')
    expect(page(overview([], { silent: true }))).toContain(
      'Silent: its newest word is of 24-Nov-2026 14:02.',
    )
    expect(page(overview([], { silent: true, lastAt: null }))).toContain(
      'nothing was ever heard of it',
    )
    expect(page(overview([], { apart: true }))).toContain('another than the broker has of it')
    const refused = page(overview([], { keyLostAt: AT }))
    expect(refused).toContain('not let in the key of this site since 24-Nov-2026 14:02')
    expect(refused).toContain('Sites whose key is not let in')
    expect(page({ ...overview([]), brokerLostAt: AT })).toContain(
      'has not answered since 24-Nov-2026 14:02',
    )
    expect(page({ ...overview([]), sites: [] })).toContain('no site that this token is for')
  })
})
