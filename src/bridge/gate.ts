// The durable gate: the one place between what the links report and what anybody is shown. Events
// leave it in the order in which they came, each after its record is on the disk; bad news is told at
// once, too. What could not be recorded never leaves it.
import type { BridgeEvent } from '../model/event.ts'
import { isImmediate } from '../model/event.ts'
import { statement } from '../model/statement.ts'
import type { AuditStatus, Coded } from '../model/status.ts'

export interface Recorder {
  /**
   * Resolves with true when the record of `event` is durable, with false when it cannot be kept; null
   * when it needs none. Never rejects.
   */
  record(event: BridgeEvent): Promise<boolean> | null
  /** How the log is doing at this moment. */
  status(): Coded<AuditStatus>
  /** Calls `listener` whenever a `status` has changed in more than its position. */
  onChange?(listener: () => void): void
}

export interface GateSink {
  /** News that waits for nothing. It comes again, `durable`, in its turn. */
  immediate(event: BridgeEvent): void
  durable(event: BridgeEvent): void
  /** It could not be recorded: nobody will be told what it said. */
  lost(event: BridgeEvent): void
}

/** Lets everything through: for a bridge without a log. */
export const NO_RECORDER: Recorder = {
  record: () => null,
  status: () => ({
    log: null,
    position: null,
    state: 'none',
    checkpoint: null,
    ...statement('audit.none'),
    notices: [],
  }),
}

/** Events without a record that wait behind others, at most: a disk may hang for a day. */
const MOST_UNRECORDED = 10_000

interface Entry {
  readonly event: BridgeEvent
  readonly recorded: boolean
  written: boolean
}

export class Gate {
  readonly #recorder: Recorder
  readonly #sink: GateSink
  /** Events whose turn has not come: an earlier one is still being written. */
  readonly #queue = new Set<Entry>()
  #unrecorded = 0
  #idle: (() => void)[] = []

  constructor(recorder: Recorder, sink: GateSink) {
    this.#recorder = recorder
    this.#sink = sink
  }

  /** Events that wait for the disk. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#queue.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  push(event: BridgeEvent): void {
    if (isImmediate(event)) this.#sink.immediate(event)
    const written = this.#recorder.record(event)
    if (written === null && this.#unrecorded >= MOST_UNRECORDED) return
    const entry = { event, recorded: written !== null, written: written === null }
    this.#queue.add(entry)
    if (written === null) this.#unrecorded += 1
    void written?.then((kept) => {
      if (kept) entry.written = true
      else {
        this.#queue.delete(entry)
        this.#sink.lost(event)
      }
      this.#release()
    })
    this.#release()
  }

  #release(): void {
    for (const entry of this.#queue) {
      if (!entry.written) return
      this.#queue.delete(entry)
      if (!entry.recorded) this.#unrecorded -= 1
      this.#sink.durable(entry.event)
    }
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
