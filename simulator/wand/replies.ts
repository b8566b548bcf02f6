// The payload of every reply, from what the wand knows at that moment. README.md §7 of the protocol.

import { MINOR } from '../../protocol/codec/pdu.ts'
import { emit, parse } from '../../protocol/codec/struct.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { MAX_PIECE } from '../../protocol/messages/block.ts'
import { SESSION_ENDS } from '../../protocol/messages/hello.ts'
import {
  MESSAGES,
  type MessageName,
  type ReplyOf,
  type RequestOf,
} from '../../protocol/messages/index.ts'
import { OPERATIONS, POSITIONS, SESSION_STATES } from '../../protocol/messages/ping.ts'
import type { Store, Telemetry } from './telemetry.ts'
import type { Frozen } from './work.ts'

export const WAND_MODEL = 'SIM-WAND'
export const WAND_FIRMWARE = '1.0.0'

export interface WandView {
  readonly serial: string
  readonly leaseMs: number
  readonly store: Store
  readonly now: number
  readonly uptimeS: number
  readonly hostRefused: number
  readonly radio: {
    readonly sent: number
    readonly lost: number
    readonly corrupt: number
    readonly retried: number
  }
  readonly moment: Telemetry['moment']
  readonly snapshot: Frozen | null
}

/** The greatest age or count that a field can say. */
const MAX_U16 = 0xfffe
const MAX_U32 = 0xfffffffe

function codeOf(names: Readonly<Record<number, string>>, name: string): number {
  const found = Object.entries(names).find(([, given]) => given === name)
  if (!found) throw new Error(`no code for ${name}`)
  return Number(found[0])
}

/** Counters continue at 0 after 4294967294 (§3.1). */
const counted = (n: number) => n % (MAX_U32 + 1)

function age(now: number, at: number, greatest: number): number {
  return Math.min(greatest, Math.max(0, Math.ceil(now - at)))
}

function hello(view: WandView): ReplyOf<'HELLO'> {
  return {
    minor: MINOR,
    leaseMs: view.leaseMs,
    wandSerial: view.serial,
    wandModel: WAND_MODEL,
    firmware: WAND_FIRMWARE,
    boot: view.store.boot,
    lastSession: view.store.lastSession,
    lastEnd: codeOf(SESSION_ENDS, view.store.lastEnd),
  }
}

function ping({ moment, now }: WandView): ReplyOf<'PING'> {
  return {
    session: moment.session,
    sessionState: codeOf(SESSION_STATES, moment.sessionState),
    contactAgeMs: moment.contactAt === null ? null : age(now, moment.contactAt, MAX_U16),
    coupling: moment.coupling,
    position: codeOf(POSITIONS, moment.position),
    operation: codeOf(OPERATIONS, moment.operation?.toLowerCase() ?? 'none'),
    progress: moment.progress,
  }
}

function wand({ uptimeS, radio, hostRefused }: WandView): ReplyOf<'WAND'> {
  return {
    // A charge lasts a working day, and the coil warms up by some degrees in half an hour.
    battery: Math.max(5, 96 - Math.floor(uptimeS / 360)),
    temperature: 24 + Math.min(7, Math.floor(uptimeS / 240)),
    uptimeS: counted(uptimeS),
    airSent: counted(radio.sent),
    airLost: counted(radio.lost),
    airCorrupt: counted(radio.corrupt),
    airRetried: counted(radio.retried),
    hostRefused: counted(hostRefused),
  }
}

function snapshot(view: WandView): ReplyOf<'SNAPSHOT'> {
  const frozen = view.snapshot as Frozen
  return {
    snapshot: frozen.number,
    beganMs: age(view.now, frozen.began, MAX_U32),
    endedMs: age(view.now, frozen.ended, MAX_U32),
    deviceTime: frozen.deviceTime,
    counterBefore: frozen.counter,
    counterAfter: frozen.counter,
    crc: frozen.crc,
    blocks: frozen.blocks.map(({ block, bytes }) => ({ block, length: bytes.length })),
  }
}

function block(view: WandView, request: RequestOf<'BLOCK'>): ReplyOf<'BLOCK'> {
  const offset = request.offset ?? 0
  const bytes = view.snapshot?.blocks.find((entry) => entry.block === request.block)?.bytes
  return { ...request, data: (bytes as Uint8Array).slice(offset, offset + MAX_PIECE) }
}

/** The payload of an OK reply; `found` is what air work has brought. */
export function payloadOf(
  name: MessageName,
  view: WandView,
  request: Uint8Array = new Uint8Array(0),
  found: object = {},
): Uint8Array {
  const { reply } = MESSAGES[name]
  const fields = () => {
    switch (name) {
      case 'HELLO':
        return hello(view)
      case 'PING':
        return ping(view)
      case 'WAND':
        return wand(view)
      case 'SNAPSHOT':
        return snapshot(view)
      case 'BLOCK':
        return block(view, parse(MESSAGES.BLOCK.request, request) as RequestOf<'BLOCK'>)
      default:
        return found
    }
  }
  return emit(reply as Struct, fields() as never)
}
