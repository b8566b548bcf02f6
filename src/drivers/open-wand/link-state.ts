// What the link machine knows, what comes in, what goes out. Plain data only.

import type { Header } from '../../../protocol/codec/pdu.ts'
import type { MessageName, ReadRequest, ReplyOf } from '../../../protocol/messages/index.ts'
import type { PumpIdentity, SessionEnding, Stamp } from '../../model/event.ts'
import type { Policy } from '../../model/policy.ts'
import type { Source } from '../../model/reading.ts'
import type { Statement, UnclosedWhy } from '../../model/statement.ts'
import type { Assembly, ReadSnapshot } from './assembly.ts'
import type { Cause, Phase } from './table.ts'
import { TIMING } from './timing.ts'

export { LADDER_MS, SLOW_LADDER_MS, TIMING } from './timing.ts'

/** A moment that lies somewhere in between, in ms of the monotonic clock (README.md §10.2). */
export interface Span {
  readonly earliest: number
  readonly latest: number
}

export interface Session {
  readonly id: number
  readonly pump: PumpIdentity
  readonly opened: Stamp
}

export type ContactLoss = 'wand-lost' | 'implant-lost' | 'implant-silent'

export interface Contact {
  /** Monotonic time the implant was last heard, at the latest; null = not since the port opened. */
  readonly heardAt: number | null
  /** The wand counts no further: it was heard then or earlier. */
  readonly atLeast: boolean
  readonly fresh: boolean
  readonly loss: ContactLoss
  readonly ping: ReplyOf<'PING'> | null
}

/** A session of which no confirmed close is known. It stays on record until one is. */
export interface Unclosed {
  readonly why: UnclosedWhy
  /** 0 = the wand had not said its number yet. */
  readonly session: number
  /** Serial of the wand. */
  readonly wand: string | null
  /** null = opened by somebody else, or not known yet. */
  readonly pump: PumpIdentity | null
}

/** The one request that is out. */
export interface Outstanding {
  readonly request: ReadRequest
  readonly seq: number
  readonly session: number
  readonly firstAt: number
  readonly lastAt: number
  readonly sends: number
}

/** Air work the wand is doing for us; its result is collected with the same seq. */
export interface AirWork {
  readonly request: ReadRequest
  readonly seq: number
  readonly session: number
  /** When it was first asked for. */
  readonly firstAt: number
  readonly askAt: number
}

export interface LinkState {
  readonly phase: Phase
  readonly phaseSince: number
  readonly policy: Policy
  /** The kind of wand that this link reads; no other mark is let in. */
  readonly source: Source
  /** Between two LIVE exchanges of a session that is held. */
  readonly liveMs: number

  // The connection.
  readonly link: number
  readonly seq: number
  readonly out: Outstanding | null
  readonly air: AirWork | null
  readonly hello: ReplyOf<'HELLO'> | null
  /** HELLO is asked again, to learn how the last session ended. */
  readonly helloDue: boolean
  readonly helloAt: number
  /** HELLO or PING refused so often in a row. */
  readonly faults: number
  readonly pingAt: number
  readonly wandAt: number
  readonly waitUntil: number | null
  readonly rung: number
  /** The failure that was last told while on the ladder: the same again is no news. */
  readonly failure: string

  // The implant.
  readonly contact: Contact
  readonly placedSince: number | null
  /** On-placement: the wand was lifted since the last reading. */
  readonly armed: boolean
  /** A reading was asked for and is wanted until then; null = none. */
  readonly readUntil: number | null
  /** Failures in a row, of opening or of reading. */
  readonly attempts: number
  readonly unclosed: readonly Unclosed[]
  /** Sessions opened only to be closed, since the wand was last lifted. */
  readonly reopens: number

  // The session.
  readonly session: Session | null
  /** What the session is opened for: to read, or to close what may still be open. */
  readonly purpose: 'read' | 'close'
  /** The pump has identified itself since contact was last (re)gained. */
  readonly recognised: boolean
  readonly unrecognisedSince: number | null
  /** Monotonic time at which the implant has answered last, at the earliest. */
  readonly answeredAt: number
  /** What the newest reading of this session says, and LIVE must not contradict. */
  readonly agreed: Agreed | null
  /** LIVE has contradicted a reading of this session, and has not agreed with one since. */
  readonly contradicted: boolean
  /** The newest LIVE of this session: a reading at the same counter must not contradict it. */
  readonly lastLive: ReplyOf<'LIVE'> | null
  /** State counter of the pump when it was last read or recognised in this session. */
  readonly counter: number | null
  readonly assembly: Assembly | null
  /** When the reading in hand began and ended. */
  readonly readTimes: ReadTimes | null
  /** The newest snapshot told in this session. */
  readonly snapshot: number | null
  readonly liveAt: number
  /** No new air work in the session before this; nor another HELLO while greeting. */
  readonly notBefore: number
  /** No new session before this. */
  readonly restUntil: number
  readonly stopBy: number | null
}

