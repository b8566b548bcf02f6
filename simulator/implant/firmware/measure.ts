// What is reported of things that glide with time. Measured at changes only, each of which moves the
// state counter, so that a reading is whole and nothing moves behind its back.

import type { SimulatedImplant } from '../implant.ts'
import { WARNING_MS } from '../physics/battery.ts'
import { DAY_S } from '../physics/clock.ts'

export interface Reported {
  readonly rate: number
  readonly volume24h: number
  readonly bolusVolume: number | null
  readonly lowAlarmDate: number | null
  readonly replacementDate: number
  readonly serviceEndDate: number
  readonly batteryPercent: number
  readonly batteryMillivolts: number
  readonly given24h: number
}

/** The last second that a time can say. */
const LAST = 0xfffffffe

export function measure(pump: SimulatedImplant): Reported {
  const { programme, battery, elapsed, reached } = pump
  const perDay = programme.volume24h
  const now = pump.deviceTime()
  const ends = battery.ends(perDay, elapsed)
  const day = (at: number) => {
    const seconds = Math.max(0, now + Math.floor((at - elapsed) / 1000))
    return seconds - (seconds % DAY_S)
  }
  return {
    rate: pump.setRate,
    volume24h: perDay,
    bolusVolume: programme.single?.left.volume ?? null,
    lowAlarmDate: lowAlarmDate(now, pump.reported.volume - programme.lowAlarmVolume, perDay),
    replacementDate: reached.replacement ?? day(ends - WARNING_MS),
    serviceEndDate: reached.serviceEnd ?? day(ends),
    batteryPercent: battery.percent,
    batteryMillivolts: battery.millivolts,
    given24h: programme.given.length,
  }
}

/** To the minute; null where it never comes, or later than a time can say. */
function lowAlarmDate(now: number, over: number, perDay: number): number | null {
  if (perDay === 0) return null
  const at = now + Math.ceil((Math.max(0, over) * DAY_S) / perDay)
  const minute = Math.round(at / 60) * 60
  return minute > LAST ? null : minute
}
