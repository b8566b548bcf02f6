// A port without a driver: the far end is an object in this process, a simulated wand's path as it
// is. For tests, for virtual time, and for the demo where there is no pty.
import type { Framing } from '../../protocol/framing/framing.ts'
import { PortError, type PortEvents, type PortSource, type WandPort } from './port.ts'

/** The far end. `simulator/ports/path.ts` has this shape. */
export interface LoopbackPeer {
  readonly framing: Framing
  hold(holder: { data(bytes: Uint8Array): void; unplugged(): void }): {
    write(bytes: Uint8Array): void
    release(): void
  } | null
}

export function loopbackSource(path: string, peer: LoopbackPeer): PortSource {
  return { path, create: () => new LoopbackPort(path, peer) }
}

class LoopbackPort implements WandPort {
  readonly path: string
  readonly framing: Framing
  readonly #peer: LoopbackPeer
  #held: { write(bytes: Uint8Array): void; release(): void } | null = null
  #events: PortEvents | null = null

  constructor(path: string, peer: LoopbackPeer) {
    this.path = path
    this.framing = peer.framing
    this.#peer = peer
  }

  async open(events: PortEvents): Promise<void> {
    const held = this.#peer.hold({
      data: (bytes) => this.#events?.data(bytes),
      unplugged: () => this.#end('unplugged', 'the cable was pulled'),
    })
    if (!held) throw new PortError('absent', `${this.path}: nothing is plugged in`)
    this.#held = held
    this.#events = events
  }

  write(bytes: Uint8Array): void {
    this.#held?.write(bytes)
  }

  async close(): Promise<void> {
    this.#end('closed', 'closed by the host')
  }

  #end(end: 'unplugged' | 'closed', message: string): void {
    const events = this.#events
    this.#events = null
    this.#held?.release()
    this.#held = null
    events?.ended(end, message)
  }
}
