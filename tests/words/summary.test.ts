// What must be seen in three seconds, in words: nothing that the pump has not said, critical first, and a pump
// that gives nothing as loud as an alarm.
import { beforeAll, describe, expect, it } from 'vitest'
import type { AlarmReading } from '../../src/model/reading.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { readerOf } from '../../src/words/reader.ts'
import { noAlarmsText, summaryOf } from '../../src/words/summary.ts'
import { sample } from '../http/world.ts'

const reader = readerOf('en-US', 'UTC')
let pump: PumpStatus
beforeAll(async () => {
  pump = (await sample()).pump
})

const alarm = (code: string | null, own: string | null, n: number) =>
  ({ id: String(n), code, class: own, state: 'active' }) as AlarmReading

describe('the summary', () => {
  it('counts alarms and names them, also one whose name is not known', () => {
    const of = (...alarms: AlarmReading[]) => summaryOf({ ...pump, alarms }, reader)
    expect(of().alarmCount).toBe('0')
    expect(of(alarm('low-reservoir', 'non-critical', 1)).alarmCount).toBe('1')
    const two = of(alarm('motor-stall', 'critical', 1), alarm(null, null, 2))
    expect(two.alarmCount).toBe('2, 1 critical')
    expect(two.alarms.map(({ name, critical }) => [name, critical])).toEqual([
      ['Motor stall', true],
      ['not available', false],
    ])
    expect(noAlarmsText(pump, reader)).toMatch(
      /^No alarms reported by the pump at \d\d:\d\d\. This page does not watch the pump\.$/,
    )
  })

  it('says the date by the pump’s clock, what is left, and a clock that is off', () => {
    const { clock, reservoir } = pump
    const seen = (due: string | null, own: string) =>
      summaryOf(
        {
          ...{ ...pump, asOf: '2026-11-24T10:00:00.000Z' },
          reservoir: { ...reservoir, lowAlarmDate: { ...reservoir.lowAlarmDate, value: due } },
          clock: { ...clock, deviceTime: own, hostTime: '2026-11-24T10:00:00.000Z' },
        },
        reader,
      ).refill
    const now = '2026-11-24T10:00:00'
    const left = (due: string | null) => seen(due, now).left
    expect(seen('2026-12-06T11:00:00', now)).toEqual({
      day: '06-Dec-2026',
      left: '12 days left',
      clock: '',
    })
    expect(left('2026-11-25T10:00:00')).toBe('1 day left')
    expect(left('2026-11-24T23:00:00')).toBe('Less than one day left')
    expect(left('2026-11-24T09:59:59')).toBe('This date has passed')
    expect(seen(null, now)).toMatchObject({ day: 'not available', left: '' })
    expect(seen('2000-02-01T00:00:00', '2000-01-01T00:00:00')).toEqual({
      day: '01-Feb-2000',
      left: '31 days left',
      clock: 'The pump’s clock is 9824 days behind this computer’s (UTC).',
    })
  })

  it('claims no infusion and no dose that was not said', () => {
    const { infusion, state } = pump
    const none = { value: null, quality: 'unavailable' as const }
    const silent = summaryOf(
      {
        ...pump,
        state: { ...state, state: { ...state.state, ...none } },
        infusion: {
          ...infusion,
          rate: { ...infusion.rate, ...none },
          mode: { ...infusion.mode, ...none },
          drugs: [],
        },
      },
      reader,
    )
    expect(silent).toMatchObject({ rate: 'not available', infusing: 'unknown', doses: [] })
    expect(silent.still).toBe('Not known whether it infuses')
    expect(silent.says).toBe('Pump says: not available. not available.')
  })
})
