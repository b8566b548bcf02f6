// What an event changes of the pumps that were read: their newest reading, what LIVE said after it, and
// what ended the session that it was read in.
import type { BridgeEvent, LiveEvent, ReadingEvent } from '../model/event.ts'
import { saidFrom } from '../model/read-at.ts'
import { statement } from '../model/statement.ts'
import type { Reason } from '../model/value.ts'
import { type BridgeState, NO_SESSION, type Session, type WandState } from './state.ts'
import { endReason } from './wands.ts'

/** Of a reading that was written only after its session had been replaced by another. */
const LEFT_BEHIND: Session = { ...NO_SESSION, ...statement('session.left-behind') }

function readOf(event: ReadingEvent | LiveEvent) {
  const { mono, utc } = saidFrom(event)
  return { readMono: mono, readAt: utc }
}

export function changePumps(
  pumps: BridgeState['pumps'],
  event: BridgeEvent,
  wand: WandState,
  durable: boolean,
): void {
  if (event.kind === 'reading' && durable) {
    const old = pumps.get(event.pump.id)
    if (old && old.reading.order > event.order) return
    pumps.set(event.pump.id, {
      identity: event.pump,
      reading: event,
      live: null,
      ...readOf(event),
      session: wand.session.id === event.session ? wand.session : LEFT_BEHIND,
      contradicted: event.contradicted,
      ended: endedAlready(wand, event),
    })
  } else if (event.kind === 'live' && durable) {
    const pump = pumps.get(event.pump.id)
    if (!pump || !sameSession(pump.reading, event)) return
    const live = { reportedVolume: event.reportedVolume, rate: event.rate }
    pumps.set(event.pump.id, { ...pump, live, ...readOf(event) })
  } else if (event.kind === 'outdated') {
    const pump = pumps.get(event.pump.id)
    if (event.why !== 'contradicted' || !pump || !sameSession(pump.reading, event)) return
    pumps.set(event.pump.id, { ...pump, contradicted: true })
  } else {
    const reason = endOf(event)
    if (reason !== null) endPumps(pumps, event, wand, reason)
  }
}

function endPumps(
  pumps: BridgeState['pumps'],
  event: BridgeEvent,
  wand: WandState,
  reason: Reason,
): void {
  for (const [id, pump] of pumps) {
    const { port, session: of } = pump.reading
    if (port !== event.port || (event.kind === 'session-end' && event.session !== of)) continue
    const session = sessionAfter(pump.session, wand.session, event)
    pumps.set(id, { ...pump, session, ended: pump.ended ?? reason })
  }
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

function endOf(event: BridgeEvent): Reason | null {
  if (event.kind === 'link' && !event.connected) return 'wand-lost'
  return event.kind === 'session-end' ? endReason(event) : null
}
