// What the page knows: the client's status and connection, and the history of the pumps that are shown.
// Calls `draw` when anything has changed and once a second, so that ages go on.
import { Client, type ClientStatus, type Clock, type Connection } from '../src/client/index.ts'
import type { ApiRecord } from '../src/model/record.ts'
import type { DestinationStatus } from '../src/model/status.ts'
import { History } from './history.ts'

export interface Shown {
  readonly connection: Connection
  readonly status: ClientStatus | null
  readonly historyOf: (id: string) => History | undefined
  /** Where HL7 messages go. */
  readonly destinations: readonly DestinationStatus[]
  /** Serials of pumps that the clinic's table gives to two patients. */
  readonly contested: readonly string[]
}

const TICK_MS = 1_000
/** How far behind destinations are is no news of the stream: it is asked for. */
const OUTBOX_MS = 30_000

export class Feed {
  readonly #client = new Client({ url: '' })
  readonly #clock: Clock
  readonly #draw: () => void
  readonly #histories = new Map<string, History>()
  #connection: Connection = { state: 'connecting' }
  #waiting = false
  #destinations: readonly DestinationStatus[] = []
  #contested: readonly string[] = []

  constructor(clock: Clock, draw: () => void) {
    this.#clock = clock
    this.#draw = draw
    this.#client.connection$.subscribe((connection) => {
      this.#connection = connection
      this.#changed()
    })
    this.#client.status$.subscribe(({ wands, pumps }) => {
      const under = new Set(wands.map(({ pump }) => pump))
      this.#keep(pumps.flatMap(({ pump }) => (under.has(pump.id) ? pump.id : [])))
      this.#changed()
    })
    this.#client.records$.subscribe((record) => this.#take(record))
    this.#client.resets$.subscribe(() => this.#histories.clear())
    this.#tick()
    void this.#askOutbox()
  }

  shown(): Shown {
    return {
      connection: this.#connection,
      status: this.#client.status(),
      historyOf: (id) => this.#histories.get(id),
      destinations: this.#destinations,
      contested: this.#contested,
    }
  }

  #tick(): void {
    this.#changed()
    this.#clock.after(TICK_MS, () => this.#tick())
  }

  async #askOutbox(): Promise<void> {
    if (this.#connection.state === 'live') {
      const found = await this.#client.api.wands().catch(() => null)
      this.#destinations = found?.destinations ?? []
      // What was contested stays so while nobody answers.
      this.#contested = found ? (found.patients?.refused ?? []) : this.#contested
      this.#changed()
    }
    const soon = this.#connection.state === 'live' ? OUTBOX_MS : TICK_MS
    this.#clock.after(soon, () => void this.#askOutbox())
  }

  /** Many changes of one moment are drawn once. */
  #changed(): void {
    if (this.#waiting) return
    this.#waiting = true
    queueMicrotask(() => {
      this.#waiting = false
      this.#draw()
    })
  }

  /** A history for each pump that is shown, and for no other. */
  #keep(ids: readonly string[]): void {
    for (const id of this.#histories.keys()) if (!ids.includes(id)) this.#histories.delete(id)
    for (const id of ids) {
      if (this.#histories.has(id)) continue
      const history = new History(this.#client.api, id, () => this.#changed())
      this.#histories.set(id, history)
    }
  }

  #take(record: ApiRecord): void {
    const history = record.pump && this.#histories.get(record.pump.id)
    if (history) history.take(record)
  }
}
