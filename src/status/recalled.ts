// A pump that the log knows and that was not read since this bridge started, as it stands now: its newest
// reading with its age, none of it live; that the pump contradicted it is not forgotten. Pure.
import type { PumpIdentity, Stamp, UnclosedSession } from '../model/event.ts'
import { mapValues } from '../model/map-values.ts'
import type { InterrogationRecord, RecordOf } from '../model/record.ts'
import { statement } from '../model/statement.ts'
import type { AuditStatus, Coded, PumpStatus, SessionStatus } from '../model/status.ts'
import type { Value } from '../model/value.ts'
import { NO_SESSION, wandAt } from './state.ts'
import { utcText, viewWand } from './wand-view.ts'

/** The newest that the log holds of a pump. */
export interface RecalledPump {
  readonly identity: PumpIdentity
  readonly reading: InterrogationRecord
  /** The newest live exchange behind it, of the same session. */
  readonly live: RecordOf<'live'> | null
  /** Whether the implant confirmed the end of its session; null = that is not known. */
  readonly closeConfirmed: boolean | null
}

/** What the log knows besides what this bridge has seen. */
export interface Memory {
  /** In the order in which they were first read. */
  pumps(): readonly RecalledPump[]
  /** Sessions of which no confirmed close is known, of whatever bridge. */
  unclosed(): readonly UnclosedSession[]
}

export const NO_MEMORY: Memory = { pumps: () => [], unclosed: () => [] }

const doubted = (value: Value): Value =>
  value.reason === 'recorded' ? { ...value, reason: 'contradicted' } : value

export function viewRecalled(
  { identity, reading: read, live, closeConfirmed }: RecalledPump,
  audit: Coded<AuditStatus>,
  now: Stamp,
): Coded<PumpStatus> {
  const reading = read.contradicted ? mapValues(read, doubted) : read
  const { source, reservoir, infusion } = reading
  const { readAt } = live ?? reading
  const place = { ...wandAt(reading.port ?? '', source, 0), serial: reading.wand }
  const { link, session: _, pump: __, ...wand } = viewWand(place, now)
  return {
    asOf: utcText(now.wall),
    ageMs: Math.max(0, Math.round(now.wall - Date.parse(readAt))),
    readAt,
    quality: 'stale',
    reason: reading.contradicted ? 'contradicted' : 'recorded',
    source,
    pump: { ...identity },
    wand,
    session: sessionOf(reading, closeConfirmed),
    implanted: reading.implanted,
    state: reading.state,
    reservoir: live ? { ...reservoir, reportedVolume: live.reportedVolume } : reservoir,
    infusion: live ? { ...infusion, rate: live.rate } : infusion,
    alarms: reading.alarms,
    events: reading.events,
    catheter: reading.catheter,
    battery: reading.battery,
    clock: reading.clock,
    unavailable: reading.unavailable,
    ...(reading.invalid && { invalid: reading.invalid }),
    link,
    audit,
  }
}

function sessionOf(
  { session }: InterrogationRecord,
  confirmed: boolean | null,
): Coded<SessionStatus> {
  const ended = { ...NO_SESSION, id: session, closeConfirmed: confirmed }
  if (confirmed === null) return { ...ended, state: 'lost', ...statement('session.end-unknown') }
  return confirmed
    ? { ...ended, state: 'closed', ...statement('session.confirmed') }
    : { ...ended, state: 'not-confirmed', ...statement('session.unconfirmed') }
}
