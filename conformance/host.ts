// One host on one wand: opens the port, asks, waits, and keeps what went both ways. Nothing is repeated and
// nothing is mended: a bench has a clean cable, and what a wand does wrong shall be seen.
//
// It promises: every byte passes the guard; every session that OPEN gave is known here until its CLOSE was
// confirmed or its lease has run out; time that this computer lost while it waited is known, too.
import { encodePdu, MAJOR, type Pdu, wholePdu } from '../protocol/codec/pdu.ts'
import { emit } from '../protocol/codec/struct.ts'
import type { Struct } from '../protocol/fields/field.ts'
import type { FrameDecoder } from '../protocol/framing/framing.ts'
import { MESSAGES, type MessageName } from '../protocol/messages/index.ts'
import { Timing } from '../protocol/timing.ts'
import { type Clock, nonce, sleep } from './clock.ts'
import { Guard } from './guard.ts'
import type { Connection, ModemLines, Port } from './ports/port.ts'
import { Gone } from './verdict.ts'

export interface Reply {
  readonly pdu: Pdu
  readonly raw: Uint8Array
  /** From the last byte of the request to the first of the reply, in ms, in the wand's favour. */
  readonly afterMs: number
}

/** One request, whole or damaged, and what came of it. */
export interface Asked {
  readonly check: number
  readonly raw: Uint8Array
  /** When its last byte was at the wand. */
  at: number
  readonly answers: Reply[]
}

export interface Traffic {
  readonly check: number
  readonly at: number
  readonly way: 'out' | 'in'
  /** Which opening of the port, from 1. */
  readonly opening: number
  readonly bytes: Uint8Array
}

/** Bytes or PDUs of the wand that are no reply to anything. */
export interface Unasked {
  readonly check: number
  readonly what: string
  readonly bytes: Uint8Array
}

export interface HostOptions {
  readonly port: Port
  readonly clock: Clock
  readonly noImplant: boolean
  /** What the way to the wand may add to a time, in ms. */
  readonly slackMs: number
}

export interface Over {
  readonly seq?: number
  readonly link?: number
  readonly session?: number
  readonly payload?: Uint8Array
  readonly major?: number
  readonly type?: number
  readonly flags?: number
  readonly code?: number
}

const view = (raw: Uint8Array) => new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
/** Type, seq and link: the same places in every version. */
const keyOf = (raw: Uint8Array) =>
  `${raw[1]} ${view(raw).getUint16(4, true)} ${view(raw).getUint32(8, true)}`
const TICK_MS = 10
/** How long the kit waits before it says that nothing came. */
export const SILENCE_MS = 300
const REOPEN_MS = 300
/** How old the wand's word may be that no implant is in reach. */
const SENSED_MS = 2_000

export class Host {
  readonly port: Port
  readonly clock: Clock
  readonly noImplant: boolean
  readonly slackMs: number
  /** How long a reply is waited for: as long as a host does, and what the way may add. */
  readonly patienceMs: number
  link = 0
  seq = 0
  /** The session that this link holds; 0 = none is known. */
  session = 0
  /** Which check speaks. */
  check = 0
  /** How often the port was opened. */
  openings = 0
  readonly traffic: Traffic[] = []
  readonly asked: Asked[] = []
  readonly unasked: Unasked[] = []
  readonly refused: Unasked[] = []
  #connection: Connection | null = null
  #gone: string | null = null
  #guard: Guard
  #decoder: FrameDecoder | null = null
  #encode: (pdu: Uint8Array) => Uint8Array[] = () => []
  #waiting: (() => void)[] = []
  /** When the carrier has carried what was sent. */
  #freeAt = 0
  /** When PING said last that no implant is in reach. */
  #bareAt = Number.NEGATIVE_INFINITY
  /** Whether what came last did not end a frame, and when its first byte came. */
  #frameBegan: number | null = null

  constructor(options: HostOptions) {
    this.port = options.port
    this.clock = options.clock
    this.noImplant = options.noImplant
    this.slackMs = options.slackMs
    this.patienceMs = Timing.HOST_TIMEOUT_MS + options.slackMs
    this.#guard = new Guard(this.port.framing, () => this.#mayBeForeign())
  }

  /** Opens the port with a link of its own and empty buffers. */
  async open(): Promise<void> {
    const { framing } = this.port
    this.#gone = null
    this.#guard = new Guard(framing, () => this.#mayBeForeign())
    this.link = nonce(this.clock)
    this.session = 0
    this.#encode = framing.encoder()
    this.#frameBegan = null
    this.openings += 1
    const decoder = framing.decoder({
      pdu: (header, raw) => this.#came(wholePdu(header, raw), raw),
      discarded: (reason, bytes) => {
        const { check } = this
        this.refused.push({ check, what: reason, bytes })
      },
    })
    this.#decoder = decoder
    this.#connection = await this.port
      .open({
        data: (bytes) => this.#heard(bytes, decoder),
        gone: (why) => {
          this.#gone = why
          this.#wake()
        },
      })
      .catch((error: Error) => {
        throw new Gone(error.message)
      })
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    this.#decoder?.close()
    this.#decoder = null
    await connection?.close()
  }

  /** The other side has a moment to see that the port was closed; many serve one host at a time. */
  async reopen(): Promise<void> {
    await this.close()
    await this.wait(REOPEN_MS)
    await this.open()
  }