/** What a reading and LIVE both report; null = the reading does not say. The state counter moves with each (README.md §7.9). */
export interface Agreed {
  readonly rate: number | null
  readonly alarms: number | null
}

export interface ReadTimes {
  readonly began: Span
  readonly ended: Span
}

export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'opened'; readonly link: number }
  | { readonly type: 'ended'; readonly slow: boolean; readonly why: Statement }
  | { readonly type: 'pdu'; readonly pdu: Header; readonly raw: Uint8Array; readonly wire: number }
  | { readonly type: 'tick' }
  /** The clocks went apart; or, without that, this program was not given its time. */
  | { readonly type: 'clock-jump' | 'held-up' }
  /** A whole PDU of another major version came, for this link. */
  | { readonly type: 'other-version'; readonly major: number }
  | { readonly type: 'read' }
  | { readonly type: 'stop' }

/** Why a PDU that arrived whole was not a reply to anything asked. */
export type ReplyFault =
  | 'wrong-link'
  | 'out-of-sequence'
  | 'unknown-type'
  | 'truncated'
  | 'other-source'

/** What the link tells the rest of the house. */
export type LinkNews =
  | {
      readonly kind: 'phase'
      readonly phase: Phase
      readonly cause: Cause
      readonly why: Statement | null
    }
  | { readonly kind: 'hello'; readonly hello: ReplyOf<'HELLO'> }
  | { readonly kind: 'wand'; readonly wand: ReplyOf<'WAND'> }
  | { readonly kind: 'contact'; readonly contact: Contact; readonly recognised: boolean }
  | { readonly kind: 'session-open'; readonly session: Session; readonly answeredAt: number }
  | { readonly kind: 'session-end'; readonly session: Session; readonly how: SessionEnding }
  /** Sessions without a confirmed close changed; empty = every one is known to have ended. */
  | { readonly kind: 'unclosed'; readonly unclosed: readonly Unclosed[] }
  | { readonly kind: 'recognised'; readonly session: Session; readonly answeredAt: number }
  /** The pump has changed since it was read: the last reading is not current any more. */
  | {
      readonly kind: 'outdated'
      readonly session: Session
      readonly why: 'changed' | 'contradicted'
    }
  | {
      readonly kind: 'snapshot'
      readonly session: Session
      readonly read: ReadSnapshot & ReadTimes
      readonly contradicted: boolean
    }
  | {
      readonly kind: 'live'
      readonly session: Session
      readonly live: ReplyOf<'LIVE'>
      readonly raw: Uint8Array
      readonly answeredAt: number
    }
  | { readonly kind: 'read-failed'; readonly why: Statement; readonly final: boolean }

export type Effect =
  | { readonly do: 'open-port' }
  | { readonly do: 'close-port' }
  | {
      readonly do: 'send'
      readonly request: ReadRequest
      readonly seq: number
      readonly link: number
      readonly session: number
    }
  | {
      readonly do: 'tell'
      readonly news: LinkNews
      readonly link: number
      readonly session: number | null
      readonly snapshot: number | null
    }
  | {
      readonly do: 'refuse'
      readonly reason: ReplyFault
      readonly wire: number
      readonly raw: Uint8Array
    }
  | { readonly do: 'accept'; readonly wire: number; readonly name: MessageName }
  /** For the counters: a request was repeated, or a reply did not come. */
  | { readonly do: 'count'; readonly what: 'retries' | 'no-answer' }

export const NO_CONTACT: Contact = {
  heardAt: null,
  atLeast: false,
  fresh: false,
  loss: 'wand-lost',
  ping: null,
}

export function initialState(
  policy: Policy,
  source: Source,
  liveMs: number = TIMING.liveMs,
): LinkState {
  return {
    phase: 'idle',
    phaseSince: 0,
    policy,
    source,
    liveMs,
    link: 0,
    seq: 0,
    out: null,
    air: null,
    hello: null,
    helloDue: false,
    helloAt: -Infinity,
    faults: 0,
    pingAt: -Infinity,
    wandAt: -Infinity,
    waitUntil: null,
    rung: 0,
    failure: '',
    contact: NO_CONTACT,
    placedSince: null,
    armed: true,
    readUntil: null,
    attempts: 0,
    unclosed: [],
    reopens: 0,
    session: null,
    purpose: 'read',
    recognised: false,
    unrecognisedSince: null,
    answeredAt: -Infinity,
    agreed: null,
    contradicted: false,
    lastLive: null,
    counter: null,
    assembly: null,
    readTimes: null,
    snapshot: null,
    liveAt: -Infinity,
    notBefore: -Infinity,
    restUntil: -Infinity,
    stopBy: null,
  }
}
