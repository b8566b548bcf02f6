// The changes among the alarms of each pump, told once each: which alarms were told is what the log says,
// from before this bridge started, and what it has told since.
import { type AlarmHistory, changeNoted, readNoted, tellAlarms } from '../model/alarm-changes.ts'
import { contentOf } from '../model/content.ts'
import type { AlarmEvent, BridgeEvent, ReadingEvent } from '../model/event.ts'

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
  tell(reading: ReadingEvent, nextOrder: () => number): AlarmEvent[] {
    const { id } = reading.pump
    const before = this.#told.get(id) ?? this.#of(id)
    const { changes, history } = tellAlarms(before, read(reading))
    this.#told.set(id, history)
    const { port, wand, link, session, snapshot, source, receivedAt, mono, pump } = reading
    return changes.map(({ phase, alarm }) => ({
      ...{ port, wand, link, session, snapshot, source, receivedAt, mono },
      order: nextOrder(),
      kind: 'alarm',
      pump,
      phase,
      alarm,
    }))
  }

  /** An event is in the log. */
  kept(event: BridgeEvent): void {
    if (event.kind !== 'reading' && event.kind !== 'alarm') return
    const { id } = event.pump
    const known = this.#of(id)
    this.#kept.set(
      id,
      event.kind === 'reading' ? readNoted(known, read(event)) : changeNoted(known, event),
    )
  }

  /** An event could not be recorded: what it told is told again with the next reading. */
  lost(event: BridgeEvent): void {
    if (event.kind === 'reading' || event.kind === 'alarm') this.#told.delete(event.pump.id)
  }

  #of(pump: string): AlarmHistory {
    return this.#kept.get(pump) ?? this.#recorded(pump)
  }
}

const read = ({ values, receivedAt, clock }: ReadingEvent) => {
  const { alarms, events } = contentOf(values, receivedAt, clock)
  return { alarms, events, readAt: receivedAt }
}
