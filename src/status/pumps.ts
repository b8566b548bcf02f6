// What an event changes of the pumps that were read: their newest reading, what LIVE said after it, and
// what ended the session that it was read in.
import type { BridgeEvent, LiveEvent, ReadingEvent } from '../model/event.ts'
import { saidFrom } from '../model/read-at.ts'
import { statement } from '../model/statement.ts'
import type { Reason } from '../model/value.ts'
import {
  type BridgeState,
  NO_SESSION,
  type PumpState,
  type Session,
  type WandState,
} from './state.ts'
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

function endOf(event: BridgeEvent): Reason | null {
  if (event.kind === 'link' && !event.connected) return 'wand-lost'
  return event.kind === 'session-end' ? endReason(event) : null
}
