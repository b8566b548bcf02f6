// What a refill needs of a reading, from its record in the log, in whole protocol units. Pure.
import type { InterrogationRecord } from '../../model/record.ts'
import { wirePer } from '../../model/units.ts'
import type { Value } from '../../model/value.ts'
import type { Mass, Reading } from './entries.ts'

const whole = ({ value, unit }: Value<number>): number | null =>
  value === null ? null : Math.round(value * wirePer(unit ?? '1'))

export function readingOf(record: InterrogationRecord): Reading {
  const { reservoir, infusion, clock, state } = record
  return {
    position: record.position,
    readAt: record.at,
    deviceTime: clock.deviceTime,
    hostTime: clock.hostTime,
    state: state.state.value,
    mode: infusion.mode.value,
    rate: whole(infusion.rate),
    volume24h: whole(infusion.volume24h),
    pendingBolus: whole(infusion.bolusVolume),
    programmedAt: state.programmedAt.value,
    reportedVolume: whole(reservoir.reportedVolume),
    capacity: whole(reservoir.capacity),
    lowAlarmVolume: whole(reservoir.lowAlarmVolume),
    lowAlarmDate: reservoir.lowAlarmDate.value,
    filledAt: reservoir.filledAt.value,
    filledVolume: whole(reservoir.filledVolume),
    drugs: infusion.drugs.map(({ name, massUnit, concentration }) => ({
      name,
      massUnit: massUnit === 'mg' || massUnit === 'mcg' ? (massUnit as Mass) : null,
      concentration: whole(concentration),
    })),
    bolus: {
      on: infusion.patientBolus.enabled.value === 'on',
      volume: whole(infusion.patientBolus.volume),
      maxPerDay: whole(infusion.patientBolus.maxPerDay),
    },
    alarms: record.alarms.map((alarm) => ({ code: alarm.code, class: alarm.class })),
  }
}
