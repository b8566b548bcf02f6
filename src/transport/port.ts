// What every way to a wand looks like to the link: open once, bytes in, bytes out, closed once.
// A port object serves one connection and is never reopened; a new connection is a new object.

import type { Framing } from '../../protocol/framing/framing.ts'

/** Why a port ended or could not be opened. */
export type PortEnd =
  /** The other side went away: cable pulled, device reset, socket closed. */
  | 'unplugged'
  /** We closed it. */
  | 'closed'
  /** The path does not exist (yet). */
  | 'absent'
  /** Another program holds it. */
  | 'busy'
  /** This user may not open it. */
  | 'denied'
  /** Anything else; the message says what the system said. */
  | 'failed'

export class PortError extends Error {
  readonly end: PortEnd
  constructor(end: PortEnd, message: string) {
    super(message)
    this.end = end
  }
}

/** What an error of `open` says of the port. */
export const endOf = (error: unknown): { readonly how: PortEnd; readonly text: string } => ({
  how: error instanceof PortError ? error.end : 'failed',
  text: (error as Error).message,
})

export interface PortEvents {
  /** Bytes as they came, after `open` resolved: any split, any merge; of reports, whole ones. */
  data(bytes: Uint8Array): void
  /** The port is gone. Called exactly once for every port that opened, never before `open` resolved. */
  ended(end: PortEnd, message: string): void
}

export interface WandPort {
  /** How people and logs name it: a device path or `tcp://host:port`. */
  readonly path: string
  /** How PDUs travel on it; settled when `open` has resolved. */
  readonly framing: Framing
  /** Resolves when bytes can flow; rejects with PortError. At most once per object. */
  open(events: PortEvents): Promise<void>
  /** Hands bytes over. Never throws; a failure comes out as `ended`. Only the writer of a driver calls this. */
  write(bytes: Uint8Array): void
  /** Idempotent; resolves when the resource is free, within a second even if the driver hangs. */
  close(): Promise<void>
}

/** What happens at a port, as captures keep it. */
export type PortFact =
  /** Whoever reads the wand begins to open it. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'opened'; readonly framing: Framing['name'] }
  /** It is gone, or could not be opened. */
  | { readonly kind: 'ended'; readonly how: PortEnd; readonly text: string }
  /** Bytes from the wand, or to it, as the port gave or took them: any split, any merge. */
  | { readonly kind: 'in' | 'out'; readonly bytes: Uint8Array }
  /** Somebody asked for a reading through it, or the bridge is stopping. */
  | { readonly kind: 'read' | 'stop' }

/** Finds wands that are plugged in later. */
export interface PortWatch {
  /** What it looks for, as people write it. */
  readonly path: string
  /** Calls `found` once for every wand that is not among the ports named. */
  start(found: (source: PortSource) => void): void
  /** The wand on `port`, found or named, has said its serial; null = nothing is connected there. */
  introduced(port: string, serial: string | null): void
  stop(): void
}

/**
 * What a device that is a wand says of itself without being opened. That it is one is known from its answer only.
 */
export interface Fingerprint {
  readonly name: string
  readonly vendorId: number
  readonly productId: number
  readonly manufacturer: string
  readonly product: string
  readonly serialNumber: RegExp
  /** Paths on systems that tell little else: /dev/serial/by-id/…, /dev/tty.usbmodem…. */
  readonly path: RegExp
  /** Of its HID interface; null = it has none. */
  readonly hid: {
    readonly usagePage: number
    readonly usage: number
    /** It has the report descriptor of the open protocol, byte for byte. */
    readonly openDescriptor: boolean
  } | null
}

/** Makes a fresh port per connection attempt. */
export interface PortSource {
  readonly path: string
  create(): WandPort
}
