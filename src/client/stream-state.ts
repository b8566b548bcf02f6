// What a client knows: a fold over the events of the stream, and how it stands at a later moment. Pure.
// Ages go on from the server's `asOf` by the client's own clock. Nothing is live that the server has
// not said to be live, nor when the server is silent.
import type { Liveness, SnapshotEvent, StatusEvent } from '../model/api.ts'
import { mapValues } from '../model/map-values.ts'
import type { RecordOf } from '../model/record.ts'
import { recordedContent, recordedReason } from '../model/recorded.ts'
import { sourceOf } from '../model/source.ts'
import type { AuditStatus, PumpStatus, WandStatus } from '../model/status.ts'
import type { Reason, Value } from '../model/value.ts'

/** A moment on both clocks of the client. */
export interface Moment {
  readonly mono: number
  readonly wall: number
}

/** How long a server may say nothing: two ticks. After that nothing is live. */
export const HEARTBEAT_MS = 10_000
/** Clocks that disagree by more mean that this computer slept. */
const JUMP_MS = 2_000

interface Known extends PumpStatus {
  /** The reading's age in ms at the server's `asOf` of this state. */
  readonly ageMs: number
}

export interface ClientState {
  /** The server's time, and when it was heard. */
  readonly asOf: string
  readonly heard: Moment
  readonly wands: readonly WandStatus[]
  readonly pumps: readonly Known[]
  /**
   * The server's newest word on each pump. It may come before the record of the reading that it is
   * about, and holds from when that has come.
   */
  readonly said: ReadonlyMap<string, Liveness>
  readonly audit: AuditStatus
  /** Where the log stood at the snapshot: records up to there may be older than what it says. */
  readonly from: Pick<AuditStatus, 'log' | 'position'>
}

export function fromSnapshot(event: SnapshotEvent, heard: Moment): ClientState {
  const { asOf, wands, pumps, audit } = event
  return { asOf, heard, wands, pumps, said: new Map(), audit, from: audit }
}

/**
 * Whether what is known is newer than a record. Records come in the order of the log, so it is only where the
 * snapshot may have held them; their times do not tell, for the server's clock may have been set back.
 */
function isOlder(
  { from }: ClientState,
  { log, position, readAt }: RecordOf<'interrogation' | 'live'>,
  known: Known,
): boolean {
  return log === from.log && position <= (from.position ?? -1) && known.readAt > readAt
}

/** The server is there, and its time is this. */
export function heardAt(
  state: ClientState,
  asOf: string,
  audit: AuditStatus,
  heard: Moment,
): ClientState {
  // A server whose clock is set back makes nothing younger.
  const passed = Math.max(
    0,
    Date.parse(asOf) - Date.parse(state.asOf),
    heard.mono - state.heard.mono,
  )
  const pumps = state.pumps.map((pump) => ({ ...pump, ageMs: pump.ageMs + passed }))
  return { ...state, asOf, heard, audit, pumps }
}

export function onStatus(state: ClientState, event: StatusEvent, heard: Moment): ClientState {
  const next = heardAt(state, event.asOf, event.audit, heard)
  const said = new Map(event.pumps.map((one) => [one.id, one]))
  return {
    ...next,
    wands: event.wands,
    said,
    pumps: next.pumps.map((pump) => {
      const wand = event.wands.find((one) => one.pump === pump.pump.id)
      return withLiveness(wand ? { ...pump, ...through(wand) } : pump, said.get(pump.pump.id))
    }),
  }
}

/** What a pump's status says of the wand it was read through. */
function through({ link, session, pump: _, ...wand }: WandStatus) {
  return { wand, link, session }
}

function withLiveness(pump: Known, said: Liveness | undefined): Known {
  // Of a pump that the server does not name any more it says nothing, so not that it is live.
  if (!said) return { ...pump, quality: 'stale', reason: pump.reason ?? 'recorded' }
  // What the server says of a reading that this client does not have yet makes nothing live.
  const other = said.readAt !== pump.readAt && said.quality === 'current'
  if (other) return pump
  const { reason: _, ...rest } = pump
  const { quality, reason, ageMs } = said
  return { ...rest, quality, ageMs, ...(reason === undefined ? {} : { reason }) }
}

/** Whether the server has said that this very reading is live, and nothing else since. */
function isLive(said: Liveness | undefined, readAt: string): boolean {
  return said?.quality === 'current' && said.readAt === readAt
}

