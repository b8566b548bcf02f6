// The link to one wand as a pure machine: `step(state, input, now)` gives the next state and what to
// do. No I/O, no timers, no clock: `wakeAt` says when it wants the next tick.
//
// Theory of operation. One request is out at a time. What the link does by itself stands in one list,
// agenda.ts, with its times; what replies do, in replies.ts. Every reply must match the request that
// is out in link, seq and type; anything else is refused, never interpreted. What is lost is told at
// once; what is gained is told when the wand has said it.

import { FLAG_REPLY, type Header } from '../../../protocol/codec/pdu.ts'
import { messageOfType } from '../../../protocol/messages/index.ts'
import type { Stamp } from '../../model/event.ts'
import { statement } from '../../model/statement.ts'
import { agenda } from './agenda.ts'
import { type Draft, draftOf, drop, go, halt, retreat, set, toEnding } from './draft.ts'
import { type Effect, type Input, type LinkState, type ReplyFault, TIMING } from './link-state.ts'
import { onReply } from './replies.ts'
import { markChanged, otherSource, sourceOf } from './source.ts'
import { isConnected, isInSession } from './table.ts'

/** More than this at one moment is a circle. */
const MOST = 20

export function step(
  state: LinkState,
  input: Input,
  now: Stamp,
): { readonly state: LinkState; readonly effects: readonly Effect[] } {
  const d = draftOf(state, now)
  if (state.phase !== 'stopped') {
    // What ran out before the input came has run out, whatever the input says.
    expire(d)
    take(d, input)
    catchUp(d)
  }
  return { state: d.s, effects: d.effects }
}

/** Monotonic time of the next tick the machine needs; null = none. */
export function wakeAt(s: LinkState): number | null {
  const times = agenda(s).map((item) => item.at)
  return times.length === 0 ? null : Math.min(...times)
}

function expire(d: Draft): void {
  const { contact } = d.s
  if (!contact.fresh || !isConnected(d.s.phase)) return
  if (d.now.mono >= (contact.heardAt ?? 0) + TIMING.contactMs) due(d)?.run(d)
}

function due(d: Draft) {
  return agenda(d.s).find((item) => item.at <= d.now.mono)
}

function catchUp(d: Draft): void {
  for (let i = 0; i < MOST; i += 1) {
    const item = due(d)
    if (!item) return
    item.run(d)
  }
  throw new Error(`link: going in circles in ${d.s.phase}`)
}

/** What the input itself does, before the agenda. */
export function take(d: Draft, input: Input): void {
  const { phase } = d.s
  switch (input.type) {
    case 'start':
      if (phase !== 'idle') return
      go(d, 'start')
      d.effects.push({ do: 'open-port' })
      return
    case 'opened':
      if (phase !== 'opening') return
      set(d, { link: input.link, seq: 0, faults: 0, out: null, air: null })
      set(d, { pingAt: -Infinity, wandAt: -Infinity, notBefore: -Infinity })
      go(d, 'opened')
      return
    case 'ended':
      if (phase === 'opening') retreat(d, 'cannot-open', input.why, input.slow)
      else if (isConnected(phase)) drop(d, 'port-gone', input.why)
      return
    case 'pdu':
      onPdu(d, input.pdu, input.raw, input.wire)
      return
    case 'clock-jump':
      if (isConnected(phase)) drop(d, 'clock-jumped')
      return
    case 'held-up':
      if (isConnected(phase)) drop(d, 'held-up')
      return
    case 'other-version':
      if (isConnected(phase))
        drop(d, 'wrong-version', statement('why.version', { major: input.major }))
      return
    case 'read':
      set(d, { readUntil: d.now.mono + TIMING.wantedMs, attempts: 0 })
      return
    case 'stop':
      stop(d)
      return
    case 'tick':
      return
  }
}

function onPdu(d: Draft, pdu: Header, raw: Uint8Array, wire: number): void {
  const refuse = (reason: ReplyFault) => void d.effects.push({ do: 'refuse', reason, wire, raw })
  const { out, link, phase } = d.s
  if (pdu.link !== link || !isConnected(phase)) return refuse('wrong-link')
  if (!(pdu.flags & FLAG_REPLY)) return refuse('out-of-sequence')
  // The only place where a mark is looked at: what carries another is part of nothing.
  if (sourceOf(pdu.flags) !== d.s.source) {
    refuse('other-source')
    if (phase === 'greeting') otherSource(d, sourceOf(pdu.flags))
    else markChanged(d)
    return
  }
  const name = messageOfType(pdu.type)
  if (!name) return refuse('unknown-type')
  if (!out || pdu.seq !== out.seq || name !== out.request.name) {
    return refuse('out-of-sequence')
  }
  if (!onReply(d, pdu, raw, out)) return refuse('truncated')
  d.effects.push({ do: 'accept', wire, name })
}

function stop(d: Draft): void {
  const { phase, stopBy } = d.s
  if (stopBy !== null) return
  // A reading that was asked for will not be had; who waits for it hears of the stop.
  set(d, { stopBy: d.now.mono + TIMING.stopMs, readUntil: null })
  if (isInSession(phase)) toEnding(d, 'stop-in-session')
  // A session that is being opened must be known before it can be closed: OPEN runs to its end.
  else if (phase !== 'ending' && phase !== 'starting') halt(d)
}
