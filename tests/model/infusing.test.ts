// Whether a pump infuses, and how long it lasts: only by its own word, and by its own clock.
import { describe, expect, it } from 'vitest'
import { daysLeft, notInfusing } from '../../src/model/infusing.ts'
import { FULL, readIn } from './full.ts'

const { content } = readIn(FULL)
const said = (state: string | null, mode: string | null) => ({
  state: { ...content.state, state: { ...content.state.state, value: state } },
  infusion: { ...content.infusion, mode: { ...content.infusion.mode, value: mode } },
})

describe('a pump', () => {
  it('does not infuse when it says that it is stopped, stalled, shut or at its end', () => {
    for (const state of ['stopped', 'stalled', 'valve-closed', 'end-of-service']) {
      expect(notInfusing(said(state, 'simple-continuous'))).toBe(true)
    }
    expect(notInfusing(said('running', 'stopped'))).toBe(true)
    for (const state of ['running', 'minimum-rate', null]) {
      expect(notInfusing(said(state, null))).toBe(false)
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
