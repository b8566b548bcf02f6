// MLLP framing, both ways: 0x0B, the message, 0x1C 0x0D. Bytes may come cut and joined anywhere; what is
// outside of a frame is no part of any. Pure.

const START = 0x0b
const END = 0x1c
const CR = 0x0d
/** A reply is short; what claims to be longer is no reply. */
const MOST_REPLY = 65_536

export function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([START]), Buffer.from(text, 'utf8'), Buffer.from([END, CR])])
}

export class Deframer {
  #bytes: number[] | null = null
  readonly #most: number
  /** Bytes that were in no frame. */
  strays = 0

  /** `most`: bytes of a frame; a longer one is none. */
  constructor(most = MOST_REPLY) {
    this.#most = most
  }

  /** Whether a frame has begun and not ended. */
  get open(): boolean {
    return this.#bytes !== null
  }

  /** The messages that are complete with these bytes. */
  push(chunk: Uint8Array): string[] {
    return this.frames(chunk).map((bytes) => bytes.toString('utf8'))
  }

  /** The same, as they came. */
  frames(chunk: Uint8Array): Buffer[] {
    const out: Buffer[] = []
    for (const byte of chunk) {
      if (byte === START) {
        // A frame that begins inside of another: that one was cut off.
        this.strays += this.#bytes === null ? 0 : this.#bytes.length + 1
        this.#bytes = []
      } else if (this.#bytes === null) this.strays += 1
      else if (byte === CR && this.#bytes.at(-1) === END) {
        out.push(Buffer.from(this.#bytes.slice(0, -1)))
        this.#bytes = null
      } else if (this.#bytes.length >= this.#most) {
        this.strays += this.#bytes.length
        this.#bytes = null
      } else this.#bytes.push(byte)
    }
    return out
  }
}
