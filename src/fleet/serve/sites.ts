// The sites of a fleet, as the broker has them: which logs there are, how many records each has, when each
// site was heard last. It keeps nothing: a replica that starts anew finds the same.
import { Subject } from 'rxjs'
import { type Cancel, type Env, utc } from '../../base/env.ts'
import { Feed } from '../../feed/feed.ts'
import type { Source } from '../../model/reading.ts'
import { ordinalOf, sourceOf } from '../../model/source.ts'
import type { Broker } from '../stream/broker.ts'
import {
  ALL_PULSES,
  ALL_SUBJECTS,
  PULSE_MS,
  type Pulse,
  parsePulse,
  parseStream,
} from '../stream/names.ts'
import { KEPT, StreamLog, type Vouched } from './stream-log.ts'

/** How often the broker is asked which streams there are, in ms. */
const LOOK_MS = 2_000
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

  /** Nothing was heard of it for half a minute: neither a record, nor that it is there and all its records are here. */
  get silent(): boolean {
    return this.#env.monotonic() - (this.#heard ?? this.#since) > SILENT_MS
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

/** A way to the broker, and the one site that is taken from it; null = every site that is there. */
export interface Reach {
  readonly broker: Broker
  readonly only: string | null
}

export interface SitesOptions {
  readonly env: Env
  readonly brokers: readonly Reach[]
  readonly source: Source
  log(text: string): void
}

export class Sites {
  readonly #options: SitesOptions
  readonly #sites = new Map<string, Site>()
  readonly #came = new Subject<Site>()
  /** Every site, once it is known. */
  readonly came$ = this.#came.asObservable()
  #cancel: Cancel = () => {}
  #stopped = false
  #lost: string | null = null

  constructor(options: SitesOptions) {
    this.#options = options
  }

  /** Resolves when every site that the broker has is known. Rejects when it does not answer. */
  async start(): Promise<void> {
    for (const { broker, only } of this.#options.brokers)
      broker.connection.subscribe(ALL_PULSES, {
        callback: (error, message) => {
          const ref = parsePulse(message.subject)
          if (error !== null || ref === null || sourceOf(ref.log) !== this.#options.source) return
          if (only !== null && ref.site !== only) return
          this.#sites.get(ref.site)?.hear(ref.log, pulseIn(message.string()))
        },
      })
    await this.#look()
    this.#again()
  }

  get all(): readonly Site[] {
    return [...this.#sites.values()]
  }

  /** Since when the broker does not answer; null = it does. */
  get lost(): string | null {
    return this.#lost
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    for (const site of this.#sites.values()) site.close()
  }

  #again(): void {
    if (this.#stopped) return
    const { env, log } = this.#options
    this.#cancel = env.after(
      LOOK_MS,
      () =>
        void this.#look()
          .then(
            () => {
              if (this.#lost !== null) log('The broker answers again.')
              this.#lost = null
            },
            (error: Error) => {
              if (this.#lost !== null) return
              this.#lost = utc(env.wall())
              log(
                `The broker does not answer: ${error.message}. What is shown is as old as it says.`,
              )
            },
          )
          .then(() => this.#again()),
      { background: true },
    )
  }

  /** Rejects when one of the ways is closed; what the others have is known by then. */
  async #look(): Promise<void> {
    const { brokers } = this.#options
    const all = await Promise.allSettled(brokers.map((reach) => this.#lookAt(reach)))
    const failed = all.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
    const there = all.flatMap((one) => (one.status === 'fulfilled' ? [...one.value] : []))
    for (const [name, site] of this.#sites) {
      const logs = there.filter(([at]) => at === name).flatMap(([, names]) => [...names])
      site.forget(new Set(logs))
    }
  }

  /** The logs that are there, by their sites. */
  async #lookAt({ broker, only }: Reach): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const { env, source } = this.#options
    const there = new Map<string, Set<string>>()
    for await (const { config, created, state } of broker.manager.streams.list(ALL_SUBJECTS)) {
      const ref = parseStream(config.name)
      if (ref === null || sourceOf(ref.log) !== source || this.#stopped) continue
      if (only !== null && ref.site !== only) continue
      const site = this.#siteOf(ref.site)
      there.set(ref.site, (there.get(ref.site) ?? new Set()).add(ref.log))
      const changed = (heard: boolean) => {
        if (heard) site.hear(ref.log, null)
        site.wake()
      }
      const one = site.log(ref.log, () => new StreamLog(env, broker, ref, changed))
      await one.take({
        created: String(created),
        description: config.description,
        firstSeq: state.first_seq,
        lastSeq: state.last_seq,
      })
    }
    return there
  }

  #siteOf(name: string): Site {
    const { env, source } = this.#options
    const known = this.#sites.get(name)
    if (known) return known
    const made = new Site(env, name, source)
    this.#sites.set(name, made)
    this.#came.next(made)
    return made
  }
}

function pulseIn(text: string): Pulse | null {
  try {
    const { at, size, checkpoint, key, apart = null } = JSON.parse(text) as Pulse
    if (typeof at !== 'string' || typeof size !== 'number') return null
    return { at, size, checkpoint, key, apart }
  } catch {
    return null
  }
}
