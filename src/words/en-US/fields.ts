// What each field of a pump is called in US English: every field of every block, or it does not compile.
import type { BlockField, BlockName } from '../../model/fields.ts'

export const fields = {
  identity: {
    serial: 'Serial number',
    model: 'Pump model',
    firmware: 'Firmware',
    implanted: 'Pump implanted',
  },
  catheter: {
    model: 'Catheter model',
    implanted: 'Catheter implanted',
    length: 'Catheter length',
    volume: 'Catheter volume',
  },
  status: {
    state: 'Pump says',
    stateSince: 'In that state since',
    stateCounter: 'Changes counted by the pump',
    programmedAt: 'Last programmed',
    resets: 'Restarts of the pump',
  },
  reservoir: {
    reportedVolume: 'Reservoir, reported by the pump, not measured',
    capacity: 'Reservoir capacity',
    lowAlarmVolume: 'Low-reservoir alarm at',
    lowAlarmDate: 'Low-reservoir alarm expected',
    filledAt: 'Refill programmed',
    filledVolume: 'Volume programmed at refill',
  },
  infusion: {
    mode: 'Mode',
    rate: 'Rate now',
    volume24h: '24 h volume',
    bolusVolume: 'Single bolus, still to be given',
    bolusRate: 'Single bolus, rate',
    schedule: 'Schedule of the day',
  },
  drugs: { drugs: 'Drugs' },
  bolus: {
    enabled: 'Patient bolus',
    volume: 'Patient bolus, each',
    duration: 'Patient bolus, duration',
    lockout: 'Patient bolus, lockout',
    maxPerDay: 'Patient bolus, most in 24 h',
    given24h: 'Patient boluses given in 24 h',
    acceptedCount: 'Patient boluses given since programming',
    deniedCount: 'Patient boluses denied since programming',
    lastAcceptedAt: 'Last patient bolus given',
  },
  alarms: { alarms: 'Alarms' },
  events: { total: 'Events the pump has logged', events: 'Events' },
  battery: {
    state: 'Battery',
    voltage: 'Battery voltage',
    remaining: 'Battery charge left',
    replacementDate: 'Replacement (ERI)',
    serviceEndDate: 'End of service',
    infusedTotal: 'Volume asked to leave since implantation',
  },
  clock: {
    deviceTime: 'Pump’s clock',
    ageMs: 'Age of the pump’s clock',
    resets: 'Times the clock was lost',
  },
} satisfies { readonly [N in BlockName]: Readonly<Record<BlockField<N>, string>> }

/** One of a list. */
export const items = {
  drugs: (n: string) => `Drug ${n}`,
  schedule: (n: string) => `Schedule step ${n}`,
  alarms: (id: string) => `Alarm ${id}`,
  events: (number: string) => `Event ${number}`,
  /** What of a drug. */
  drug: {
    name: 'name',
    massUnit: 'mass unit',
    concentration: 'concentration',
    dose24h: '24 h dose',
  },
  step: (start: string, rate: string) => `from ${start}: ${rate}`,
  alarm: (name: string, kind: string, state: string, began: string, noticed: string) =>
    `${name} (${kind}), ${state}, began ${began}, noticed by the pump ${noticed}`,
  event: (name: string, at: string, noticed: string, argument: string) =>
    `${name}${argument === '' ? '' : `, ${argument}`}, ${at}, noticed ${noticed}`,
  none: {
    drugs: 'none programmed',
    schedule: 'none: one rate, all day',
    alarms: 'none reported by the pump',
    events: 'none logged',
  },
}

/** How one thing differs between two readings. */
export const change = {
  same: 'Not changed',
  changed: 'Changed',
  appeared: 'New',
  gone: 'Gone',
  unknown: 'Cannot be compared',
}