  lines(set: ModemLines): Promise<boolean> {
    return this.#connection?.lines(set) ?? Promise.resolve(false)
  }

  wait(ms: number): Promise<void> {
    return sleep(this.clock, ms)
  }

  /** The next number of a request. */
  next(): number {
    this.seq = (this.seq + 1) & 0xffff
    return this.seq
  }

  /** The PDU of a request; `over` puts other things into it. */
  request(name: MessageName, over: Over = {}, fields?: object): Uint8Array {
    const { type, request } = MESSAGES[name]
    const given = fields ?? (name === 'HELLO' ? { minor: 0 } : {})
    const payload = over.payload ?? emit(request as Struct, given as never)
    const { link, session } = this
    const seq = over.seq ?? this.next()
    return encodePdu({
      major: MAJOR,
      type,
      flags: 0,
      code: 0,
      link,
      session,
      ...over,
      seq,
      payload,
    })
  }

  /** The frames of a PDU, as this connection would send them next. */
  frames(raw: Uint8Array): Uint8Array[] {
    return this.#encode(raw)
  }

  /** Sends bytes as they are: frames, damaged frames, noise. */
  write(bytes: Uint8Array): void {
    if (this.#gone) throw new Gone(this.#gone)
    this.#guard.pass(bytes)
    this.#note('out', bytes)
    // The line needs its time, for what was sent before, too.
    this.#freeAt = Math.max(this.clock.monotonic(), this.#freeAt) + this.#onTheWay(bytes)
    this.#connection?.write(bytes)
  }

  /** Sends a PDU, in `frames` if they are given, and notes that it was asked. */
  send(raw: Uint8Array, frames: readonly Uint8Array[] = this.frames(raw)): Asked {
    const asked: Asked = { check: this.check, raw, at: 0, answers: [] }
    this.asked.push(asked)
    for (const frame of frames) this.write(frame)
    asked.at = this.#freeAt
    return asked
  }

  /** The reply to a PDU, or null when none came. */
  async reply(raw: Uint8Array, frames?: readonly Uint8Array[]): Promise<Reply | null> {
    return this.answer(this.send(raw, frames), this.patienceMs)
  }

  /** What answers within `ms`. Time that this computer lost meanwhile does not count against the wand. */
  async answer(asked: Asked, ms: number): Promise<Reply | null> {
    const began = this.clock.monotonic()
    let lost = 0
    while (asked.answers.length === 0 && this.clock.monotonic() - began - lost < ms) {
      const from = this.clock.monotonic()
      await this.#moment()
      lost += Math.max(0, this.clock.monotonic() - from - TICK_MS - 2)
      if (this.#gone) throw new Gone(this.#gone)
    }
    const [first] = asked.answers
    if (!first) return null
    const fair = { ...first, afterMs: first.afterMs - lost }
    asked.answers[0] = fair
    return fair
  }

  /** Whether the wand has just said that no implant is in reach, so that what is no read request may be sent. */
  #mayBeForeign(): boolean {
    return this.noImplant && this.clock.monotonic() - this.#bareAt <= SENSED_MS
  }

  /** Notes what PING said of an implant. */
  sensed(bare: boolean): void {
    this.#bareAt = bare ? this.clock.monotonic() : Number.NEGATIVE_INFINITY
  }

  #moment(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        this.#waiting = this.#waiting.filter((one) => one !== done)
        resolve()
      }
      const cancel = this.clock.after(TICK_MS, done)
      this.#waiting.push(done)
    })
  }

  #note(way: Traffic['way'], bytes: Uint8Array): void {
    const { check, openings: opening } = this
    this.traffic.push({ check, at: this.clock.monotonic(), way, opening, bytes: bytes.slice() })
  }

  #wake(): void {
    for (const done of this.#waiting.slice()) done()
  }

  /** Milliseconds that the carrier needs for so much. */
  #onTheWay({ length }: Uint8Array): number {
    const { frameSize } = this.port.framing
    return frameSize === null ? length / BYTES_PER_MS : length / frameSize
  }

  #heard(bytes: Uint8Array, decoder: FrameDecoder): void {
    if (this.#decoder !== decoder) return
    const at = this.clock.monotonic()
    this.#note('in', bytes)
    // Its first byte left the wand no later than the carrier needs for all that came at once.
    this.#frameBegan ??= at - this.#onTheWay(bytes)
    decoder.push(bytes)
    if (decoder.held === 0) this.#frameBegan = null
    this.#wake()
  }

  #came(pdu: Pdu, raw: Uint8Array): void {
    const key = keyOf(raw)
    const isReply = (pdu.flags & 1) !== 0
    const asked = isReply ? this.asked.findLast((one) => keyOf(one.raw) === key) : undefined
    if (!asked) {
      const what = isReply ? 'a reply to nothing that was asked' : 'a PDU that is no reply'
      this.unasked.push({ check: this.check, what, bytes: raw })
      return
    }
    const began = this.#frameBegan ?? this.clock.monotonic()
    asked.answers.push({ pdu, raw, afterMs: Math.max(0, began - asked.at) })
  }
}

/** 115200 baud, ten bits a byte. */
const BYTES_PER_MS = 11.52
