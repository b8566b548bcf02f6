// The changes among the alarms of each pump, and what the pump itself has logged, told once each: what was told
// is what the log says, from before this bridge started, and what it has told since.
import { type AlarmHistory, changeNoted, readNoted, tellAlarms } from '../model/alarm-changes.ts'
import { contentOf } from '../model/content.ts'
import type { AlarmEvent, BridgeEvent, PumpEventsEvent, ReadingEvent } from '../model/event.ts'
import { eventsNoted, eventsToTell } from '../model/pump-events.ts'
import { saidFrom } from '../model/read-at.ts'

export class AlarmTeller {
  readonly #recorded: (pump: string) => AlarmHistory
  /** By pump: what is in the log of it. */
  readonly #kept = new Map<string, AlarmHistory>()
  /** The same, with what is still being written. */
  readonly #told = new Map<string, AlarmHistory>()

  /** `recorded` gives what the log says of a pump that was not read here yet. */
  constructor(recorded: (pump: string) => AlarmHistory) {
    this.#recorded = recorded
  }

  /** The events that a reading brings with it, in order. */
  tell(reading: ReadingEvent, nextOrder: () => number): (AlarmEvent | PumpEventsEvent)[] {
    const { id } = reading.pump
    const before = this.#told.get(id) ?? this.#of(id)
    const said = read(reading)
    const { readAt } = said
    const { changes, history } = tellAlarms(before, said)
    const events = eventsToTell(history, said.events)
    this.#told.set(id, events ? eventsNoted(history, events) : history)
    const { port, wand, link, session, snapshot, source, receivedAt, mono, pump } = reading
    const head = { port, wand, link, session, snapshot, source, receivedAt, mono, pump }
    return [
      ...changes.map(({ phase, alarm }) => ({
        ...{ ...head, order: nextOrder(), kind: 'alarm' as const },
        ...{ phase, alarm },
      })),
      ...(events
        ? [{ ...head, order: nextOrder(), kind: 'pump-events' as const, readAt, ...events }]
        : []),
    ]
  }

  /** An event is in the log. */
  kept(event: BridgeEvent): void {
    if (!isOurs(event)) return
    const { id } = event.pump
    const known = this.#of(id)
    switch (event.kind) {
      case 'reading':
        return void this.#kept.set(id, readNoted(known, read(event)))
      case 'alarm':
        return void this.#kept.set(id, changeNoted(known, event))
      case 'pump-events':
        return void this.#kept.set(id, eventsNoted(known, event))
    }
  }

  /** An event could not be recorded: what it told is told again with the next reading. */
  lost(event: BridgeEvent): void {
    if (isOurs(event)) this.#told.delete(event.pump.id)
  }

  #of(pump: string): AlarmHistory {
    return this.#kept.get(pump) ?? this.#recorded(pump)
  }
}

const isOurs = (event: BridgeEvent): event is ReadingEvent | AlarmEvent | PumpEventsEvent =>
  event.kind === 'reading' || event.kind === 'alarm' || event.kind === 'pump-events'

const read = (reading: ReadingEvent) => {
  const { values, receivedAt, clock } = reading
  const { utc: readAt } = saidFrom(reading)
  const { alarms, events } = contentOf(values, { readAt, receivedAt }, clock)
  return { alarms, events, readAt }
}
