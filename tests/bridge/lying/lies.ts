// What a foreign wand may do in a minute, from a seed: it lies, stalls, repeats itself and mixes up, and
// is lifted, unplugged and restarted besides. Every step is a command of the simulator, so that a
// counterexample can be written down and played again.
import { Code, type CodeName } from '../../../protocol/codec/pdu.ts'
import { BLOCKS, type BlockName } from '../../../protocol/fields/blocks.ts'
import type { MessageName } from '../../../protocol/messages/index.ts'
import type { CommandInput } from '../../../simulator/commands.ts'
import type { ScenarioInput } from '../../../simulator/scenarios/schema.ts'
import { mulberry32 } from '../../../src/base/env.ts'
import type { Policy } from '../../../src/model/policy.ts'

export interface Step {
  /** Virtual ms since the bridge started. */
  readonly at: number
  readonly command: CommandInput | { readonly do: 'sleep' | 'set-clock'; readonly ms: number }
}

export interface Story {
  readonly seed: number
  readonly policy: Policy
  readonly liveMs: number
  readonly framing: 'line' | 'report'
  readonly steps: readonly Step[]
  /** When it ends. */
  readonly ms: number
}

/** Two pumps that share no number. */
export const PUMPS: ScenarioInput = {
  title: 'Two pumps',
  description: 'Nothing that one of them says could be of the other.',
  pumps: [
    { serial: 'SIM-0001', model: 'SIM-20', volume: 7_000_000, rate: 250_000 },
    {
      serial: 'SIM-0002',
      model: 'SIM-40',
      firmware: '2.0.0',
      volume: 31_000_000,
      rate: 400_000,
      lowAlarmVolume: 3_000_000,
      drugs: [{ name: 'Baclofen', massUnit: 'mcg', concentration: 500_000 }],
    },
  ],
}

/** How often each message is lied about. */
const TO: readonly MessageName[] = [
  ...(['LIVE', 'LIVE', 'LIVE', 'LIVE', 'PING', 'PING', 'PING', 'BLOCK', 'BLOCK'] as const),
  ...(['SNAPSHOT', 'SNAPSHOT', 'OPEN', 'INTERROGATE', 'CLOSE', 'HELLO', 'WAND'] as const),
]
const CODES = Object.keys(Code) as CodeName[]
const BLOCK_NAMES = Object.keys(BLOCKS) as BlockName[]
const ALARMS = ['motor-stall', 'replacement-due', 'memory-error', 'stopped-over-48h'] as const
const MINUTE = 60_000

export function storyOf(seed: number): Story {
  const next = mulberry32(seed)
  const below = (n: number) => next() % n
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T
  const ms = 25_000 + below(20_000)
  const count = 2 + below(9)
  const steps = Array.from({ length: count }, () => ({ at: below(ms), command: step(below, one) }))
  const policy: Policy = below(5) === 0 ? 'on-placement' : 'continuous'
  const liveMs = one([250, 1_000, 1_000, 3_000])
  const framing = below(4) === 0 ? 'report' : 'line'
  return { seed, policy, liveMs, framing, steps: steps.sort((a, b) => a.at - b.at), ms }
}

type Below = (n: number) => number
type One = <T>(of: readonly T[]) => T

function step(below: Below, one: One): Step['command'] {
  const kind = below(20)
  if (kind < 10) return reply(below, one)
  if (kind < 12) return block(below, one)
  if (kind === 12) return { do: 'lift' }
  if (kind === 13) return { do: 'place' }
  if (kind === 14) return { do: 'present', pump: one([0, 0, 1, null]) }
  if (kind === 15) return { do: 'alarm', code: one(ALARMS), on: below(4) > 0 }
  if (kind === 16) return { do: 'program', change: { rate: 100_000 + 1_000 * below(400) } }
  if (kind === 17) return { do: one(['unplug', 'plug', 'plug', 'restart-wand'] as const) }
  if (kind === 18) return { do: 'noise', level: one(['none', 'none', 'low', 'high'] as const) }
  if (below(2) === 0) return { do: 'sleep', ms: one([3_000, MINUTE, 60 * MINUTE]) }
  return { do: 'set-clock', ms: one([-60 * MINUTE, -5_000, 5_000, 60 * MINUTE]) }
}

