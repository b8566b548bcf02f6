// What is heard of one site of a fleet: its newest log of the kind that is served, as the broker has it, and when the
// site was heard last. A site is silent when neither a record nor a sign of it came for half a minute.
import { Subject } from 'rxjs'
import type { Env } from '../../base/env.ts'
import { Feed } from '../../feed/feed.ts'
import type { Source } from '../../model/reading.ts'
import { ordinalOf } from '../../model/source.ts'
import { PULSE_MS, type Pulse } from '../stream/names.ts'
import { KEPT, type StreamLog, type Vouched } from './stream-log.ts'

/** A site that says nothing for so long is silent, in ms. */
const SILENT_MS = 3 * PULSE_MS

/** What is heard of one site: the newest log of the kind that is served. */
export class Site {
  readonly name: string
  readonly feed: Feed
  readonly #env: Env
  readonly #logs = new Map<string, StreamLog>()
  readonly #wakes = new Subject<void>()
  readonly #since: number
  #heard: number | null = null
  #pulse: Pulse | null = null
  #apart: string | null = null
  readonly #parted = new Subject<{ readonly log: string; readonly pulse: Pulse }>()
  /** Words of a bridge that sends nothing, because the broker has another history of its log. */
  readonly parted$ = this.#parted.asObservable()

  constructor(env: Env, name: string, source: Source) {
    this.#env = env
    this.name = name
    this.#since = env.monotonic()
    this.feed = new Feed({
      ...{ env, source, held: KEPT },
      logs: {
        list: async () => this.#names(),
        of: (log) => this.#logs.get(log) as StreamLog,
      },
      head: () => {
        const one = this.#current()
        return one === null ? null : { log: one.log, size: one.known }
      },
      wake$: this.#wakes,
    })
  }

  log(name: string, make: () => StreamLog): StreamLog {
    const known = this.#logs.get(name) ?? make()
    this.#logs.set(name, known)
    return known
  }

  /** A log whose stream is not there any more. */
  forget(there: ReadonlySet<string>): void {
    for (const [name, one] of this.#logs) {
      if (there.has(name)) continue
      this.#logs.delete(name)
      one.close()
    }
  }

  wake(): void {
    this.#wakes.next()
  }

  /**
   * A pulse that tells of records which are not here says nothing of what is shown: it does not count. Nor does one of
   * a bridge that sends nothing because its log is another.
   */
  hear(log: string, pulse: Pulse | null): void {
    if (pulse !== null) {
      const current = this.#current()
      if (log !== current?.log) return
      this.#apart = pulse.apart
      if (pulse.apart !== null) return this.#parted.next({ log, pulse })
      if (pulse.size > current.known) return
      this.#pulse = pulse
    }
    this.#heard = this.#env.monotonic()
  }

  /** By its newest record's own word; null = it has none. */
  get lastAt(): string | null {
    const pulse = this.#pulse?.at ?? null
    const record = this.#current()?.lastAt ?? null
    return pulse !== null && (record === null || pulse > record) ? pulse : record
  }

  /**
   * Nothing was heard of it for half a minute: neither a record, nor that it is there and all its records are here. Of
   * a site that was not heard since this began, its newest record says when that was; not longer than for half a
   * minute, because its clock may be wrong.
   */
  get silent(): boolean {
    const now = this.#env.monotonic()
    if (this.#heard !== null || now - this.#since > SILENT_MS)
      return now - (this.#heard ?? this.#since) > SILENT_MS
    const { lastAt } = this
    return lastAt === null || !(Math.abs(this.#env.wall() - Date.parse(lastAt)) <= SILENT_MS)
  }

  /** Why nothing of its newest log is sent, by its own word; null = it is, or it did not say. */
  get apart(): string | null {
    return this.#apart
  }

  get vouched(): Vouched | null {
    return this.#current()?.vouched ?? null
  }

  close(): void {
    for (const one of this.#logs.values()) one.close()
  }

  #names(): string[] {
    return [...this.#logs.keys()].sort((a, b) => ordinalOf(a) - ordinalOf(b))
  }

  #current(): StreamLog | null {
    const log = this.#names().at(-1)
    return log === undefined ? null : (this.#logs.get(log) ?? null)
  }
}
