// The protocol data unit: a 16-byte header, at most 232 bytes of payload, a CRC-32. README.md §4.
//
// What this layer promises: `decodeHeader` accepts exactly the byte strings that `encodePdu` makes, and
// names the reason for every other one. Nothing here knows what a payload means.
import { u16At, u32At } from './bytes.ts'
import { crc32 } from './crc32.ts'

export const MAJOR = 1
export const MINOR = 0
export const HEADER_SIZE = 16
export const CRC_SIZE = 4
export const MAX_PAYLOAD = 232
export const MIN_PDU = HEADER_SIZE + CRC_SIZE
export const MAX_PDU = MIN_PDU + MAX_PAYLOAD

export const FLAG_REPLY = 0x01
/** The sender, or the pump behind it, is a simulation. */
export const FLAG_SIMULATOR = 0x02
/** The PDU was recorded earlier and is played back. */
export const FLAG_REPLAY = 0x04

/** The tables of README.md are made from this. */
export const FLAG_DOCS = {
  REPLY: { bit: FLAG_REPLY, doc: 'Set in every reply, clear in every request.' },
  SIMULATOR: { bit: FLAG_SIMULATOR, doc: 'The wand, or the pump behind it, is a simulation.' },
  REPLAY: { bit: FLAG_REPLAY, doc: 'The PDU was recorded earlier and is played back.' },
} as const

/** Result codes of a reply; 0 in every request. */
export const Code = {
  OK: 0,
  PENDING: 1,
  BUSY: 2,
  NO_SESSION: 3,
  WRONG_LINK: 4,
  NO_IMPLANT: 5,
  AIR_FAILED: 6,
  SNAPSHOT_GONE: 7,
  CHANGED: 8,
  BAD_REQUEST: 9,
  UNKNOWN_TYPE: 10,
  REFUSED: 11,
  VERSION: 12,
  INTERNAL: 13,
} as const
export type CodeName = keyof typeof Code

/** The name of a result code; of one that this version does not know, its number. */
export const codeText = (code: number): string =>
  Object.entries(Code).find(([, n]) => n === code)?.[0] ?? `code ${code}`

/** What each result code tells the host. The tables of README.md are made from this. */
export const CODE_DOCS: Readonly<Record<CodeName, string>> = {
  OK: 'Done; the payload is the reply of this type.',
  PENDING: 'Air work has begun or is still running; ask again with the same seq for the result.',
  BUSY: 'Other air work is running, or a session is open already.',
  NO_SESSION: 'The header names no session, or one that has ended.',
  WRONG_LINK: 'The wand has not seen a HELLO of this link on this path.',
  NO_IMPLANT: 'No implant answers: the wand is not over a pump, or too far from it.',
  AIR_FAILED: 'The implant was heard but the exchange did not complete within the retries.',
  SNAPSHOT_GONE: 'The snapshot asked for is no longer kept.',
  CHANGED: 'The implant changed while it was read; nothing was frozen. Interrogate again.',
  BAD_REQUEST: 'The request is too short or asks for what does not exist.',
  UNKNOWN_TYPE: 'This wand does not know the type.',
  REFUSED: 'The type lies in 0x40–0x7F, which is never assigned: this protocol only reads.',
  VERSION: 'The major version differs; the payload is a HELLO reply with what the wand speaks.',
  INTERNAL: 'The wand failed; its state is as before.',
}

/** What stands before the payload; its length goes without saying. */
export interface Header {
  readonly major: number
  readonly type: number
  readonly flags: number
  readonly code: number
  /** 0–65535; a retry reuses it. */
  readonly seq: number
  /** The host's nonce of this port open, echoed by the wand; never 0. */
  readonly link: number
  /** Allotted by the wand; 0 = none. */
  readonly session: number
}

export interface Pdu extends Header {
  readonly payload: Uint8Array
}

/** Why bytes are not a PDU, in the order in which it is checked. */
export type PduFault = 'truncated' | 'checksum' | 'version'

export function encodePdu(pdu: Pdu): Uint8Array {
  const n = pdu.payload.length
  if (n > MAX_PAYLOAD) throw new RangeError(`payload of ${n} bytes; at most ${MAX_PAYLOAD}`)
  const bytes = new Uint8Array(MIN_PDU + n)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, pdu.major)
  view.setUint8(1, pdu.type)
  view.setUint8(2, pdu.flags)
  view.setUint8(3, pdu.code)
  view.setUint16(4, pdu.seq, true)
  view.setUint16(6, n, true)
  view.setUint32(8, pdu.link, true)
  view.setUint32(12, pdu.session, true)
  bytes.set(pdu.payload, HEADER_SIZE)
  view.setUint32(HEADER_SIZE + n, crc32(bytes.subarray(0, HEADER_SIZE + n)), true)
  return bytes
}

/** Decodes one whole PDU. */
export function decodePdu(bytes: Uint8Array): Pdu | PduFault {
  const header = decodeHeader(bytes)
  return typeof header === 'string' ? header : wholePdu(header, bytes)
}

/** The PDU of a good header and the bytes that it stands in. */
export const wholePdu = (header: Header, bytes: Uint8Array): Pdu => ({
  ...header,
  payload: bytes.slice(HEADER_SIZE, bytes.length - CRC_SIZE),
})

/**
 * Judges one whole PDU and leaves its payload where it is (`parsePayload`). The checksum is judged before the
 * version: major, type, length and CRC keep their places in every future version, so that a newer peer can be told
 * apart from noise.
 */
export function decodeHeader(bytes: Uint8Array): Header | PduFault {
  if (bytes.length < MIN_PDU || bytes.length > MAX_PDU) return 'truncated'
  const end = bytes.length - CRC_SIZE
  if (u16At(bytes, 6) !== end - HEADER_SIZE) return 'truncated'
  if (u32At(bytes, end) !== crc32(bytes, 0, end)) return 'checksum'
  const major = bytes[0] as number
  if (major !== MAJOR) return 'version'
  return {
    major,
    type: bytes[1] as number,
    flags: bytes[2] as number,
    code: bytes[3] as number,
    seq: u16At(bytes, 4),
    link: u32At(bytes, 8),
    session: u32At(bytes, 12),
  }
}
