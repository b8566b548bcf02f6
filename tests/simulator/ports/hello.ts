// One HELLO, as a line, and what its reply must be.

import {
  decodePdu,
  encodePdu,
  FLAG_REPLY,
  FLAG_SIMULATOR,
  MAJOR,
} from '../../../protocol/codec/pdu.ts'
import { parse } from '../../../protocol/codec/struct.ts'
import { decodeLine, encodeLine } from '../../../protocol/framing/serial-line.ts'
import { MESSAGES } from '../../../protocol/messages/index.ts'

export const HELLO_LINE = encodeLine(
  encodePdu({
    major: MAJOR,
    type: MESSAGES.HELLO.type,
    flags: 0,
    code: 0,
    seq: 1,
    link: 0x5151,
    session: 0,
    payload: Uint8Array.of(0),
  }),
)

export function isHelloReply(line: string): boolean {
  const raw = decodeLine(Buffer.from(line, 'latin1'))
  const pdu = typeof raw === 'string' ? raw : decodePdu(raw)
  if (typeof pdu === 'string') return false
  const fields = parse(MESSAGES.HELLO.reply, pdu.payload)
  return (
    pdu.flags === (FLAG_REPLY | FLAG_SIMULATOR) &&
    pdu.link === 0x5151 &&
    fields?.wandSerial === 'SIMW-0001'
  )
}
