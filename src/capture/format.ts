// The capture format (README.md beside): chunks that stand alone, made and read. Pure.
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import type { Framing } from '../../protocol/framing/framing.ts'
import type { Stamp } from '../model/event.ts'
import type { HowRead } from '../model/policy.ts'
import type { PortFact } from '../transport/port.ts'

export const CAPTURE_FORMAT = 'wandbridge-capture/2'
/** How the name of a capture's file ends. */
export const CAPTURE_ENDING = '.wcap'

/** What is true of the whole capture. Ports are added as they are met. */
export interface About {
  readonly format: typeof CAPTURE_FORMAT
  /** The program that wrote it, the protocol it speaks, and what it ran on. */
  readonly wandbridge: string
  readonly protocol: string
  readonly node: string
  readonly platform: string
  /** Which boot and process the monotonic times belong to, as in the audit log. */
  readonly boot: string
  readonly startedAt: string
  /** Of the bridge that was captured; null = another program spoke, through a pass-through. */
  readonly bridge: HowRead | null
  /** By place. */
  readonly ports: readonly CapturedPort[]
}

export interface CapturedPort {
  readonly path: string
  /** How it carried PDUs when this was written; null = not known. */
  readonly framing: Framing['name'] | null
}

/** The port at a place. A file whose beginning is damaged may name its ports later. */
export const portAt = (about: About | null, place: number): CapturedPort =>
  about?.ports[place] ?? { path: `port ${place}`, framing: null }

/** One thing that happened. `port` is its place in `About.ports`. */
export type Traffic =
  | { readonly port: number; readonly at: Stamp; readonly fact: PortFact }
  /** So many bytes could not be kept before this moment, of any port. */
  | { readonly port: null; readonly at: Stamp; readonly lost: number }

/** ASCII `WCAP` with the top bit of its first letter set, so that no text begins like a chunk. */
export const MAGIC = Uint8Array.of(0xd7, 0x43, 0x41, 0x50)
export const HEAD_SIZE = 44
/** Most bytes of a body, stored and as it was. A reader refuses more. */
export const MAX_BODY = 1 << 20
const VERSION = 2
const KINDS = { about: 1, traffic: 2 } as const
type ChunkKind = keyof typeof KINDS

const FACTS = ['lost', 'opening', 'opened', 'ended', 'in', 'out', 'read', 'stop'] as const
/** kind u8 · port u16 · monotonic time f64 · ms from the chunk's wall time i32 · length u32. */
const RECORD_SIZE = 19
const ANY_PORT = 0xffff

export interface Head {
  readonly kind: ChunkKind
  /** Of the chunk in its file, from 0. */
  readonly number: number
  readonly stored: number
  readonly size: number
  readonly crc: number
  readonly at: Stamp
}

function chunk(kind: ChunkKind, number: number, at: Stamp, body: Uint8Array): Uint8Array {
  const stored = deflateSync(body)
  const bytes = new Uint8Array(HEAD_SIZE + stored.length)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint8(4, KINDS[kind])
  view.setUint16(6, VERSION, true)
  view.setUint32(8, number, true)
  view.setUint32(12, stored.length, true)
  view.setUint32(16, body.length, true)
  view.setFloat64(20, at.mono, true)
  view.setFloat64(28, at.wall, true)
  view.setUint32(36, crc32(stored), true)
  view.setUint32(40, crc32(bytes.subarray(0, 40)), true)
  bytes.set(stored, HEAD_SIZE)
  return bytes
}

/** A head at the beginning of `bytes`; null = there is none, or it is damaged. */
export function readHead(bytes: Uint8Array): Head | null {
  if (bytes.length < HEAD_SIZE || MAGIC.some((byte, i) => bytes[i] !== byte)) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_SIZE)
  if (view.getUint32(40, true) !== crc32(bytes.subarray(0, 40))) return null
  const kind = view.getUint8(4) === KINDS.about ? 'about' : 'traffic'
  if (view.getUint8(4) !== KINDS[kind] || view.getUint16(6, true) !== VERSION) return null
  const [stored, size] = [view.getUint32(12, true), view.getUint32(16, true)]
  if (stored > MAX_BODY || size > MAX_BODY) return null
  const at = { mono: view.getFloat64(20, true), wall: view.getFloat64(28, true) }
  return { kind, number: view.getUint32(8, true), stored, size, crc: view.getUint32(36, true), at }
}

