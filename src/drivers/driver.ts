// What a way of speaking to one kind of wand is to the bridge: docs/bring-your-own-wand.md. A driver owns the
// connection to one port: it opens it, speaks, and tells what happened as events of src/model. It promises to
// read wands of its one source only, and to stop within three seconds. That it sends nothing but what `sends`
// lists is not left to it: src/bridge/allowed.ts stands between it and the port.
//
// Several wands on one port are told apart by the port of their events: `PATH#NAME`, one name each.
import type { Env } from '../base/env.ts'
import type { Decoder } from '../model/decoder.ts'
import type { BridgeEvent, Stamp } from '../model/event.ts'
import type { HowRead, Policy } from '../model/policy.ts'
import type { SnapshotValues, Source } from '../model/reading.ts'
import type { Fingerprint, PortFact, PortSource } from '../transport/port.ts'

/** Whether a port that events name is this path, or one wand of several on it. */
export const isOnPath = (path: string, port: string): boolean =>
  port === path || port.startsWith(`${path}#`)

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
}

export interface Driver {
  readonly counters: DriverCounters
  start(): void
  /**
   * Asks for one interrogation; it begins when the wand is in contact. `port`: of which wand, as its events name
   * it; of every one if not given.
   */
  read(port?: string): void
  /** Closes the session (confirmed if the implant answers) and the port. Within 3 s, once for all. */
  stop(): Promise<void>
}

/** Of a capture, for whoever reads along. */
export interface OverhearOptions {
  /** How the events name the port. */
  readonly path: string
  /** The bridge that spoke; null = another program did. */
  readonly bridge: HowRead | null
  readonly shared: Shared
  event(event: BridgeEvent): void
}

/** Follows what was captured at one port; it sends nothing. */
export interface Overhearing {
  /** `framing` when a capture begins with an open port. */
  opened(framing: 'line' | 'report', at: Stamp): void
  fact(fact: PortFact, at: Stamp): void
  /** What happened before `at` is not known. */
  gap(why: string, at: Stamp): void
  /** Monotonic time at which something runs out, if nothing happens before; null = nothing does. */
  wakeAt(): number | null
  wake(at: Stamp): void
}

/** A frame that a driver can send: what it hands to its port in one write. */
export interface Sendable {
  readonly what: string
  /** Matches the whole frame, its bytes as Latin-1 text. */
  readonly pattern: RegExp
}

/** What a kind of wand can tell, and cannot: tests/drivers/contract.ts holds a driver to it. */
export interface Capabilities {
  /** Blocks of which it reads something; of the others every reading says that there is none. */
  readonly blocks: readonly (keyof SnapshotValues)[]
  /** It holds a session with the implant, which must be closed, and may be found not closed. */
  readonly session: boolean
  /** What moves can be asked for without reading everything. */
  readonly live: boolean
  /** Several wands answer on one port. */
  readonly severalOnPort: boolean
}

/** A kind of driver: what a bridge is given to speak with. */
export interface DriverKind {
  readonly name: string
  /** By what of a port `auto` finds such a wand; none = it is on a port that somebody names. */
  readonly fingerprints: readonly Fingerprint[]
  readonly can: Capabilities
  /** How it knows that the implant itself has answered, and not the wand from memory, in words. */
  readonly confirms: string
  /** Reads its records again. */
  readonly decoder: Decoder
  /** Everything it can ever send. */
  readonly sends: readonly Sendable[]
  /** The longest silence of a wand that is well, in ms: after it the wand is lost. */
  readonly quietMs: number
  create(options: DriverOptions): Driver
  /** Tells of captured traffic what a link would have told, as source `replay`. Without it there is no replay. */
  overhear?(options: OverhearOptions): Overhearing
}
