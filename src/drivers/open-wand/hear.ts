// What a request that somebody else has sent does to the link machine: it stands where the agenda would have sent
// one. Replies then do what they always do. Pure, and for any host: what does not fit the phase is passed over.
import { FLAG_REPLY, type Header } from '../../../protocol/codec/pdu.ts'
import { parsePayload } from '../../../protocol/codec/struct.ts'
import type { Struct } from '../../../protocol/fields/field.ts'
import { MESSAGES, messageOfType, type ReadRequest } from '../../../protocol/messages/index.ts'
import { type Statement, statement } from '../../model/statement.ts'
import type { PortEnd } from '../../transport/port.ts'
import { askSession, purposeNow, retry } from './agenda.ts'
import { type Draft, drop, go, halt, set, toEnding } from './draft.ts'
import { initialState } from './link-state.ts'
import { take } from './machine.ts'
import { isConnected, isInSession } from './table.ts'
import { isSlow, OPEN_MS } from './timing.ts'

/** The port is being opened. */
export function opening(d: Draft): void {
  const { phase } = d.s
  if (phase === 'opening') {
    lost(d, statement('why.port-late', { seconds: OPEN_MS / 1000 }))
  }
  if (isConnected(phase)) drop(d, 'port-gone')
  if (phase === 'stopped') set(d, initialState(d.s.policy, d.s.source, d.s.liveMs))
  if (d.s.phase === 'idle') take(d, { type: 'start' })
  else if (d.s.phase === 'waiting') retry(d)
}

export function ended(d: Draft, how: PortEnd, text: string): void {
  if (d.s.stopBy !== null && d.s.phase !== 'stopped') return halt(d)
  lost(d, statement('why.port', { text }), isSlow(how))
}

export function lost(d: Draft, why: Statement, slow = false): void {
  take(d, { type: 'ended', slow, why })
}

export function asked(d: Draft, pdu: Header, raw: Uint8Array): void {
  const name = messageOfType(pdu.type)
  if (!name || pdu.flags & FLAG_REPLY) return
  const fields = parsePayload(MESSAGES[name].request as Struct, raw)
  if (!fields) return
  if (!isConnected(d.s.phase) || d.s.link !== pdu.link) {
    if (d.s.phase !== 'opening') opening(d)
    take(d, { type: 'opened', link: pdu.link })
  }
  const { out, air } = d.s
  const request = { name, fields } as ReadRequest
  const now = d.now.mono
  if (out?.seq === pdu.seq && out.request.name === name) {
    set(d, { out: { ...out, lastAt: now, sends: out.sends + 1 } })
    return
  }
  if (air?.seq !== pdu.seq && !fitting(d, name)) return
  const { seq, session } = pdu
  set(d, { out: { request, seq, session, firstAt: now, lastAt: now, sends: 1 }, seq })
  if (name === 'HELLO') set(d, { helloAt: now, helloDue: false })
}

/** Brings the link to the phase in which the request is sent; false = there is no way. */
function fitting(d: Draft, name: ReadRequest['name']): boolean {
  const { phase } = d.s
  switch (name) {
    case 'HELLO':
    case 'PING':
      return true
    case 'WAND':
    case 'OPEN':
      if (phase === 'greeting') go(d, 'wand-answered')
      if (name === 'OPEN' && d.s.phase === 'watching') askSession(d, purposeNow(d))
      return name === 'WAND' || d.s.phase === 'starting'
    case 'CLOSE':
      if (phase === 'holding') toEnding(d, 'held-long-enough')
      else if (phase === 'reading') toEnding(d, 'stop-in-session')
      return d.s.phase === 'ending'
    case 'LIVE':
      return isInSession(phase)
    default:
      if (phase === 'holding') go(d, 'read-again')
      return d.s.phase === 'reading'
  }
}
