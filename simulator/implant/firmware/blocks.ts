// The pump's memory as the blocks of the wand protocol.
import { BATTERY_STATES } from '../../../protocol/fields/battery.ts'
import type { BlockName, BlockRepr, SnapshotRepr } from '../../../protocol/fields/blocks.ts'
import { MASS_UNITS } from '../../../protocol/fields/drugs.ts'
import { INFUSION_MODES } from '../../../protocol/fields/infusion.ts'
import { PUMP_STATES } from '../../../protocol/fields/status.ts'
import type { SimulatedImplant } from '../implant.ts'
import { secondsOf } from '../physics/clock.ts'
import { CAPACITY } from '../spec.ts'
import type { Reported } from './measure.ts'

/** A raw value far outside the declared range of a volume: for the fault of that name. */
const OUT_OF_RANGE = 3_000_000_000
/** The greatest number that a field can say. */
const MAX_U32 = 0xfffffffe

const code = (table: Readonly<Record<number, string>>, name: string): number =>
  Number(Object.entries(table).find(([, n]) => n === name)?.[0] ?? 0)

type Makers = { readonly [N in BlockName]: (p: SimulatedImplant, r: Reported) => SnapshotRepr[N] }

const MAKERS: Makers = {
  identity: ({ spec }) => ({
    serial: spec.serial,
    model: spec.model,
    firmware: spec.firmware,
    implanted: secondsOf(spec.implanted),
  }),
  catheter: ({ spec }) => ({ ...spec.catheter, implanted: secondsOf(spec.implanted) }),
  status: (p) => ({
    state: code(PUMP_STATES, p.state),
    stateSince: p.stateSince,
    stateCounter: p.stateCounter,
    programmedAt: p.programmedAt,
    resets: p.resets,
  }),
  reservoir: (p, r) => ({
    reportedVolume: p.faults.has('out-of-range-volume') ? OUT_OF_RANGE : p.reported.volume,
    capacity: CAPACITY[p.spec.model],
    lowAlarmVolume: p.programme.lowAlarmVolume,
    lowAlarmDate: r.lowAlarmDate,
    filledAt: p.filledAt,
    filledVolume: p.filledVolume,
  }),
  infusion: ({ programme }, r) => ({
    mode: code(INFUSION_MODES, programme.shownMode),
    rate: r.rate,
    volume24h: r.volume24h,
    bolusVolume: r.bolusVolume,
    bolusRate: programme.single?.rate ?? null,
    schedule: programme.mode === 'flex' ? programme.schedule.map((step) => ({ ...step })) : [],
  }),
  drugs: ({ programme }, r) => ({
    drugs: programme.drugs.map(({ name, massUnit, concentration }) => ({
      name,
      massUnit: code(MASS_UNITS, massUnit),
      concentration,
      dose24h: dose(concentration, r.volume24h),
    })),
  }),
  bolus: ({ programme, clock }, r) => {
    const { bolus, given, accepted, denied } = programme
    const last = given.at(-1)
    return {
      enabled: bolus?.enabled ? 1 : 0,
      volume: bolus?.volume ?? null,
      duration: bolus?.duration ?? null,
      lockout: bolus?.lockout ?? null,
      maxPerDay: bolus?.maxPerDay ?? null,
      given24h: bolus ? r.given24h : null,
      acceptedCount: accepted,
      deniedCount: denied,
      lastAcceptedAt: last === undefined ? null : clock.at(last),
    }
  },
  alarms: ({ journal }) => ({ alarms: journal.alarms.map((alarm) => ({ ...alarm })) }),
  events: ({ journal }) => ({
    total: journal.total,
    events: journal.events.map((event) => ({ ...event })),
  }),
  battery: (p, r) => ({
    state: code(BATTERY_STATES, batteryState(p)),
    voltage: r.batteryMillivolts,
    remaining: r.batteryPercent,
    replacementDate: r.replacementDate,
    serviceEndDate: r.serviceEndDate,
    infusedTotal: Math.round(p.infusedTotal / 1000) % (MAX_U32 + 1),
  }),
  clock: (p) => ({ deviceTime: p.deviceTime(), ageMs: 0, resets: p.clock.resets }),
}

export function blockOf<N extends BlockName>(
  name: N,
  pump: SimulatedImplant,
  r: Reported,
): BlockRepr<N> {
  return MAKERS[name](pump, r) as BlockRepr<N>
}

function batteryState(p: SimulatedImplant): string {
  if (p.faults.has('end-of-service')) return 'end-of-service'
  return p.journal.has('replacement-due') ? 'replacement-due' : 'ok'
}

/** ng a day: concentration in ng/mL times nL a day, to the nearest; null if no field can say it. */
function dose(concentration: number, volume: number): number | null {
  const ng = Number((BigInt(concentration) * BigInt(volume) + 500_000n) / 1_000_000n)
  return ng > MAX_U32 ? null : ng
}
