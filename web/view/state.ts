// The three states of a reading, in words: live · read, and not live · signal lost. And what the session
// and the wand say. Pure: the moment is in the status.
import { age } from '../../src/model/format.ts'
import type { PumpStatus, WandStatus } from '../../src/model/status.ts'
import { minute, type Reader, second } from '../../src/words/reader.ts'
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

export function stateOf(pump: PumpStatus, reader: Reader): ShownState {
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
    case 'server-silent':
      return of('lost', page.bridgeSilent, last, page.why[reason])
    case 'audit-failed':
      return of('lost', page.auditFailed, last, page.why[reason])
    default: {
      const title = page.readAt(read, age(pump.ageMs))
      return of('read', title, '', reason === 'changed' ? page.changed : '', page.readOnce)
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
    const whose = fault?.pump ? `${page.pump} ${fault.pump}: ` : ''
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

/** One sentence a tile for the live region: states and sessions, no ages, no times. */
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
        faulty ? page.notConfirmed : closed,
      ]
    })
    .filter(Boolean)
    .map((one) => (/[.!?]$/.test(one) ? one : `${one}.`))
    .join(' ')
}
