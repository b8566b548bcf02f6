// Scenes for the stage: moments that no scenario comes to by itself, made from one that it does.
import type { Refill, Visit } from '../../src/model/api.ts'
import { mapValues } from '../../src/model/map-values.ts'
import type { AlarmReading } from '../../src/model/reading.ts'
import { alarmsInOrder } from '../../src/model/reading.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import type { BridgeStatus, PumpStatus, WandStatus } from '../../src/model/status.ts'
import { liveOf } from '../model/live-record.ts'
import type { Scene } from './page-stage.ts'

const pumps = (status: BridgeStatus, change: (pump: PumpStatus) => PumpStatus): BridgeStatus => ({
  ...status,
  pumps: status.pumps.map(change),
})
const wands = (status: BridgeStatus, change: (wand: WandStatus) => WandStatus): BridgeStatus => ({
  ...status,
  wands: status.wands.map(change),
})

/** A wand that hears no pump, before anything was read. */
export const gone = (status: BridgeStatus): BridgeStatus => ({
  ...wands(status, (wand) => ({
    ...wand,
    pump: null,
    session: { ...wand.session, id: null, state: 'none', code: 'session.none', args: {} },
    coupling: { ...wand.coupling, value: 0, position: 'no-implant' },
  })),
  pumps: [],
})

const PLACED = { same: null, pump: '' }

/** A reading that is under way. */
export const busy = (status: BridgeStatus): BridgeStatus =>
  wands(status, (wand) => ({
    ...wand,
    session: { ...wand.session, state: 'open', code: 'session.open', args: PLACED },
    contact: { ...wand.contact, progress: 40 },
  }))

const CRITICAL = ['motor-stall', 'critical-memory-error', 'end-of-service', 'empty-reservoir']

/** Everything at once: stopped, four critical alarms, a signal that is lost, a clock that is off. */
export const worst = (status: BridgeStatus): BridgeStatus =>
  pumps(status, (pump) => {
    const alarm = (code: string, n: number, own: string): AlarmReading => ({
      ...{ id: String(n), code, class: own, state: 'active', readAt: pump.readAt },
      occurredAt: pump.clock.deviceTime,
      detectedAt: pump.clock.deviceTime,
      invalid: undefined,
    })
    return {
      ...pump,
      quality: 'stale',
      reason: 'wand-lost',
      alarms: alarmsInOrder([
        alarm('low-reservoir', 0, 'non-critical'),
        ...CRITICAL.map((code, n) => alarm(code, n + 1, 'critical')),
      ]),
      state: { ...pump.state, state: { ...pump.state.state, value: 'stalled' } },
      clock: { ...pump.clock, deviceTime: '2000-01-03T07:12:00' },
    }
  })

/** Nothing of it is known. */
export const doubtful = (status: BridgeStatus): BridgeStatus =>
  pumps(status, (pump) => {
    const none = <T extends object>(part: T): T =>
      mapValues(part as never, (value) => ({
        ...value,
        value: null,
        quality: 'unavailable' as const,
      })) as T
    return {
      ...pump,
      state: none(pump.state),
      reservoir: none(pump.reservoir),
      battery: none(pump.battery),
    }
  })

/** Many bridges' wands as one bridge's. */
export function several(all: readonly BridgeStatus[]): BridgeStatus {
  const [first] = all as readonly [BridgeStatus]
  const port = (n: number) => `/dev/ttyACM${n}`
  return {
    ...first,
    wands: all.flatMap((one, n) => one.wands.map((wand) => ({ ...wand, port: port(n) }))),
    pumps: all.flatMap((one, n) =>
      one.pumps.map((pump) => ({ ...pump, wand: { ...pump.wand, port: port(n) } })),
    ),
  }
}

const DAY_MS = 86_400_000
/** What people wrote at the newest refill. */
const WRITTEN = [
  { step: 'drug', entries: { drugs: [{ lot: 'B-221' }, { lot: 'C-9' }] } },
  { step: 'aspirated', entries: { volume: 4_600_000 } },
  {
    step: 'injected',
    entries: { volume: 20_000_000 },
    signed: { operator: 'C. Tech', verified: 'pin' as const },
  },
].map((step) => ({
  ...step,
  ...{ position: 1, at: '2026-11-24T14:02:00.000Z', sheet: '20261124-1402-0a1b' },
}))

const idOf = (position: number) => `simulator-1-00000000.${position}`

