// A step of the link machine being worked out, and the moves that inputs and replies have in common.
import {
  type Contact,
  type ContactLoss,
  type Effect,
  LADDER_MS,
  type LinkNews,
  type LinkState,
  NO_CONTACT,
  type SessionEnd,
  SLOW_LADDER_MS,
  type Stamp,
  TIMING,
} from './state.ts'
import { type Cause, follow, isConnected } from './table.ts'

/** The state to come and the effects so far. */
export interface Draft {
  s: LinkState
  readonly effects: Effect[]
  readonly now: Stamp
}

export function set(d: Draft, change: Partial<LinkState>): void {
  d.s = { ...d.s, ...change }
}

export function tell(d: Draft, news: LinkNews): void {
  d.effects.push({ do: 'tell', news })
}

/** Goes where `cause` leads. `quiet`: nobody needs to hear of it, things stay as they were said. */
export function go(d: Draft, cause: Cause, detail = '', quiet = false): void {
  const phase = follow(d.s.phase, cause)
  set(d, { phase })
  if (!quiet) tell(d, { kind: 'phase', phase, cause, detail })
}

/** Contact that nobody has confirmed for too long is no contact; said at once, with who is silent. */
export function expireContact(d: Draft): void {
  const { contact, out } = d.s
  if (!contact.fresh || contact.heardAt === null) return
  if (d.now.mono - contact.heardAt <= TIMING.contactMs) return
  const wandSilent = out !== null && d.now.mono - out.firstAt >= TIMING.silentMs
  loseContact(d, wandSilent ? 'wand-lost' : 'implant-lost')
}

export function loseContact(d: Draft, loss: ContactLoss): void {
  const { contact, session } = d.s
  if (!contact.fresh && contact.loss === loss) return
  const lost: Contact = { ...contact, fresh: false, loss }
  set(d, { contact: lost, recognised: false, placedSince: null })
  if (loss === 'implant-lost') set(d, { armed: true, attempts: 0 })
  if (session) set(d, { unrecognisedSince: d.s.unrecognisedSince ?? d.now.mono })
  tell(d, { kind: 'contact', contact: lost, recognised: false })
}

export function endSession(d: Draft, how: SessionEnd): void {
  const { session } = d.s
  set(d, { session: null, assembly: null, recognised: false, closeSince: null, air: null })
  set(d, { unrecognisedSince: null, counter: null, readEnded: null })
  if (session) tell(d, { kind: 'session-end', session, how })
}

/** A reading that cannot be completed: nothing of it is used. */
export function failRead(d: Draft, why: string, cause: Cause): void {
  const attempts = d.s.attempts + 1
  const final = attempts >= TIMING.readAttempts
  set(d, { attempts: final ? 0 : attempts, assembly: null, air: null })
  set(d, { notBefore: d.now.mono + TIMING.pauseMs })
  if (final) set(d, { armed: false, readWanted: false })
  tell(d, { kind: 'read-failed', why, final })
  go(d, cause, why)
  if (d.s.phase === 'ending') set(d, { closeSince: d.now.mono, notBefore: -Infinity })
}

/** The connection is over from our side or theirs; what was live is lost, and the ladder begins. */
export function drop(d: Draft, cause: Cause, detail = ''): void {
  loseContact(d, 'wand-lost')
  endSession(d, 'lost')
  set(d, { out: null, air: null, hello: null, contact: NO_CONTACT, placedSince: null })
  if (cause !== 'port-gone') d.effects.push({ do: 'close-port' })
  if (d.s.stopBy !== null) {
    halt(d)
    return
  }
  retreat(d, cause, detail, cause === 'wrong-version')
}

export function retreat(d: Draft, cause: Cause, detail: string, slow: boolean): void {
  const ladder = slow ? SLOW_LADDER_MS : LADDER_MS
  const pause = ladder[Math.min(d.s.rung, ladder.length - 1)] ?? 1_000
  // The same failure again is no news: a wand that is away for a night is said once.
  const failure = `${cause} ${detail}`
  const again = d.s.rung > 0 && d.s.failure === failure
  set(d, { rung: d.s.rung + 1, waitUntil: d.now.mono + pause, failure })
  go(d, cause, detail, again)
}

export function halt(d: Draft): void {
  if (isConnected(d.s.phase)) loseContact(d, 'wand-lost')
  if (d.s.session) endSession(d, 'unconfirmed')
  d.effects.push({ do: 'close-port' })
  set(d, { out: null, air: null, waitUntil: null, stopBy: null })
  go(d, 'stopped')
}
