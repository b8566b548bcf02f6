// Everything this driver can ever send: one pattern for each read request in each framing. The patterns
// are made from the protocol's tables and not from the writer, so that a test holds one to the other.
import { CRC_SIZE, HEADER_SIZE, MAJOR } from '../../../protocol/codec/pdu.ts'
import { REPORT_DATA } from '../../../protocol/framing/hid-report.ts'
import { MESSAGES } from '../../../protocol/messages/index.ts'
import type { Sendable } from '../driver.ts'

/** Of each byte its value, or null for any. */
type Bytes = readonly (number | null)[]

const any = (count: number): Bytes => Array.from({ length: count }, () => null)

function request(type: number, payload: number): Bytes {
  const seq = any(2)
  const linkAndSession = any(8)
  return [MAJOR, type, 0, 0, ...seq, payload, 0, ...linkAndSession, ...any(payload + CRC_SIZE)]
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0')

const inLine = (bytes: Bytes) =>
  bytes.map((byte) => (byte === null ? '[0-9A-F]{2}' : hex(byte))).join('')

const asBytes = (bytes: Bytes) =>
  bytes.map((byte) => (byte === null ? '[\\x00-\\xff]' : `\\x${hex(byte)}`)).join('')

/** Every request fits one report: the only one of its PDU, filled up with zeros. */
function inReport(bytes: Bytes): string {
  const counter = null
  const tag = null
  const padding = Array.from({ length: REPORT_DATA - bytes.length }, () => 0)
  return asBytes([counter, 1, bytes.length, tag, ...bytes, ...padding])
}

export const SENDS: readonly Sendable[] = Object.values(MESSAGES).flatMap((message) => {
  const bytes = request(message.type, message.request.size)
  if (bytes.length > REPORT_DATA) throw new Error(`${message.name} does not fit one report`)
  return [
    { what: `${message.name}, as a line`, pattern: new RegExp(`^:${inLine(bytes)}\\r\\n$`) },
    { what: `${message.name}, as a report`, pattern: new RegExp(`^${inReport(bytes)}$`) },
  ]
})

if (HEADER_SIZE !== 16) throw new Error('the header of a PDU is not as the patterns have it')
