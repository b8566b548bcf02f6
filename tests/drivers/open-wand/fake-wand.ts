// A wand reduced to what the link must cope with: the order of judgement, memory of retries, air work
// that takes time, leases, stuck implants. Pure, written from the specification alone, so that the
// link is not only tested against the simulator it grew up with.

import { crc32 } from '../../../protocol/codec/crc32.ts'
import {
  Code,
  type CodeName,
  FLAG_REPLY,
  FLAG_SIMULATOR,
  type Pdu,
} from '../../../protocol/codec/pdu.ts'
import { emit, parse } from '../../../protocol/codec/struct.ts'
import { BLOCKS } from '../../../protocol/fields/blocks.ts'
import type { Field, Struct } from '../../../protocol/fields/field.ts'
import { MESSAGES, type MessageName, messageOfType } from '../../../protocol/messages/index.ts'

const LEASE_MS = 5_000
const AIR_MS = { OPEN: 600, INTERROGATE: 2_000, LIVE: 150, CLOSE: 150 } as const
type AirName = keyof typeof AIR_MS

interface Session {
  readonly id: number
  readonly pump: string
  link: number
  renewedAt: number
}

interface Work {
  readonly name: AirName
  readonly seq: number
  readonly link: number
  readonly doneAt: number
  done: { readonly code: CodeName; readonly payload: Uint8Array; readonly session: number } | null
}

/** Every field at its plainest value. */
function plainest(declared: Struct, given: Record<string, unknown> = {}): Uint8Array {
  const value = (field: Field) => {
    if (field.kind === 'list') return []
    if (field.kind === 'rest') return new Uint8Array()
    return field.kind === 'text' ? null : 0
  }
  const fields = Object.entries(declared.fields).map(([name, f]) => [
    name,
    name in given ? given[name] : value(f),
  ])
  return emit(declared, Object.fromEntries(fields) as never)
}

export class FakeWand {
  /** Serial of the pump in reach; null = the wand is lifted. */
  pump: string | null = 'SIM-0001'
  counter = 7
  /** The implant does not confirm that it leaves telemetry mode. */
  stuck = false
  /** An implant is near, but does not answer. */
  deaf = false
  /** Air work takes no time: its result comes without PENDING (§9.5). */
  atOnce = false
  /** Sessions that an implant was really brought into. */
  opened = 0
  lastSession = 0
  lastEnd = 0
  session: Session | null = null
  #link = 0
  #work: Work | null = null
  #plain: { seq: number; type: number; link: number; reply: Pdu } | null = null
  #snapshot: { number: number; blocks: Uint8Array[]; ended: number } | null = null
  #snapshots = 0
  #heardAt = -Infinity

  /** Moves to `now`: work is done, leases end. */
  advance(now: number): void {
    // In a session contact is an exchange, without one it is only sensed.
    if (this.pump !== null && !(this.deaf && this.session)) this.#heardAt = now
    const work = this.#work
    if (work && !work.done && now >= work.doneAt) work.done = this.#finish(work, now)
    if (this.session && now - this.session.renewedAt >= LEASE_MS) {
      const reached = this.pump === this.session.pump && !this.stuck && !this.deaf
      this.#end(reached ? 3 : 6)
    }
  }

  restart(): void {
    if (this.session) this.lastEnd = 4
    this.session = null
    this.#link = 0
    this.#work = null
    this.#plain = null
    this.#snapshot = null
  }