/** A year of visits with a refill each two months, and an alarm that came and went since the last. */
export function historyOf(status: BridgeStatus): Scene {
  const [pump] = status.pumps as readonly [PumpStatus]
  const now = Date.parse(pump.readAt)
  const days = [420, 360, 300, 299, 240, 181, 180, 121, 120, 60, 0]
  const volumes = [
    19,
    4,
    20,
    19.7,
    5,
    3.2,
    20,
    4.4,
    20,
    3,
    pump.reservoir.reportedVolume.value ?? 0,
  ]
  const number = (value: number, unit: string, receivedAt: string) => ({
    ...{ value, unit, deviceTime: null, receivedAt },
    ...{ quality: 'stale' as const, reason: 'recorded' as const },
  })
  const visits = days.map((ago, n): Visit => {
    const readAt = new Date(now - ago * DAY_MS).toISOString()
    const alarms = n === 5 ? 1 : n === days.length - 1 ? (pump.alarms?.length ?? 0) : 0
    return {
      ...{ id: idOf(n), position: n, readAt, deviceTime: readAt.slice(0, 19), session: n + 1 },
      source: 'simulator',
      reportedVolume: number(volumes[n] ?? 0, 'mL', readAt),
      rate: number(n < 5 ? 0.25 : 0.3, 'mL/d', readAt),
      volume24h: number(n < 5 ? 0.25 : 0.3, 'mL', readAt),
      activeAlarms: alarms,
      alarmCodes:
        n === 5 ? ['motor-stall'] : (pump.alarms ?? []).slice(0, alarms).map(({ code }) => code),
      closeConfirmed: true,
      owner: null,
    }
  })
  const refills = [8, 6, 2].map((n): Refill => {
    const [before, after] = [visits[n - 1], visits[n]] as [Visit, Visit]
    const beside = ({ position, readAt, reportedVolume }: Visit) => ({
      position,
      readAt,
      reportedVolume,
    })
    return {
      ...{ id: after.id, position: n, source: 'simulator', worksheets: n === 8 ? WRITTEN : [] },
      filledAt: after.deviceTime ?? '',
      filledVolume: number(20, 'mL', after.readAt),
      before: {
        ...beside(before),
        ...{ filledAt: '2025-10-01T10:00:00', programmedAt: '2025-10-01T10:00:00' },
        filledVolume: number(20, 'mL', before.readAt),
      },
      after: beside(after),
    }
  })
  const last = visits.at(-2) as Visit
  return {
    status: came(status),
    visits,
    refills,
    whole: new Map([[last.id, recordOf(pump, last)]]),
  }
}

/** The pump's own list names a stall that no reading saw. */
const came = (status: BridgeStatus): BridgeStatus =>
  pumps(status, (pump) => {
    const number = (pump.events.total ?? 0) + 1
    const at = '2025-12-24T03:10:00'
    const raised = { number, code: 'alarm-raised', occurredAt: at, detectedAt: at, argument: 5 }
    const entries = [...(pump.events.entries ?? []), { ...raised, invalid: undefined }]
    return { ...pump, events: { ...pump.events, total: number, entries } }
  })

function recordOf(pump: PumpStatus, visit: Visit): InterrogationRecord {
  const { infusion, reservoir, events, clock, state, catheter, battery, implanted } = pump
  const { reportedVolume } = visit
  const lockout = { ...infusion.patientBolus.lockout, value: 480, quality: 'stale' as const }
  return {
    ...{ id: visit.id, position: visit.position, log: 'simulator-1-00000000', at: visit.readAt },
    ...{
      kind: 'interrogation',
      source: 'simulator',
      port: '/dev/ttyACM0',
      wand: 'SIM-W1',
      session: 1,
    },
    ...{
      readAt: visit.readAt,
      deviceTime: visit.deviceTime,
      patient: null,
      owner: null,
      snapshot: null,
    },
    pump: { id: pump.pump.id, serial: pump.pump.serial },
    identity: { model: pump.pump.model, firmware: pump.pump.firmware },
    ...{ implanted, state, catheter, battery, events, clock, alarms: [], unavailable: [] },
    reservoir: { ...reservoir, reportedVolume },
    infusion: { ...infusion, patientBolus: { ...infusion.patientBolus, lockout } },
  } as unknown as InterrogationRecord
}

/** What the stream says in an hour of a session that is held: a short exchange each second, and readings. */
export function hourOf(status: BridgeStatus): readonly (readonly [string, object])[] {
  const [pump] = status.pumps as readonly [PumpStatus]
  const began = Date.parse(pump.readAt)
  return Array.from({ length: 3_600 }, (_, n) => {
    const at = new Date(began + n * 1_000).toISOString()
    const { reportedVolume } = pump.reservoir
    const { rate } = pump.infusion
    const visit = { id: idOf(100 + n), position: 100 + n, readAt: at, deviceTime: at.slice(0, 19) }
    const record = recordOf(pump, { ...visit, reportedVolume, rate } as Visit)
    if (n % 60 === 0) return ['interrogation', record]
    return ['live', liveOf(record, at)]
  })
}
