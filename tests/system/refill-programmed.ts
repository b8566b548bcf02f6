// A pump of which every field of the programme is set, and what its maker's programmer does to it between
// the two readings of a refill: every field another, the pump left stopped, its clock lost.
import { FIELDS, type Role } from '../../src/model/fields.ts'
import { PLACES } from '../model/full.ts'

/** Flexible by the hour, two drugs, boluses on request. */
export const PROGRAMMED = `
title: A pump with a whole programme
description: Every field of the programme is set.
pumps:
  - serial: SIM-0020
    model: SIM-20
    volume: 20000000
    filled: { volume: 20000000, daysAgo: 0 }
    drift: 0
    bias: 25000
    fillBias: 0
    mode: flex
    rate: 250000
    schedule: [{ start: 0, rate: 250000 }, { start: 720, rate: 240000 }]
    drugs: [{ name: Morphine, massUnit: mg, concentration: 10000000 }, { name: Clonidine, massUnit: mcg, concentration: 50000 }]
    bolus: { volume: 50000, duration: 600, lockout: 480, maxPerDay: 3 }
`

/** Hours typed as minutes, another drug, another unit, and so on. */
export const EVERYTHING = {
  do: 'program',
  change: {
    filledVolume: 20_000_000,
    mode: 'flex',
    schedule: [
      { start: 15, rate: 260_000 },
      { start: 735, rate: 200_000 },
    ],
    drugs: [
      { name: 'Hydromorphone', massUnit: 'mcg', concentration: 5_000_000 },
      { name: 'Bupivacaine', massUnit: 'mg', concentration: 7_500_000 },
    ],
    bolus: { enabled: false, volume: 60_000, duration: 300, lockout: 8, maxPerDay: 24 },
    lowAlarmVolume: 1_000_000,
    singleBolus: { volume: 190_000, rate: 400_000 },
  },
} as const
export const STOPPED = { do: 'program', change: { mode: 'stopped' } } as const
export const CLOCK_LOST = { do: 'fault', fault: 'clock-reset', on: true } as const

/** What no programmer of this simulator sets, and what another finding tells. */
const APART: Readonly<Record<string, string>> = {
  'catheter.length': 'Set when the catheter is implanted.',
  'catheter.volume': 'Set when the catheter is implanted.',
  'reservoir.filledVolume': 'Held against what was injected.',
}

/** `changed.bolus.lockout`, `changed.drugs.…`: the beginnings of the findings that must be there. */
export const MUST_BE_FOUND: readonly string[] = PLACES.flatMap(({ block, field, declared }) => {
  const list = (FIELDS[block] as Readonly<Record<string, { readonly role: Role }>>)[field]
  const { role } = 'role' in declared ? (declared as { role: Role }) : (list as { role: Role })
  const name = `${block}.${field}`
  return role === 'programme' && !(name in APART) ? [`changed.${name}`] : []
})
