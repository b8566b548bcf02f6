// The typed streams of a bridge, all cut from its one stream of events. They stand after the audit,
// never error, and use no time operators: what a reading says comes from one snapshot.
import { filter, map, type Observable, share } from 'rxjs'
import type { Content } from '../model/content.ts'
import type {
  AlarmEvent,
  BridgeEvent,
  ContactEvent,
  HealthEvent,
  LinkEvent,
  LiveEvent,
  PumpIdentity,
  ReadingEvent,
  SessionEndEvent,
  SessionOpenEvent,
  WandEvent,
} from '../model/event.ts'
import { filled } from '../model/reading.ts'
import type { Value } from '../model/value.ts'

/** One quantity of one pump at one moment, with the event it came with. */
export interface Measured<T> {
  readonly pump: PumpIdentity
  readonly value: T
  readonly event: ReadingEvent | LiveEvent
}

export interface Streams {
  /** Whole interrogations. */
  readonly readings$: Observable<ReadingEvent>
  /** The reservoir block of every interrogation; of a LIVE exchange only the reported volume. */
  readonly reservoir$: Observable<
    Measured<{ readonly reportedVolume: Value<number> } & Partial<Content['reservoir']>>
  >
  /** The set infusion rate, mL/d. */
  readonly rate$: Observable<Measured<Value<number>>>
  /** Changes among the pump's own alarms, from one reading to the next. */
  readonly alarms$: Observable<AlarmEvent>
  readonly wand$: Observable<WandEvent | HealthEvent | ContactEvent>
  readonly link$: Observable<LinkEvent | SessionOpenEvent | SessionEndEvent>
}

type Kind = BridgeEvent['kind']
const only =
  <K extends Kind>(...kinds: K[]) =>
  (events$: Observable<BridgeEvent>) =>
    events$.pipe(
      filter((e): e is Extract<BridgeEvent, { kind: K }> => (kinds as Kind[]).includes(e.kind)),
    )

const blockOf = <N extends 'reservoir' | 'infusion'>(event: ReadingEvent, name: N) =>
  filled(event.values, { deviceTime: event.clock.deviceTime, receivedAt: event.receivedAt })[name]

export function streams(events$: Observable<BridgeEvent>): Streams {
  const measured$ = events$.pipe(only('reading', 'live'), share())
  return {
    readings$: events$.pipe(only('reading')),
    reservoir$: measured$.pipe(
      map((event) => ({
        pump: event.pump,
        event,
        value:
          event.kind === 'reading'
            ? blockOf(event, 'reservoir')
            : { reportedVolume: event.reportedVolume },
      })),
    ),
    rate$: measured$.pipe(
      map((event) => ({
        pump: event.pump,
        event,
        value: event.kind === 'reading' ? blockOf(event, 'infusion').rate : event.rate,
      })),
    ),
    alarms$: events$.pipe(only('alarm')),
    wand$: events$.pipe(only('wand', 'health', 'contact')),
    link$: events$.pipe(only('link', 'session-open', 'session-end')),
  }
}
