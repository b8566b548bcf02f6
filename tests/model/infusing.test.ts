// Whether a pump infuses, and how long it lasts: only by its own word, and by its own clock.
import { describe, expect, it } from 'vitest'
import { daysLeft, infusing } from '../../src/model/infusing.ts'
import { FULL, readIn } from './full.ts'

const { content } = readIn(FULL)
describe('a pump', () => {
  it('does not infuse when it says that it is stopped, stalled, shut or at its end', () => {
    for (const state of ['stopped', 'stalled', 'valve-closed', 'end-of-service']) {
      for (const mode of ['simple-continuous', 'minimum-rate', 'stopped', null]) {
        expect(infusing(state, mode)).toBe('nothing')
      }
    }
    expect(infusing('running', 'stopped')).toBe('nothing')
    expect(infusing(null, 'stopped')).toBe('nothing')
  })

  it('is not taken to infuse where it does not say, or says something newer than this', () => {
    for (const state of [null, 'unknown(9)', 'constructor']) {
      expect(infusing(state, 'simple-continuous')).toBe('unknown')
      expect(infusing('running', state)).toBe('unknown')
      expect(infusing('minimum-rate', state)).toBe('unknown')
    }
  })

  it('infuses at its minimum rate, or as programmed, when both say so', () => {
    expect(infusing('minimum-rate', 'simple-continuous')).toBe('minimum-rate')
    expect(infusing('running', 'minimum-rate')).toBe('minimum-rate')
    for (const mode of ['simple-continuous', 'flex', 'single-bolus']) {
      expect(infusing('running', mode)).toBe('programmed')
    }
  })

  it('lasts as many days as its own clock says, however wrong that is', () => {
    const { clock, reservoir } = content
    const due = (value: string | null) => ({
      reservoir: { ...reservoir, lowAlarmDate: { ...reservoir.lowAlarmDate, value } },
      clock: { ...clock, deviceTime: '2000-01-01T10:00:00', hostTime: '2026-11-24T09:00:00.000Z' },
    })
    const asOf = '2026-11-24T09:00:00.000Z'
    expect(daysLeft(due('2000-01-11T10:00:00'), asOf)).toBe(10)
    expect(daysLeft(due('2000-01-11T09:59:59'), asOf)).toBe(9)
    expect(daysLeft(due('2000-01-11T10:00:00'), '2026-11-26T10:00:00.000Z')).toBe(7)
    expect(daysLeft(due('1999-12-31T10:00:00'), asOf)).toBe(-1)
    expect(daysLeft(due(null), asOf)).toBeNull()
    const { reservoir: known } = due('2000-01-11T10:00:00')
    expect(daysLeft({ reservoir: known, clock: { ...clock, deviceTime: null } }, asOf)).toBeNull()
  })
})
