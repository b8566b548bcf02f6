// The link to one wand as a pure machine: `step(state, input, now)` gives the next state and what to
// do. No I/O, no timers, no clock: `wakeAt` says when it wants the next tick.
//
// Theory of operation. One request is out at a time. Whenever none is out, `next` picks the one that
// is due: the result of running air work, else a PING (so that contact is never older than the wand
// knows), else what the phase is for. Every reply must match the request that is out in link, seq and
// type; anything else is refused, never interpreted. What is lost is told at once; what is gained is
// told when the wand has said it.
import { MESSAGES, messageOfType, type ReadRequest } from '../../protocol/messages/index.ts'
import { FLAG_REPLY, type Pdu } from '../../protocol/pdu.ts'
import { nextPiece } from './assembly.ts'
import { type Draft, drop, expireContact, failRead, go, halt, retreat, set } from './draft.ts'
import { onReply } from './replies.ts'
import {
  type Effect,
  type Input,
  type LinkState,
  type ReplyFault,
  type Stamp,
  TIMING,
} from './state.ts'
import { isConnected as connected, isInSession as inSession } from './table.ts'

export function step(
  state: LinkState,
  input: Input,
  now: Stamp,
): { readonly state: LinkState; readonly effects: readonly Effect[] } {
  const d: Draft = { s: state, effects: [], now }
  if (state.phase !== 'stopped') {
    expireContact(d)
    take(d, input)
    advance(d)
  }
  return { state: d.s, effects: d.effects }
}

/** Monotonic time of the next tick the machine needs; null = none. */
export function wakeAt(s: LinkState): number | null {
  const times: number[] = []
  if (s.waitUntil !== null) times.push(s.waitUntil)
  if (s.out) times.push(s.out.lastAt + TIMING.replyMs)
  if (s.contact.fresh && s.contact.heardAt !== null) {
    times.push(s.contact.heardAt + TIMING.contactMs + 1)
  }
  if (s.stopBy !== null) times.push(s.stopBy)
  if (!s.out && connected(s.phase)) times.push(nextDue(s))
  return times.length === 0 ? null : Math.min(...times)
}

function take(d: Draft, input: Input): void {
  switch (input.type) {
    case 'start':
      go(d, 'start')
      d.effects.push({ do: 'open-port' })
      break
    case 'opened':
      set(d, { link: input.link, seq: 0, out: null, air: null })
      set(d, { pingAt: -Infinity, wandAt: -Infinity, notBefore: -Infinity })
      go(d, 'opened', '', d.s.rung > 0)
      break
    case 'ended':
      if (d.s.phase === 'opening') retreat(d, 'cannot-open', input.message, input.slow)
      else if (connected(d.s.phase)) drop(d, 'port-gone', input.message)
      break
    case 'pdu':
      onPdu(d, input.pdu, input.raw, input.wire)
      break
    case 'clock-jump':
      if (connected(d.s.phase)) drop(d, 'clock-jumped')
      break
    case 'other-version':
      if (connected(d.s.phase)) drop(d, 'wrong-version')
      break
    case 'read':
      set(d, { readWanted: true, attempts: 0 })
      break
    case 'stop':
      stop(d)
      break
    case 'tick':
      break
  }
}

/** Time-outs, then the next request if none is out. */
function advance(d: Draft): void {
  const { s, now } = d
  if (s.stopBy !== null && now.mono >= s.stopBy) {
    halt(d)
    return
  }
  if (s.phase === 'waiting' && s.waitUntil !== null && now.mono >= s.waitUntil) {
    set(d, { waitUntil: null })
    go(d, 'retry', '', true)
    d.effects.push({ do: 'open-port' })
    return
  }
  if (!connected(s.phase)) return
  if (s.out) {
    if (now.mono < s.out.lastAt + TIMING.replyMs) return
    if (s.out.sends >= TIMING.tries) drop(d, 'no-answer')
    else resend(d)
    return
  }
  const request = next(d)
  if (request) send(d, request)
}

/** When `next` will have something to ask, given that nothing is out. */
function nextDue(s: LinkState): number {
  const due = [Math.max(s.pingAt + TIMING.pingMs, s.phase === 'greeting' ? s.notBefore : -Infinity)]
  if (s.air) due.push(s.air.askAt)
  if (s.phase === 'watching' && s.placedSince !== null) {
    due.push(Math.max(s.notBefore, s.placedSince + TIMING.placedMs))
  }
  if (s.phase === 'holding') due.push(Math.max(s.liveAt + TIMING.liveMs, s.notBefore))
  return Math.min(...due)
}

