// The three states of a reading, in words: live · read, and not live · signal lost. And what the session
// and the wand say. Pure: the moment is in the status.
import { age, count, quantity } from '../../src/model/format.ts'
import { infusingOf } from '../../src/model/infusing.ts'
import type { PumpStatus, WandStatus } from '../../src/model/status.ts'
import { minute, type Reader, second } from '../../src/words/reader.ts'
import { alarmName, noAlarmsText } from '../../src/words/summary.ts'
import { linkText } from '../../src/words/told.ts'
import { sentence } from '../../src/words/words.ts'

/** `lost` is every state in which nobody knows how the pump is now, though somebody ought to. */
export type StateKind = 'live' | 'read' | 'lost'

export interface ShownState {
  readonly kind: StateKind
  readonly title: string
  readonly more: string
  /** What it means and what to do; empty = nothing. */
  readonly next: string
  /** For ears: changes with the state only, never with an age. */
  readonly announcement: string
}

/** `away`: the bridge is gone, and what it said last is of an earlier moment. */
export function stateOf(pump: PumpStatus, reader: Reader, away = false): ShownState {
  const { page } = reader.words
  const { reason } = pump
  const read = second(reader, pump.readAt)
  const last = page.lastReading(read, age(pump.ageMs))
  const of = (kind: StateKind, title: string, more: string, next = '', said = title) => ({
    kind,
    title,
    more,
    next,
    announcement: `${pump.pump.serial}: ${said}`,
  })
  if (away) return of('lost', `${page.asOf(minute(reader, pump.readAt))}. ${page.readOnce}`, '')
  if (pump.quality === 'current') return of('live', page.live, page.heardAt(read), '', page.live)
  switch (reason) {
    case 'wand-lost':
    case 'implant-lost': {
      const { at, atLeast } = lostAt(pump)
      const said = atLeast ? page.signalLostBefore : page.signalLost
      const title = at === null ? page.signalLostNow : said(minute(reader, at))
      const again = reason === 'wand-lost' && pump.link.connected
      const next = again ? page.answersAgain : page.why[reason]
      return of('lost', title, last, next, page.signalLostNow)
    }
    case 'implant-silent':
      return of('lost', page.pumpSilent, last, page.why[reason])
    case 'server-silent':
      return of('lost', page.bridgeSilent, last, page.why[reason])
    case 'audit-failed':
      return of('lost', page.auditFailed, last, page.why[reason])
    default: {
      const title = page.readAt(read, age(pump.ageMs))
      const more = reason === 'changed' || reason === 'contradicted' ? page[reason] : ''
      return of('read', title, '', more, page.readOnce)
    }
  }
}

/** UTC at which the signal went, or before that; null = nobody knows. */
function lostAt({ asOf, session, wand, link }: PumpStatus) {
  if (session.endedAt !== null) return { at: session.endedAt, atLeast: false }
  if (!link.connected) return { at: link.since, atLeast: false }
  const { ageMs, atLeast } = wand.contact
  const at = ageMs === null ? null : new Date(Date.parse(asOf) - ageMs).toISOString()
  return { at, atLeast }
}

export interface ShownSession {
  readonly sentence: string
  /** What to do; empty = nothing. A fault to be seen to. */
  readonly steps: readonly string[]
}

/** How it stands with the session of a wand; `pump` is the one read through it. */
export function sessionOf(
  wand: WandStatus,
  pump: PumpStatus | undefined,
  reader: Reader,
): ShownSession {
  const { words } = reader
  const { page } = words
  const { session, unclosed } = wand
  const [fault] = unclosed
  if (fault || session.state === 'not-confirmed') {
    const why = fault ? sentence(words, fault) : ''
    const other = fault?.pump && fault.pump !== pump?.pump.serial
    const whose = other ? `${page.pump} ${fault.pump}: ` : ''
    const said = why.startsWith(page.notConfirmed) || why === '' ? page.notConfirmed : why
    return { sentence: `${whose}${said}`, steps: page.notConfirmedNext }
  }
  switch (session.state) {
    case 'closed': {
      const finished = pump && pump.session.id === session.id ? pump.readAt : session.endedAt
      const at = finished === null ? '' : minute(reader, finished)
      return { sentence: page.sessionClosed(at), steps: [] }
    }
    case 'closing':
      return { sentence: page.sessionClosing, steps: [] }
    default:
      return { sentence: sentence(words, session), steps: [] }
  }
}

export interface Obstacle {
  readonly title: string
  /** What to do. */
  readonly next: string
  /** % of a reading that is under way. */
  readonly progress: number | null
}

