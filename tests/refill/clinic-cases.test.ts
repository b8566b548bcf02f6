// Situations that people on the clinic side have reported of other systems, each by the name of its case and
// with where it was reported. What a whole house is needed for stands elsewhere:
// `slip-when-the-sheet-disagrees` in slip.test.ts (the volumes that do not agree);
// `an-unframed-ack-is-told` and `an-ack-with-a-byte-order-mark` in tests/delivery/tolerant.test.ts (an
// acknowledgment without any frame, with a byte-order mark before it and inside, and what answers oddly);
// `fhir-date-is-the-day-that-stands-there` in tests/fhir; `a-client-that-was-away-sees-a-fork` in
// tests/system/log-origin.test.ts (a log that was put back has another name) and tests/client/growth.test.ts.
import { describe, expect, it } from 'vitest'
import { renderPump } from '../../src/cli/render.ts'
import type { Visit } from '../../src/model/api.ts'
import type { Reading } from '../../src/refill/sheet/entries.ts'
import { answerField, toAnswer } from '../../src/refill/sheet/findings.ts'
import { take, takeIdentity } from '../../src/refill/sheet/take.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { pointOf, trendOf } from '../../web/view/trend.ts'
import { FULL } from '../model/full.ts'
import { reader, statusIn, surfacesOf } from '../words/surfaces.ts'
import { afterReading, CLINIC, contextOf, NOW, reading, sheetTo } from './sheets.ts'

const w = wordsOf('en-US')
const WHO = { operator: 'Op', checker: 'Ck' }
const finish = (after: Reading, before = reading()) => {
  const sheet = sheetTo('after', { before, after })
  return { taken: take(sheet, 'finish', WHO, contextOf()), asked: toAnswer(sheet, CLINIC, w) }
}
const terminal = async (repr: typeof FULL) => renderPump(await statusIn(repr), reader).join('\n')
/** The cells of a table's row. */
const rowOf = (page: string, what: string) =>
  page
    .split('<tr')
    .find((row) => row.includes(`scope="row">${what}<`))
    ?.replace(/<[^>]*>/g, ' ') ?? ''

