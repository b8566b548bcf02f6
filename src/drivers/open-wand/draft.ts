// A step of the link machine being worked out, and the moves that inputs and replies have in common.
import type { SessionEnding, Stamp } from '../../model/event.ts'
import type { Statement, UnclosedWhy } from '../../model/statement.ts'
import {
  type Contact,
  type ContactLoss,
  type Effect,
  LADDER_MS,
  type LinkNews,
  type LinkState,
  NO_CONTACT,
  SLOW_LADDER_MS,
  TIMING,
  type Unclosed,
} from './link-state.ts'
import { type Cause, follow, isConnected } from './table.ts'

/** The state to come and the effects so far. */
export interface Draft {
  /** A copy that belongs to this step, which alone changes it, by `set`. */
  readonly s: LinkState
  readonly effects: Effect[]
  readonly now: Stamp
}

export const draftOf = (state: LinkState, now: Stamp): Draft => ({
  s: { ...state },
  effects: [],
  now,
})

export function set(d: Draft, change: Partial<LinkState>): void {
  Object.assign(d.s, change)
}

export function tell(d: Draft, news: LinkNews): void {
  const { link, session, snapshot } = d.s
  d.effects.push({ do: 'tell', news, link, session: session?.id ?? null, snapshot })
}

export function go(d: Draft, cause: Cause, why: Statement | null = null): void {
  const phase = follow(d.s.phase, cause)
  set(d, { phase, phaseSince: d.now.mono })
  if (isNews(d, cause, why)) tell(d, { kind: 'phase', phase, cause, why })
}

/** On the ladder the same failure again is no news, nor is another attempt: only what comes of it. */
function isNews(d: Draft, cause: Cause, why: Statement | null): boolean {
  const { phase, rung, failure } = d.s
  if (phase === 'waiting') {
    const again = `${cause} ${JSON.stringify(why)}`
    if (again === failure) return false
    set(d, { failure: again })
  } else if (rung > 0 && (phase === 'opening' || phase === 'greeting')) {
    return false
  } else if (phase === 'watching') {
    set(d, { failure: '' })
  }
  return true
}

export function loseContact(d: Draft, loss: ContactLoss): void {
  const { contact, session } = d.s
  if (!contact.fresh && contact.loss === loss) return
  const lost: Contact = { ...contact, fresh: false, loss }
  set(d, { contact: lost, recognised: false, placedSince: null })
  if (session) set(d, { unrecognisedSince: d.s.unrecognisedSince ?? d.now.mono })
  tell(d, { kind: 'contact', contact: lost, recognised: false })
}

/** Contact that nobody has confirmed for too long is no contact; said with who is silent. */
export function expireContact(d: Draft): void {
  const { out } = d.s
  const wandSilent = out !== null && d.now.mono - out.firstAt >= TIMING.silentMs
  loseContact(d, wandSilent ? 'wand-lost' : 'implant-lost')
}

/** The session is over for us. `why` = what is not known of its end; null = confirmed. */
export function endSession(d: Draft, how: SessionEnding, why: UnclosedWhy | null): void {
  const { session } = d.s
  if (session) {
    tell(d, { kind: 'session-end', session, how })
    if (why) addUnclosed(d, why, session.id, session.pump)
    else confirmClosed(d, session.pump.serial)
  }
  set(d, { session: null, assembly: null, readTimes: null, snapshot: null, air: null })
  set(d, { recognised: false, unrecognisedSince: null, counter: null, purpose: 'read' })
  set(d, { agreed: null, contradicted: false, lastLive: null, answeredAt: -Infinity })
}

export function addUnclosed(
  d: Draft,
  why: UnclosedWhy,
  session: number,
  known: Unclosed['pump'],
): void {
  const wand = d.s.hello?.wandSerial ?? null
  const same = d.s.unclosed.find((u) => u.session === session && u.wand === wand)
  if (same?.why === why) return
  const pump = known ?? same?.pump ?? null
  // A later session with the same pump, or one of which nothing is known, takes the earlier's place.
  const others = d.s.unclosed.filter(
    (u) => u !== same && u.pump !== null && u.pump.serial !== pump?.serial,
  )
  set(d, { unclosed: [...others, { why, session, wand, pump }] })
  tell(d, { kind: 'unclosed', unclosed: d.s.unclosed })
}

