// What the wand does on air, each as a list of exchanges: open, contact, live, interrogate, close.
// README.md §9.5 and §9.6 of the protocol. The clock of the pump and the wand's own are kept apart.

import { join } from '../../protocol/codec/bytes.ts'
import { crc32 } from '../../protocol/codec/crc32.ts'
import { emit, parse } from '../../protocol/codec/struct.ts'
import { BLOCKS, type BlockName } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import type { ReplyOf } from '../../protocol/messages/index.ts'
import type { Implant } from '../implant/api.ts'
import { ask, type Work } from './radio.ts'

/** Most bytes of a block in one answer. */
const PIECE = 64
/** The first request is long: it wakes the implant. */
const WAKE = 40
const NAMES = Object.keys(BLOCKS) as BlockName[]

export interface Frozen {
  readonly number: number
  readonly began: number
  readonly ended: number
  readonly deviceTime: number
  readonly counter: number
  readonly crc: number
  readonly blocks: readonly { readonly block: number; readonly bytes: Uint8Array }[]
}

export function* opening(): Work<ReplyOf<'OPEN'>> {
  const who = yield* ask({
    to: null,
    asks: WAKE,
    progress: 0,
    answer: ({ serial, model, firmware }) => ({ says: { serial, model, firmware }, bytes: 48 }),
  })
  // From here on addressed: with two pumps in reach they are never mixed.
  const state = yield* ask({
    to: who.serial,
    asks: 1,
    progress: 50,
    answer: (implant) => {
      implant.beginTelemetry()
      return { says: stateOf(implant), bytes: 8 }
    },
  })
  return { pumpSerial: who.serial, pumpModel: who.model, firmware: who.firmware, ...state }
}

function stateOf(implant: Implant): { readonly stateCounter: number; readonly deviceTime: number } {
  return { stateCounter: implant.stateCounter, deviceTime: implant.deviceTime() }
}

/** Is it still there? */
export function* contact(to: string): Work<void> {
  yield* ask({ to, asks: 1, progress: 0, answer: () => ({ says: undefined, bytes: 1 }) })
}

export function* live(to: string): Work<ReplyOf<'LIVE'>> {
  return yield* ask({
    to,
    asks: 1,
    progress: 0,
    answer: (implant) => ({
      says: {
        pumpSerial: implant.serial,
        ...stateOf(implant),
        reportedVolume: implant.block('reservoir').reportedVolume,
        rate: implant.block('infusion').rate,
        activeAlarms: implant.block('alarms').alarms.filter((alarm) => alarm.state !== 0).length,
      },
      bytes: 33,
    }),
  })
}

/** True if the implant confirmed that it left telemetry mode. */
export function* closing(to: string): Work<boolean> {
  return yield* ask({
    to,
    asks: 1,
    progress: 0,
    answer: (implant) => ({ says: implant.endTelemetry(), bytes: 1 }),
  })
}

/**
 * Reads everything, between two looks at the state counter: whole, or 'changed'. `now` is the wand's
 * clock, `number` the snapshot's.
 */
export function* interrogating(
  to: string,
  number: number,
  now: () => number,
): Work<Frozen | 'changed'> {
  const began = now()
  const state = (progress: number) =>
    ask({ to, asks: 1, progress, answer: (implant) => ({ says: stateOf(implant), bytes: 8 }) })
  const before = yield* state(0)
  const bytes = new Map<BlockName, Uint8Array>()
  let clockAsked = 0
  for (const [i, name] of NAMES.entries()) {
    const progress = (part: number) => Math.floor((100 * (1 + i + part)) / (NAMES.length + 2))
    // The implant latches a block when its first piece is asked for.
    const block = yield* ask({
      to,
      asks: 3,
      progress: progress(0),
      answer: (implant) => {
        if (name === 'clock') clockAsked = now()
        const whole = emit(BLOCKS[name].struct as Struct, implant.block(name))
        return { says: whole, bytes: Math.min(PIECE, whole.length) }
      },
    })
    for (let at = PIECE; at < block.length; at += PIECE) {
      const size = Math.min(PIECE, block.length - at)
      yield* ask({
        to,
        asks: 3,
        progress: progress(at / block.length),
        answer: () => ({ says: undefined, bytes: size }),
      })
    }
    bytes.set(name, block)
  }
  const after = yield* state(99)
  if (after.stateCounter !== before.stateCounter) return 'changed'
  const ended = now()
  bytes.set('clock', aged(bytes.get('clock') as Uint8Array, ended - clockAsked))
  const blocks = [...bytes].map(([name, block]) => ({ block: BLOCKS[name].number, bytes: block }))
  return {
    number,
    began,
    ended,
    deviceTime: before.deviceTime,
    counter: before.stateCounter,
    crc: crc32(join(blocks.map((block) => block.bytes))),
    blocks,
  }
}

/** Only the wand knows how long before the end of the reading the pump was asked for its time. */
function aged(clock: Uint8Array, ms: number): Uint8Array {
  const { struct } = BLOCKS.clock
  const value = parse(struct, clock)
  return value ? emit(struct, { ...value, ageMs: Math.min(65_534, Math.round(ms)) }) : clock
}