function reply(below: Below, one: One): CommandInput {
  const to = one(TO)
  const which = { do: 'reply', to, nth: 1 + below(4), count: one([0, 1, 1, 3, 10]) } as const
  switch (below(11)) {
    case 0:
      return { ...which, drop: true }
    case 1:
      return { ...which, delayMs: one([50, 300, 390, 700, 900, 3_000]) }
    case 2:
      return { ...which, stallMs: one([300, 900, 1_500, 5_000]) }
    case 3:
      return { ...which, twice: true }
    case 4:
      return { ...which, old: true }
    case 5:
      return { ...which, code: one([...CODES, 200]) }
    case 6:
      return { ...which, length: below(64) }
    case 7:
      return { ...which, header: header(below, one) }
    case 8:
      return { ...which, source: one(['device', 'replay'] as const) }
    default:
      return { ...which, set: lie(to, below, one) }
  }
}

const header = (below: Below, one: One) =>
  one([
    { session: one([0, 1, 2, 0xffffffff]) },
    { seq: below(65_536) },
    { link: below(0xffffffff) },
    { type: one([1, 2, 3, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x40]) },
    { flags: below(256) },
    { major: one([0, 2]) },
  ])

/** What a payload may say that is not so. */
function lie(to: MessageName, below: Below, one: One): Record<string, number | string | null> {
  const serial = one(['SIM-0001', 'SIM-0002', 'X', null])
  switch (to) {
    case 'PING':
      return one<Record<string, number | string | null>>([
        { contactAgeMs: one([0, 100, 899, 900, 65_534, null]) },
        { position: one([0, 1, 2, 9, null]) },
        { session: one([0, 1, 99]), sessionState: one([0, 1, 2, 3, 4, null]) },
        { operation: one([0, 1, 2, 3, null]), progress: one([0, 100, 200, null]) },
      ])
    case 'LIVE':
      return one<Record<string, number | string | null>>([
        { pumpSerial: serial },
        { stateCounter: one([0, 1, 4_294_967_294, null]) },
        { activeAlarms: one([0, 1, 7, 200, null]) },
        { rate: one([0, 123_456, 50_000_001, null]) },
        { reportedVolume: one([0, 1_234_567, 50_000_001, null]) },
        { deviceTime: null },
      ])
    case 'SNAPSHOT':
      return one<Record<string, number | string | null>>([
        { beganMs: one([0, 10, 3_601_000, null]), endedMs: one([0, 10, 3_600_000, null]) },
        { counterBefore: below(50), counterAfter: below(50) },
        { crc: below(0xffffffff) },
        { snapshot: below(4) },
      ])
    case 'BLOCK':
      return one<Record<string, number | string | null>>([
        { block: 1 + below(12) },
        { offset: below(100) },
        { snapshot: below(4) },
        { data: '00'.repeat(below(100)) },
      ])
    case 'OPEN':
      return one<Record<string, number | string | null>>([
        { pumpSerial: serial },
        { pumpModel: one(['SIM-20', 'SIM-40', null]) },
        { stateCounter: one([0, 1, null]) },
      ])
    case 'HELLO':
      return one<Record<string, number | string | null>>([
        { lastEnd: below(8), lastSession: below(4) },
        { wandSerial: one(['SIMW-0001', 'SIMW-0002', null]) },
        { leaseMs: one([1_000, 60_000, null]) },
      ])
    case 'CLOSE':
      return { result: one([0, 1, 2, null]) }
    case 'INTERROGATE':
      return { snapshot: one([0, 1, 2, null]) }
    case 'WAND':
      return { battery: one([0, 50, null]) }
  }
}

function block(below: Below, one: One): CommandInput {
  const which = { do: 'block', block: one([...BLOCK_NAMES, 'alarms', 'alarms'] as const) } as const
  switch (below(6)) {
    case 0:
      return { ...which, length: below(80) }
    case 1:
      return { ...which, missing: true }
    case 2:
      return { ...which, twice: true }
    case 3:
      return { ...which, old: true }
    case 4:
      return {
        do: 'block',
        block: 'reservoir',
        set: { reportedVolume: one([0, null, 60_000_000]) },
      }
    default:
      return which
  }
}
