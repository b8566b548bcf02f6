// A small host for tests: one opening of a path, requests with retries, everything heard is kept.

import { Code, encodePdu, MAJOR, type Pdu, wholePdu } from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import type { FrameDecoder } from '../../protocol/framing/framing.ts'
import { MESSAGES, type MessageName, type RequestOf } from '../../protocol/messages/index.ts'
import type { HeldPath, WandPath } from '../../simulator/ports/path.ts'
import type { VirtualEnv } from '../../src/base/env.ts'

export class TestHost {
  readonly link: number
  session = 0
  seq = 0
  /** Every byte that came, in order. */
  readonly heard: number[] = []
  readonly chunks: number[] = []
  readonly replies: Pdu[] = []
  /** Bytes refused, by reason. */
  readonly refused: Record<string, number> = {}
  unplugged = false
  readonly #env: VirtualEnv
  readonly #held: HeldPath
  readonly #encode: (pdu: Uint8Array) => Uint8Array[]
  readonly #stream: FrameDecoder

  constructor(env: VirtualEnv, path: WandPath, link = 0x1000) {
    this.#env = env
    this.link = link
    this.#encode = path.framing.encoder()
    this.#stream = path.framing.decoder({
      pdu: (header, raw) => void this.replies.push(wholePdu(header, raw)),
      discarded: (reason: string, bytes: Uint8Array) => {
        this.refused[reason] = (this.refused[reason] ?? 0) + bytes.length
      },
    })
    const held = path.hold({
      data: (bytes) => {
        this.heard.push(...bytes)
        this.chunks.push(bytes.length)
        this.#stream.push(bytes)
      },
      unplugged: () => {
        this.unplugged = true
      },
    })
    if (!held) throw new Error('unplugged')
    this.#held = held
  }

  release(): void {
    this.#held.release()
  }

  write(bytes: Uint8Array): void {
    this.#held.write(bytes)
  }

  send(pdu: Uint8Array): void {
    for (const frame of this.#encode(pdu)) this.write(frame)
  }

  request<N extends MessageName>(name: N, fields?: RequestOf<N>): Uint8Array {
    const message = MESSAGES[name]
    this.seq = (this.seq + 1) & 0xffff
    const given = fields ?? (name === 'HELLO' ? { minor: 0 } : {})
    return encodePdu({
      major: MAJOR,
      type: message.type,
      flags: 0,
      code: 0,
      seq: this.seq,
      link: this.link,
      session: this.session,
      payload: emit(message.request as Struct, given as never),
    })
  }

  /** The first matching reply; repeated like a host does; null = none after all. */
  async ask(pdu: Uint8Array, tries = 12): Promise<Pdu | null> {
    const seq = Buffer.from(pdu).readUInt16LE(4)
    for (let n = 0; n < tries; n += 1) {
      const from = this.replies.length
      this.send(pdu)
      const match = () =>
        this.replies
          .slice(from)
          .find((r) => r.seq === seq && r.type === pdu[1] && r.link === this.link)
      await this.#env.until(() => match() !== undefined, 400, 5)
      const got = match()
      if (got) return got
    }
    return null
  }

  /** Air work with its polls; null = the cable or the wand gave no answer. */
  async work(name: MessageName, limitMs = 30_000): Promise<Pdu | null> {
    const pdu = this.request(name)
    for (let spent = 0; spent < limitMs; spent += 100) {
      const got = await this.ask(pdu)
      if (got?.code !== Code.PENDING) return got
      await this.#env.advance(100)
    }
    return null
  }

  async open(): Promise<Pdu | null> {
    await this.ask(this.request('HELLO'))
    const got = await this.work('OPEN')
    this.session = got?.session ?? 0
    return got
  }
}