/** What is in the way of a reading, or how far it is; null = nothing. `read`: one stands here already. */
export function obstacleOf(
  { link, contact, coupling, session }: WandStatus,
  { words }: Reader,
  read = false,
): Obstacle | null {
  const { page } = words
  const of = (title: string, next: string, progress: number | null = null) => ({
    title,
    next,
    progress,
  })
  if (!link.connected) {
    return of(linkText(words, link), page.why['wand-lost'])
  }
  const { progress } = contact
  if (progress !== null)
    return of(page.working(quantity(progress, '%')), page.readingNext, progress)
  if (session.state === 'open' || session.state === 'closing') return null
  if (coupling.position === 'no-implant') return of(page.noPump, page.noReadingNext)
  return read || session.state === 'closed' ? null : of(page.noReading, page.noReadingNext)
}

const BARS = 5

/** Bars for a coupling in %; null = the wand does not say. */
export function barsOf(
  coupling: number | null,
): { readonly n: number; readonly of: number } | null {
  if (coupling === null) return null
  return { n: Math.min(BARS, Math.ceil((coupling / 100) * BARS)), of: BARS }
}

/** What belongs together on one tile: a wand, the pump read through it, and those before it. */
export interface TileOf {
  readonly wand: WandStatus
  readonly pump: PumpStatus | undefined
  readonly others: readonly PumpStatus[]
}

export function tilesOf(wands: readonly WandStatus[], pumps: readonly PumpStatus[]): TileOf[] {
  return wands.map((wand) => ({
    wand,
    pump: pumps.find(({ pump }) => pump.id === wand.pump),
    others: pumps.filter((one) => one.pump.id !== wand.pump && one.wand.port === wand.port),
  }))
}

/** How much somebody ought to look at it: a lower place first. */
function placeOf({ wand, pump }: TileOf): number {
  if (wand.unclosed.length > 0 || wand.session.state === 'not-confirmed') return 0
  if (!pump) return 5
  // Alarms that could not be read may be critical.
  if (pump.alarms === null) return 1
  if (pump.alarms.some((alarm) => alarm.class !== 'non-critical' && alarm.class !== 'log-only'))
    return 1
  if (infusingOf(pump) !== 'programmed') return 2
  if (pump.quality === 'stale' && pump.reason !== 'session-closed') return 3
  return pump.alarms.length > 0 ? 4 : 6
}

export const worstFirst = (tiles: readonly TileOf[]): TileOf[] =>
  [...tiles].sort((a, b) => placeOf(a) - placeOf(b))

/** The title of the tab: which pump, and the gravest that can be said of it in two words. */
export function tabOf(connection: string, tile: TileOf | undefined, reader: Reader): string {
  const { page } = reader.words
  const pump = tile?.pump
  if (!pump) return page.title
  const of = (what: string) => page.tab(pump.pump.serial, what)
  if (connection !== 'live') return of(page.readOnce.toLowerCase())
  if (pump.alarms === null) return of(page.tabUnread)
  if (pump.alarms.length > 0) return of(page.tabAlarms(count(pump.alarms.length)))
  const still = reader.words.infusing[infusingOf(pump)]
  if (still !== '') return of(still.toLowerCase())
  if (pump.quality === 'current') return of(page.live.toLowerCase())
  return of(page.tabRead(minute(reader, pump.readAt)))
}

/** What ears are told of a tile: states, alarms and sessions; no ages, no times. */
export function announcementOf(
  connection: string,
  tiles: readonly TileOf[],
  reader: Reader,
): string {
  const { page } = reader.words
  if (connection === 'connecting') return ''
  if (connection === 'refused') return page.signIn
  if (connection === 'distrusted') return page.distrusted
  return tiles
    .flatMap(({ wand, pump }) => {
      const faulty = sessionOf(wand, pump, reader).steps.length > 0
      const closed = wand.session.state === 'closed' ? page.sessionIsClosed : ''
      return [
        pump ? stateOf(pump, reader).announcement : page.noReading,
        ...(pump ? heardOf(pump, reader) : []),
        faulty ? page.notConfirmed : closed,
      ]
    })
    .filter(Boolean)
    .map((one) => (/[.!?]$/.test(one) ? one : `${one}.`))
    .join(' ')
}

/** Alarms by name, critical first, and a pump that gives nothing. */
function heardOf(pump: PumpStatus, reader: Reader): string[] {
  const { words } = reader
  const { page, notAvailable } = words
  const alarms = pump.alarms?.map((alarm) =>
    page.alarmHeard(alarmName(alarm, reader), alarm.class ?? notAvailable),
  ) ?? [noAlarmsText(pump, reader)]
  return [words.infusing[infusingOf(pump)], ...alarms].filter(Boolean)
}
