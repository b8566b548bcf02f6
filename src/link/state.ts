// What the link machine knows, what comes in, what goes out. Plain data only.
import type { MessageName, ReadRequest, ReplyOf } from '../../protocol/messages/index.ts'
import type { Pdu } from '../../protocol/pdu.ts'
import { Timing } from '../../protocol/timing.ts'
import type { Assembly, ReadSnapshot } from './assembly.ts'
import type { Cause, Phase } from './table.ts'

/** A moment on both clocks, in milliseconds. */
export interface Stamp {
  readonly wall: number
  readonly mono: number
}

/** on-placement: one reading each time the wand is put in place · manual: on request · continuous. */
export const POLICIES = ['on-placement', 'manual', 'continuous'] as const
export type Policy = (typeof POLICIES)[number]

export const TIMING = {
  /** A reply is waited for so long; then the request is repeated. */
  replyMs: Timing.HOST_TIMEOUT_MS,
  /** Sends of one request, the first included. */
  tries: 1 + Timing.HOST_RETRIES,
  /** A wand that owes a reply for longer is silent; the specification allows it 200 ms. */
  silentMs: Timing.REPLY_MS + 50,
  pingMs: 200,
  /** Pause between two asks for the result of air work. */
  collectMs: 100,
  wandMs: 30_000,
  liveMs: 1_000,
  /** Contact older than this is not contact: nothing is current. */
  contactMs: 900,
  placedMs: 2_000,
  /** A continuous session lasts no longer. */
  heldMs: 120_000,
  /** Pause between two continuous sessions, and before a failed reading is tried again. */
  pauseMs: 1_000,
  /** Without its identity confirmed for this long a session is closed. */
  unrecognisedMs: 5_000,
  /** A close that the implant does not confirm is asked again for this long. */
  closeMs: 2_000,
  /** Stopping takes no longer than this. */
  stopMs: 2_700,
  readAttempts: 3,
} as const

/** Pauses before the port is tried again; the last one repeats for ever. */
export const LADDER_MS = [100, 250, 500, 1_000] as const
/** The same where trying often helps nobody: held by another program, no permission, other version. */
export const SLOW_LADDER_MS = [1_000, 2_000, 5_000] as const

/** A moment that lies somewhere in between, in ms of the monotonic clock. */
export interface Span {
  readonly earliest: number
  readonly latest: number
}

export interface PumpIdentity {
  readonly serial: string
  readonly model: string | null
  readonly firmware: string | null
}

export interface Session {
  readonly id: number
  readonly pump: PumpIdentity
  readonly opened: Stamp
}

export type ContactLoss = 'wand-lost' | 'implant-lost'

export interface Contact {
  /** Monotonic time the implant was last heard, at the latest; null = not since the port opened. */
  readonly heardAt: number | null
  readonly fresh: boolean
  readonly loss: ContactLoss
  readonly ping: ReplyOf<'PING'> | null
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
  readonly askAt: number
}

export interface LinkState {
  readonly phase: Phase
  readonly policy: Policy
  readonly link: number
  readonly seq: number
  readonly out: Outstanding | null
  readonly air: AirWork | null
  readonly hello: ReplyOf<'HELLO'> | null
  readonly session: Session | null
  readonly contact: Contact
  /** The pump has identified itself since contact was last (re)gained. */
  readonly recognised: boolean
  readonly unrecognisedSince: number | null
  /** State counter of the pump when it was last read in this session. */
  readonly counter: number | null
  /** When the reading in hand ended, as narrow as it is known, on the monotonic clock. */
  readonly readEnded: Span | null
  readonly placedSince: number | null
  /** On-placement: the wand was lifted since the last reading. */
  readonly armed: boolean
  readonly readWanted: boolean
  readonly stopBy: number | null
  readonly attempts: number
  readonly assembly: Assembly | null
  readonly closeSince: number | null
  readonly pingAt: number
  readonly wandAt: number
  readonly liveAt: number
  /** No new air request before this. */
  readonly notBefore: number
  readonly waitUntil: number | null
  readonly rung: number
  /** What was said last of why there is no connection. */
  readonly failure: string
}

export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'opened'; readonly link: number }
  | { readonly type: 'ended'; readonly slow: boolean; readonly message: string }
  | { readonly type: 'pdu'; readonly pdu: Pdu; readonly raw: Uint8Array; readonly wire: number }
  | { readonly type: 'tick' }
  | { readonly type: 'clock-jump' }
  /** A whole PDU of another major version came. */
  | { readonly type: 'other-version' }
  | { readonly type: 'read' }
  | { readonly type: 'stop' }

export type SessionEnd = 'confirmed' | 'unconfirmed' | 'lost' | 'ended-by-wand'

/** Why a PDU that arrived whole was not a reply to anything asked. */
export type ReplyFault = 'wrong-link' | 'out-of-sequence' | 'unknown-type' | 'truncated'

/** What the link tells the rest of the house. */
export type LinkNews =
  | { readonly kind: 'phase'; readonly phase: Phase; readonly cause: Cause; readonly detail: string }
  | { readonly kind: 'hello'; readonly hello: ReplyOf<'HELLO'>; readonly flags: number }
  | { readonly kind: 'wand'; readonly wand: ReplyOf<'WAND'> }
  | { readonly kind: 'contact'; readonly contact: Contact; readonly recognised: boolean }
  | { readonly kind: 'session-open'; readonly session: Session }
  | { readonly kind: 'session-end'; readonly session: Session; readonly how: SessionEnd }
  | { readonly kind: 'recognised'; readonly session: Session }
  /** The pump has changed since it was read: the last reading is out of date. */
  | { readonly kind: 'outdated'; readonly session: Session }
  | {
      readonly kind: 'snapshot'
      readonly session: Session
      readonly read: ReadSnapshot
      readonly ended: Span
    }
  | {
      readonly kind: 'live'
      readonly session: Session
      readonly live: ReplyOf<'LIVE'>
      readonly raw: Uint8Array
      readonly flags: number
    }
  | { readonly kind: 'read-failed'; readonly why: string; readonly final: boolean }

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
  | { readonly do: 'tell'; readonly news: LinkNews }
  | { readonly do: 'refuse'; readonly reason: ReplyFault; readonly wire: number; readonly raw: Uint8Array }
  | { readonly do: 'accept'; readonly wire: number; readonly name: MessageName }

export function initialState(policy: Policy): LinkState {
  return {
    phase: 'idle',
    policy,
    link: 0,
    seq: 0,
    out: null,
    air: null,
    hello: null,
    session: null,
    contact: NO_CONTACT,
    recognised: false,
    unrecognisedSince: null,
    counter: null,
    readEnded: null,
    placedSince: null,
    armed: true,
    readWanted: false,
    stopBy: null,
    attempts: 0,
    assembly: null,
    closeSince: null,
    pingAt: -Infinity,
    wandAt: -Infinity,
    liveAt: -Infinity,
    notBefore: -Infinity,
    waitUntil: null,
    rung: 0,
    failure: '',
  }
}

export const NO_CONTACT: Contact = { heardAt: null, fresh: false, loss: 'wand-lost', ping: null }
