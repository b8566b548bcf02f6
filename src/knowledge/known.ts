// What is known of the pumps of one log, as plain JSON: what the folds make and the snapshot keeps. The
// number of pumps is a clinic's; everything of one pump is bounded.
import type { FeedRecord } from '../feed/feed-record.ts'
import type { AlarmHistory } from '../model/alarm-changes.ts'
import type { Ever } from '../model/metrics.ts'
import { noOwners, type Owners, type PatientId } from '../model/owner.ts'
import type { AlarmReading } from '../model/reading.ts'
import type { Signed } from '../model/signed.ts'
import type { Value } from '../model/value.ts'

/** Visits of one pump that are kept; what is older stands in the log alone. */
export const MOST_VISITS = 10_000
export const MOST_REFILLS = 2_000
/** Alarms of one pump that have ended. */
export const MOST_ENDED = 500
/** Readings of one pump that it contradicted. */
export const MOST_CONTRADICTED = 500
/** Worksheet steps between two refills. */
export const MOST_STEPS = 200

/** Where and when something was recorded. */
export interface Moment {
  readonly position: number
  readonly at: string
}

/** A record as its line in the log says it. */
export type LogRecord = FeedRecord['record']
export type RecordOf<K extends LogRecord['kind']> = Extract<LogRecord, { kind: K }>

/** A record as it was read, with its place. */
export interface Placed extends Moment {
  readonly record: LogRecord
}

/** A number as a reading said it; its times are those of the reading. */
export type Figure = Pick<Value<number>, 'value' | 'unit' | 'quality' | 'raw'>

/** One interrogation in short. */
export interface VisitEntry extends Moment {
  readonly readAt: string
  readonly deviceTime: string | null
  readonly session: number | null
  readonly reportedVolume: Figure
  readonly rate: Figure
  readonly volume24h: Figure
  /** Null = they could not be read. */
  readonly activeAlarms: number | null
  readonly alarmCodes: readonly (string | null)[] | null
  closeConfirmed: boolean | null
  /** Whom the pump belonged to; null = nobody had said. */
  readonly owner: PatientId | null
  /** Of the pump's own events: how many there were at the reading before, and since. */
  readonly events: {
    readonly before: number | null
    readonly total: number | null
    readonly listed: number
    readonly overwritten: number | null
  }
}

export interface Beside extends Moment {
  readonly readAt: string
  readonly deviceTime: string | null
  readonly reportedVolume: Figure
}

/** The reading before a refill, with what it says of the refill before. */
export interface BeforeRefill extends Beside {
  readonly filledAt: string | null
  readonly filledVolume: Figure
  readonly programmedAt: string | null
}

export interface Step {
  readonly position: number
  readonly at: string
  readonly sheet: string
  readonly step: string
  /** What people wrote; of a reading it is in its own record. */
  readonly entries?: Readonly<Record<string, unknown>>
  readonly signed?: Signed
}

export interface RefillEntry {
  readonly position: number
  readonly filledAt: string
  readonly filledVolume: Figure
  readonly before: BeforeRefill | null
  readonly after: Beside
  readonly worksheets: readonly Step[]
}

export interface PastAlarm {
  readonly alarm: AlarmReading
  /** Null = its start is not in the log. */
  readonly started: Moment | null
  readonly ended: Moment
  /** It began and ended between two readings. */
  readonly between: boolean
}

export interface PumpKnown {
  readonly id: string
  readonly serial: string
  readonly model: string | null
  readonly first: Moment
  last: Moment
  /** The newest interrogation, without its PDUs. */
  reading: Placed | null
  /** The newest live exchange after it in the same session. */
  live: Placed | null
  alarms: AlarmHistory
  /** When the active alarms were told as begun, by alarm. */
  started: Record<string, Moment>
  past: PastAlarm[]
  visits: VisitEntry[]
  /** How many drugs, alarms and steps its readings ever had. */
  ever: Ever
  /** Visits that were let go. */
  forgotten: number
  refills: RefillEntry[]
  /** The last time of a refill that the pump reported. */
  filledAt: string | null
  steps: Step[]
  /** Readings that the pump contradicted when they were recorded already, and the records that say so. */
  contradicted: (Moment & { readonly reading: number })[]
}

/** A session that was opened, and of which no confirmed close is known. */
export interface SessionKnown {
  /** Id of the pump; null = the log does not say which pump it was. */
  pump: string | null
  serial: string | null
  model: string | null
  readonly wand: string | null
  readonly port: string | null
  /** The wand's number of it; 0 = the wand had not said. */
  readonly session: number
  /** When it was opened; of one that somebody else opened, when it was first told of. */
  readonly opened: Moment
  /** Why it is not known to be closed: a code. Null = it is open, and the bridge that opened it runs. */
  why: string | null
}

export interface Known {
  /** Of the newest record that was folded; -1 = none. */
  position: number
  pumps: Record<string, PumpKnown>
  sessions: SessionKnown[]
  owners: Owners
  /** Newest session number of each wand. */
  newest: Record<string, number>
  /** By port: what the running bridge has told as not closed, newest list. */
  told: Record<string, readonly string[]>
}

export const nothingKnown = (): Known => ({
  position: -1,
  pumps: {},
  sessions: [],
  owners: noOwners(),
  newest: {},
  told: {},
})
