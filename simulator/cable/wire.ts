// One direction of a cable: frames in at one end, bytes out at the other, no faster than the line
// carries them, as split, late and damaged as the faults say.
//
// Conservation, at any moment: sent + added = delivered + lost + `inFlight`, in bytes. Deterministic:
// same seed, same frames at the same times, same bytes out at the same times.
import type { Framing } from '../../protocol/framing/framing.ts'
import { type Cancel, type Env, mulberry32 } from '../../src/base/env.ts'
import type { Faults } from './faults.ts'

export interface WireCounters {
  /** Bytes handed in. */
  sent: number
  /** Bytes that nobody sent: duplicates and nonsense. */
  added: number
  delivered: number
  lost: number
  /** Bytes of those delivered that are not as they were sent. */
  flipped: number
}

export interface WireOptions {
  readonly env: Env
  readonly seed: number
  readonly framing: Framing
  readonly faults: () => Faults
  /** `tag` is what came with the frame. */
  readonly deliver: (bytes: Uint8Array, tag: number) => void
}

/** 115200 baud, ten bits a byte; a full-speed interrupt endpoint carries one report a millisecond. */
const BYTES_PER_MS = 11.52
const REPORT_MS = 1
/** What a device or a driver holds before it drops what comes. */
const BACKLOG = 64 * 1024
const LATENCY_MS = 16

interface Piece {
  readonly bytes: Uint8Array
  readonly tag: number
  readonly begins: number
  readonly due: number
  readonly holds: boolean
  cancel: Cancel
}

export class Wire {
  readonly counters: WireCounters = { sent: 0, added: 0, delivered: 0, lost: 0, flipped: 0 }
  readonly #o: WireOptions
  readonly #rng: () => number
  readonly #pieces = new Set<Piece>()
  /** Pieces that have arrived and wait for the next one. */
  #held: Piece[] = []
  #cancelHeld: Cancel = () => {}
  #freeAt = 0
  #inFlight = 0

  constructor(options: WireOptions) {
    this.#o = options
    this.#rng = mulberry32(options.seed)
  }

  /** The carrier keeps the boundaries of frames. */
  get #whole(): boolean {
    return this.#o.framing.frameSize !== null
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** One frame: a line, some bytes, or one report. */
  send(frame: Uint8Array, tag: number): void {
    this.counters.sent += frame.length
    if (this.#inFlight + frame.length > BACKLOG) {
      this.counters.lost += frame.length
      return
    }
    const faults = this.#o.faults()
    if (this.#happens(faults.garbage)) this.#add(this.#nonsense(), tag, faults)
    if (this.#happens(faults.drop)) {
      this.counters.lost += frame.length
      return
    }
    this.#carry(this.#damage(frame, faults), tag, faults)
    if (this.#happens(faults.duplicate)) this.#add(Uint8Array.from(frame), tag, faults)
  }

  /** The cable is pulled at this instant: what has passed arrives, the rest is lost. */
  cut(): void {
    const now = this.#o.env.monotonic()
    this.#flush()
    for (const piece of this.#pieces) {
      const share = piece.due > piece.begins ? (now - piece.begins) / (piece.due - piece.begins) : 1
      const whole = this.#whole ? 0 : Math.floor(piece.bytes.length * share)
      const passed = Math.min(piece.bytes.length, Math.max(0, whole))
      this.#take(piece)
      this.counters.lost += piece.bytes.length - passed
      if (passed > 0) this.#hand([piece.bytes.subarray(0, passed)], piece.tag)
    }
    this.#freeAt = now
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#rng() < chance * 0x1_0000_0000
  }

  #below(n: number): number {
    return this.#rng() % n
  }

  #nonsense(): Uint8Array {
    const length = this.#o.framing.frameSize ?? 1 + this.#below(24)
    return Uint8Array.from({ length }, () => this.#rng() >>> 24)
  }

  #add(bytes: Uint8Array, tag: number, faults: Faults): void {
    this.counters.added += bytes.length
    this.#carry(bytes, tag, faults)
  }

  #damage(frame: Uint8Array, faults: Faults): Uint8Array {
    let bytes = Uint8Array.from(frame)
    if (this.#happens(faults.truncate))
      bytes = this.#lose(bytes, 1 + this.#below(bytes.length), 'end')
    if (bytes.length > 0 && this.#happens(faults.lose)) bytes = this.#lose(bytes, 1, 'within')
    if (faults.flip === 0) return bytes
    for (let i = 0; i < bytes.length; i += 1) {
      if (!this.#happens(faults.flip)) continue
      bytes[i] = (bytes[i] as number) ^ (1 << this.#below(8))
      this.counters.flipped += 1
    }
    return bytes
  }

  #lose(bytes: Uint8Array, n: number, where: 'end' | 'within'): Uint8Array<ArrayBuffer> {
    this.counters.lost += n
    const at = where === 'end' ? bytes.length - n : this.#below(bytes.length)
    const out = new Uint8Array(bytes.length - n)
    out.set(bytes.subarray(0, at))
    out.set(bytes.subarray(at + n), at)
    return out
  }

  #carry(bytes: Uint8Array, tag: number, faults: Faults): void {
    if (bytes.length === 0) return
    const now = this.#o.env.monotonic()
    const late = this.#happens(faults.late)
    let at = late ? now + 450 + this.#below(450) : Math.max(now, this.#freeAt)
    if (!late && this.#happens(faults.delay)) at += this.#below(200)
    for (const part of this.#split(bytes, faults)) {
      const due = at + (this.#whole ? REPORT_MS : part.length / BYTES_PER_MS)
      const holds = !this.#whole && this.#happens(faults.merge)
      const piece: Piece = { bytes: part, tag, begins: at, due, holds, cancel: () => {} }
      piece.cancel = this.#o.env.after(due - now, () => this.#arrive(piece))
      this.#pieces.add(piece)
      this.#inFlight += part.length
      at = due
    }
    if (!late) this.#freeAt = at
  }

  #split(bytes: Uint8Array, faults: Faults): Uint8Array[] {
    if (this.#whole || !this.#happens(faults.split)) return [bytes]
    const cuts = new Set([0, bytes.length])
    for (let n = 1 + this.#below(4); n > 0; n -= 1) cuts.add(this.#below(bytes.length))
    const at = [...cuts].sort((a, b) => a - b)
    return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
  }

  #arrive(piece: Piece): void {
    if (this.#held[0] && this.#held[0].tag !== piece.tag) this.#flush()
    this.#held.push(piece)
    if (!piece.holds) return this.#flush()
    this.#cancelHeld()
    this.#cancelHeld = this.#o.env.after(LATENCY_MS, () => this.#flush())
  }

  #flush(): void {
    this.#cancelHeld()
    const held = this.#held
    this.#held = []
    for (const piece of held) this.#take(piece)
    const tag = held[0]?.tag
    if (tag !== undefined)
      this.#hand(
        held.map((piece) => piece.bytes),
        tag,
      )
  }

  #take(piece: Piece): void {
    piece.cancel()
    this.#pieces.delete(piece)
    this.#inFlight -= piece.bytes.length
  }

  #hand(parts: readonly Uint8Array[], tag: number): void {
    const [only] = parts
    const bytes =
      parts.length === 1 && only ? only : Uint8Array.from(parts.flatMap((part) => [...part]))
    this.counters.delivered += bytes.length
    this.#o.deliver(bytes, tag)
  }
}