/** The body of a chunk; null = it is damaged. */
export function readBody({ crc, size }: Head, stored: Uint8Array): Uint8Array | null {
  if (crc32(stored) !== crc) return null
  try {
    const body = inflateSync(stored, { maxOutputLength: MAX_BODY })
    return body.length === size ? new Uint8Array(body.buffer, body.byteOffset, size) : null
  } catch {
    return null
  }
}

export const aboutChunk = (number: number, at: Stamp, about: About): Uint8Array =>
  chunk('about', number, at, Buffer.from(JSON.stringify(about)))

export function readAbout(body: Uint8Array): About | null {
  try {
    const about = JSON.parse(Buffer.from(body).toString('utf8')) as About
    return about.format === CAPTURE_FORMAT && Array.isArray(about.ports) ? about : null
  } catch {
    return null
  }
}

/** Whether `at` can stand in a chunk that begins at `from`. */
export const fits = (at: Stamp, from: Stamp): boolean =>
  Math.abs(at.wall - from.wall) < 2_000_000_000

/** What of a fact is kept as bytes. */
function payload(one: Traffic): Uint8Array {
  if (one.port === null) return Buffer.from(JSON.stringify({ lost: one.lost }))
  const { kind, ...rest } = one.fact
  if ('bytes' in rest) return rest.bytes
  return Buffer.from(Object.keys(rest).length === 0 ? '' : JSON.stringify(rest))
}

/** Bytes that it takes in a chunk, before it is compressed. */
export const sizeOf = (one: Traffic): number => RECORD_SIZE + payload(one).length

/** All of it must fit the time of the first one. */
export function trafficChunk(number: number, all: readonly Traffic[]): Uint8Array {
  const from = all[0]?.at ?? { mono: 0, wall: 0 }
  const parts = all.flatMap((one) => {
    const bytes = payload(one)
    const head = new Uint8Array(RECORD_SIZE)
    const view = new DataView(head.buffer)
    view.setUint8(0, FACTS.indexOf(one.port === null ? 'lost' : one.fact.kind))
    view.setUint16(1, one.port ?? ANY_PORT, true)
    view.setFloat64(3, one.at.mono, true)
    view.setInt32(11, Math.round(one.at.wall - from.wall), true)
    view.setUint32(15, bytes.length, true)
    return [head, bytes]
  })
  return chunk('traffic', number, from, Buffer.concat(parts))
}

/** What a chunk holds; null = it is not what this format says, although nothing is damaged. */
export function readTraffic({ at: from }: Head, body: Uint8Array): Traffic[] | null {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const all: Traffic[] = []
  for (let at = 0; at < body.length; ) {
    if (body.length - at < RECORD_SIZE) return null
    const length = view.getUint32(at + 15, true)
    const bytes = body.subarray(at + RECORD_SIZE, at + RECORD_SIZE + length)
    if (bytes.length !== length) return null
    const wall = from.wall + view.getInt32(at + 11, true)
    const stamp = { mono: view.getFloat64(at + 3, true), wall }
    const one = traffic(view.getUint8(at), view.getUint16(at + 1, true), stamp, bytes)
    if (one === null) return null
    all.push(one)
    at += RECORD_SIZE + length
  }
  return all
}

function traffic(number: number, port: number, at: Stamp, bytes: Uint8Array): Traffic | null {
  const kind = FACTS[number]
  switch (kind) {
    case 'in':
    case 'out':
      return { port, at, fact: { kind, bytes } }
    case 'opening':
    case 'read':
    case 'stop':
      return { port, at, fact: { kind } }
    case 'opened':
    case 'ended':
    case 'lost': {
      try {
        const rest = JSON.parse(Buffer.from(bytes).toString('utf8'))
        return kind === 'lost' ? { port: null, at, ...rest } : { port, at, fact: { kind, ...rest } }
      } catch {
        return null
      }
    }
    default:
      return null
  }
}
