// What a way of speaking to one kind of wand is to the bridge. A driver owns the connection to one port:
// it opens it, speaks, and tells what happened as events of src/model. It promises to send nothing but
// what `sends` lists, to read wands of its one source only, and to stop within three seconds.
import type { Env } from '../base/env.ts'
import type { BridgeEvent, Stamp } from '../model/event.ts'
import type { Policy } from '../model/policy.ts'
import type { Source } from '../model/reading.ts'
import type { PortSource } from '../transport/port.ts'

export interface Count {
  frames: number
  bytes: number
}

/** Conservation: bytesIn = accepted.bytes + all discarded bytes + held. */
export interface DriverCounters {
  opens: number
  bytesIn: number
  bytesOut: number
  requests: number
  /** Requests sent again, and times that no reply came in time. */
  retries: number
  'no-answer': number
  readonly accepted: Count
  /** By reason. */
  readonly discarded: Record<string, Count>
  /** Bytes of a frame that has not ended yet; 0 without a connection. */
  held: number
}

/** What the drivers of one bridge share. */
export interface Shared {
  /** The next number of an event, from 0. */
  nextOrder(): number
}

export function newShared(): Shared {
  let order = 0
  return { nextOrder: () => order++ }
}

export interface DriverOptions {
  readonly env: Env
  readonly port: PortSource
  /** The kind of wand it reads. Another is refused, and nothing of it is told. */
  readonly source: Source
  readonly policy: Policy
  /** Between two live exchanges of a session that is held; 1000 ms if not given. */
  readonly liveMs?: number
  readonly shared: Shared
  event(event: BridgeEvent): void
  /** Sees every byte both ways, as the port gave or took it. */
  tap?(direction: 'in' | 'out', bytes: Uint8Array, at: Stamp): void
}

export interface Driver {
  readonly counters: DriverCounters
  start(): void
  /** Asks for one interrogation; it begins when the wand is in contact. */
  read(): void
  /** Closes the session (confirmed if the implant answers) and the port. Within 3 s, once for all. */
  stop(): Promise<void>
}

/** A frame that a driver can send. */
export interface Sendable {
  readonly what: string
  /** Matches the whole frame, its bytes as Latin-1 text. */
  readonly pattern: RegExp
}

/** A kind of driver: what a bridge is given to speak with. */
export interface DriverKind {
  readonly name: string
  /** Everything it can ever send. */
  readonly sends: readonly Sendable[]
  /** The longest silence of a wand that is well, in ms: after it the wand is lost. */
  readonly quietMs: number
  create(options: DriverOptions): Driver
}
