// When the next thing changes. Between two changes everything is linear.

import type { SimulatedImplant } from './implant.ts'
import { WARNING_MS } from './physics/battery.ts'
import { DAY_S } from './physics/clock.ts'
import { FALL_OFF, leaving, ofSingle, reckoned } from './physics/flow.ts'
import { Flow } from './physics/tank.ts'

const NEVER = Number.POSITIVE_INFINITY
export const DAY_MS = 86_400_000
/** Without infusion for so long, the pump alarms. */
export const TOO_LONG_MS = 2 * DAY_MS

/** Elapsed ms of the next moment at which anything but the volumes changes; past = it is due. */
export function nextChange(pump: SimulatedImplant): number {
  return Math.min(...byClock(pump), ...byTime(pump), ...byVolume(pump), ...byBattery(pump))
}

/** Midnight, and the steps of the schedule. */
function byClock(pump: SimulatedImplant): number[] {
  const { clock, programme } = pump
  const now = pump.deviceTime()
  const today = now - (now % DAY_S)
  const steps = programme.mode === 'flex' ? programme.schedule : []
  const starts = [DAY_S, ...steps.map((step) => step.start * 60)].map((s) => today + s)
  return starts.map((at) => clock.when(at > now ? at : at + DAY_S))
}

function byTime({ programme, stall, elapsed, journal, notInfusingSince }: SimulatedImplant) {
  const { single } = programme
  const stopped = journal.has('stopped-over-48h') ? NEVER : (notInfusingSince ?? NEVER)
  return [
    programme.patient?.ends ?? NEVER,
    (programme.given[0] ?? NEVER) + DAY_MS,
    stall?.detectAt ?? NEVER,
    stall?.endDetectAt ?? NEVER,
    single ? elapsed + single.every - ((elapsed - single.began) % single.every) : NEVER,
    stopped + TOO_LONG_MS,
  ]
}

function byVolume(pump: SimulatedImplant): number[] {
  const { elapsed, journal, programme, reported, actual } = pump
  const [asked, left] = [new Flow(reckoned(pump)), leaving(pump)]
  const ahead: number[] = []
  if (programme.single) ahead.push(programme.single.left.until(0, ofSingle(pump)))
  if (!journal.has('low-reservoir')) ahead.push(reported.until(programme.lowAlarmVolume, asked))
  if (!journal.has('empty-reservoir')) ahead.push(reported.until(0, asked))
  for (const [volume] of FALL_OFF) {
    if (!actual.atMost(volume)) ahead.push(actual.until(volume, left))
  }
  return ahead.map((ms) => elapsed + ms)
}

function byBattery(pump: SimulatedImplant): number[] {
  const ends = pump.battery.ends(reckoned(pump), pump.elapsed)
  return [
    pump.journal.has('replacement-due') ? NEVER : Math.max(pump.elapsed, ends - WARNING_MS),
    pump.state === 'end-of-service' ? NEVER : ends,
  ]
}
