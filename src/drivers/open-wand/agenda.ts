// What the link is going to do by itself, and when, given that nothing comes in: time-outs, losses,
// the next request. One list gives both what is done (`step`) and when to wake up (`wakeAt`).

import { MESSAGES, type ReadRequest } from '../../../protocol/messages/index.ts'
import { statement } from '../../model/statement.ts'
import { nextPiece } from './assembly.ts'
import {
  type Draft,
  drop,
  expireContact,
  failRead,
  giveUpClose,
  go,
  halt,
  loseContact,
  set,
  tell,
  toEnding,
} from './draft.ts'
import { type LinkState, type Outstanding, TIMING } from './link-state.ts'
import { isConnected, isInSession } from './table.ts'
import { HELLO_MINOR, liveBound } from './timing.ts'

/** `run` changes the draft so that the item is not due again at the same moment. */
export interface Item {
  readonly at: number
  readonly run: (d: Draft) => void
}

/** In order of precedence: of those that are due the first is done. */
export function agenda(s: LinkState): readonly Item[] {
  if (s.phase === 'stopped' || s.phase === 'idle') return []
  const items: Item[] = []
  if (s.stopBy !== null) items.push({ at: s.stopBy, run: halt })
  if (s.phase === 'waiting') items.push({ at: s.waitUntil ?? 0, run: retry })
  if (isConnected(s.phase)) items.push(...losses(s), ...(s.out ? [awaited(s, s.out)] : asks(s)))
  return [...items, ...lapses(s)]
}

/**
 * What runs out by itself, for whoever only reads along (overhear.ts): the agenda without what is sent. Of
 * another host only what is lost: its limits and its patience are its own.
 */
export function runsOut(s: LinkState, ours: boolean): readonly Item[] {
  if (s.phase === 'stopped') return []
  const items: Item[] = isConnected(s.phase) ? losses(s) : []
  if (!ours) return items
  if (s.stopBy !== null) items.push({ at: s.stopBy, run: halt })
  if (isConnected(s.phase)) {
    const { out } = s
    if (out === null && s.phase !== 'greeting') items.push(...limits(s))
    else if (out && (out.sends >= TIMING.tries || isMoot(s, out))) items.push(awaited(s, out))
  }
  return [...items, ...lapses(s)]
}

/** What is not confirmed any more by then. */
function losses(s: LinkState): Item[] {
  const { contact, out } = s
  if (contact.fresh) {
    const items: Item[] = [{ at: (contact.heardAt ?? 0) + TIMING.contactMs, run: expireContact }]
    // The wand may hear the implant for ever: live is what the implant itself has confirmed lately.
    if (s.phase === 'holding' && s.recognised) {
      items.push({
        at: s.answeredAt + liveBound(s.liveMs),
        run: (d) => loseContact(d, 'implant-silent'),
      })
    }
    return items
  }
  if (out === null || contact.loss === 'wand-lost') return []
  return [{ at: out.firstAt + TIMING.wandLostMs, run: (d) => loseContact(d, 'wand-lost') }]
}

function awaited(s: LinkState, out: Outstanding): Item {
  const at = out.lastAt + TIMING.replyMs
  return {
    at,
    run(d) {
      d.effects.push({ do: 'count', what: 'no-answer' })
      if (isMoot(s, out)) set(d, { out: null })
      else if (out.sends >= TIMING.tries) drop(d, 'no-answer')
      else resend(d, out)
    },
  }
}

/** Who is closing does not repeat what it has given up. */
const isMoot = (s: LinkState, { request: { name } }: Outstanding) =>
  s.phase === 'ending' && MESSAGES[name].session && name !== 'CLOSE'

/** What is asked next, given that nothing is out. */
function asks(s: LinkState): Item[] {
  if (s.phase === 'greeting') return [ask(s.notBefore, { name: 'HELLO', fields: HELLO_MINOR })]
  const items = limits(s)
  // PING first: the age of the contact is what everything else stands on.
  items.push(ask(s.pingAt + TIMING.pingMs, { name: 'PING', fields: {} }))
  if (s.air) items.push({ at: s.air.askAt, run: collect })
  else if (s.phase === 'watching') items.push(...watching(s))
  else if (isInSession(s.phase)) items.push(...inSession(s))
  else if (s.phase === 'ending') items.push(ask(s.notBefore, { name: 'CLOSE', fields: {} }))
  return items
}

/** Nothing is waited for without an end, whatever the wand says. */
function limits(s: LinkState): Item[] {
  const after = (ms: number, run: Item['run']): Item => ({ at: s.phaseSince + ms, run })
  const notRecognised: Item[] =
    s.recognised || s.unrecognisedSince === null
      ? []
      : [
          {
            at: s.unrecognisedSince + TIMING.unrecognisedMs,
            run: (d) => failRead(d, statement('read.pump-silent'), 'pump-not-recognised'),
          },
        ]
  switch (s.phase) {
    case 'starting':
      return [after(TIMING.openMs, (d) => drop(d, 'open-hung'))]
    case 'reading':
      return [
        ...notRecognised,
        after(TIMING.readMs, (d) => failRead(d, statement('read.too-long'), 'read-failed')),
      ]
    case 'holding':
      return [
        ...notRecognised,
        {
          at: (s.session?.opened.mono ?? 0) + TIMING.heldMs,
          run: (d) => toEnding(d, 'held-long-enough'),
        },
      ]
    case 'ending':
      return [after(TIMING.closeMs, (d) => giveUpClose(d, statement('read.close-unanswered')))]
    default:
      return []
  }
}