function next(d: Draft): ReadRequest | null {
  const now = d.now.mono
  if (d.s.phase === 'greeting') return { name: 'HELLO', fields: { minor: 0 } }
  if (d.s.air && now >= d.s.air.askAt) return d.s.air.request
  if (now >= d.s.pingAt + TIMING.pingMs) return { name: 'PING', fields: {} }
  if (d.s.air || now < d.s.notBefore) return null
  switch (d.s.phase) {
    case 'watching':
      return nextWatching(d)
    case 'starting':
      return { name: 'OPEN', fields: {} }
    case 'reading':
    case 'holding':
      return nextInSession(d)
    case 'ending':
      return { name: 'CLOSE', fields: {} }
    default:
      return null
  }
}

function nextWatching(d: Draft): ReadRequest | null {
  if (readDue(d.s, d.now.mono)) {
    go(d, 'session-asked')
    return { name: 'OPEN', fields: {} }
  }
  if (d.now.mono < d.s.wandAt + TIMING.wandMs) return null
  set(d, { wandAt: d.now.mono })
  return { name: 'WAND', fields: {} }
}

function readDue(s: LinkState, now: number): boolean {
  if (!s.contact.fresh || s.placedSince === null) return false
  if (s.readWanted || s.policy === 'continuous') return true
  return s.policy === 'on-placement' && s.armed && now >= s.placedSince + TIMING.placedMs
}

function nextInSession(d: Draft): ReadRequest | null {
  const { s, now } = d
  if (!s.recognised) {
    if (s.unrecognisedSince !== null && now.mono - s.unrecognisedSince > TIMING.unrecognisedMs) {
      failRead(d, 'the pump of this session no longer answers', 'pump-not-recognised')
      return { name: 'CLOSE', fields: {} }
    }
    return s.contact.fresh ? { name: 'LIVE', fields: {} } : null
  }
  if (s.phase === 'reading') {
    return s.assembly ? nextPiece(s.assembly) : { name: 'INTERROGATE', fields: {} }
  }
  if (s.session && now.mono - s.session.opened.mono >= TIMING.heldMs) {
    go(d, 'held-long-enough')
    return { name: 'CLOSE', fields: {} }
  }
  if (now.mono < s.liveAt + TIMING.liveMs) return null
  set(d, { liveAt: now.mono })
  return { name: 'LIVE', fields: {} }
}

function send(d: Draft, request: ReadRequest): void {
  const { s, now } = d
  const collecting = s.air?.request === request ? s.air : null
  const seq = collecting?.seq ?? (s.seq + 1) & 0xffff
  const session = collecting?.session ?? (MESSAGES[request.name].session ? (s.session?.id ?? 0) : 0)
  // A PING under a session renews its lease.
  const header = request.name === 'PING' ? (s.session?.id ?? 0) : session
  set(d, {
    seq: collecting ? s.seq : seq,
    out: { request, seq, session: header, firstAt: now.mono, lastAt: now.mono, sends: 1 },
  })
  if (request.name === 'PING') set(d, { pingAt: now.mono })
  d.effects.push({ do: 'send', request, seq, link: s.link, session: header })
}

function resend(d: Draft): void {
  const { out, link } = d.s
  if (!out) return
  set(d, { out: { ...out, lastAt: d.now.mono, sends: out.sends + 1 } })
  d.effects.push({ do: 'send', request: out.request, seq: out.seq, link, session: out.session })
}

function onPdu(d: Draft, pdu: Pdu, raw: Uint8Array, wire: number): void {
  const refuse = (reason: ReplyFault) => void d.effects.push({ do: 'refuse', reason, wire, raw })
  const { out, link } = d.s
  const name = messageOfType(pdu.type)
  if (!name) return refuse('unknown-type')
  if (pdu.link !== link || !connected(d.s.phase)) return refuse('wrong-link')
  if (!out || !(pdu.flags & FLAG_REPLY) || pdu.seq !== out.seq || name !== out.request.name) {
    return refuse('out-of-sequence')
  }
  if (!onReply(d, pdu, raw, out)) return refuse('truncated')
  d.effects.push({ do: 'accept', wire, name })
}

function stop(d: Draft): void {
  if (d.s.stopBy !== null) return
  set(d, { stopBy: d.now.mono + TIMING.stopMs })
  if (inSession(d.s.phase)) {
    // CLOSE ends whatever air work of this session is running.
    go(d, 'stop-in-session')
    set(d, { air: null, assembly: null, closeSince: d.now.mono, notBefore: -Infinity, out: null })
  } else if (d.s.phase !== 'ending' && d.s.phase !== 'starting') {
    halt(d)
  }
  // A session that is being opened must be known before it can be closed: OPEN runs to its end.
}
