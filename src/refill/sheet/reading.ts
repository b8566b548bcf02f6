// A reading as a sheet keeps it: block by block in protocol units, from the record in the log, so that a
// field that is declared is on every sheet; and the figures of it that a refill reckons with. Pure.
import { blocksOf } from '../../model/content.ts'
import type { Locale } from '../../model/format.ts'
import { type Infusing, infusing } from '../../model/infusing.ts'
import { eventsSince } from '../../model/pump-events.ts'
import {
  valuesOf as blockValues,
  filled,
  isUnread,
  type Kept,
  keptBlocks,
  type SnapshotValues,
} from '../../model/reading.ts'
import type { InterrogationRecord } from '../../model/record.ts'
import { wirePer } from '../../model/units.ts'
import type { Value } from '../../model/value.ts'
import { cameAndWent } from '../../model/visit.ts'
import { unreadLines } from '../../words/reader.ts'
import { WORDS } from '../../words/words.ts'
import type { Mass, Reading, Since } from './entries.ts'

/** What a refill reckons with; null = the pump does not say, or nothing valid. */
export interface Figures {
  readonly deviceTime: string | null
  readonly mode: string | null
  readonly volume24h: number | null
  readonly pendingBolus: number | null
  readonly programmedAt: string | null
  readonly reportedVolume: number | null
  readonly capacity: number | null
  readonly lowAlarmVolume: number | null
  readonly lowAlarmDate: string | null
  readonly filledAt: string | null
  readonly filledVolume: number | null
  readonly drugs: readonly {
    readonly name: string | null
    readonly massUnit: Mass | null
    readonly concentration: number | null
    /** ng a day. */
    readonly dose24h: number | null
  }[]
  readonly bolus: {
    readonly on: boolean | null
    readonly volume: number | null
    readonly maxPerDay: number | null
  }
}

/**
 * `unclosed`: a session with this pump is not known to be closed now. `last`: the last reading of the visit
 * before.
 */
export function readingOf(
  record: InterrogationRecord,
  unclosed: boolean,
  last: InterrogationRecord | null = null,
): Reading {
  const { clock, identity, pump } = record
  const at = { deviceTime: clock.deviceTime, receivedAt: record.at }
  const values = blocksOf({ serial: pump?.serial ?? '', ...identity }, record, at)
  return {
    position: record.position,
    readAt: record.readAt,
    hostTime: clock.hostTime,
    uncertaintyMs:
      clock.uncertainty.value === null ? null : Math.round(clock.uncertainty.value * 1_000),
    unclosed,
    ...(record.owner && { owner: { system: record.owner.system, value: record.owner.value } }),
    ...(record.contradicted && { contradicted: true }),
    blocks: keptBlocks(values),
    ...(last && { since: sinceOf(last, record) }),
  }
}

function sinceOf(last: InterrogationRecord, record: InterrogationRecord): Since {
  const passed = cameAndWent(last, record)
  return {
    position: last.position,
    readAt: last.readAt,
    alarms: passed.slice(-MOST_PASSED).map(({ code, occurredAt }) => ({ code, occurredAt })),
    overwritten: eventsSince(last.events.total, record.events).overwritten,
  }
}
const MOST_PASSED = 200

/** The values of a reading that a sheet keeps. */
export const valuesOf = ({ readAt, blocks }: Reading): Pick<SnapshotValues, Kept> =>
  blockValues(blocks, { deviceTime: null, receivedAt: readAt })

/** What of a reading could not be read, a sentence each. */
export const unreadIn = ({ blocks }: Reading, locale: Locale): string[] => {
  const unavailable = Object.entries(blocks).flatMap(([name, block]) =>
    isUnread(block) ? [{ block: name as Kept, reason: block.unavailable }] : [],
  )
  return unreadLines({ unavailable }, { words: WORDS[locale] })
}

/** The same where what could not be read has fields, too, each without a value and with the reason. */
export const fieldsIn = (reading: Reading) =>
  filled(valuesOf(reading), { deviceTime: null, receivedAt: reading.readAt })

/** What the pump gives, by its own word. */
export function infusingIn(reading: Reading): Infusing {
  const { status, infusion } = fieldsIn(reading)
  return infusing(status.state.value, infusion.mode.value)
}

const whole = ({ value, unit }: Value<number>): number | null =>
  value === null ? null : Math.round(value * wirePer(unit ?? '1'))

export function figuresOf(reading: Reading): Figures {
  const { reservoir, infusion, bolus, drugs, status, clock } = fieldsIn(reading)
  return {
    deviceTime: clock.deviceTime.value,
    mode: infusion.mode.value,
    volume24h: whole(infusion.volume24h),
    pendingBolus: whole(infusion.bolusVolume),
    programmedAt: status.programmedAt.value,
    reportedVolume: whole(reservoir.reportedVolume),
    capacity: whole(reservoir.capacity),
    lowAlarmVolume: whole(reservoir.lowAlarmVolume),
    lowAlarmDate: reservoir.lowAlarmDate.value,
    filledAt: reservoir.filledAt.value,
    filledVolume: whole(reservoir.filledVolume),
    drugs: (drugs.drugs ?? []).map(({ name, massUnit, concentration, dose24h }) => ({
      name: name.value,
      massUnit: massUnit.value === 'mg' || massUnit.value === 'mcg' ? massUnit.value : null,
      concentration: whole(concentration),
      dose24h: whole(dose24h),
    })),
    bolus: {
      on: bolus.enabled.value === null ? null : bolus.enabled.value === 'on',
      volume: whole(bolus.volume),
      maxPerDay: whole(bolus.maxPerDay),
    },
  }
}
