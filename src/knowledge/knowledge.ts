// What is known of the pumps of one log: pumps with their last reading, alarms with their start and end,
// sessions not known to be closed, visits and refills, over restarts. All of it is a fold over the log
// (`fold.ts`), kept up with it by `follower.ts`. It is history: what is live, only the status says.
import { type AlarmHistory, NO_ALARMS } from '../model/alarm-changes.ts'
import type { Refill } from '../model/api.ts'
import type { Owners } from '../model/owner.ts'
import type { NewEvents } from '../model/pump-events.ts'
import { Follower, type KnowledgeOptions, type KnowledgeState } from './follower.ts'
import type { Moment, PastAlarm, PumpKnown } from './known.ts'
import {
  type ActiveAlarm,
  activeAlarms,
  idsBySerial,
  type MissingAlarm,
  missingAlarms,
  newEvents,
  type Page,
  type PageQuery,
  type PumpView,
  pastAlarms,
  pumpView,
  refillsOf,
  type UnclosedView,
  unclosedOf,
  type VisitView,
  visitsOf,
} from './views.ts'

export type { KnowledgeOptions, KnowledgeState } from './follower.ts'

export class Knowledge {
  readonly #follower: Follower

  constructor(options: KnowledgeOptions) {
    this.#follower = new Follower(options)
  }

  /** Resolves when everything that is in the log now is known, or the log cannot be read: see `state`. */
  start(): Promise<void> {
    return this.#follower.start()
  }

  stop(): Promise<void> {
    return this.#follower.stop()
  }

  get state(): KnowledgeState {
    return this.#follower.state
  }

  /** The first position of the log that is written now which was not taken yet. */
  get owed(): number {
    return this.#follower.owed
  }

  /** Calls `listener` after every step, while the log is read and while it is followed. */
  onChange(listener: () => void): () => void {
    return this.#follower.onChange(listener)
  }

  /** In the order in which they were first seen. */
  pumps(): PumpView[] {
    const { known, origin } = this.#follower
    const ids = idsBySerial(known)
    return Object.values(known.pumps)
      .sort((a, b) => a.first.position - b.first.position)
      .map((pump) => pumpView(known, origin, pump, ids))
  }

  pump(id: string): PumpView | null {
    const pump = this.#pump(id)
    return pump ? pumpView(this.#follower.known, this.#follower.origin, pump) : null
  }

  /** Active ones as the pump lists them; ended ones newest first. */
  alarms(id: string): {
    readonly active: readonly ActiveAlarm[]
    readonly ended: readonly PastAlarm[]
  } {
    const pump = this.#pump(id)
    return pump
      ? { active: activeAlarms(pump), ended: pastAlarms(pump) }
      : { active: [], ended: [] }
  }

  /** What `alarmChanges` needs to tell the changes of the next reading of a pump. */
  alarmHistory(id: string): AlarmHistory {
    return this.#pump(id)?.alarms ?? NO_ALARMS
  }

  /** Records that a crash kept from being written after an interrogation; to be appended at start-up. */
  missingAlarms(): MissingAlarm[] {
    return missingAlarms(this.#follower.known, this.#follower.origin)
  }

  /** Whose pump is whose, as the log says. */
  owners(): Owners {
    return this.#follower.known.owners
  }

  /** Sessions not known to be closed, earliest first. */
  unclosed(): UnclosedView[] {
    return unclosedOf(this.#follower.known)
  }

  /** Interrogations in short. Those before the position `since` stand in the log alone: see old-visits.ts. */
  visits(id: string, query: PageQuery = {}): Page<VisitView> & { readonly since: number } {
    const pump = this.#pump(id)
    if (!pump) return { items: [], next: null, since: 0 }
    const since = pump.forgotten > 0 ? (pump.visits[0]?.position ?? 0) : 0
    return { ...visitsOf(pump, this.#follower.origin, query), since }
  }

  refills(id: string, query: PageQuery = {}): Page<Refill> {
    const pump = this.#pump(id)
    return pump ? refillsOf(pump, this.#follower.origin, query) : { items: [], next: null }
  }

  /** What says that the pump contradicted a reading that was recorded already; null = nothing does. */
  contradictedBy(id: string, position: number): Moment | null {
    return this.#pump(id)?.contradicted.find(({ reading }) => reading === position) ?? null
  }

  /** The pump's own events since the reading before its newest; null = it was not read. */
  newEvents(id: string): NewEvents | null {
    const pump = this.#pump(id)
    return pump ? newEvents(pump, this.#follower.origin) : null
  }

  #pump(id: string): PumpKnown | undefined {
    const { pumps } = this.#follower.known
    return Object.hasOwn(pumps, id) ? pumps[id] : undefined
  }
}
