// What happens in a bridge, in one stream. Every event names its port, wand, link, session and
// snapshot, so that nothing of two of them is ever mixed. Plain data; browser-safe.
import type { Evidence, LiveValues } from './decoder.ts'
import type { PumpEventsTold } from './pump-events.ts'
import type { AlarmReading, SnapshotValues, Source } from './reading.ts'
import type { LinkCause, Statement } from './statement.ts'

/** A moment on both clocks, in milliseconds. */
export interface Stamp {
  readonly wall: number
  readonly mono: number
}

export interface EventHead {
  /** Grows by one with every event of one bridge. */
  readonly order: number
  /** The port it came through, as people name it: a device path or `tcp://host:port`. */
  readonly port: string
  /** Serial of the wand; null until it has said it. */
  readonly wand: string | null
  /** The host's nonce of this port opening; 0 = no port is open. */
  readonly link: number
  readonly session: number | null
  readonly snapshot: number | null
  /** The one kind of wand that this bridge reads. */
  readonly source: Source
  /** UTC, milliseconds. */
  readonly receivedAt: string
  /** The same moment on the monotonic clock, in ms. */
  readonly mono: number
}

/** Which pump: `id` is opaque and fit for addresses, the serial is the pump's own. */
export interface PumpIdentity {
  readonly id: string
  readonly serial: string
  readonly model: string | null
  readonly firmware: string | null
}

/** The connection changed its phase. `connected` is false when nothing of it can be live. */
export interface LinkEvent extends EventHead {
  readonly kind: 'link'
  readonly phase: string
  readonly cause: LinkCause
  /** Where the cause does not say it all. */
  readonly why: Statement | null
  readonly connected: boolean
}

/** The wand has introduced itself; its serial is in the head. */
export interface WandEvent extends EventHead {
  readonly kind: 'wand'
  readonly model: string | null
  readonly firmware: string | null
  /** Serial, model or firmware outside their form, as they came. */
  readonly invalid?: Readonly<Record<string, string>>
  /** How the wand's newest session ended, by its own word. */
  readonly lastEnd: string
}

export interface HealthEvent extends EventHead {
  readonly kind: 'health'
  /** Charge of the wand in %; null = powered by its cable, or unknown. */
  readonly battery: number | null
}

/** Contact with an implant, as the wand reports it. `fresh` false = lost, with the reason. */
export interface ContactEvent extends EventHead {
  readonly kind: 'contact'
  readonly fresh: boolean
  /** A change of `fresh`, not just its renewal. */
  readonly changed: boolean
  readonly loss: 'wand-lost' | 'implant-lost' | 'implant-silent'
  /** Monotonic time at which the implant was last heard, at the latest. */
  readonly heardAt: number | null
  /** The wand counts no further: it was then or earlier. */
  readonly atLeast: boolean
  readonly coupling: number | null
  readonly position: string | null
  readonly operation: string | null
  readonly progress: number | null
}

/** News that only the implant itself can have given. */
export interface Answered {
  /** Monotonic time at which it has answered, at the earliest. */
  readonly answeredAt: number
  /** How long after that what was read may count as live. */
  readonly liveForMs: number
}

export interface SessionOpenEvent extends EventHead, Answered {
  readonly kind: 'session-open'
  readonly pump: PumpIdentity
}

/** The pump of the open session has identified itself, again or for the first time. */
export interface RecognisedEvent extends EventHead, Answered {
  readonly kind: 'recognised'
  readonly pump: PumpIdentity
}

/** The pump says that it has changed since it was read; it is being read again. */
export interface OutdatedEvent extends EventHead {
  readonly kind: 'outdated'
  /** It counts a change; or it says something else than the reading and counts none. */
  readonly why: 'changed' | 'contradicted'
  readonly pump: PumpIdentity
}

/** Sessions of which no confirmed close is known, changed; empty = every one has ended well. */
export interface UnclosedEvent extends EventHead {
  readonly kind: 'unclosed'
  readonly unclosed: readonly UnclosedSession[]
}

