// A capture as pcapng, for Wireshark with docs/wireshark/wandbridge.lua. Every port is an interface of the link
// type USER0, whose packets are PDUs without their framing, and one of USER1 for bytes that were no PDU. The way of
// a packet stands in its flags: inbound is from the wand.
import type { Frame } from './exchanges.ts'

const [USER0, USER1] = [147, 148]
const SECTION = 0x0a0d0d0a
const INTERFACE = 1
const PACKET = 6
const OPTION = { name: 2, flags: 2, application: 4 } as const

export class Pcapng {
  readonly #interfaces = new Map<string, number>()

  /** `by`: the program that captured. */
  head(by: string): Uint8Array {
    const body = Buffer.alloc(16)
    body.writeUInt32LE(0x1a2b3c4d, 0)
    body.writeUInt16LE(1, 4)
    body.writeBigInt64LE(-1n, 8)
    return block(SECTION, body, option(OPTION.application, Buffer.from(by)))
  }

  packet({ port, way, at, pdu, bytes }: Frame): Uint8Array {
    const name = pdu ? port : `${port} (no PDU)`
    const known = this.#interfaces.get(name)
    const index = known ?? this.#interfaces.size
    this.#interfaces.set(name, index)
    const head = Buffer.alloc(20)
    // Microseconds: what every reader takes if nothing else is said.
    const time = BigInt(Math.round(at.wall * 1_000))
    head.writeUInt32LE(index, 0)
    head.writeUInt32LE(Number(time >> 32n), 4)
    head.writeUInt32LE(Number(time & 0xffffffffn), 8)
    head.writeUInt32LE(bytes.length, 12)
    head.writeUInt32LE(bytes.length, 16)
    const flags = Buffer.alloc(4)
    flags.writeUInt32LE(way === 'in' ? 1 : 2)
    const packet = block(PACKET, head, padded(bytes), option(OPTION.flags, flags))
    return known === undefined
      ? Buffer.concat([described(name, pdu ? USER0 : USER1), packet])
      : packet
  }
}

function described(name: string, linkType: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt16LE(linkType, 0)
  return block(INTERFACE, body, option(OPTION.name, Buffer.from(name)))
}

function block(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(8)
  const tail = Buffer.alloc(4)
  const length = body.length + 12
  head.writeUInt32LE(type, 0)
  head.writeUInt32LE(length, 4)
  tail.writeUInt32LE(length, 0)
  return Buffer.concat([head, body, tail])
}

/** One option, and the end of options. */
function option(code: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(code, 0)
  head.writeUInt16LE(value.length, 2)
  return Buffer.concat([head, padded(value), Buffer.alloc(4)])
}

/** To a multiple of four bytes. */
const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
