// A PDU as one ASCII line: `:` + upper-case hex + CR LF. README.md §5.
//
// `LineGuard` stands in front of a line splitter and keeps three promises: no line it lets through
// is longer than LINE_MAX; every `:` starts afresh, so a lost delimiter costs only the frame that
// lost it; it alone holds an unfinished line, so a new connection (with a new guard) can never glue
// old bytes to new ones. Every byte it does not let through is reported.
import { MAX_PDU, MIN_PDU } from '../codec/pdu.ts'

/** Longest line with its CR LF: 1 + 2 × 252 + 2 = 507; the cap leaves a little room. */
export const LINE_MAX = 512
export const BAUD = 115_200

const COLON = 0x3a
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

function nibble(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30
  if (c >= 0x41 && c <= 0x46) return c - 0x37
  return -1
}

/** The bytes of a line (latin1, CR LF included), or why it is not one. Strict: upper case only. */
export function decodeLine(line: string): Uint8Array | LineFault {
  if (line.charCodeAt(0) !== COLON) return 'noise'
  if (!line.endsWith('\r\n')) return 'truncated'
  const digits = line.length - 3
  if (digits % 2 !== 0 || digits < 2 * MIN_PDU) return 'truncated'
  if (digits > 2 * MAX_PDU) return 'too-long'
  const bytes = new Uint8Array(digits / 2)
  for (let i = 0; i < bytes.length; i += 1) {
    const high = nibble(line.charCodeAt(1 + 2 * i))
    const low = nibble(line.charCodeAt(2 + 2 * i))
    if (high < 0 || low < 0) return 'noise'
    bytes[i] = (high << 4) | low
  }
  return bytes
}

export interface GuardSink {
  /** One whole line that starts with `:` and ends with LF. */
  line(bytes: Uint8Array): void
  /** Bytes that are no part of any line let through. */
  refused(reason: LineFault, bytes: Uint8Array): void
}

/** Cuts a byte stream into whole, bounded lines. Pure: same bytes in, same calls out. */
export class LineGuard {
  readonly #sink: GuardSink
  readonly #held = new Uint8Array(LINE_MAX)
  #length = 0
  #started = false
  /** A line that outgrew the cap is being thrown away until a `:` or LF. */
  #overflow = false
  #closed = false

  constructor(sink: GuardSink) {
    this.#sink = sink
  }

  /** Bytes held back: the start of a line that has not ended yet. */
  get held(): number {
    return this.#length
  }

  push(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte === COLON) {
        this.#refuse()
        this.#started = true
      }
      if (this.#length === LINE_MAX) {
        this.#refuse('too-long')
        this.#overflow = true
        this.#started = false
      }
      this.#held[this.#length] = byte
      this.#length += 1
      if (byte === LF) this.#end()
    }
    if (this.#closed) this.#refuse()
  }

  /** The connection is gone: what is held is refused, and so is all that still comes. */
  close(): void {
    this.#closed = true
    this.#refuse()
  }

  #end(): void {
    if (!this.#started || this.#closed) {
      this.#refuse()
      return
    }
    const line = this.#held.slice(0, this.#length)
    this.#length = 0
    this.#started = false
    this.#sink.line(line)
  }

  #refuse(reason?: LineFault): void {
    if (this.#length > 0) {
      const bytes = this.#held.slice(0, this.#length)
      const why = this.#overflow ? 'too-long' : this.#started ? 'truncated' : 'noise'
      this.#length = 0
      this.#sink.refused(reason ?? why, bytes)
    }
    this.#started = false
    this.#overflow = false
  }
}
