// What each reply does to the link. README.md §10.4, message by message. A reply gets here only if it
// answers the request that is out in link, seq and type.
import { Close } from '../../protocol/messages/close.ts'
import { MESSAGES, type MessageName, type ReplyOf } from '../../protocol/messages/index.ts'
import { POSITIONS } from '../../protocol/messages/ping.ts'
import { CODE_DOCS, Code, type CodeName, type Pdu } from '../../protocol/pdu.ts'
import { judge, parse } from '../../protocol/struct.ts'
import { addDirectory, addPiece, type Assembly, emptyAssembly, finish, nextPiece } from './assembly.ts'
import { type Draft, drop, endSession, failRead, go, halt, loseContact, set, tell } from './draft.ts'
import { type Contact, type Outstanding, type Session, TIMING } from './state.ts'
import { isInSession } from './table.ts'

const GOOD = Number(Object.entries(POSITIONS).find(([, name]) => name === 'good')?.[0])

/** False: the payload is not what its message says; the request stays out and is repeated. */
export function onReply(d: Draft, pdu: Pdu, raw: Uint8Array, out: Outstanding): boolean {
  const { name } = out.request
  if (pdu.code === Code.OK) {
    const reply = parse(MESSAGES[name].reply, pdu.payload)
    if (!reply) return false
    set(d, { out: null, air: collects(d, out) ? null : d.s.air })
    OK[name](d, reply as never, { pdu, raw, out })
  } else if (pdu.code === Code.PENDING && MESSAGES[name].air) {
    const { request, seq, session } = out
    set(d, { out: null, air: { request, seq, session, askAt: d.now.mono + TIMING.collectMs } })
  } else {
    set(d, { out: null, air: collects(d, out) ? null : d.s.air })
    onRefusal(d, name, pdu.code)
  }
  return true
}

const collects = (d: Draft, out: Outstanding) => d.s.air?.seq === out.seq

interface Came {
  readonly pdu: Pdu
  readonly raw: Uint8Array
  readonly out: Outstanding
}
type Handlers = { [N in MessageName]: (d: Draft, reply: ReplyOf<N>, came: Came) => void }

const OK: Handlers = {
  HELLO(d, hello, { pdu }) {
    set(d, { hello, rung: 0, failure: '' })
    tell(d, { kind: 'hello', hello, flags: pdu.flags })
    go(d, 'wand-answered')
  },
  PING: onPing,
  WAND(d, wand) {
    tell(d, { kind: 'wand', wand })
  },
  OPEN(d, reply, { pdu }) {
    const pump = {
      serial: reply.pumpSerial ?? '',
      model: reply.pumpModel,
      firmware: reply.firmware,
    }
    const session: Session = { id: pdu.session, pump, opened: d.now }
    set(d, { session, recognised: true, unrecognisedSince: null, counter: null, assembly: null })
    tell(d, { kind: 'session-open', session })
    go(d, 'session-open')
    if (d.s.stopBy !== null) {
      go(d, 'stop-in-session')
      set(d, { closeSince: d.now.mono })
    } else if (judge(MESSAGES.OPEN.reply.fields.pumpSerial, reply.pumpSerial) !== 'ok') {
      failRead(d, 'the pump does not say which one it is', 'read-failed')
    }
  },
  INTERROGATE(d, reply) {
    if (reply.snapshot === null) failRead(d, 'the wand names no snapshot', 'read-failed')
    else set(d, { assembly: emptyAssembly(reply.snapshot) })
  },
  SNAPSHOT(d, reply, { raw, out }) {
    if (!d.s.assembly) return
    const latest = d.now.mono - (reply.endedMs ?? 0)
    set(d, { readEnded: { earliest: out.firstAt - (reply.endedMs ?? 0), latest } })
    grow(d, addDirectory(d.s.assembly, reply, raw))
  },
  BLOCK(d, reply, { raw }) {
    if (d.s.assembly) grow(d, addPiece(d.s.assembly, reply, raw))
  },
  LIVE: onLive,
  CLOSE(d, reply) {
    const confirmed = Close.reply.fields.result.names[reply.result ?? -1] === 'confirmed'
    endSession(d, confirmed ? 'confirmed' : 'unconfirmed')
    go(d, confirmed ? 'closed' : 'not-confirmed')
    set(d, { notBefore: d.now.mono + TIMING.pauseMs })
    if (d.s.stopBy !== null) halt(d)
  },
}

function onPing(d: Draft, ping: ReplyOf<'PING'>, { out }: Came): void {
  // From the first sending: a repeated PING is answered from memory with an age that was true then.
  const heardAt = ping.contactAgeMs === null ? null : out.firstAt - ping.contactAgeMs
  const fresh = heardAt !== null && d.now.mono - heardAt <= TIMING.contactMs
  const { session } = d.s
  if (session && isInSession(d.s.phase) && ping.session !== session.id) {
    sessionGone(d)
  }
  if (!fresh) {
    const before = d.s.contact
    set(d, { contact: { ...before, heardAt, ping } })
    loseContact(d, 'implant-lost')
    // The position may have changed for the person who holds the wand, though nothing was lost.
    if (!before.fresh) tell(d, { kind: 'contact', contact: d.s.contact, recognised: false })
    return
  }
  const contact: Contact = { heardAt, fresh: true, loss: 'implant-lost', ping }
  const placedSince = ping.position === GOOD ? (d.s.placedSince ?? d.now.mono) : null
  set(d, { contact, placedSince })
  tell(d, { kind: 'contact', contact, recognised: d.s.recognised })
}

