// A wand on the bench: PDUs in and out without a cable, and an implant that counts.

import {
  Code,
  type CodeName,
  decodePdu,
  encodePdu,
  MAJOR,
  type Pdu,
} from '../../../protocol/codec/pdu.ts'
import { emit, parse } from '../../../protocol/codec/struct.ts'
import type { Struct } from '../../../protocol/fields/field.ts'
import {
  MESSAGES,
  type MessageName,
  messageOfType,
  type ReplyOf,
  type RequestOf,
} from '../../../protocol/messages/index.ts'
import { Air } from '../../../simulator/air/air.ts'
import type { Implant } from '../../../simulator/implant/api.ts'
import { type Store, Wand } from '../../../simulator/wand/wand.ts'
import { FakeImplant } from '../fake-implant.ts'

export interface Got<N extends MessageName = MessageName> {
  readonly code: CodeName
  readonly session: number
  readonly fields: ReplyOf<N> | null
  readonly raw: Uint8Array
  readonly pdu: Pdu
}

const CODE_NAMES = Object.fromEntries(
  Object.entries(Code).map(([name, code]) => [code, name as CodeName]),
)

export class Bench {
  readonly implant = new FakeImplant()
  readonly air: Air
  readonly wand: Wand
  now = 1000
  seq = 0
  link = 0xabcdef01
  session = 0

  constructor(options: { seed?: number; store?: Store; leaseMs?: number } = {}) {
    this.air = new Air(options.seed ?? 1, living(this.implant))
    this.wand = new Wand({
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
      serial: 'SIMW-01',
      air: this.air,
      ...(options.store ? { store: options.store } : {}),
    })
    this.wand.advanceTo(this.now)
  }

  wait(ms: number): void {
    this.now += ms
    this.wand.advanceTo(this.now)
  }

  /** The bytes of a request. `seq` is the next one unless given. */
  request<N extends MessageName>(
    name: N,
    fields?: RequestOf<N>,
    over: Partial<Pdu> = {},
  ): Uint8Array {
    const message = MESSAGES[name]
    if (over.seq === undefined) this.seq = (this.seq + 1) & 0xffff
    return encodePdu({
      major: MAJOR,
      type: message.type,
      flags: 0,
      code: 0,
      seq: this.seq,
      link: this.link,
      session: this.session,
      payload: emit(
        message.request as Struct,
        (fields ?? (name === 'HELLO' ? { minor: 0 } : {})) as never,
      ),
      ...over,
    })
  }

  send<N extends MessageName>(raw: Uint8Array, path = 'line'): Got<N> {
    const reply = this.wand.receive(path, raw, this.now)
    if (!reply) throw new Error('no reply')
    return read(reply) as Got<N>
  }

  ask<N extends MessageName>(
    name: N,
    fields?: RequestOf<N>,
    over: Partial<Pdu> = {},
    path = 'line',
  ): Got<N> {
    return this.send<N>(this.request(name, fields, over), path)
  }

  /** Asks for air work and polls until it has ended; every poll has the same bytes. */
  work<N extends MessageName>(name: N, path = 'line'): Got<N> & { readonly took: number } {
    const raw = this.request(name)
    const began = this.now
    for (let got = this.send<N>(raw, path); ; got = this.send<N>(raw, path)) {
      if (got.code !== 'PENDING') return { ...got, took: this.now - began }
      this.wait(50)
      if (this.now - began > 60_000) throw new Error('never ends')
    }
  }

  hello(path = 'line'): Got<'HELLO'> {
    return this.ask('HELLO', undefined, {}, path)
  }

  open(path = 'line'): Got<'OPEN'> {
    this.hello(path)
    const got = this.work('OPEN', path)
    this.session = got.session
    return got
  }
}

export function living(implant: FakeImplant): { at(ms: number): Implant } {
  return {
    at(ms) {
      implant.advanceTo(Math.max(implant.elapsed, Math.floor(ms)))
      return implant
    },
  }
}

export function read(raw: Uint8Array): Got {
  const pdu = decodePdu(raw)
  if (typeof pdu === 'string') throw new Error(pdu)
  const name = messageOfType(pdu.type)
  const code = CODE_NAMES[pdu.code] as CodeName
  const fields = code === 'OK' && name ? parse(MESSAGES[name].reply as Struct, pdu.payload) : null
  return { code, session: pdu.session, fields: fields as never, raw, pdu }
}
