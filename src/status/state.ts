// What is known now, as a value: of each wand and of each pump that was read. Pure; how events change it is
// fold.ts.
import type { PumpIdentity, ReadingEvent, UnclosedSession } from '../model/event.ts'
import type { Source } from '../model/reading.ts'
import { type LinkCause, type Statement, statement } from '../model/statement.ts'
import type { Coded, SessionStatus } from '../model/status.ts'
import type { Reason, Value } from '../model/value.ts'

export type Session = Coded<SessionStatus>

export interface Contact {
  readonly fresh: boolean
  readonly loss: 'wand-lost' | 'implant-lost' | 'implant-silent'
  readonly heardAt: number | null
  /** It was heard then or earlier. */
  readonly atLeast: boolean
  /** Monotonic time at which the wand said so. */
  readonly saidAt: number
  /** Wall clock (ms) less monotonic clock when the contact was reported: shows a jump. */
  readonly skew: number
  readonly coupling: number | null
  readonly position: string | null
  readonly operation: string | null
  readonly progress: number | null
}

export interface WandState {
  readonly port: string
  readonly serial: string | null
  readonly model: string | null
  /** Names outside their form, as they came. */
  readonly invalid?: Readonly<Record<string, string>> | undefined
  readonly firmware: string | null
  readonly source: Source
  readonly battery: number | null
  readonly lastSessionEnd: string | null
  readonly readFailure: Statement | null
  readonly link: number
  readonly phase: string
  readonly cause: LinkCause
  readonly connected: boolean
  readonly why: Statement | null
  readonly since: string | null
  readonly refused: { readonly frames: number; readonly bytes: number }
  readonly contact: Contact
  readonly session: Session
  /** As of the event with this order. */
  readonly unclosed: readonly UnclosedSession[]
  readonly unclosedAt: number
  readonly pump: PumpIdentity | null
  /** The pump of the open session is known to be the one in reach, and unchanged. */
  readonly recognised: boolean
  /** Until then (monotonic) what was read may count as live: the implant itself has answered lately. */
  readonly liveUntil: number
  /** The pump has said that it changed since it was read, or says something else. */
  readonly outdated: 'changed' | 'contradicted' | null
  /** The session that is known to have ended, before its record is durable, too. */
  readonly ended: { readonly session: number | null; readonly reason: Reason } | null
  /** `order` of the newest loss; what is older gains nothing. */
  readonly lostAt: number
  /** `order` of the newest news of the link. */
  readonly linkAt: number
}

export interface PumpState {
  readonly identity: PumpIdentity
  readonly reading: ReadingEvent
  /** From LIVE exchanges of the same session, younger than the reading. */
  readonly live: { readonly reportedVolume: Value<number>; readonly rate: Value<number> } | null
  readonly readMono: number
  readonly readAt: string
  /** The session it was read in, as last known. */
  readonly session: Session
  /** The pump has contradicted the reading, which is said of it for good, as its records say it. */
  readonly contradicted: boolean
  /** Set for good when the session of the reading has ended. */
  readonly ended: Reason | null
}

/**
 * Each wand and each pump is a value; what holds them is changed in place, so that an event costs the same however
 * many there are.
 */
export interface BridgeState {
  readonly wands: Map<string, WandState>
  /** By opaque pump id, in order of first reading. */
  readonly pumps: Map<string, PumpState>
}

export const NO_SESSION: Session = {
  id: null,
  state: 'none',
  closeConfirmed: null,
  openedAt: null,
  endedAt: null,
  ...statement('session.none'),
}

export const NO_CONTACT: Contact = {
  fresh: false,
  loss: 'wand-lost',
  heardAt: null,
  atLeast: false,
  saidAt: -Infinity,
  skew: 0,
  coupling: null,
  position: null,
  operation: null,
  progress: null,
}

export const nothingKnown = (): BridgeState => ({ wands: new Map(), pumps: new Map() })

/** A wand of which nothing is known but where it is. */
export function wandAt(port: string, source: Source, link: number): WandState {
  return {
    port,
    serial: null,
    model: null,
    firmware: null,
    source,
    battery: null,
    lastSessionEnd: null,
    readFailure: null,
    link,
    phase: 'idle',
    cause: 'not-started',
    connected: false,
    why: null,
    since: null,
    refused: { frames: 0, bytes: 0 },
    contact: NO_CONTACT,
    session: NO_SESSION,
    unclosed: [],
    unclosedAt: -1,
    pump: null,
    recognised: false,
    liveUntil: -Infinity,
    outdated: null,
    ended: null,
    lostAt: -1,
    linkAt: -1,
  }
}
