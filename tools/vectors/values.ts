// One usual value for every message and block: what a wand would say at an ordinary refill. The
// vectors are made from these and, for the edges, from the declarations.
import type { BlockName, BlockRepr } from '../../protocol/fields/blocks.ts'
import type { MessageName, ReplyOf, RequestOf } from '../../protocol/messages/index.ts'

/** Seconds on the pump's clock; 0 = 24-Nov-2026 14:02:11. */
const at = (seconds: number) => 848_844_131 + seconds
const DAY = 86_400

export const LINK = 0x1d7a93c5
export const SESSION = 7
export const SNAPSHOT = 3

export const REQUESTS: { readonly [N in MessageName]: RequestOf<N> } = {
  HELLO: { minor: 0 },
  PING: {},
  WAND: {},
  OPEN: {},
  CLOSE: {},
  INTERROGATE: {},
  SNAPSHOT: { snapshot: SNAPSHOT },
  BLOCK: { snapshot: SNAPSHOT, block: 9, offset: 225 },
  LIVE: {},
}

export const REPLIES: { readonly [N in MessageName]: ReplyOf<N> } = {
  HELLO: {
    minor: 0,
    leaseMs: 5000,
    wandSerial: 'WAND-0042',
    wandModel: 'SIM-WAND',
    firmware: '1.0.0',
    boot: 12,
    lastSession: 6,
    lastEnd: 1,
  },
  PING: {
    session: SESSION,
    sessionState: 2,
    contactAgeMs: 180,
    coupling: 74,
    position: 1,
    operation: 2,
    progress: 35,
  },
  WAND: {
    battery: 88,
    temperature: 27,
    uptimeS: 1290,
    airSent: 4211,
    airLost: 37,
    airCorrupt: 12,
    airRetried: 49,
    hostRefused: 3,
  },
  OPEN: {
    pumpSerial: 'SIM-0001',
    pumpModel: 'SIM-20',
    firmware: '2.1.0',
    stateCounter: 431,
    deviceTime: at(-14),
  },
  CLOSE: { result: 1 },
  INTERROGATE: { snapshot: SNAPSHOT },
  SNAPSHOT: {
    snapshot: SNAPSHOT,
    beganMs: 6120,
    endedMs: 410,
    deviceTime: at(0),
    counterBefore: 431,
    counterAfter: 431,
    crc: 0xffffffff,
    blocks: [
      { block: 1, length: 52 },
      { block: 9, length: 1160 },
    ],
  },
  BLOCK: { snapshot: SNAPSHOT, block: 11, offset: 0, data: Uint8Array.of(0x23, 0x4f, 0x98, 0x32) },
  LIVE: {
    pumpSerial: 'SIM-0001',
    stateCounter: 431,
    deviceTime: at(9),
    reportedVolume: 5_000_000,
    rate: 250_000,
    activeAlarms: 1,
  },
}

export const BLOCK_VALUES: { readonly [N in BlockName]: BlockRepr<N> } = {
  identity: { serial: 'SIM-0001', model: 'SIM-20', firmware: '2.1.0', implanted: at(-800 * DAY) },
  catheter: { model: 'SIM-CATH', implanted: at(-800 * DAY), length: 389, volume: 209_000 },
  status: {
    state: 0,
    stateSince: at(-60 * DAY),
    stateCounter: 431,
    programmedAt: at(-60 * DAY),
    resets: 1,
  },
  reservoir: {
    reportedVolume: 5_000_000,
    capacity: 20_000_000,
    lowAlarmVolume: 2_000_000,
    lowAlarmDate: at(12 * DAY),
    filledAt: at(-60 * DAY),
    filledVolume: 20_000_000,
  },
  infusion: {
    mode: 2,
    rate: 250_000,
    volume24h: 250_000,
    bolusVolume: null,
    bolusRate: null,
    schedule: [
      { start: 0, rate: 220_000 },
      { start: 480, rate: 280_000 },
      { start: 1200, rate: 220_000 },
    ],
  },
  drugs: {
    drugs: [
      { name: 'Morphine', massUnit: 1, concentration: 10_000_000, dose24h: 2_500_000 },
      { name: 'Bupivacaine', massUnit: 1, concentration: 5_000_000, dose24h: 1_250_000 },
    ],
  },
  bolus: {
    enabled: 1,
    volume: 25_000,
    duration: 600,
    lockout: 240,
    maxPerDay: 4,
    given24h: 1,
    acceptedCount: 38,
    deniedCount: 5,
    lastAcceptedAt: at(-30_000),
  },
  alarms: {
    alarms: [
      { id: 198, code: 5, class: 2, state: 2, occurredAt: at(-9000), detectedAt: at(-5400) },
      { id: 203, code: 1, class: 1, state: 1, occurredAt: at(-600), detectedAt: at(-600) },
    ],
  },
  events: {
    total: 203,
    events: Array.from({ length: 64 }, (_, i) => ({
      number: 140 + i,
      code: 1 + (i % 18),
      occurredAt: at(-600 - 3600 * (63 - i)),
      detectedAt: at(-600 - 3600 * (63 - i) + (i % 18 === 2 ? 1800 : 0)),
      argument: i % 18 < 2 ? 5 : i % 18 === 4 ? 250_000 : null,
    })),
  },
  battery: {
    state: 0,
    voltage: 2870,
    remaining: 61,
    replacementDate: at(1400 * DAY),
    serviceEndDate: at(1490 * DAY),
    infusedTotal: 211_300,
  },
  clock: { deviceTime: at(5), ageMs: 640, resets: 0 },
}
