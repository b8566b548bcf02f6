// One way into a simulated wand, as bytes: what a pty, a TCP socket, a USB endpoint or a test holds
// on to. Behind it lies the cable with its pacing and its faults; in front of it is a device.

import type { Framing } from '../../protocol/framing/framing.ts'

export interface PathHolder {
  /** Bytes that the cable delivers to the host, as split and late as the cable makes them. */
  data(bytes: Uint8Array): void
  /** The cable was pulled. Nothing comes after it; hold the path again once it is plugged in. */
  unplugged(): void
}

export interface HeldPath {
  /** Bytes from the host, as they come. Ignored once the path is released or unplugged. */
  write(bytes: Uint8Array): void
  /** The host closed its end. Idempotent. */
  release(): void
}

export interface WandPath {
  readonly framing: Framing
  readonly plugged: boolean
  /** Calls back on every change of `plugged`; returns how to stop that. */
  onPlug(changed: (plugged: boolean) => void): () => void
  /** Takes hold; an earlier holder hears no more. Null while unplugged. */
  hold(holder: PathHolder): HeldPath | null
}
