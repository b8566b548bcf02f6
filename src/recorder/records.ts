// Which record an event becomes. Pure. Bodies are in protocol units, as decoded, beside the PDUs they
// were decoded from, so that `audit verify --rederive` can read them again.

import { MAX_TEXT, type NewRecord } from '../audit/format/record.ts'
import type { BridgeEvent, ClockReading, EventHead, PumpIdentity } from '../model/event.ts'
import { saidFrom } from '../model/read-at.ts'
import type { Statement } from '../model/statement.ts'

/**
 * The record of an event; null when it needs none: contact and the wand's health are asked for many
 * times a second and make nothing live by themselves, refused bytes are summed up by the second.
 */
export function recordOf(event: BridgeEvent): NewRecord | null {
  const head = headOf(event)
  switch (event.kind) {
    case 'link': {
      const { phase, cause, why, connected } = event
      return { ...head, kind: 'link', body: { phase, cause, why: why && cut(why), connected } }
    }
    case 'session-open':
      return { ...head, ...of(event.pump), kind: 'session', body: { event: 'opened' } }
    case 'recognised':
      return { ...head, ...of(event.pump), kind: 'session', body: { event: 'recognised' } }
    case 'outdated':
      return { ...head, ...of(event.pump), kind: 'session', body: { event: event.why } }
    case 'session-end': {
      const { how } = event
      const outcome = how === 'confirmed' ? { ok: true } : { ok: false, reason: how }
      return { ...head, ...of(event.pump), kind: 'session', outcome, body: { event: 'ended', how } }
    }
    case 'unclosed': {
      const sessions = event.unclosed.map(({ session, why, pump }) => ({ session, why, pump }))
      return {
        ...head,
        kind: 'unclosed',
        outcome: { ok: sessions.length === 0 },
        body: { sessions },
      }
    }
    case 'reading':
      return {
        ...head,
        ...of(event.pump),
        kind: 'interrogation',
        action: 'R',
        deviceTime: event.clock.deviceTime,
        body: {
          blocks: event.evidence.body,
          clock: clockBody(event.clock),
          readAt: saidFrom(event).utc,
          ...(event.contradicted && { contradicted: true }),
        },
        pdus: event.evidence.pdus,
        decoder: event.evidence.decoder,
      }
    case 'live':
      return {
        ...head,
        ...of(event.pump),
        kind: 'live',
        action: 'R',
        deviceTime: event.deviceTime,
        body: { values: event.evidence.body, readAt: saidFrom(event).utc },
        pdus: event.evidence.pdus,
        decoder: event.evidence.decoder,
      }
    case 'alarm': {
      const { phase, alarm } = event
      return { ...head, ...of(event.pump), kind: 'alarm', body: { phase, alarm: { ...alarm } } }
    }
    case 'pump-events': {
      const { upTo, overwritten, entries, readAt } = event
      const body = { upTo, overwritten, events: entries.map((one) => ({ ...one })), readAt }
      return { ...head, ...of(event.pump), kind: 'pump-events', body }
    }
    case 'read-failed': {
      const { code, args } = cut(event.why)
      return {
        ...head,
        kind: 'read-failed',
        outcome: { ok: false, reason: code },
        body: { code, args, final: event.final },
      }
    }
    case 'wand':
    case 'health':
    case 'contact':
    case 'refused':
      return null
  }
}

/** A driver may say a lot; a record holds 2,000 characters of it. */
const cut = ({ code, args }: Statement): Statement => ({
  code,
  args: Object.fromEntries(
    Object.entries(args).map(([name, arg]) => [
      name,
      typeof arg === 'string' ? arg.slice(0, MAX_TEXT) : arg,
    ]),
  ),
})

const of = (pump: PumpIdentity) => ({ pump: pump.serial, model: pump.model })

function headOf({ receivedAt, mono, port, wand, link, session, snapshot }: EventHead) {
  return { at: receivedAt, mono, port: port.slice(0, 200), wand, link, session, snapshot }
}

/** Milliseconds instead of tenths of a second: a record holds whole numbers only, and no -0. */
function clockBody({ deviceTime, hostTime, offsetS, uncertaintyS }: ClockReading) {
  const ms = (s: number) => Math.round(s * 1000) + 0
  return {
    deviceTime,
    hostTime,
    offsetMs: offsetS === null ? null : ms(offsetS),
    uncertaintyMs: uncertaintyS === null ? null : ms(uncertaintyS),
  }
}
