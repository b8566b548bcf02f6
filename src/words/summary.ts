// What must be seen of a pump in three seconds, in words: the same in the strip of the page and in the
// terminal. It claims no more than was read. Pure, browser-safe.
import { DRUG_FIELDS, FIELDS } from '../model/fields.ts'
import { count } from '../model/format.ts'
import { daysLeft, type Infusing, infusingOf } from '../model/infusing.ts'
import type { AlarmReading } from '../model/reading.ts'
import type { Coded, PumpStatus } from '../model/status.ts'
import { clocksDiffer, clockText } from './clock.ts'
import { drugName, minute, pumpDay, type Reader, shown } from './reader.ts'
import { named } from './words.ts'

export interface NamedAlarm {
  readonly id: string
  readonly name: string
  readonly critical: boolean
}

export interface Summary {
  readonly volume: string
  readonly rate: string
  /** What the pump says of itself, and how it infuses. */
  readonly says: string
  /** What it gives, by its own word. */
  readonly infusing: Infusing
  /** `Not infusing`; empty = it infuses as programmed. */
  readonly still: string
  readonly doses: readonly { readonly drug: string; readonly dose: string }[]
  readonly refill: {
    /** `24-Nov-2026` */
    readonly day: string
    readonly left: string
    /** How the pump's clock is off; empty = it is not known to be. */
    readonly clock: string
  }
  /** `2, 1 critical` */
  readonly alarmCount: string
  readonly alarms: readonly NamedAlarm[]
}

export function summaryOf(pump: Coded<PumpStatus>, reader: Reader): Summary {
  const { page, pumpState, mode, notAvailable } = reader.words
  const { reservoir, infusion, state, clock } = pump
  const alarms = (pump.alarms ?? []).map((alarm, n) => ({
    id: `${alarm.id} ${n}`,
    name: alarmName(alarm, reader),
    critical: alarm.class === 'critical',
  }))
  const critical = alarms.filter((one) => one.critical).length
  const how = named(mode, infusion.mode.value, notAvailable)
  const says = page.pumpSays(named(pumpState, state.state.value, notAvailable))
  const gives = infusingOf(pump)
  const clocks = { ...clock, uncertainty: clock.uncertainty.value }
  return {
    volume: shown(reader, FIELDS.reservoir.reportedVolume, reservoir.reportedVolume),
    rate: shown(reader, FIELDS.infusion.rate, infusion.rate),
    says: `${says}. ${how}.`,
    infusing: gives,
    still: reader.words.infusing[gives],
    doses: (infusion.drugs ?? []).map((drug) => ({
      drug: drugName(reader, drug),
      dose: shown(reader, DRUG_FIELDS.dose24h, drug.dose24h),
    })),
    refill: {
      day: pumpDay(reader, reservoir.lowAlarmDate.value),
      left: leftText(daysLeft(pump, pump.asOf), reader),
      clock: clocksDiffer(clocks, reader) ? clockText(clocks, reader) : '',
    },
    alarmCount: page.alarmCount(count(alarms.length), count(critical)),
    alarms,
  }
}

export const alarmName = (
  { code }: Pick<AlarmReading, 'code'>,
  { words }: Pick<Reader, 'words'>,
): string => named(words.alarm, code, words.notAvailable)

export function leftText(days: number | null, { words: { page } }: Reader): string {
  if (days === null) return ''
  if (days < 0) return page.datePassed
  return days === 0 ? page.lastDay : page.daysLeft(count(days))
}

/** `No alarms reported by the pump at 14:02. This page does not watch the pump.`, or that nobody knows. */
export function noAlarmsText(pump: Coded<PumpStatus>, reader: Reader): string {
  const { page } = reader.words
  const at = minute(reader, pump.readAt)
  return pump.alarms === null ? page.alarmsUnread(at) : page.noAlarms(at)
}
