// What each good reply does to the link, message by message. A reply gets here only if it answers the
// request that is out in link, seq and type. What a refusal does is refusals.ts.

import { Code, type Header } from '../../../protocol/codec/pdu.ts'
import { parsePayload } from '../../../protocol/codec/struct.ts'
import { Alarms } from '../../../protocol/fields/alarms.ts'
import { Close } from '../../../protocol/messages/close.ts'
import { SESSION_ENDS } from '../../../protocol/messages/hello.ts'
import { MESSAGES, type MessageName, type ReplyOf } from '../../../protocol/messages/index.ts'
import { Live } from '../../../protocol/messages/live.ts'
import { Open } from '../../../protocol/messages/open.ts'
import { Ping, POSITIONS, SESSION_STATES } from '../../../protocol/messages/ping.ts'
import { pumpId } from '../../base/pump-id.ts'
import { isUnread } from '../../model/reading.ts'
import { type Statement, statement } from '../../model/statement.ts'
import {
  type Assembly,
  addDirectory,
  addPiece,
  emptyAssembly,
  finish,
  nextPiece,
} from './assembly.ts'
import {
  addUnclosed,
  type Draft,
  drop,
  endSession,
  failRead,
  go,
  halt,
  keepUnclosed,
  loseContact,
  set,
  tell,
  toEnding,
} from './draft.ts'
import { nameOf, serialOf } from './identity.ts'
import { type Agreed, type Contact, type Outstanding, type Session, TIMING } from './link-state.ts'
import { onRefusal, readAgain, sessionGone } from './refusals.ts'
import { isInSession } from './table.ts'

/** False: the payload is not what its message says; the request stays out and is repeated. */
export function onReply(d: Draft, pdu: Header, raw: Uint8Array, out: Outstanding): boolean {
  const { name } = out.request
  const reply = pdu.code === Code.OK ? parsePayload(MESSAGES[name].reply, raw) : undefined
  if (reply === null) return false
  const { air } = d.s
  const collected = air !== null && air.seq === out.seq
  const began = collected ? air.firstAt : out.firstAt
  set(d, { out: null, air: collected ? null : air })
  // A good answer out of another session is no answer of this pump, whatever it says.
  const elsewhere = MESSAGES[name].session && name !== 'CLOSE' && pdu.session !== out.session
  // Who is closing has given up what else it had asked of the session, but what is shown until the close is
  // confirmed may still be contradicted.
  if (d.s.phase === 'ending' && MESSAGES[name].session && name !== 'CLOSE') {
    if (reply && name === 'LIVE' && !elsewhere) onLastLive(d, reply as never)
  } else if (reply && elsewhere) sessionGone(d)
  else if (reply) OK[name](d, reply as never, { pdu, raw, out, began })
  else if (pdu.code === Code.PENDING && MESSAGES[name].air) {
    const { request, seq, session } = out
    const askAt = d.now.mono + TIMING.collectMs
    set(d, { air: { request, seq, session, firstAt: began, askAt } })
  } else onRefusal(d, name, pdu.code)
  return true
}

/** Of a session whose pump has not said its serial. */
const UNKNOWN_PUMP = 'UNKNOWN'
/** All-ones is "unavailable" elsewhere; no session has that number. */
const NO_SESSION_EVER = 0xffffffff

interface Came {
  readonly pdu: Header
  readonly raw: Uint8Array
  readonly out: Outstanding
  /** When it was first asked for. */
  readonly began: number
}
type Handlers = { [N in MessageName]: (d: Draft, reply: ReplyOf<N>, came: Came) => void }

const OK: Handlers = {
  HELLO(d, hello) {
    set(d, { hello, faults: 0 })
    tell(d, { kind: 'hello', hello })
    if (d.s.phase === 'greeting') go(d, 'wand-answered')
    howLastEnded(d, hello)
  },
  PING: onPing,
  WAND(d, wand) {
    tell(d, { kind: 'wand', wand })
  },
  OPEN: onOpen,
  INTERROGATE(d, reply) {
    if (reply.snapshot === null) readAgain(d, statement('read.no-snapshot'))
    else set(d, { assembly: emptyAssembly(reply.snapshot) })
  },
  SNAPSHOT(d, reply, { raw, out }) {
    const { beganMs, endedMs } = reply
    if (!d.s.assembly) return
    if (beganMs === null || endedMs === null || beganMs < endedMs) {
      readAgain(d, statement('read.no-times'))
      return
    }
    // The wand may have made the reply at any moment since the request was first sent (§10.2).
    const ago = (ms: number) => ({ earliest: out.firstAt - ms, latest: d.now.mono - ms })
    set(d, { readTimes: { began: ago(beganMs), ended: ago(endedMs) } })
    grow(d, addDirectory(d.s.assembly, reply, raw))
  },
  BLOCK(d, reply, { raw }) {
    if (d.s.assembly) grow(d, addPiece(d.s.assembly, reply, raw))
  },
  LIVE: onLive,
  CLOSE(d, reply) {
    const confirmed = Close.reply.fields.result.names[reply.result ?? -1] === 'confirmed'
    if (confirmed) endSession(d, 'confirmed', null)
    else endSession(d, 'unconfirmed', 'stuck')
    go(d, confirmed ? 'closed' : 'not-confirmed')
    set(d, { restUntil: Math.max(d.s.restUntil, d.now.mono + TIMING.pauseMs) })
    if (d.s.stopBy !== null) halt(d)
  },
}

