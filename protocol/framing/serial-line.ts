// A PDU as one ASCII line: `:` + upper-case hex + CR LF. README.md §5.1. Cutting a stream into lines
// is line-stream.ts.
import { MAX_PDU, MIN_PDU } from '../codec/pdu.ts'

/** Longest line with its CR LF: 1 + 2 × 252 + 2 = 507; the cap leaves a little room. */
export const LINE_MAX = 512
export const BAUD = 115_200

export const COLON = 0x3a
const CR = 0x0d
const LF = 0x0a

/** Why bytes of a line were refused before they were a PDU. */
export type LineFault = 'noise' | 'too-long' | 'truncated'

const HEX = '0123456789ABCDEF'

/** The line of an encoded PDU, CR LF included. */
export function encodeLine(pdu: Uint8Array): string {
  let out = ':'
  for (const byte of pdu) out += (HEX[byte >> 4] as string) + (HEX[byte & 15] as string)
  return `${out}\r\n`
}

/** What an upper-case digit stands for; 0xff for every other byte. */
const DIGITS = new Uint8Array(256).fill(0xff)
for (let value = 0; value < 16; value += 1) DIGITS[HEX.charCodeAt(value)] = value

/** The bytes of a line, CR LF included, or why it is not one. Strict: upper case only. */
export function decodeLine(line: Uint8Array): Uint8Array | LineFault {
  const end = line.length - 2
  if (line[0] !== COLON) return 'noise'
  if (line[end] !== CR || line[end + 1] !== LF) return 'truncated'
  const digits = end - 1
  if (digits % 2 !== 0 || digits < 2 * MIN_PDU) return 'truncated'
  if (digits > 2 * MAX_PDU) return 'too-long'
  const bytes = new Uint8Array(digits / 2)
  // Of digits no bit above the fourth is ever set, of anything else some are.
  let seen = 0
  for (let i = 0, at = 1; at < end; i += 1, at += 2) {
    const high = DIGITS[line[at] as number] as number
    const low = DIGITS[line[at + 1] as number] as number
    bytes[i] = (high << 4) | low
    seen |= high | low
  }
  return seen > 15 ? 'noise' : bytes
}