/** A whole reading. It is live once the server has said so, before its record or after. */
export function onInterrogation(
  state: ClientState,
  record: RecordOf<'interrogation'>,
): ClientState {
  if (!record.pump) return state
  const old = state.pumps.find(({ pump }) => pump.id === record.pump?.id)
  if (old && isOlder(state, record, old)) return state
  const wand = state.wands.find(({ port }) => port === record.port)
  const by = wand ? through(wand) : old
  if (!by) return state
  const { at, source, identity, readAt } = record
  const lasts = old?.quality === 'current' && old.session.id === record.session
  const live = lasts || isLive(state.said.get(record.pump.id), readAt)
  const pump: Known = {
    ...recordedContent(record),
    source,
    asOf: state.asOf,
    ageMs: age(state, at, readAt),
    readAt,
    ...(live ? { quality: 'current' } : { quality: 'stale', reason: recordedReason(record) }),
    pump: { ...record.pump, ...identity },
    wand: by.wand,
    link: by.link,
    session: by.session,
    audit: state.audit,
  }
  return { ...state, pumps: [...state.pumps.filter((one) => one !== old), pump] }
}

/** Of what was read at `readAt` and came at `at`, when the server was heard last. */
const age = ({ asOf }: ClientState, at: string, readAt: string) =>
  Math.max(0, Date.parse(asOf) - Date.parse(readAt), Date.parse(at) - Date.parse(readAt))

/** A short exchange: two values are younger than the rest. */
export function onLive(state: ClientState, record: RecordOf<'live'>): ClientState {
  const { at, readAt, pump: ref, reportedVolume, rate } = record
  const said = ref ? state.said.get(ref.id) : undefined
  return {
    ...state,
    pumps: state.pumps.map((pump) =>
      pump.pump.id !== ref?.id || isOlder(state, record, pump)
        ? pump
        : {
            ...(isLive(said, readAt) ? withLiveness({ ...pump, readAt }, said) : pump),
            readAt,
            ageMs: age(state, at, readAt),
            reservoir: { ...pump.reservoir, reportedVolume },
            infusion: { ...pump.infusion, rate },
          },
    ),
  }
}

export interface ClientStatus {
  /** The server's time now, as far as this client's clocks tell. */
  readonly asOf: string
  readonly wands: readonly WandStatus[]
  readonly pumps: readonly PumpStatus[]
  readonly audit: AuditStatus
}

/** How it stands at `now`. `believed` false: the connection is gone, or the server is not believed. */
export function view(state: ClientState, now: Moment, believed: boolean): ClientStatus {
  const mono = now.mono - state.heard.mono
  const wall = now.wall - state.heard.wall
  const passed = Math.max(0, mono, wall)
  const slept = Math.abs(wall - mono) > JUMP_MS
  const silent = !believed || slept || mono > HEARTBEAT_MS
  const asOf = new Date(Date.parse(state.asOf) + passed).toISOString()
  return {
    asOf,
    wands: state.wands.map((wand) => wandAt(wand, passed, silent)),
    pumps: state.pumps.map((pump) => pumpAt(pump, state.audit, asOf, passed, silent)),
    audit: state.audit,
  }
}

function wandAt(wand: WandStatus, passed: number, silent: boolean): WandStatus {
  const { ageMs, fresh } = wand.contact
  const contact = {
    ...wand.contact,
    ageMs: ageMs === null ? null : ageMs + passed,
    fresh: fresh && !silent,
  }
  return { ...wand, contact }
}

function pumpAt(
  pump: Known,
  audit: AuditStatus,
  asOf: string,
  passed: number,
  silent: boolean,
): PumpStatus {
  const { reason: said, ...rest } = pump
  // Nothing is live beside a log that failed, whichever event is the first to say so.
  const recorded = audit.state !== 'failed'
  const live = pump.quality === 'current' && !silent && recorded
  const now = silent ? 'server-silent' : 'audit-failed'
  const reason: Reason = pump.quality === 'stale' ? (said ?? 'recorded') : now
  const judged = (value: Value): Value => {
    if (value.quality !== 'current' && value.quality !== 'stale') return value
    const { reason: _, ...bare } = value
    return live ? { ...bare, quality: 'current' } : { ...bare, quality: 'stale', reason }
  }
  return {
    ...mapValues(rest, judged),
    asOf,
    ageMs: Math.round(pump.ageMs + passed),
    quality: live ? 'current' : 'stale',
    ...(live ? {} : { reason }),
    audit: auditOf(pump, audit),
  }
}

/** The stream tells how one log stands: of another one, the place of this pump's records is not known. */
function auditOf({ source }: Known, audit: AuditStatus): AuditStatus {
  if (audit.log === null || sourceOf(audit.log) === source) return audit
  return { ...audit, log: null, position: null, checkpoint: null }
}
