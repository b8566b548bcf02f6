// The sites of a fleet, as the broker has them: which there are, and which logs of theirs. It keeps nothing: a replica
// that starts anew finds the same.
import { Subject } from 'rxjs'
import { type Cancel, type Env, utc } from '../../base/env.ts'
import type { Say } from '../../base/journal.ts'
import type { Source } from '../../model/reading.ts'
import { sourceOf } from '../../model/source.ts'
import type { Broker } from '../stream/broker.ts'
import { ALL_PULSES, ALL_SUBJECTS, type Pulse, parsePulse, parseStream } from '../stream/names.ts'
import { Site } from './site.ts'
import { StreamLog } from './stream-log.ts'
import type { Way } from './way.ts'

/** How often the broker is asked which streams there are, in ms. */
const LOOK_MS = 2_000
export interface SitesOptions {
  readonly env: Env
  readonly ways: readonly Way[]
  readonly source: Source
  log: Say
}

export class Sites {
  readonly #options: SitesOptions
  readonly #sites = new Map<string, Site>()
  readonly #came = new Subject<Site>()
  /** Every site, once it is known. */
  readonly came$ = this.#came.asObservable()
  /** Connections on which pulses are heard. */
  readonly #heard = new WeakSet<Broker>()
  readonly #ways: Way[]
  /** Ways of which it is known whether the broker answers on them. */
  readonly #looked = new Set<Way>()
  readonly #cancels = new Map<Way, Cancel>()
  #stopped = false

  constructor(options: SitesOptions) {
    this.#options = options
    this.#ways = [...options.ways]
  }

  /**
   * Resolves when every site that the broker has is known. Rejects when it does not answer. Where it answers on some
   * ways only, the sites of the others are known by their names, and are looked for from then on.
   */
  async start(): Promise<void> {
    const ways = this.#ways
    const all = await Promise.allSettled(ways.map((way) => this.#lookAt(way)))
    const failed = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
    if (failed[0] && failed.length === ways.length) throw failed[0]
    for (const [n, one] of all.entries()) {
      const way = ways[n] as Way
      this.#looked.add(way)
      if (one.status === 'rejected') this.#lose(way, one.reason as Error)
      if (way.only !== null) this.#siteOf(way.only)
      this.#again(way)
    }
  }

  /** A way that was not there at the start: its site is known at once, and looked for. */
  add(way: Way): void {
    this.#ways.push(way)
    if (way.only !== null) this.#siteOf(way.only)
    this.#again(way, 0)
  }

  get all(): readonly Site[] {
    return [...this.#sites.values()]
  }

  /** Since when the broker does not answer on any way; null = it does on one. */
  get lost(): string | null {
    const all = [...this.#looked].map((way) => way.lost)
    return all.includes(null) || all.length === 0 ? null : (all.toSorted().at(-1) ?? null)
  }

  /** Since when the broker does not answer on the way of a site; null = it does, or it is the key. */
  lostOf(site: string): string | null {
    if (this.keyLostOf(site) !== null) return null
    return this.#ways.find(({ only }) => only === null || only === site)?.lost ?? null
  }

  /** Since when the broker does not let in the key of a site, or there is none; null = it does, or is away itself. */
  keyLostOf(site: string): string | null {
    const way = this.#ways.find(({ only }) => only === site)
    return way?.refused && this.lost === null ? way.lost : null
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const cancel of this.#cancels.values()) cancel()
    for (const site of this.#sites.values()) site.close()
  }

  /** Each way for itself: none waits for another. */
  #again(way: Way, afterMs = LOOK_MS): void {
    if (this.#stopped) return
    const { env, log } = this.#options
    const look = async () => {
      try {
        await this.#lookAt(way)
        if (way.lost !== null) log(`The broker answers${keyOf(way)} again.`, 'info')
        way.lost = null
      } catch (error) {
        if (way.lost === null && !this.#stopped) this.#lose(way, error as Error)
      }
      this.#looked.add(way)
      this.#again(way)
    }
    this.#cancels.set(
      way,
      env.after(afterMs, () => void look(), { background: true }),
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