/** The implant with `serial` has confirmed that it left telemetry mode. */
function confirmClosed(d: Draft, serial: string): void {
  keepUnclosed(d, (u) => u.pump !== null && u.pump.serial !== serial)
}

export function keepUnclosed(d: Draft, keep: (u: Unclosed) => boolean): void {
  const unclosed = d.s.unclosed.filter(keep)
  if (unclosed.length === d.s.unclosed.length) return
  set(d, { unclosed })
  tell(d, { kind: 'unclosed', unclosed })
}

/**
 * What failed is tried again after a pause, so often; after that only when the wand is placed anew.
 * Says whether that was the last time.
 */
export function countFailure(d: Draft, why: Statement, weight = 1): boolean {
  const attempts = d.s.attempts + weight
  const final = attempts >= TIMING.readAttempts
  const pause = final ? TIMING.longPauseMs : TIMING.pauseMs
  set(d, { attempts: final ? 0 : attempts, restUntil: d.now.mono + pause })
  set(d, { assembly: null, readTimes: null })
  if (d.s.purpose === 'close') return final
  if (final) set(d, { armed: false, readUntil: null })
  tell(d, { kind: 'read-failed', why, final })
  return final
}

/** On to CLOSE, whatever was going on in the session. */
export function toEnding(d: Draft, cause: Cause, why: Statement | null = null): void {
  go(d, cause, why)
  set(d, { air: null, assembly: null, readTimes: null, notBefore: -Infinity })
}

/** A reading that cannot be completed in this session: nothing of it is used. */
export function failRead(d: Draft, why: Statement, cause: Cause, weight = 1): void {
  countFailure(d, why, weight)
  toEnding(d, cause, why)
}

/** The connection is over from our side or theirs; what was live is lost, and the ladder begins. */
export function drop(d: Draft, cause: Cause, why: Statement | null = null): void {
  loseContact(d, 'wand-lost')
  abandonOpen(d)
  endSession(d, 'lost', 'cable-lost')
  set(d, { out: null, air: null, contact: NO_CONTACT, placedSince: null, helloDue: false })
  if (cause !== 'port-gone') d.effects.push({ do: 'close-port' })
  if (d.s.stopBy !== null) halt(d)
  else retreat(d, cause, why, SLOWLY.includes(cause))
}

/** What trying again soon does not mend. */
const SLOWLY: readonly Cause[] = ['wrong-version', 'defect', 'other-source', 'mark-changed']

/** OPEN may have reached the implant although its result will never be known. */
export function abandonOpen(d: Draft): void {
  const asked = d.s.air?.request.name === 'OPEN' || d.s.out?.request.name === 'OPEN'
  if (asked && !d.s.session) addUnclosed(d, 'left-to-lease', 0, null)
}

export function retreat(d: Draft, cause: Cause, why: Statement | null, slow: boolean): void {
  const ladder = slow ? SLOW_LADDER_MS : LADDER_MS
  const pause = ladder[Math.min(d.s.rung, ladder.length - 1)] ?? 1_000
  set(d, { rung: d.s.rung + 1, waitUntil: d.now.mono + pause })
  go(d, cause, why)
}

/** The end, whatever is still open. */
export function halt(d: Draft): void {
  if (isConnected(d.s.phase)) loseContact(d, 'wand-lost')
  abandonOpen(d)
  endSession(d, 'unconfirmed', 'left-to-lease')
  d.effects.push({ do: 'close-port' })
  set(d, { out: null, air: null, waitUntil: null, stopBy: null })
  go(d, 'stopped')
}

/** The session is still open and does not close: a new link leaves it to its lease. */
export function giveUpClose(d: Draft, why: Statement): void {
  endSession(d, 'unconfirmed', 'left-to-lease')
  drop(d, 'close-given-up', why)
}
