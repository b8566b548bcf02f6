// The cable of one path into a wand: two wires, a plug, and the buffer in which an earlier opener's
// bytes may wait for the next one. What holds a path (a pty, a socket, a test) sees a device.
import type { FrameDecoder, Framing } from '../../protocol/framing/framing.ts'
import { type Env, mulberry32 } from '../../src/base/env.ts'
import type { HeldPath, PathHolder, WandPath } from '../ports/path.ts'
import { FAULTS, type Faults, type NoiseLevel } from './faults.ts'
import { type WandEnd, wandEnd } from './framing.ts'
import { Wire, type WireCounters } from './wire.ts'

export interface CableOptions {
  readonly env: Env
  readonly seed: number
  readonly framing: Framing
  readonly wand: WandEnd
}

/** A driver's buffer. */
const LEFTOVER_BYTES = 4096

interface Connection {
  readonly number: number
  readonly holder: PathHolder
  readonly wand: FrameDecoder
}

export class Cable implements WandPath {
  readonly framing: Framing
  /** What the cable does to bytes; may be changed at any time. */
  faults: Faults = FAULTS.none
  readonly #env: Env
  readonly #wand: WandEnd
  readonly #rng: () => number
  readonly #toHost: Wire
  readonly #toWand: Wire
  readonly #listeners = new Set<(plugged: boolean) => void>()
  #plugged = true
  #connections = 0
  #open: Connection | null = null
  /** Whose bytes still travel towards the wand. */
  #closing: Connection | null = null
  #leftovers: Uint8Array[] = []

  constructor(options: CableOptions) {
    const { env, seed, framing } = options
    this.framing = framing
    this.#env = env
    this.#wand = options.wand
    this.#rng = mulberry32(seed)
    const common = { env, framing, faults: () => this.faults }
    this.#toHost = new Wire({
      ...common,
      seed: this.#rng(),
      deliver: (bytes, tag) => this.#arrive(bytes, tag),
    })
    this.#toWand = new Wire({
      ...common,
      seed: this.#rng(),
      deliver: (bytes, tag) => this.#reach(bytes, tag),
    })
  }

  get plugged(): boolean {
    return this.#plugged
  }

  /** Bytes of each direction so far. */
  get counters(): { readonly toHost: WireCounters; readonly toWand: WireCounters } {
    return { toHost: this.#toHost.counters, toWand: this.#toWand.counters }
  }

  /** Bytes on the way, both directions. */
  get inFlight(): number {
    return this.#toHost.inFlight + this.#toWand.inFlight
  }

  setNoise(level: NoiseLevel, faults: Partial<Faults> = {}): void {
    this.faults = { ...FAULTS[level], ...faults }
  }

  onPlug(changed: (plugged: boolean) => void): () => void {
    this.#listeners.add(changed)
    return () => void this.#listeners.delete(changed)
  }

  hold(holder: PathHolder): HeldPath | null {
    if (!this.#plugged) return null
    if (this.#open) this.#release(this.#open)
    this.#connections += 1
    const number = this.#connections
    const wand = wandEnd(this.framing, this.#wand, (frame) => {
      // After an unplug the wand may still have an answer, and nowhere to put it.
      if (this.#connected(number)) this.#toHost.send(frame, number)
    })
    const connection: Connection = { number, holder, wand }
    this.#open = connection
    this.#handLeftovers(connection)
    return {
      write: (bytes) => {
        if (this.#open === connection) this.#write(bytes, number)
      },
      release: () => this.#release(connection),
    }
  }

  unplug(): void {
    if (!this.#plugged) return
    this.#toWand.cut()
    this.#toHost.cut()
    this.#plugged = false
    const connection = this.#open
    this.#open = null
    this.#closing = null
    this.#leftovers = []
    connection?.holder.unplugged()
    this.#tell()
  }

  plug(): void {
    if (this.#plugged) return
    this.#plugged = true
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener(this.#plugged)
  }

  #write(bytes: Uint8Array, number: number): void {
    const size = this.framing.frameSize ?? bytes.length
    for (let at = 0; at < bytes.length; at += size) {
      this.#toWand.send(bytes.subarray(at, at + size), number)
    }
  }

  #release(connection: Connection): void {
    if (this.#open !== connection) return
    this.#open = null
    this.#closing = connection
  }

  #handLeftovers(connection: Connection): void {
    if (this.#leftovers.length === 0) return
    this.#env.after(0, () => {
      const waiting = this.#leftovers
      this.#leftovers = []
      for (const bytes of waiting) if (this.#open === connection) connection.holder.data(bytes)
    })
  }

  /** Bytes of the wand are at the host. */
  #arrive(bytes: Uint8Array, number: number): void {
    if (this.#open?.number === number) return this.#open.holder.data(bytes)
    const { leftovers } = this.faults
    if (leftovers === 0 || this.#rng() >= leftovers * 0x1_0000_0000) return
    if (this.#open) return this.#open.holder.data(bytes)
    const waiting = this.#leftovers.reduce((sum, part) => sum + part.length, 0)
    if (waiting + bytes.length <= LEFTOVER_BYTES) this.#leftovers.push(bytes)
  }

  /** Bytes of the host are at the wand. */
  #reach(bytes: Uint8Array, number: number): void {
    this.#connected(number)?.wand.push(bytes)
  }

  #connected(number: number): Connection | null {
    return [this.#open, this.#closing].find((c) => c?.number === number) ?? null
  }
}