  /** Somebody else's session, which nobody renews. */
  occupy(now: number): void {
    if (this.session || this.#work?.done === null) return
    this.lastSession += 1
    this.lastEnd = 5
    this.session = { id: this.lastSession, pump: this.pump ?? 'SIM-0001', link: 0, renewedAt: now }
  }

  receive(pdu: Pdu, now: number): Pdu {
    this.advance(now)
    const reply = (
      code: CodeName,
      payload: Uint8Array = new Uint8Array(),
      session = this.#held(),
    ) => ({
      ...pdu,
      flags: FLAG_REPLY | FLAG_SIMULATOR,
      code: Code[code],
      session,
      payload,
    })
    const name = messageOfType(pdu.type)
    if (!name) return reply('UNKNOWN_TYPE')
    if (pdu.link !== this.#link) {
      if (name !== 'HELLO') return reply('WRONG_LINK')
      this.#link = pdu.link
      this.#plain = null
      this.#work = null
    }
    if (this.session?.link === pdu.link) this.session.renewedAt = now
    const work = this.#work
    if (work && work.seq === pdu.seq && work.name === name) {
      return work.done
        ? reply(work.done.code, work.done.payload, work.done.session)
        : reply('PENDING')
    }
    if (this.#plain?.seq === pdu.seq && this.#plain.type === pdu.type) return this.#plain.reply
    if (MESSAGES[name].session && (pdu.session === 0 || pdu.session !== this.#held())) {
      return reply('NO_SESSION')
    }
    if (MESSAGES[name].air) {
      const running = work !== null && work.done === null
      const cuts = name === 'CLOSE' && running && work.name !== 'OPEN' && work.name !== 'CLOSE'
      if ((running && !cuts) || (name === 'OPEN' && this.session)) return reply('BUSY')
      const air = name as AirName
      const { seq, link } = pdu
      const begun: Work = { name: air, seq, link, doneAt: now + AIR_MS[air], done: null }
      this.#work = begun
      if (!this.atOnce) return reply('PENDING')
      begun.done = this.#finish(begun, now)
      return reply(begun.done.code, begun.done.payload, begun.done.session)
    }
    const payload = this.#payload(name, pdu, now)
    const answer = typeof payload === 'string' ? reply(payload) : reply('OK', payload)
    this.#plain = { seq: pdu.seq, type: pdu.type, link: pdu.link, reply: answer }
    return answer
  }

  #held(): number {
    return this.session && this.session.link === this.#link && this.#link !== 0
      ? this.session.id
      : 0
  }

  #end(how: number): void {
    this.session = null
    this.#snapshot = null
    this.lastEnd = how
    if (this.#work && !this.#work.done) {
      this.#work.done = { code: 'AIR_FAILED', payload: new Uint8Array(), session: 0 }
    }
  }

  #finish(work: Work, now: number): NonNullable<Work['done']> {
    const failed = (code: CodeName) => ({ code, payload: new Uint8Array(), session: this.#held() })
    const done = (payload: Uint8Array) => ({ code: 'OK' as const, payload, session: this.#held() })
    if (this.pump === null || this.deaf) return failed('NO_IMPLANT')
    const counter = { stateCounter: this.counter }
    if (work.name === 'OPEN') {
      this.opened += 1
      this.lastSession += 1
      this.lastEnd = 5
      this.session = { id: this.lastSession, pump: this.pump, link: work.link, renewedAt: now }
      return done(plainest(MESSAGES.OPEN.reply, { pumpSerial: this.pump, ...counter }))
    }
    if (this.session?.pump !== this.pump) return failed('NO_IMPLANT')
    if (work.name === 'LIVE') {
      return done(plainest(MESSAGES.LIVE.reply, { pumpSerial: this.pump, ...counter }))
    }
    if (work.name === 'CLOSE') {
      this.#end(this.stuck ? 6 : 1)
      return { ...done(plainest(MESSAGES.CLOSE.reply, { result: this.stuck ? 0 : 1 })), session: 0 }
    }
    this.#snapshots += 1
    const serial = this.pump
    const blocks = Object.entries(BLOCKS).map(([name, b]) =>
      plainest(b.struct, name === 'identity' ? { serial } : {}),
    )
    this.#snapshot = { number: this.#snapshots, blocks, ended: now }
    return done(plainest(MESSAGES.INTERROGATE.reply, { snapshot: this.#snapshots }))
  }

  #payload(name: MessageName, pdu: Pdu, now: number): Uint8Array | CodeName {
    const { lastSession, lastEnd } = this
    if (name === 'HELLO') {
      const leaseMs = LEASE_MS
      return plainest(MESSAGES.HELLO.reply, { leaseMs, wandSerial: 'FAKE-1', lastSession, lastEnd })
    }
    if (name === 'PING') {
      const state = this.session ? 2 : this.lastEnd === 6 ? 4 : 0
      return plainest(MESSAGES.PING.reply, {
        session: this.session?.id ?? 0,
        sessionState: state,
        contactAgeMs: this.#heardAt === -Infinity ? null : Math.min(65_534, now - this.#heardAt),
        position: this.pump === null ? 0 : 1,
      })
    }
    if (name === 'WAND') return plainest(MESSAGES.WAND.reply)
    const asked = parse(MESSAGES[name].request, pdu.payload) as Record<string, number>
    const snapshot = this.#snapshot
    if (!snapshot || snapshot.number !== asked['snapshot']) return 'SNAPSHOT_GONE'
    const numbers = Object.values(BLOCKS).map((b) => b.number)
    if (name === 'SNAPSHOT') {
      return emit(MESSAGES.SNAPSHOT.reply, {
        snapshot: snapshot.number,
        beganMs: now - snapshot.ended + AIR_MS.INTERROGATE,
        endedMs: now - snapshot.ended,
        deviceTime: 0,
        counterBefore: this.counter,
        counterAfter: this.counter,
        crc: snapshot.blocks.reduce((crc, block) => crc32(block, crc), 0),
        blocks: snapshot.blocks.map((b, i) => ({ block: numbers[i] ?? 0, length: b.length })),
      })
    }
    const block = snapshot.blocks[numbers.indexOf(asked['block'] as never)]
    const offset = asked['offset'] ?? 0
    if (!block || offset >= block.length) return 'BAD_REQUEST'
    const data = block.slice(offset, offset + 20)
    return emit(MESSAGES.BLOCK.reply, {
      snapshot: snapshot.number,
      block: asked['block'] ?? null,
      offset,
      data,
    })
  }
}