export interface UnclosedSession extends Statement {
  readonly why: string
  /** 0 = the wand had not said its number yet. */
  readonly session: number
  /** Serial of the pump; null = not known. */
  readonly pump: string | null
}

export const SESSION_ENDINGS = ['confirmed', 'unconfirmed', 'lost', 'ended-by-wand'] as const
export type SessionEnding = (typeof SESSION_ENDINGS)[number]

export interface SessionEndEvent extends EventHead {
  readonly kind: 'session-end'
  readonly pump: PumpIdentity
  readonly how: SessionEnding
}

/** One interrogation, whole and checked. */
export interface ReadingEvent extends EventHead, Answered {
  readonly kind: 'reading'
  /** Monotonic time at which the pump can have said the oldest of its values, at the earliest. */
  readonly saidAt: number
  readonly pump: PumpIdentity
  readonly values: SnapshotValues
  readonly evidence: Evidence
  readonly clock: ClockReading
  /** LIVE has said something else at the same counter: it is not live before LIVE agrees with it. */
  readonly contradicted: boolean
}

/** The pump's clock beside this computer's, at one moment. */
export interface ClockReading {
  readonly deviceTime: string | null
  /** UTC of this computer when the pump's clock showed that, in the middle of its uncertainty. */
  readonly hostTime: string
  /** Pump's clock (read as if it were UTC) minus this computer's, in s; null without a pump time. */
  readonly offsetS: number | null
  /** Null = the wand does not say when it asked the clock, so nobody knows how far off this may be. */
  readonly uncertaintyS: number | null
}

/** A short exchange inside a session: the values that move from moment to moment. */
export interface LiveEvent extends EventHead, Answered, LiveValues {
  readonly kind: 'live'
  readonly pump: PumpIdentity
  readonly deviceTime: string | null
  readonly evidence: Evidence
}

/** An alarm of the pump differs from the reading before; phases after IHE PCD-04. */
export interface AlarmEvent extends EventHead {
  readonly kind: 'alarm'
  readonly pump: PumpIdentity
  readonly phase: 'start' | 'update' | 'end'
  readonly alarm: AlarmReading
}

/** What the pump has logged since the reading before. */
export interface PumpEventsEvent extends EventHead, PumpEventsTold {
  readonly kind: 'pump-events'
  /** When the reading was made that has them. */
  readonly readAt: string
  readonly pump: PumpIdentity
}

export interface ReadFailedEvent extends EventHead {
  readonly kind: 'read-failed'
  readonly why: Statement
  /** No further attempt before the wand is placed again. */
  readonly final: boolean
}

/** Bytes that were refused, with the reason: never part of any reading. */
export interface RefusedEvent extends EventHead {
  readonly kind: 'refused'
  readonly reason: string
  /** What came together and was refused for the same reason. */
  readonly frames: number
  readonly bytes: number
}

export type BridgeEvent =
  | LinkEvent
  | WandEvent
  | HealthEvent
  | ContactEvent
  | SessionOpenEvent
  | RecognisedEvent
  | OutdatedEvent
  | UnclosedEvent
  | SessionEndEvent
  | ReadingEvent
  | LiveEvent
  | AlarmEvent
  | PumpEventsEvent
  | ReadFailedEvent
  | RefusedEvent

/** Whether the event takes certainty away. Such news never waits for the disk. */
export function isLoss(event: BridgeEvent): boolean {
  return (
    (event.kind === 'contact' && !event.fresh) ||
    event.kind === 'session-end' ||
    event.kind === 'outdated' ||
    (event.kind === 'link' && !event.connected)
  )
}

/**
 * Whether the status takes the event before its record is durable: bad news, and contact, which alone
 * makes nothing live (that needs the pump's identity, which waits for the disk).
 */
export function isImmediate(event: BridgeEvent): boolean {
  const unclosed = event.kind === 'unclosed' && event.unclosed.length > 0
  return isLoss(event) || event.kind === 'contact' || unclosed
}
