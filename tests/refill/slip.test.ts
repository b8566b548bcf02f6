// The patient's slip: never later than the earliest date that anything on the sheet supports.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patientSlip } from '../../src/refill/paper/print.ts'
import { slipDate } from '../../src/refill/sheet/slip.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { afterReading, CLINIC, type GOOD, sheetTo } from './sheets.ts'

const w = wordsOf('en-US')
const clinic = { ...CLINIC, clinic: 'North Clinic', phone: '555-0100' }
const of = (over: Parameters<typeof afterReading>[0], more: Partial<typeof GOOD> = {}) =>
  sheetTo('finish', { after: afterReading(over), ...more })
const dateOf = (...args: Parameters<typeof of>) => slipDate(of(...args), clinic, w)
const shown = (page: string) =>
  page
    .replace(/<(style|script|svg)\b[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

describe('the slip for the patient', () => {
  it('gives the date, the dose, what a sound means, whom to call and the model, and no more', () => {
    const sounds = 'Two tones: come at once. One tone: call us today.'
    const text = shown(patientSlip({ clinic: { ...clinic, alarmSounds: sounds } }, of({})).text)
    for (const part of [
      '04-Feb-2027',
      w.slipFromPump,
      '2.5 mg/day',
      sounds,
      '555-0100',
      'SIM-20',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).toContain('SIMULATOR.')
    for (const none of ['SIM-0020', 'P-77', '72 days', 'wandbridge/'])
      expect(text).not.toContain(none)
  })

  it('gives the date of what was injected where the pump was told of more', () => {
    expect(dateOf({ reportedVolume: 40_000_000, lowAlarmDate: '2027-04-25T14:50:00' })).toEqual({
      day: '04-Feb-2027',
      from: w.slipFromInjected,
      cautions: [w.slipVolumesDisagree],
    })
  })

  it('reckons with as many boluses as the pump allows', () => {
    const bolus = { on: true, volume: 50_000, maxPerDay: 5 }
    expect(dateOf({ bolus })).toEqual({
      day: '30-Dec-2026',
      from: w.slipFromVolumeAndBoluses,
      cautions: [],
    })
  })

  it('never prints a date of a pump whose clock was reset', () => {
    const found = dateOf({
      deviceTime: '2000-01-01T00:01:00',
      lowAlarmDate: '2000-03-13T00:01:00',
      volume24h: null,
    })
    expect(found).toEqual({
      day: '04-Feb-2027',
      from: w.slipFromPumpsDays,
      cautions: [w.slipClockDisagrees],
    })
  })

  it.each([
    ['nothing to work one out', { lowAlarmDate: null, volume24h: null }, w.slipNoDate],
    ['a pump that is stopped', { mode: 'stopped' }, w.slipInfusing.nothing],
    ['a pump that is stalled', { raw: { status: { state: 2 } } }, w.slipInfusing.nothing],
    ['a pump that says no state', { raw: { status: { state: null } } }, w.slipInfusing.unknown],
  ])('says that there is none, and why, with %s', (_what, over, none) => {
    expect(dateOf(over)).toEqual({ none })
    const text = shown(patientSlip({ clinic }, of(over)).text)
    expect(text).toContain(none)
    expect(text).not.toMatch(/\d\d-\w{3}-20[^2]|before \d/)
  })

  it('gives no date before the reading after', () => {
    expect(slipDate(sheetTo('handover'), clinic, w)).toEqual({ none: w.slipNotYet })
  })

  it('is never later than any volume or date on the sheet supports', () => {
    const volume = fc.integer({ min: 21, max: 400 }).map((n) => n * 100_000)
    const perDay = fc.integer({ min: 50_000, max: 1_000_000 })
    const days = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(volume, volume, perDay, days, (inPump, injected, volume24h, ahead) => {
        const start = Date.parse('2026-11-24T14:50:00Z')
        const lowAlarmDate = new Date(start + ahead * 86_400_000).toISOString().slice(0, 19)
        const found = dateOf(
          { reportedVolume: inPump, volume24h, lowAlarmDate },
          { injected: { volume: injected } },
        )
        const day = 'day' in found ? Date.parse(`${found.day} UTC`) : Number.NaN
        for (const left of [inPump, injected]) {
          expect(day).toBeLessThanOrEqual(start + ((left - 2_000_000) / volume24h) * 86_400_000)
        }
        expect(day).toBeLessThanOrEqual(Date.parse(`${lowAlarmDate}Z`))
      }),
    )
  })
})
