// What is known, as it stands at one moment: quality, reason and age of everything. Pure: the moment
// is given. Age is the larger of what both clocks say, so that a computer that slept or whose clock
// was set never shows an old value young.

import { type Content, contentOf } from '../model/content.ts'
import type { ReadingEvent, Stamp, UnclosedSession } from '../model/event.ts'
import { mapValues } from '../model/map-values.ts'
import { saidFrom } from '../model/read-at.ts'
import type { AuditStatus, BridgeStatus, Coded, PumpStatus } from '../model/status.ts'
import type { Reason, Value } from '../model/value.ts'
import { type Memory, viewRecalled } from './recalled.ts'
import type { BridgeState, PumpState, WandState } from './state.ts'
import { notInContact, round, utcText, viewWand } from './wand-view.ts'

/** `memory`: what the log knows of pumps that were not read here, and of sessions of earlier bridges. */
export function viewBridge(
  state: BridgeState,
  audit: Coded<AuditStatus>,
  memory: Memory,
  now: Stamp,
): Coded<BridgeStatus> {
  const unclosed = memory.unclosed()
  const recalled = memory.pumps().filter(({ identity }) => !state.pumps.has(identity.id))
  return {
    asOf: utcText(now.wall),
    wands: [...state.wands.values()].map((wand) => {
      const view = viewWand(wand, now)
      const known = new Set(view.unclosed.map((one) => `${one.session} ${one.pump}`))
      const more = unclosed.filter((one) => !known.has(`${one.session} ${one.pump}`))
      // Which pump it was, the wand may not say and the log does.
      const own = view.unclosed.filter(
        (one) => one.pump !== null || !unclosed.some((told) => isThat(one, told)),
      )
      return { ...view, unclosed: [...own, ...more.map((one) => ({ ...one }))] }
    }),
    pumps: [
      ...recalled.map((pump) => viewRecalled(pump, audit, now)),
      ...[...state.pumps.values()].map((pump) => viewPump(state, audit, pump, now)),
    ],
    audit,
  }
}

const isThat = (one: UnclosedSession, told: UnclosedSession) =>
  one.session !== 0 && one.session === told.session && told.pump !== null

/**
 * Why the pump's reading is not live at `now`; null = it is. That the pump contradicted it is told for good once its
 * session is over; before that, what there is to be done about the signal.
 */
function staleReason(
  state: BridgeState,
  audit: Coded<AuditStatus>,
  pump: PumpState,
  now: Stamp,
): Reason | null {
  const reason = notLive(state, audit, pump, now)
  return pump.ended !== null && pump.contradicted ? 'contradicted' : reason
}

function notLive(
  state: BridgeState,
  audit: Coded<AuditStatus>,
  pump: PumpState,
  now: Stamp,
): Reason | null {
  if (pump.ended !== null) return pump.ended
  if (audit.state === 'failed') return 'audit-failed'
  const wand = state.wands.get(pump.reading.port)
  if (!wand || wand.link !== pump.reading.link) return 'wand-lost'
  if (wand.session.id !== pump.reading.session) return 'session-closed'
  if (wand.ended?.session === pump.reading.session) return wand.ended.reason
  const contact = notInContact(wand, now)
  if (contact !== null) return contact
  if (wand.outdated !== null) return wand.outdated
  if (!wand.recognised) return wand.contact.loss
  return now.mono >= wand.liveUntil ? 'implant-silent' : null
}

/** The last layout of each reading: between two changes of its quality it is asked for many times. */
const laidOut = new WeakMap<
  ReadingEvent,
  { readonly reason: Reason | null; readonly content: Content }
>()

/** With all that is in it: it is given to many. */
function frozen<T>(x: T): T {
  if (typeof x !== 'object' || x === null || Object.isFrozen(x)) return x
  for (const part of Object.values(x)) frozen(part)
  return Object.freeze(x)
}

/** The reading as it stands, with the younger values of LIVE laid over it. */
function contentAt({ reading, live }: PumpState, reason: Reason | null): Content {
  const age = <V extends Value>(value: V): V =>
    value.quality === 'current' && reason !== null ? { ...value, quality: 'stale', reason } : value
  let last = laidOut.get(reading)
  if (last?.reason !== reason) {
    const values = mapValues(reading.values, age)
    const times = { readAt: saidFrom(reading).utc, receivedAt: reading.receivedAt }
    last = { reason, content: frozen(contentOf(values, times, reading.clock)) }
    laidOut.set(reading, last)
  }
  const { content } = last
  if (!live) return content
  return {
    ...content,
    reservoir: { ...content.reservoir, reportedVolume: age(live.reportedVolume) },
    infusion: { ...content.infusion, rate: age(live.rate) },
  }
}

export function viewPump(
  state: BridgeState,
  audit: Coded<AuditStatus>,
  pump: PumpState,
  now: Stamp,
): Coded<PumpStatus> {
  const reason = staleReason(state, audit, pump, now)
  const wand = state.wands.get(pump.reading.port) as WandState
  const { link, session, pump: _, ...wandView } = viewWand(wand, now)
  const { reading } = pump
  const ownSession =
    pump.ended === null && wand.session.id === reading.session && wand.link === reading.link
  return {
    asOf: utcText(now.wall),
    ageMs: Math.max(
      0,
      round(Math.max(now.mono - pump.readMono, now.wall - Date.parse(pump.readAt))) ?? 0,
    ),
    readAt: pump.readAt,
    quality: reason === null ? 'current' : 'stale',
    ...(reason === null ? {} : { reason }),
    source: reading.source,
    pump: { ...pump.identity },
    wand: wandView,
    session: ownSession ? session : pump.session,
    ...contentAt(pump, reason),
    link,
    audit,
  }
}
