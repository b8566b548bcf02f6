// MLLP framing, both ways: 0x0B, the message, 0x1C 0x0D. Bytes may come cut and joined anywhere; what is
// outside of a frame is no part of any, and is kept to say what it was. 0x1C ends a frame also where no 0x0D comes
// behind it: it can stand for nothing else. Pure.

const START = 0x0b
const END = 0x1c
const CR = 0x0d
/** A reply is short; what claims to be longer is no reply. */
const MOST_REPLY = 65_536
/** Of what is outside of frames so much is kept, to say what it was. */
const MOST_LOOSE = 8_192

export function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([START]), Buffer.from(text, 'utf8'), Buffer.from([END, CR])])
}

export class Deframer {
  #bytes: number[] | null = null
  readonly #most: number
  /** A frame has just ended. */
  #ended = false
  readonly #loose: number[] = []
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
        this.#ended = false
      } else if (this.#bytes === null) {
        // The CR behind the end belongs to the frame; whether it comes says nothing more.
        if (byte === CR && this.#ended) this.#ended = false
        else this.#outside(byte)
      } else if (byte === END) {
        out.push(Buffer.from(this.#bytes))
        this.#bytes = null
        this.#ended = true
      } else if (this.#bytes.length >= this.#most) {
        this.strays += this.#bytes.length
        this.#bytes = null
      } else this.#bytes.push(byte)
    }
    return out
  }

  /** What came outside of frames since it was last taken, its newest part. */
  takeOutside(): string {
    return Buffer.from(this.#loose.splice(0)).toString('utf8')
  }

  get outside(): string {
    return Buffer.from(this.#loose).toString('utf8')
  }

  #outside(byte: number): void {
    this.strays += 1
    this.#ended = false
    // What ends a frame ends a segment, too.
    this.#loose.push(byte === END ? CR : byte)
    if (this.#loose.length > MOST_LOOSE) this.#loose.splice(0, MOST_LOOSE / 2)
  }
}
