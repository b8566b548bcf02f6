// The only place in the house that writes to a port. It takes a read request, a member of the closed
// union of the protocol's messages, so that nothing else can be sent: there is no way to hand it bytes.

import { join } from '../../../protocol/codec/bytes.ts'
import { encodePdu, MAJOR } from '../../../protocol/codec/pdu.ts'
import { emit } from '../../../protocol/codec/struct.ts'
import type { Repr, Struct } from '../../../protocol/fields/field.ts'
import { MESSAGES, type ReadRequest } from '../../../protocol/messages/index.ts'
import type { WandPort } from '../../transport/port.ts'

export interface RequestHeader {
  readonly seq: number
  readonly link: number
  readonly session: number
}

/** The PDU of a request. */
export function encodeRequest(request: ReadRequest, header: RequestHeader): Uint8Array {
  const { type, request: declared } = MESSAGES[request.name]
  const payload = emit(declared as Struct, request.fields as Repr<Struct>)
  return encodePdu({ major: MAJOR, type, flags: 0, code: 0, ...header, payload })
}

/** Writes requests to one connection. One writer per connection: reports are counted. */
export class RequestWriter {
  readonly #port: WandPort
  readonly #encode: (pdu: Uint8Array) => Uint8Array[]

  constructor(port: WandPort) {
    this.#port = port
    this.#encode = port.framing.encoder()
  }

  /** Sends one request; returns the bytes as they went out. */
  write(request: ReadRequest, header: RequestHeader): Uint8Array {
    const bytes = join(this.#encode(encodeRequest(request, header)))
    this.#port.write(bytes)
    return bytes
  }
}