/** What the wand says of its newest session, against what we know. */
function howLastEnded(d: Draft, hello: ReplyOf<'HELLO'>): void {
  const { lastEnd, lastSession, wandSerial } = hello
  const ended = SESSION_ENDS[lastEnd as keyof typeof SESSION_ENDS] as string | undefined
  if (ended === 'closed' || ended === 'lease-expired') {
    // Either way the implant has confirmed it.
    keepUnclosed(d, (u) => u.wand !== wandSerial || u.session > (lastSession ?? 0))
  } else if (ended === 'none') {
    keepUnclosed(d, (u) => u.wand !== wandSerial || u.session !== 0)
  } else if (ended === 'wand-restarted' || ended === 'still-open') {
    addUnclosed(d, ended, lastSession ?? 0, null)
  } else if (ended === 'stuck' || ended === 'closed-unconfirmed') {
    addUnclosed(d, 'stuck', lastSession ?? 0, null)
  }
}

/** When the implant was last heard, at the latest. */
function heardBy(d: Draft, ageMs: number | null, firstAt: number): number | null {
  if (ageMs === null) return null
  const at = firstAt - ageMs
  // An age that has outgrown its field says "at least"; what was known before it did, is.
  if (ageMs < Ping.reply.fields.contactAgeMs.max) return at
  return Math.min(at, d.s.contact.heardAt ?? at)
}

function onPing(d: Draft, ping: ReplyOf<'PING'>, { pdu, out }: Came): void {
  set(d, { faults: 0, rung: 0 })
  if (d.s.session && isInSession(d.s.phase) && pdu.session !== d.s.session.id) sessionGone(d)
  if (d.s.phase === 'watching' && pdu.session !== 0) {
    // Ours, but OPEN was answered with a refusal. Under a new link nobody renews its lease.
    addUnclosed(d, 'left-to-lease', pdu.session, null)
    drop(d, 'open-hung')
    return
  }
  const state = SESSION_STATES[ping.sessionState as keyof typeof SESSION_STATES] as string
  const waits = d.s.unclosed.some((u) => u.why === 'still-open')
  if (waits && (state === 'none' || state === 'stuck')) set(d, { helloDue: true })
  // From the first sending: a repeated PING is answered from memory with an age that was true then.
  const atLeast = ping.contactAgeMs === Ping.reply.fields.contactAgeMs.max
  const heardAt = heardBy(d, ping.contactAgeMs, out.firstAt)
  const fresh = heardAt !== null && d.now.mono < heardAt + TIMING.contactMs
  if (!fresh) {
    const before = d.s.contact
    set(d, { contact: { ...before, heardAt, atLeast, ping } })
    // Only the wand's own word counts as lifting it: a silent cable is not that.
    set(d, { armed: true, attempts: 0, reopens: 0 })
    loseContact(d, 'implant-lost')
    // The position may have changed for the person who holds the wand, though nothing was lost.
    if (!before.fresh) tell(d, { kind: 'contact', contact: d.s.contact, recognised: false })
    return
  }
  const contact: Contact = { heardAt, atLeast, fresh: true, loss: 'implant-lost', ping }
  const good = POSITIONS[ping.position as keyof typeof POSITIONS] === 'good'
  set(d, { contact, placedSince: good ? (d.s.placedSince ?? d.now.mono) : null })
  tell(d, { kind: 'contact', contact, recognised: d.s.recognised })
}

function onOpen(d: Draft, reply: ReplyOf<'OPEN'>, { pdu, began }: Came): void {
  const { pumpSerial, pumpModel, firmware } = reply
  if (pdu.session === 0 || pdu.session === NO_SESSION_EVER) {
    addUnclosed(d, 'left-to-lease', 0, null)
    drop(d, 'defect', statement('why.no-session-number'))
    return
  }
  const { fields } = Open.reply
  const serial = serialOf(fields.pumpSerial, pumpSerial) ?? UNKNOWN_PUMP
  const model = nameOf(fields.pumpModel, pumpModel)
  const pump = {
    ...{ id: pumpId(d.s.source, serial, model), serial, model },
    firmware: nameOf(fields.firmware, firmware),
  }
  const session: Session = { id: pdu.session, pump, opened: d.now }
  set(d, { session, recognised: true, unrecognisedSince: null, counter: reply.stateCounter })
  set(d, { answeredAt: began })
  tell(d, { kind: 'session-open', session, answeredAt: began })
  // The pump in place is not the one whose session may still be open: opening again does not help.
  const others = d.s.unclosed.filter((u) => u.pump !== null && u.pump.serial !== pump.serial)
  if (others.length > 0 && others.length === d.s.unclosed.length) {
    set(d, { reopens: TIMING.reopens })
  }
  if (d.s.purpose === 'close' || d.s.stopBy !== null) toEnding(d, 'open-to-close')
  else {
    go(d, 'session-open')
    if (pumpSerial === null) {
      failRead(d, statement('read.pump-unnamed'), 'read-failed', TIMING.readAttempts)
    }
  }
}

