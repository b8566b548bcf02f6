// The date of the next alarm: the pump's own, by its own clock, and how far that is from ours; what we
// work out stands apart, and a calculator finds the same.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clockSentence, computedDate, reportedDate } from '../../src/refill/sheet/dates.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { WORDS } from '../../src/words/words.ts'
import { afterReading, CLINIC } from './sheets.ts'

const w = wordsOf('en-US')
const LONDON = { ...CLINIC, zone: 'Europe/London' }

describe('the date of the pump', () => {
  it('is the pump’s own', () => {
    expect(reportedDate(afterReading(), w)).toBe(
      '04-Feb-2027 14:50, reported by the pump, by the pump’s own clock.',
    )
    expect(reportedDate(afterReading({ lowAlarmDate: null }), w)).toBe(w.noAlarmDate)
  })

  it.each([
    ['2026-11-24T14:49:58', 'UTC', 'The pump’s clock agrees with this computer’s (UTC).'],
    ['2026-11-24T14:41:00', 'UTC', 'The pump’s clock is 9 min behind this computer’s (UTC).'],
    ['2026-11-24T17:50:00', 'UTC', 'The pump’s clock is 3 h ahead of this computer’s (UTC).'],
    ['2000-01-01T00:00:00', 'UTC', 'The pump’s clock is 9824 days behind this computer’s (UTC).'],
  ])('%s in %s: %s', (deviceTime, zone, sentence) => {
    expect(clockSentence(afterReading({ deviceTime }), { ...CLINIC, zone })).toBe(sentence)
  })

  it('is compared in the zone of the clinic, in summer, too', () => {
    const summer = { deviceTime: '2026-07-01T13:00:10', hostTime: '2026-07-01T12:00:00.000Z' }
    expect(clockSentence(afterReading(summer), LONDON)).toBe(
      'The pump’s clock agrees with this computer’s (Europe/London).',
    )
  })

  it('says that there is no clock', () => {
    expect(clockSentence(afterReading({ deviceTime: null }), CLINIC)).toBe(
      WORDS['en-US'].clock.none,
    )
  })
})

describe('what is computed here', () => {
  it('shows what it is made of', () => {
    expect(computedDate(afterReading(), CLINIC, w)).toBe(
      '(20 mL − 2 mL) / 0.25 mL a day = 72 days: 04-Feb-2027, by the pump’s clock. It holds only while the program stays as it is.',
    )
  })

  it('is a range where the patient may ask for boluses', () => {
    const bolus = { on: true, volume: 50_000, maxPerDay: 4 }
    expect(computedDate(afterReading({ bolus }), CLINIC, w)).toBe(
      '(20 mL − 2 mL) / 0.25 mL a day without patient boluses: 04-Feb-2027. With as many as are allowed, 0.45 mL a day: 03-Jan-2027. By the pump’s clock. It holds only while the program stays as it is.',
    )
  })

  it.each([
    ['the pump gives no time', { deviceTime: null }],
    ['no volume', { reportedVolume: null }],
    ['nothing leaves', { volume24h: 0 }],
    ['it is below the mark already', { reportedVolume: 1_900_000 }],
    ['a single bolus is under way', { pendingBolus: 100_000 }],
  ])('is not given where %s', (_why, over) => {
    expect(computedDate(afterReading(over), CLINIC, w)).toBeNull()
  })

  it('is what a calculator gives with the figures shown', () => {
    const volume = fc.integer({ min: 20, max: 400 }).map((n) => n * 100_000)
    const perDay = fc.integer({ min: 48, max: 2_000 }).map((n) => n * 1_000)
    fc.assert(
      fc.property(volume, perDay, (reportedVolume, volume24h) => {
        const says = computedDate(afterReading({ reportedVolume, volume24h }), CLINIC, w)
        if (says === null) return void expect(reportedVolume).toBeLessThanOrEqual(2_000_000)
        const [, v, low, day, days] = (
          /^\((\S+) mL − (\S+) mL\) \/ (\S+) mL a day = (\S+) days/.exec(says) ?? []
        ).map(Number)
        const exact = (Number(v) - Number(low)) / Number(day)
        expect(Math.abs(Number(days) - exact)).toBeLessThanOrEqual(0.05 + 1e-9)
      }),
    )
  })
})
