// What is known now: a fold over the events of a bridge. Pure.
//
// The rule of the room: certainty is lost at once and gained only from durable events. A loss comes
// twice, first with `durable: false`, when nothing has been written yet, and again once it is in the
// log. Contact is taken only the first time: by itself it makes nothing live. Whatever was seen before
// the newest loss of its wand cannot make anything live any more, however late it is released: it is
// history. But what it says of the link and of the session holds until something newer does.
import {
  type BridgeEvent,
  type ContactEvent,
  type LinkEvent,
  type LiveEvent,
  type PumpIdentity,
  type ReadingEvent,
  type SessionEndEvent,
  type SessionOpenEvent,
  saidFrom,
  type UnclosedSession,
} from '../model/event.ts'
import type { Source } from '../model/reading.ts'
import { type LinkCause, type Statement, statement } from '../model/statement.ts'
import type { Coded, SessionStatus } from '../model/status.ts'
import type { Reason, Value } from '../model/value.ts'

type Session = Coded<SessionStatus>

export interface Contact {
  readonly fresh: boolean
  readonly loss: 'wand-lost' | 'implant-lost'
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
  /** The pump has said that it changed since it was read. */
  readonly outdated: boolean
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
  /** Set for good when the session of the reading has ended. */
  readonly ended: Reason | null
}

export interface BridgeState {
  readonly wands: Readonly<Record<string, WandState>>
  /** By opaque pump id, in order of first reading. */
  readonly pumps: Readonly<Record<string, PumpState>>
}

export const NO_SESSION: Session = {
  id: null,
  state: 'none',
  closeConfirmed: null,
  openedAt: null,
  endedAt: null,
  ...statement('session.none'),
}

/** Of a reading that was written only after its session had been replaced by another. */
const LEFT_BEHIND: Session = { ...NO_SESSION, ...statement('session.left-behind') }

const NO_CONTACT: Contact = {
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

export const NOTHING_KNOWN: BridgeState = { wands: {}, pumps: {} }

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
    outdated: false,
    ended: null,
    lostAt: -1,
    linkAt: -1,
  }
}

/** One event on top of what is known. `durable` false: only what takes certainty away is taken. */
export function reduce(state: BridgeState, event: BridgeEvent, durable: boolean): BridgeState {
  const wand = state.wands[event.port] ?? wandAt(event.port, event.source, event.link)
  const changed = change(wand, event, durable)
  const wands = { ...state.wands, [event.port]: changed }
  return { ...state, wands, pumps: changePumps(state.pumps, event, changed, durable) }
}

function change(wand: WandState, event: BridgeEvent, durable: boolean): WandState {
  switch (event.kind) {
    case 'link':
      return onLink(wand, event)
    case 'contact':
      return durable ? wand : onContact(wand, event)
    case 'wand':
      return {
        ...wand,
        source: event.source,
        serial: event.wand,
        model: event.model,
        firmware: event.firmware,
        invalid: event.invalid,
        lastSessionEnd: event.lastEnd,
      }
    case 'health':
      return { ...wand, battery: event.battery }
    case 'refused': {
      const { frames, bytes } = wand.refused
      return { ...wand, refused: { frames: frames + event.frames, bytes: bytes + event.bytes } }
    }
    case 'read-failed':
      return { ...wand, readFailure: event.why }
    case 'session-end':
      return onSessionEnd(wand, event, durable)
    case 'session-open':
      return onSessionOpen(wand, event)
    case 'recognised': {
      if (!gains(wand, event) || wand.session.id !== event.session) return wand
      const session = { ...wand.session, ...statement('session.recognised') }
      return { ...wand, ...confirmed(event), session }
    }
    case 'live':
    case 'reading':
      if (!gains(wand, event) || wand.session.id !== event.session) return wand
      // Only another reading takes the place of one that the pump has left behind.
      return { ...wand, ...confirmed(event), outdated: wand.outdated && event.kind === 'live' }
    case 'unclosed':
      if (event.order < wand.unclosedAt) return wand
      return { ...wand, unclosed: event.unclosed, unclosedAt: event.order }
    case 'outdated':
      return { ...lose(wand, event), outdated: true }
    case 'alarm':
    case 'pump-events':
      return wand
  }
}

const confirmed = ({
  pump,
  answeredAt,
  liveForMs,
}: Pick<LiveEvent, 'pump' | 'answeredAt' | 'liveForMs'>) => ({
  pump,
  liveUntil: answeredAt + liveForMs,
  recognised: true,
})
/** Said at every opening after the first: nobody should take one pump for the other. */
const whichPump = (before: PumpIdentity | null, { id, serial }: PumpIdentity) => ({
  same: before && before.id === id,
  pump: serial,
})

/** Whether an event may still make something live: nothing has been lost since it was seen. */
function gains(wand: WandState, event: BridgeEvent): boolean {
  return event.order > wand.lostAt && event.link === wand.link
}

function lose(wand: WandState, event: BridgeEvent): WandState {
  return event.order <= wand.lostAt ? wand : { ...wand, recognised: false, lostAt: event.order }
}

function onLink(before: WandState, event: LinkEvent): WandState {
  const closing = event.phase === 'ending' && before.session.state === 'open'
  const wand: WandState = closing
    ? { ...before, session: { ...before.session, state: 'closing' } }
    : before
  // A loss comes twice, and overtakes what is being written: neither undoes what has happened since.
  if (event.order <= wand.linkAt) return wand
  const next: WandState = {
    ...wand,
    link: event.link,
    linkAt: event.order,
    phase: event.phase,
    cause: event.cause,
    connected: event.connected,
    why: event.why,
    since: event.receivedAt,
  }
  if (event.connected) return next
  return { ...lose(next, event), contact: { ...NO_CONTACT, loss: 'wand-lost' } }
}

