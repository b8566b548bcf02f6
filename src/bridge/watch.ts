// The live stream as people's programs read it: one JSON object a line. A `reading` line is the
// pump's whole status; it comes with every reading and again, stale, when that stops being live, so
// that the last line of a pump is always the truth about it.
import { Observable } from 'rxjs'
import type { AlarmEvent, BridgeEvent, PumpIdentity } from '../model/event.ts'
import { isImmediate, isLoss } from '../model/event.ts'
import type { Statement } from '../model/statement.ts'
import type {
  AuditStatus,
  Coded,
  LinkStatus,
  PumpStatus,
  SessionStatus,
  WandStatus,
} from '../model/status.ts'
import type { Bridge, Change } from './bridge.ts'

export type WatchLine =
  | ({ readonly kind: 'reading' } & Coded<PumpStatus>)
  | {
      readonly kind: 'alarm'
      readonly asOf: string
      readonly source: string
      readonly pump: PumpIdentity
      readonly phase: AlarmEvent['phase']
      readonly alarm: AlarmEvent['alarm']
    }
  | {
      readonly kind: 'link'
      readonly asOf: string
      readonly source: string
      readonly port: string
      readonly wand: string | null
      readonly coupling: WandStatus['coupling']
      readonly contact: WandStatus['contact']
      readonly link: Coded<LinkStatus>
      /** Sessions that are not known to be closed, of whatever pump. */
      readonly unclosed: Coded<WandStatus['unclosed']>
      /** Why an attempt to read did not complete. */
      readonly failure?: Statement
    }
  | {
      readonly kind: 'session'
      readonly asOf: string
      readonly source: string
      readonly port: string
      readonly wand: string | null
      readonly pump: PumpIdentity | null
      readonly session: Coded<SessionStatus>
    }
  | ({ readonly kind: 'audit'; readonly asOf: string } & Coded<AuditStatus>)

/** Lines from now on; the first ones say how things stand. */
export function watchLines(bridge: Bridge): Observable<WatchLine> {
  return new Observable((subscriber) => {
    const { asOf, wands, pumps, audit } = bridge.status()
    subscriber.next({ kind: 'audit', asOf, ...audit })
    for (const wand of wands) subscriber.next(linkLine(asOf, wand))
    for (const pump of pumps) subscriber.next({ kind: 'reading', ...pump })
    const tell = (lines: readonly WatchLine[]) => {
      for (const line of lines) subscriber.next(line)
    }
    const subscription = bridge.changes$.subscribe({
      next: (change) => tell(linesOf(bridge, change)),
      complete: () => subscriber.complete(),
    })
    subscription.add(bridge.audit$.subscribe(() => tell(auditLines(bridge))))
    return subscription
  })
}

/** The log's state decides with the link what is live, so the pumps come again. */
function auditLines(bridge: Bridge): WatchLine[] {
  const { asOf, wands, pumps, audit } = bridge.status()
  const latest = pumps.filter((p) => wands.some((wand) => wand.pump === p.pump.id))
  return [
    { kind: 'audit', asOf, ...audit },
    ...latest.map((pump): WatchLine => ({ kind: 'reading', ...pump })),
  ]
}

function linesOf(bridge: Bridge, { event, durable, lost }: Change): WatchLine[] {
  if (lost) return []
  // The second coming of bad news changes only what its record was needed for.
  if (durable && isImmediate(event) && event.kind !== 'session-end') return []
  const status = bridge.status()
  const wand = status.wands.find((w) => w.port === event.port)
  if (!wand) return []
  const lines = own(event, durable, wand, status.asOf)
  const touched = isLoss(event)
    ? status.pumps.filter((p) => p.wand.port === event.port && p.quality === 'stale')
    : status.pumps.filter((p) => isReading(event) && p.pump.id === event.pump.id)
  const latest = isLoss(event) && durable ? [] : touched.filter((p) => wand.pump === p.pump.id)
  return [...lines, ...latest.map((pump): WatchLine => ({ kind: 'reading', ...pump }))]
}

type WithReading = Extract<BridgeEvent, { kind: 'reading' | 'live' | 'recognised' }>
const isReading = (event: BridgeEvent): event is WithReading =>
  event.kind === 'reading' || event.kind === 'live' || event.kind === 'recognised'

function own(
  event: BridgeEvent,
  durable: boolean,
  wand: Coded<WandStatus>,
  asOf: string,
): WatchLine[] {
  switch (event.kind) {
    case 'link':
    case 'wand':
    case 'unclosed':
      return [linkLine(asOf, wand)]
    case 'contact':
      return event.changed ? [linkLine(asOf, wand)] : []
    case 'read-failed':
      return [{ ...linkLine(asOf, wand), failure: event.why }]
    case 'session-open':
    case 'session-end': {
      if (!durable) return []
      const { source, port, pump } = event
      return [
        { kind: 'session', asOf, source, port, wand: wand.serial, pump, session: wand.session },
      ]
    }
    case 'alarm': {
      const { source, pump, phase, alarm } = event
      return [{ kind: 'alarm', asOf, source, pump, phase, alarm }]
    }
    default:
      return []
  }
}

function linkLine(asOf: string, wand: Coded<WandStatus>): Extract<WatchLine, { kind: 'link' }> {
  const { source, port, serial, coupling, contact, link, unclosed } = wand
  return { kind: 'link', asOf, source, port, wand: serial, coupling, contact, link, unclosed }
}
