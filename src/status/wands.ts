// What an event changes of its wand: link, contact, session, and whether its pump is known to be in reach.
import type {
  BridgeEvent,
  ContactEvent,
  LinkEvent,
  LiveEvent,
  PumpIdentity,
  ReadingEvent,
  SessionEndEvent,
  SessionOpenEvent,
} from '../model/event.ts'
import { statement } from '../model/statement.ts'
import type { Reason } from '../model/value.ts'
import { type Contact, NO_CONTACT, NO_SESSION, type WandState } from './state.ts'

/** `durable` false: only what takes certainty away is taken. */
export function changeWand(wand: WandState, event: BridgeEvent, durable: boolean): WandState {
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
      return { ...wand, ...confirmed(event), outdated: outdatedAfter(wand, event) }
    case 'unclosed':
      if (event.order < wand.unclosedAt) return wand
      return { ...wand, unclosed: event.unclosed, unclosedAt: event.order }
    case 'outdated':
      return { ...lose(wand, event), outdated: event.why }
    case 'alarm':
      return wand
  }
}

/** Another reading takes the place of one that the pump has left behind; one that is contradicted waits for LIVE. */
function outdatedAfter({ outdated }: WandState, event: ReadingEvent | LiveEvent) {
  if (event.kind === 'reading') return event.contradicted ? 'contradicted' : null
  return outdated === 'contradicted' ? null : outdated
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
    outdated: live ? null : wand.outdated,
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

/** Why nothing of a session is live any more. */
export function endReason(event: SessionEndEvent): Reason {
  return event.how === 'lost' ? 'wand-lost' : 'session-closed'
}
