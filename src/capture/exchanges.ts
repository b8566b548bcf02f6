// What a capture holds of its ports as the open protocol has it: whole PDUs with their way and time, what was no
// PDU, and each reply with its request.
import { FLAG_REPLY, type Pdu, wholePdu } from '../../protocol/codec/pdu.ts'
import type { FrameDecoder } from '../../protocol/framing/framing.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { type MessageName, messageOfType } from '../../protocol/messages/index.ts'
import type { Stamp } from '../model/event.ts'
import { type About, type CapturedPort, portAt } from './format.ts'
import type { Part } from './reader.ts'

export interface Frame {
  readonly port: string
  readonly way: 'in' | 'out'
  readonly at: Stamp
  /** Null = the bytes are no PDU. */
  readonly pdu: Pdu | null
  readonly bytes: Uint8Array
}

/** Every frame, in the order in which it was whole. */
export async function* framesOf(parts: AsyncIterable<Part>): AsyncGenerator<Frame> {
  const open = new Map<string, Record<'in' | 'out', FrameDecoder>>()
  let about: About | null = null
  let found: Frame[] = []
  let at: Stamp = { mono: 0, wall: 0 }
  const end = (port: string) => {
    const decoders = open.get(port)
    open.delete(port)
    decoders?.in.close()
    decoders?.out.close()
  }
  const begin = (port: string, framing: CapturedPort['framing']) => {
    end(port)
    const kind = framing === 'report' ? REPORTS : LINES
    const decoder = (way: 'in' | 'out') =>
      kind.decoder({
        pdu: (header, bytes) => found.push({ port, way, at, pdu: wholePdu(header, bytes), bytes }),
        discarded: (_, bytes) => found.push({ port, way, at, pdu: null, bytes }),
      })
    const decoders = { in: decoder('in'), out: decoder('out') }
    open.set(port, decoders)
    return decoders
  }
  for await (const part of parts) {
    if (part.kind === 'about') about = part.about
    if (part.kind === 'damage') for (const port of [...open.keys()]) end(port)
    if (part.kind === 'traffic') {
      for (const one of part.traffic) {
        if (one.port === null) continue
        at = one.at
        const { path, framing } = portAt(about, one.port)
        if (one.fact.kind === 'opened') begin(path, one.fact.framing)
        if (one.fact.kind === 'ended') end(path)
        if (!('bytes' in one.fact)) continue
        const decoders = open.get(path) ?? begin(path, framing)
        decoders[one.fact.kind].push(one.fact.bytes)
      }
    }
    yield* found
    found = []
  }
  for (const port of [...open.keys()]) end(port)
  yield* found
}

export interface Exchange {
  readonly name: MessageName
  readonly request: Pdu
  readonly reply: Pdu
  /** Monotonic times; of the request when it was first asked. */
  readonly askedAt: number
  readonly at: number
}

/** The whole exchanges of one port; of the first that has one if none is named. */
export async function* exchangesOf(
  frames: AsyncIterable<Frame>,
  named?: string,
): AsyncGenerator<Exchange> {
  const asked = new Map<string, { readonly pdu: Pdu; readonly at: number }>()
  let port = named
  for await (const { port: from, pdu, at } of frames) {
    if (!pdu || from !== (port ?? from)) continue
    const key = `${pdu.link} ${pdu.seq} ${pdu.type}`
    if (!(pdu.flags & FLAG_REPLY)) {
      if (!asked.has(key)) asked.set(key, { pdu, at: at.mono })
      // The oldest of them will not be answered any more.
      if (asked.size > OPEN_REQUESTS) asked.delete([...asked.keys()][0] ?? '')
      continue
    }
    const name = messageOfType(pdu.type)
    const request = asked.get(key)
    if (!name || !request) continue
    port = from
    yield { name, request: request.pdu, reply: pdu, askedAt: request.at, at: at.mono }
  }
}

const OPEN_REQUESTS = 64