/** Also of a pump that has been lost since: its session is open all the same, and must be seen. */
function onSessionOpen(wand: WandState, event: SessionOpenEvent): WandState {
  const live = gains(wand, event)
  return {
    ...wand,
    pump: event.pump,
    recognised: live,
    liveUntil: event.answeredAt + event.liveForMs,
    outdated: wand.outdated && !live,
    readFailure: null,
    session: {
      ...NO_SESSION,
      id: event.session,
      state: 'open',
      openedAt: event.receivedAt,
      ...statement(
        live ? 'session.open' : 'session.out-of-reach',
        whichPump(wand.pump, event.pump),
      ),
    },
  }
}

function onContact(wand: WandState, event: ContactEvent): WandState {
  // Of a link that is not known yet: what it takes away counts.
  if (event.link !== wand.link) return event.fresh ? wand : lose(wand, event)
  const contact: Contact = {
    fresh: event.fresh,
    loss: event.loss,
    heardAt: event.heardAt,
    atLeast: event.atLeast,
    saidAt: event.mono,
    skew: Date.parse(event.receivedAt) - event.mono,
    coupling: event.coupling,
    position: event.position,
    operation: event.operation,
    progress: event.progress,
  }
  if (event.fresh) return { ...wand, contact }
  const open = wand.session.state === 'open'
  const pump = { same: null, pump: wand.pump?.serial ?? '' }
  const session = open
    ? { ...wand.session, ...statement('session.out-of-reach', pump) }
    : wand.session
  return lose({ ...wand, contact, session }, event)
}

const END_STATE = {
  confirmed: 'closed',
  unconfirmed: 'not-confirmed',
  lost: 'lost',
  'ended-by-wand': 'lost',
} as const

function onSessionEnd(wand: WandState, event: SessionEndEvent, durable: boolean): WandState {
  const ended = { session: event.session, reason: endReason(event) }
  const next = { ...lose(wand, event), ended }
  if (wand.session.id !== event.session || !durable) return next
  return {
    ...next,
    session: {
      ...wand.session,
      state: END_STATE[event.how],
      closeConfirmed: event.how === 'confirmed',
      endedAt: event.receivedAt,
      ...statement(`session.${event.how}`),
    },
  }
}

function readOf(event: ReadingEvent | LiveEvent) {
  const { mono, utc } = saidFrom(event)
  return { readMono: mono, readAt: utc }
}

function changePumps(
  pumps: BridgeState['pumps'],
  event: BridgeEvent,
  wand: WandState,
  durable: boolean,
): BridgeState['pumps'] {
  if (event.kind === 'reading' && durable) {
    const old = pumps[event.pump.id]
    if (old && old.reading.order > event.order) return pumps
    const pump: PumpState = {
      identity: event.pump,
      reading: event,
      live: null,
      ...readOf(event),
      session: wand.session.id === event.session ? wand.session : LEFT_BEHIND,
      ended: endedAlready(wand, event),
    }
    return { ...pumps, [event.pump.id]: pump }
  }
  if (event.kind === 'live' && durable) {
    const pump = pumps[event.pump.id]
    if (!pump || !sameSession(pump.reading, event)) return pumps
    const live = { reportedVolume: event.reportedVolume, rate: event.rate }
    const moved = { ...pump, live, ...readOf(event) }
    return { ...pumps, [event.pump.id]: moved }
  }
  const reason = endOf(event)
  if (reason === null) return pumps
  return Object.fromEntries(
    Object.entries(pumps).map(([id, pump]) => {
      const ends = pump.ended === null && pump.reading.port === event.port
      if (event.kind === 'session-end' && event.session !== pump.reading.session) return [id, pump]
      if (pump.reading.port !== event.port) return [id, pump]
      const session = sessionAfter(pump.session, wand.session, event)
      return [id, { ...pump, session, ended: ends ? reason : pump.ended }]
    }),
  )
}

/** The session of a reading, after what ended it: with the connection it was lost, and it says when. */
function sessionAfter(own: Session, now: Session, event: BridgeEvent): Session {
  const known = own.id === now.id && (now.endedAt !== null || own.endedAt === null) ? now : own
  if (event.kind !== 'link' || known.endedAt !== null) return known
  return { ...known, state: 'lost', endedAt: event.receivedAt, ...statement('session.lost') }
}

function sameSession(reading: ReadingEvent, event: BridgeEvent): boolean {
  return (
    reading.port === event.port && reading.link === event.link && reading.session === event.session
  )
}

/** A reading released after its session or connection has ended is history from the start. */
function endedAlready(wand: WandState, event: ReadingEvent): Reason | null {
  if (wand.link !== event.link || !wand.connected) return 'wand-lost'
  if (wand.session.id !== event.session) return 'session-closed'
  return wand.ended?.session === event.session ? wand.ended.reason : null
}

function endReason(event: SessionEndEvent): Reason {
  return event.how === 'lost' ? 'wand-lost' : 'session-closed'
}

function endOf(event: BridgeEvent): Reason | null {
  if (event.kind === 'link' && !event.connected) return 'wand-lost'
  return event.kind === 'session-end' ? endReason(event) : null
}