function onLive(d: Draft, live: ReplyOf<'LIVE'>, { pdu, raw }: Came): void {
  const { session } = d.s
  if (!session) return
  if (live.pumpSerial !== session.pump.serial) {
    failRead(d, 'another pump answers in the middle of the session', 'pump-not-recognised')
    return
  }
  const known = d.s.recognised
  set(d, { recognised: true, unrecognisedSince: null, liveAt: d.now.mono })
  const unmoved = d.s.counter !== null && live.stateCounter === d.s.counter
  if (d.s.phase === 'holding' && !unmoved) {
    set(d, { assembly: null, counter: null })
    tell(d, { kind: 'outdated', session })
    go(d, 'read-again')
    return
  }
  if (!unmoved) return
  if (!known) tell(d, { kind: 'recognised', session })
  tell(d, { kind: 'live', session, live, raw, flags: pdu.flags })
}

/** One more part of the snapshot; when it is whole it is checked, told, and the reading is done. */
function grow(d: Draft, next: Assembly | string): void {
  if (typeof next === 'string') {
    failRead(d, next, 'read-failed')
    return
  }
  set(d, { assembly: next })
  if (nextPiece(next)) return
  const read = finish(next)
  const { session, readEnded } = d.s
  if (typeof read === 'string' || !session || !readEnded) {
    failRead(d, typeof read === 'string' ? read : 'its session has ended', 'read-failed')
    return
  }
  if (read.blocks.identity.serial !== session.pump.serial) {
    failRead(d, 'the snapshot is of another pump', 'read-failed')
    return
  }
  set(d, { assembly: null, counter: read.directory.counterAfter, attempts: 0 })
  set(d, { armed: false, readWanted: false, liveAt: d.now.mono })
  tell(d, { kind: 'snapshot', session, read, ended: readEnded })
  if (d.s.policy === 'continuous') go(d, 'read-kept')
  else {
    go(d, 'read-done')
    set(d, { closeSince: d.now.mono })
  }
}

function sessionGone(d: Draft): void {
  endSession(d, 'ended-by-wand')
  go(d, 'session-gone')
  set(d, { notBefore: d.now.mono + TIMING.pauseMs })
  if (d.s.stopBy !== null) halt(d)
}

const NAMES = Object.fromEntries(Object.entries(Code).map(([name, n]) => [n, name as CodeName]))

function reason(name: MessageName, code: number): string {
  const known = NAMES[code]
  return known ? `${name}: ${CODE_DOCS[known]}` : `${name}: unknown code ${code}`
}

function onRefusal(d: Draft, name: MessageName, code: number): void {
  const why = reason(name, code)
  if (code === Code.WRONG_LINK) drop(d, 'link-forgotten')
  else if (code === Code.VERSION) drop(d, 'wrong-version', why)
  else if (name === 'HELLO' || name === 'PING') drop(d, 'no-answer', why)
  else if (name === 'WAND') return
  else if (name === 'OPEN') openRefused(d, code, why)
  else if (code === Code.NO_SESSION) sessionGone(d)
  else if (name === 'CLOSE') closeRefused(d, why)
  else if (name === 'LIVE') set(d, { liveAt: d.now.mono, notBefore: d.now.mono + TIMING.collectMs })
  else if (AGAIN.includes(code)) readAgain(d, why)
  else failRead(d, why, 'read-failed')
}

/** What a new INTERROGATE may well get over. */
const AGAIN: readonly number[] = [Code.CHANGED, Code.SNAPSHOT_GONE, Code.AIR_FAILED, Code.BUSY]

function readAgain(d: Draft, why: string): void {
  const attempts = d.s.attempts + 1
  if (attempts >= TIMING.readAttempts) {
    failRead(d, why, 'read-failed')
    return
  }
  set(d, { attempts, assembly: null, notBefore: d.now.mono + TIMING.collectMs })
}

function openRefused(d: Draft, code: number, why: string): void {
  // Another link's session ends by its lease; waiting for it is no failed attempt.
  const attempts = d.s.attempts + (code === Code.BUSY ? 0 : 1)
  const final = attempts >= TIMING.readAttempts
  set(d, { attempts: final ? 0 : attempts, notBefore: d.now.mono + TIMING.pauseMs })
  if (final) set(d, { armed: false, readWanted: false })
  tell(d, { kind: 'read-failed', why, final })
  go(d, 'open-failed', why)
  if (d.s.stopBy !== null) halt(d)
}

/** The session is still open. It is asked again for a while; then its lease has to end it. */
function closeRefused(d: Draft, why: string): void {
  const since = d.s.closeSince ?? d.now.mono
  if (d.now.mono - since < TIMING.closeMs) {
    set(d, { closeSince: since, notBefore: d.now.mono + TIMING.collectMs })
    return
  }
  endSession(d, 'unconfirmed')
  drop(d, 'close-given-up', why)
}