function watching(s: LinkState): Item[] {
  const items: Item[] = []
  if (s.helloDue) {
    items.push(ask(s.helloAt + TIMING.pauseMs, { name: 'HELLO', fields: HELLO_MINOR }))
  } else {
    const read = readAt(s)
    const close = closeAt(s)
    if (read !== null) items.push({ at: read, run: (d) => openSession(d, 'read') })
    if (close !== null) items.push({ at: close, run: (d) => openSession(d, 'close') })
  }
  items.push(ask(s.wandAt + TIMING.wandMs, { name: 'WAND', fields: {} }))
  return items
}

/** PING reports a session that is not ours: it has to end first. */
const BUSY_STATES: readonly (number | null)[] = [1, 2, 3]

/** Since when a session could be opened; null = it cannot. */
function ready(s: LinkState): number | null {
  if (!s.contact.fresh || s.placedSince === null) return null
  return BUSY_STATES.includes(s.contact.ping?.sessionState ?? null) ? null : s.placedSince
}

function readAt(s: LinkState): number | null {
  const since = ready(s)
  if (since === null) return null
  if (s.readUntil !== null || s.policy === 'continuous') return Math.max(since, s.restUntil)
  if (s.policy !== 'on-placement' || !s.armed) return null
  return Math.max(since + TIMING.placedMs, s.restUntil)
}

/** Opening and closing again is the way out of a session that was never confirmed closed. */
function closeAt(s: LinkState): number | null {
  const since = ready(s)
  const fault = s.unclosed.some((u) => u.why !== 'still-open')
  if (since === null || !fault || s.reopens >= TIMING.reopens) return null
  return Math.max(since + TIMING.placedMs, s.restUntil)
}

function inSession(s: LinkState): Item[] {
  const live = (at: number) => ask(Math.max(at, s.notBefore), { name: 'LIVE', fields: {} })
  if (!s.recognised) return s.contact.fresh ? [live(s.notBefore)] : []
  if (s.phase === 'holding') {
    const again: Item[] =
      s.readUntil === null ? [] : [{ at: s.notBefore, run: (d) => go(d, 'read-again') }]
    return [...again, live(s.liveAt + s.liveMs)]
  }
  const piece = s.assembly && nextPiece(s.assembly)
  return [ask(s.notBefore, piece ?? { name: 'INTERROGATE', fields: {} })]
}

function ask(at: number, request: ReadRequest): Item {
  return { at, run: (d) => send(d, request) }
}

function openSession(d: Draft, purpose: LinkState['purpose']): void {
  askSession(d, purpose)
  send(d, { name: 'OPEN', fields: {} })
}

export function askSession(d: Draft, purpose: LinkState['purpose']): void {
  go(d, 'session-asked')
  set(d, { purpose, reopens: d.s.reopens + (purpose === 'close' ? 1 : 0) })
}

/** What a session that is opened now is opened for. */
export function purposeNow({ s, now }: Draft): LinkState['purpose'] {
  const read = readAt(s)
  if (read !== null && read <= now.mono) return 'read'
  return closeAt(s) === null ? 'read' : 'close'
}

function send(d: Draft, request: ReadRequest): void {
  const { s, now } = d
  const seq = (s.seq + 1) & 0xffff
  // A PING under a session says which; it renews the lease either way.
  const named = MESSAGES[request.name].session || request.name === 'PING'
  put(d, request, seq, named ? (s.session?.id ?? 0) : 0)
  set(d, { seq })
  if (request.name === 'PING') set(d, { pingAt: now.mono })
  if (request.name === 'WAND') set(d, { wandAt: now.mono })
  if (request.name === 'LIVE') set(d, { liveAt: now.mono })
  if (request.name === 'HELLO') set(d, { helloAt: now.mono, helloDue: false })
}

/** Asks for the result of the air work that is running, with the seq it was begun with. */
function collect(d: Draft): void {
  const { air } = d.s
  if (air) put(d, air.request, air.seq, air.session)
}

function put(d: Draft, request: ReadRequest, seq: number, session: number): void {
  const { mono } = d.now
  set(d, { out: { request, seq, session, firstAt: mono, lastAt: mono, sends: 1 } })
  d.effects.push({ do: 'send', request, seq, link: d.s.link, session })
}

function resend(d: Draft, out: Outstanding): void {
  const { request, seq, session } = out
  set(d, { out: { ...out, lastAt: d.now.mono, sends: out.sends + 1 } })
  d.effects.push({ do: 'count', what: 'retries' })
  d.effects.push({ do: 'send', request, seq, link: d.s.link, session })
}

export function retry(d: Draft): void {
  set(d, { waitUntil: null })
  go(d, 'retry')
  d.effects.push({ do: 'open-port' })
}

/** Till when a reading that was asked for and has not begun is wanted. */
function lapses({ readUntil, phase }: LinkState): Item[] {
  const begun = phase === 'starting' || phase === 'reading'
  return readUntil === null || begun ? [] : [{ at: readUntil, run: lapse }]
}

function lapse(d: Draft): void {
  set(d, { readUntil: null, attempts: 0 })
  tell(d, { kind: 'read-failed', why: statement('read.not-placed'), final: true })
}
