// A pump that the log knows and that was not read since this bridge started, as it stands now: its newest
// reading with its age, none of it live; that the pump contradicted it is not forgotten. Pure.
import type { PumpIdentity, Stamp, UnclosedSession } from '../model/event.ts'
import type { InterrogationRecord, RecordOf } from '../model/record.ts'
import { recordedContent, recordedReason } from '../model/recorded.ts'
import { statement } from '../model/statement.ts'
import type { AuditStatus, Coded, PumpStatus, SessionStatus } from '../model/status.ts'
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

export function viewRecalled(
  { identity, reading, live, closeConfirmed }: RecalledPump,
  audit: Coded<AuditStatus>,
  now: Stamp,
): Coded<PumpStatus> {
  const { source } = reading
  const content = recordedContent(reading)
  const { reservoir, infusion } = content
  const { readAt } = live ?? reading
  const place = { ...wandAt(reading.port ?? '', source, 0), serial: reading.wand }
  const { link, session: _, pump: __, ...wand } = viewWand(place, now)
  return {
    asOf: utcText(now.wall),
    ageMs: Math.max(0, Math.round(now.wall - Date.parse(readAt))),
    readAt,
    quality: 'stale',
    reason: recordedReason(reading),
    source,
    pump: { ...identity },
    wand,
    session: sessionOf(reading, closeConfirmed),
    ...content,
    ...(live && {
      reservoir: { ...reservoir, reportedVolume: live.reportedVolume },
      infusion: { ...infusion, rate: live.rate },
    }),
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
