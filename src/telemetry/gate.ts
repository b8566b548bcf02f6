// The durable gate: the one place between what the links report and what anybody is shown. Events
// leave it in the order in which they came, each after its record is on the disk; bad news is told at
// once, too. Until a log is given every event counts as recorded.
import type { BridgeEvent } from '../model/event.ts'
import { isImmediate } from '../model/event.ts'
import type { AuditStatus } from '../model/status.ts'

export interface Recorder {
  /** Resolves when the record of `event` is durable, or at once when it needs none; never rejects. */
  record(event: BridgeEvent): Promise<void> | null
  /** How the log is doing at this moment. */
  status(): AuditStatus
}

export interface GateSink {
  /** News that waits for nothing. It comes again, `durable`, in its turn. */
  immediate(event: BridgeEvent): void
  durable(event: BridgeEvent): void
}

/** Lets everything through: for a bridge without a log. */
export const NO_RECORDER: Recorder = {
  record: () => null,
  status: () => ({
    log: null,
    position: null,
    state: 'none',
    checkpoint: null,
    sentence: 'No audit log is kept.',
  }),
}

export class Gate {
  readonly #recorder: Recorder
  readonly #sink: GateSink
  /** Events whose turn has not come: an earlier one is still being written. */
  readonly #queue: { readonly event: BridgeEvent; written: boolean }[] = []

  constructor(recorder: Recorder, sink: GateSink) {
    this.#recorder = recorder
    this.#sink = sink
  }

  /** Events that wait for the disk. */
  get waiting(): number {
    return this.#queue.length
  }

  push(event: BridgeEvent): void {
    if (isImmediate(event)) this.#sink.immediate(event)
    const entry = { event, written: false }
    this.#queue.push(entry)
    const written = this.#recorder.record(event)
    if (written === null) entry.written = true
    else {
      void written.then(() => {
        entry.written = true
        this.#release()
      })
    }
    this.#release()
  }

  #release(): void {
    while (this.#queue[0]?.written) {
      const next = this.#queue.shift()
      if (next) this.#sink.durable(next.event)
    }
  }
}