function onLive(d: Draft, live: ReplyOf<'LIVE'>, { raw, began }: Came): void {
  const { session, recognised, unrecognisedSince, contact } = d.s
  if (!session) return
  if (serialOf(Live.reply.fields.pumpSerial, live.pumpSerial) !== session.pump.serial) {
    failRead(d, statement('read.another-pump'), 'pump-not-recognised')
    return
  }
  // Asked before the contact was lost it says nothing of now.
  if (!contact.fresh || began < (unrecognisedSince ?? -Infinity)) return
  set(d, { recognised: true, unrecognisedSince: null, answeredAt: began, lastLive: live })
  const why = disagreement(d, live)
  if (why) {
    if (why === 'contradicted') set(d, { contradicted: true })
    set(d, { assembly: null, readTimes: null, counter: live.stateCounter, agreed: null })
    tell(d, { kind: 'outdated', session, why })
    if (d.s.phase === 'holding') go(d, 'read-again')
    return
  }
  if (d.s.agreed) set(d, { contradicted: false })
  if (!recognised) tell(d, { kind: 'recognised', session, answeredAt: began })
  // Without a reading that it agrees with, its two values would make an older one look young.
  if (d.s.agreed) tell(d, { kind: 'live', session, live, raw, answeredAt: began })
}

/** LIVE that comes while the session is closed: it makes nothing younger, but may contradict what is shown. */
function onLastLive(d: Draft, live: ReplyOf<'LIVE'>): void {
  const { session } = d.s
  if (!session) return
  const other = serialOf(Live.reply.fields.pumpSerial, live.pumpSerial) !== session.pump.serial
  const why = other ? 'contradicted' : disagreement(d, live)
  if (why) tell(d, { kind: 'outdated', session, why })
}

/** Why the reading is not what LIVE says any more; null = it is. */
function disagreement({ s }: Draft, live: ReplyOf<'LIVE'>): 'changed' | 'contradicted' | null {
  if (s.counter === null || live.stateCounter !== s.counter) return 'changed'
  return contradicts(live, s.agreed) ? 'contradicted' : null
}

/** The counter has not moved, and yet LIVE says something else than the reading. */
function contradicts(live: ReplyOf<'LIVE'>, agreed: Agreed | null): boolean {
  if (!agreed) return false
  const { rate, activeAlarms } = live
  const { max } = Alarms.fields.alarms
  const differ = (a: number | null, b: number | null) => a !== null && b !== null && a !== b
  const most = (n: number | null) => (n === null ? null : Math.min(n, max))
  return differ(rate, agreed.rate) || differ(most(activeAlarms), most(agreed.alarms))
}

/** One more part of the snapshot; when it is whole it is checked, told, and the reading is done. */
function grow(d: Draft, next: Assembly | Statement): void {
  if ('code' in next) {
    readAgain(d, next)
    return
  }
  set(d, { assembly: next })
  if (nextPiece(next)) return
  const read = finish(next)
  const { session, readTimes } = d.s
  if ('code' in read || !session || !readTimes) {
    readAgain(d, 'code' in read ? read : statement('read.no-times'))
    return
  }
  const { identity, infusion, alarms } = read.blocks
  // One that does not say which pump it is of is of the pump that OPEN named: every frame on air was for it.
  const named = isUnread(identity) ? null : serialOf(Open.reply.fields.pumpSerial, identity.serial)
  if (named !== null && named !== session.pump.serial) {
    failRead(d, statement('read.snapshot-of-another-pump'), 'pump-not-recognised')
    return
  }
  set(d, { snapshot: read.snapshot, counter: read.directory.counterAfter, attempts: 0 })
  set(d, { assembly: null, readTimes: null, liveAt: d.now.mono })
  set(d, { armed: false, readUntil: null, answeredAt: readTimes.ended.earliest })
  const agreed: Agreed = {
    rate: isUnread(infusion) ? null : infusion.rate,
    alarms: isUnread(alarms) ? null : alarms.alarms.length,
  }
  set(d, { agreed })
  // It may say again what LIVE contradicts, and LIVE may have come while its blocks were collected: it is not
  // current before LIVE agrees with it.
  const { lastLive } = d.s
  const same = lastLive?.stateCounter === d.s.counter
  const contradicted =
    d.s.contradicted || (same && lastLive !== null && contradicts(lastLive, agreed))
  set(d, { contradicted })
  tell(d, { kind: 'snapshot', session, read: { ...read, ...readTimes }, contradicted })
  if (d.s.policy === 'continuous') go(d, 'read-kept')
  else toEnding(d, 'read-done')
}
