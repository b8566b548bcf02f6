// What stands between the checks and the port. Every byte goes through `pass`, which knows nothing of the
// checks: it reads what the bytes would be to a wand, damaged or not, in one piece or in many, and throws
// before they leave when that is no read request of the specification (§7), unless `allowed` says that
// nothing is in reach that could take it for a command.
import { FLAG_REPLY, MAJOR } from '../protocol/codec/pdu.ts'
import type { Framing } from '../protocol/framing/framing.ts'
import { REPORT_HEADER, REPORT_SIZE } from '../protocol/framing/hid-report.ts'
import { messageOfType } from '../protocol/messages/index.ts'

/** A check wanted to send what is no read request to a wand that may be over an implant. */
export class Forbidden extends Error {}

const COLON = 0x3a
/** Bytes of a PDU up to the end of its link, which a wand goes by. */
const JUDGED = 12

export class Guard {
  readonly #framing: Framing
  readonly #allowed: () => boolean
  /** Of the line that has begun: its first digits; null = no line has. */
  #digits: string | null = null

  constructor(framing: Framing, allowed: () => boolean) {
    this.#framing = framing
    this.#allowed = allowed
  }

  /** Throws Forbidden, or lets the bytes go. */
  pass(bytes: Uint8Array): void {
    if (this.#framing.name === 'report') {
      for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
        const report = bytes.subarray(at, at + REPORT_SIZE)
        // What stands in a later report of a PDU is its payload.
        const index = (report[1] ?? 0) >> 4
        if (index === 0) this.#judge(report.subarray(REPORT_HEADER, REPORT_HEADER + JUDGED))
      }
      return
    }
    for (const byte of bytes) this.#take(byte)
  }

  #take(byte: number): void {
    if (byte === COLON) {
      this.#digits = ''
      return
    }
    const digit = String.fromCharCode(byte)
    if (this.#digits === null || this.#digits.length >= 2 * JUDGED) return
    if (!/[0-9a-fA-F]/.test(digit)) {
      this.#digits = null
      return
    }
    this.#digits += digit
    // Judged as soon as a byte is whole, so that it is stopped before its line can be.
    if (this.#digits.length % 2 === 0) this.#judge(Buffer.from(this.#digits, 'hex'))
  }

  /** The first bytes of what would be a PDU, as many as are there. */
  #judge(bytes: Uint8Array): void {
    const why = foreign(bytes)
    if (why && !this.#allowed()) {
      throw new Forbidden(
        `${why}; that is sent only with --no-implant, to a wand that has just reported no coupling`,
      )
    }
  }
}

/** Why these are not the first bytes of a read request; null = they are. */
function foreign(bytes: Uint8Array): string | null {
  const [major = MAJOR, type, flags = 0, code = 0] = bytes
  if (major !== MAJOR) return `major version ${major}`
  if (type !== undefined && !messageOfType(type)) return `type ${type}`
  if (flags !== 0) return (flags & FLAG_REPLY) !== 0 ? 'a reply' : `flags ${flags}`
  if (code !== 0) return `code ${code}`
  const link = bytes.subarray(8, JUDGED)
  if (link.length === 4 && link.every((byte) => byte === 0)) return 'link 0'
  return null
}