describe('a case from a clinic', () => {
  it('lockout-on-the-sheet: minutes for hours (FDA class I, 22-Sep-2004)', () => {
    const bolus = { enabled: 1, lockout: 480 }
    const { taken, asked } = finish(
      afterReading({ raw: { bolus: { ...bolus, lockout: 8 } } }),
      reading({ raw: { bolus } }),
    )
    expect(taken).not.toHaveProperty('entries')
    expect(asked.map(({ text }) => text)).toEqual([
      w.pumpSaid.programmeChanged('Patient bolus, lockout', '480 min', '8 min'),
    ])
  })

  it('stopped-is-asked-about: left in stopped mode (HSA, 27-Jan-2021)', () => {
    const { taken, asked } = finish(
      afterReading({ mode: 'stopped', raw: { status: { state: 1 } } }),
    )
    expect(taken).not.toHaveProperty('entries')
    expect(asked.map(answerField)).toContain('answer-after.infusing')
  })

  it('critical-alarm-is-asked-about: motor stall after the refill', () => {
    const stall = { id: 7, code: 5, class: 2, state: 1, occurredAt: 1, detectedAt: 1 }
    const { taken, asked } = finish(afterReading({ raw: { alarms: { alarms: [stall] } } }))
    expect(taken).not.toHaveProperty('entries')
    expect(asked.map(({ text }) => text)).toEqual(['After: CRITICAL alarm: Motor stall.'])
  })

  it('what-is-left-of-a-single-bolus: boluses of a procedure (FDA class I, 28-Jun-2013)', async () => {
    const infusion = { ...FULL.infusion, mode: 3, bolusVolume: 189_972, bolusRate: 400_000 }
    const { sheet, paper } = await surfacesOf({ ...FULL, infusion })
    for (const text of [sheet, paper, await terminal({ ...FULL, infusion })]) {
      expect(text).toContain('0.189972 mL')
    }
  })

  it('a-dose-is-not-shown-as-0: digits that the display has not (LoopKit/Loop#1731)', async () => {
    const drugs = FULL.drugs.drugs.map((drug) => ({ ...drug, massUnit: 1, dose24h: 300 }))
    const { sheet, paper } = await surfacesOf({ ...FULL, drugs: { drugs } })
    for (const text of [sheet, paper, await terminal({ ...FULL, drugs: { drugs } })]) {
      expect(text).toContain('0.0003 mg/day')
      expect(text).not.toMatch(/[^.\d]0 mg\/day/)
    }
  })

  it('an-unknown-mass-unit-is-not-mg (nightscout/cgm-remote-monitor#8533)', async () => {
    const drugs = FULL.drugs.drugs.map((drug) => ({ ...drug, massUnit: 3, concentration: 500_000 }))
    const { sheet, paper } = await surfacesOf({ ...FULL, drugs: { drugs } })
    for (const text of [sheet, paper, await terminal({ ...FULL, drugs: { drugs } })]) {
      expect(text).toContain('unit not reported (raw 500000)')
    }
    const before = reading({
      drugs: [{ name: 'Baclofen', massUnit: null, concentration: 500_000 }],
    })
    const label = { name0: 'Baclofen', concentration0: '0.5', mass0: 'mg', lot0: 'L' }
    const given = { ...label, expiry0: '2099-12', preparer: 'Ph', checkedBy: 'Ck' }
    const taken = take(sheetTo('before', { before }), 'drug', given, contextOf())
    expect(taken).toMatchObject({ doubts: [w.notComparable('Baclofen 0.5 mg/mL')] })
  })

  it('not-known-whether-on-is-not-off', async () => {
    const bolus = { ...FULL.bolus, enabled: null }
    const { sheet, paper } = await surfacesOf({ ...FULL, bolus })
    for (const text of [sheet, paper]) {
      expect(rowOf(text ?? '', 'Patient bolus')).toMatch(/not available\s+not available/)
    }
    expect(await terminal({ ...FULL, bolus })).toMatch(/Patient bolus +whether on: not available/)
  })

  it('trend-after-the-clock-went-back: an hour, and a refill in it (FDA, 1-Mar-2007)', () => {
    const visit = (position: number, deviceTime: string, volume: number) =>
      pointOf({
        ...{ position, readAt: `2026-11-02T1${position}:00:00.000Z`, deviceTime, alarmCodes: [] },
        reportedVolume: { value: volume },
        rate: { value: 2.4 },
        volume24h: { value: 2.4 },
      } as unknown as Visit)
    const points = [
      visit(0, '2026-11-02T12:00:00', 3.8),
      visit(1, '2026-11-02T13:00:00', 3.7),
      visit(2, '2026-11-02T12:15:00', 20),
    ]
    const trend = trendOf(points, [{ position: 2 }], 'all')
    expect(trend.points.map(({ volume }) => volume)).toEqual([3.8, 3.7, 20])
    expect(trend.levels.map((run) => run.map(({ volume }) => volume))).toEqual([[3.8, 3.7], [20]])
    expect(trend.refills.map(({ at }) => at)).toEqual([trend.points[2]?.at])
  })

  it('no-direction-marks-on-a-sheet (pfBlockerNG/pfBlockerNG#2041)', () => {
    const serial = 'SIM-0020'
    const pump = { serial, model: 'SIM-20', source: 'simulator', readAt: NOW, wand: null } as const
    const given = { card: '0020', pseudonym: 'P-77\u202e99-Q' }
    expect(takeIdentity(given, [pump], contextOf())).toEqual({
      wrong: { pseudonym: w.unseen(w.field.pseudonym) },
      doubts: [],
    })
  })
})

describe('names of two people', () => {
  const people = (preparer: string, checkedBy: string) => {
    const label = { name0: 'Morphine', concentration0: '10', mass0: 'mg', lot0: 'L' }
    const given = { ...label, expiry0: '2099-12', preparer, checkedBy }
    return take(sheetTo('before'), 'drug', given, contextOf())
  }
  it.each([
    ['composed and decomposed letters', 'J\u00e9r\u00f4me', 'Je\u0301ro\u0302me'],
    ['another case', 'A. Nurse', 'a. nurse'],
    ['a soft hyphen', 'A. Nurse', 'A. Nu\u00adrse'],
    ['another hyphen', 'Anna-Maria', 'Anna\u2011Maria'],
    ['a wide space', 'A. Nurse', 'A.\u2003Nurse'],
    ['wide letters', 'A. Nurse', '\uff21. Nurse'],
  ])('that differ by %s only are one person', (_what, one, other) => {
    expect(people(one, other)).toMatchObject({ wrong: { checkedBy: w.samePerson } })
  })

  it.each(['\u202e', '\u200b', '\u200d', '\u2066', '\u0007', '\ue000'])(
    'hold no mark that cannot be seen: %j',
    (mark) => {
      expect(people('A. Nurse', `B.${mark}Nurse`)).toMatchObject({
        wrong: { checkedBy: w.unseen(w.field.checkedBy) },
      })
    },
  )

  it.each(['\ufeff', '\u2028', '\u3000'])('hold a plain space for %j', (space) => {
    expect(people('A. Nurse', `B.${space}Nurse`)).toMatchObject({
      entries: { checkedBy: 'B. Nurse' },
    })
  })

  it('are written in one spelling, without soft hyphens', () => {
    const taken = people('Je\u0301ro\u0302me', 'B. Nu\u00adrse')
    expect(taken).toMatchObject({
      entries: { preparer: 'J\u00e9r\u00f4me', checkedBy: 'B. Nurse' },
    })
  })
})
