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
import type { Way } from './way.ts'

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

export interface SitesOptions {
  readonly env: Env
  readonly ways: readonly Way[]
  readonly source: Source
  log(text: string): void
}

export class Sites {
  readonly #options: SitesOptions
  readonly #sites = new Map<string, Site>()
  readonly #came = new Subject<Site>()
  /** Every site, once it is known. */
  readonly came$ = this.#came.asObservable()
  /** Connections on which pulses are heard. */
  readonly #heard = new WeakSet<Broker>()
  readonly #cancels = new Map<Way, Cancel>()
  #stopped = false

  constructor(options: SitesOptions) {
    this.#options = options
  }

  /**
   * Resolves when every site that the broker has is known. Rejects when it does not answer. Where it answers on some
   * ways only, the sites of the others are known by their names, and are looked for from then on.
   */
  async start(): Promise<void> {
    const { ways } = this.#options
    const all = await Promise.allSettled(ways.map((way) => this.#lookAt(way)))
    const failed = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
    if (failed[0] && failed.length === ways.length) throw failed[0]
    for (const [n, one] of all.entries()) {
      const way = ways[n] as Way
      if (one.status === 'rejected') this.#lose(way, one.reason as Error)
      if (way.only !== null) this.#siteOf(way.only)
      this.#again(way)
    }
  }

  get all(): readonly Site[] {
    return [...this.#sites.values()]
  }

  /** Since when the broker does not answer on any way; null = it does on one. */
  get lost(): string | null {
    const all = this.#options.ways.map((way) => way.lost)
    return all.includes(null) ? null : (all.toSorted().at(-1) ?? null)
  }

  /** Since when the broker does not answer on the way of a site; null = it does. */
  lostOf(site: string): string | null {
    return this.#options.ways.find(({ only }) => only === null || only === site)?.lost ?? null
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const cancel of this.#cancels.values()) cancel()
    for (const site of this.#sites.values()) site.close()
  }

  /** Each way for itself: none waits for another. */
  #again(way: Way): void {
    if (this.#stopped) return
    const { env, log } = this.#options
    const look = async () => {
      try {
        await this.#lookAt(way)
        if (way.lost !== null) log(`The broker answers${keyOf(way)} again.`)
        way.lost = null
      } catch (error) {
        if (way.lost === null && !this.#stopped) this.#lose(way, error as Error)
      }
      this.#again(way)
    }
    this.#cancels.set(
      way,
      env.after(LOOK_MS, () => void look(), { background: true }),
    )
  }

  #lose(way: Way, { message }: Error): void {
    const { env, log } = this.#options
    way.lost = utc(env.wall())
    log(
      `The broker does not answer${keyOf(way)}: ${message}. What is shown${way.only === null ? '' : ` of ${way.only}`} is as old as it says.`,
    )
  }

  #hear(broker: Broker, only: string | null): void {
    if (this.#heard.has(broker)) return
    this.#heard.add(broker)
    broker.connection.subscribe(ALL_PULSES, {
      callback: (error, message) => {
        const ref = parsePulse(message.subject)
        if (error !== null || ref === null || sourceOf(ref.log) !== this.#options.source) return
        if (only !== null && ref.site !== only) return
        this.#sites.get(ref.site)?.hear(ref.log, pulseIn(message.string()))
      },
    })
  }

  /** The logs that are there now, of the sites of one way. */
  async #lookAt(way: Way): Promise<void> {
    const { env, source } = this.#options
    const { only } = way
    const broker = await way.reach()
    if (this.#stopped) return
    this.#hear(broker, only)
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
      const facts = {
        created: String(created),
        description: config.description,
        firstSeq: state.first_seq,
        lastSeq: state.last_seq,
      }
      await one.take(facts, broker)
    }
    for (const [name, site] of this.#sites)
      if (only === null || only === name) site.forget(there.get(name) ?? new Set())
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

const keyOf = ({ only }: Way) => (only === null ? '' : ` the key of ${only}`)

function pulseIn(text: string): Pulse | null {
  try {
    const { at, size, checkpoint, key, apart = null } = JSON.parse(text) as Pulse
    if (typeof at !== 'string' || typeof size !== 'number') return null
    return { at, size, checkpoint, key, apart }
  } catch {
    return null
  }
}
