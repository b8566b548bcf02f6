// One destination: the log is its outbox. It takes what is owed from the feed, sends it one message at a
// time, in order, and keeps its place on the disk. It waits for nobody else, and nobody waits for it.
import { type Env, utc } from '../base/env.ts'
import type { FileStore } from '../base/file-store.ts'
import type { Say } from '../base/journal.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import { type Statement, statement } from '../model/statement.ts'
import type { Coded, DestinationStatus } from '../model/status.ts'
import { Exchange } from './exchange.ts'
import { RULES, type Rules } from './machine.ts'
import { beginning, type Entry, type Gap, Outbox, type Records } from './outbox.ts'
import { insist, Place, sinceOf } from './place.ts'
import { type Parked, type Saved, UnreadablePlace } from './saved.ts'
import type { Message, Sender } from './sender.ts'
import { standing } from './standing.ts'
import { Turns } from './turns.ts'

/** What is written down about a destination, durably. False = it could not be. */
export interface Notes {
  parked(parked: Parked): Promise<boolean>
  resent(parked: Parked): Promise<boolean>
  /** It wants no message any more; null = it is asked again. */
  disabled(why: Saved['disabled']): Promise<boolean>
  gap(gap: Gap): Promise<boolean>
}

export interface DestinationOptions {
  readonly env: Env
  readonly name: string
  /** UTC: where it begins when it has no place yet; usually with what is recorded from now on. */
  readonly since?: string | undefined
  readonly rules?: Partial<Rules>
  readonly sender: Sender
  readonly records: Records
  readonly store: FileStore
  readonly notes: Notes
  readonly log: Say
}

export class Destination {
  readonly #options: DestinationOptions
  readonly #outbox: Outbox
  readonly #exchange: Exchange
  readonly #turns: Turns
  readonly #end = new AbortController()
  #place: Place | null = null
  /** What retention has left, as it was told last, also before the place was read. */
  #kept: { readonly log: string; readonly oldest: number } | null = null
  /** What it has let go of is looked for, once at a time. */
  #looked: Promise<void> = Promise.resolve()
  /** Why nothing can be sent at all: its place or the log cannot be read. */
  #lost: Statement | null = statement('delivery.starting')
  /** Set aside before, and to be sent again; the first of them may be under way, and then it is this. */
  #again: Parked[] = []
  #resending: Parked | null = null
  /** It wanted no message any more, and is to be asked again. */
  #enabling = false

  constructor(options: DestinationOptions) {
    const { env, records, sender, rules } = options
    this.#options = options
    this.#outbox = new Outbox(env, records, sender)
    const all = { ...RULES, ...rules }
    this.#exchange = new Exchange(env, sender, all, options.log, (work) => this.#surely(work))
    this.#turns = new Turns(this.#exchange, this.#outbox)
  }

  get name(): string {
    return this.#options.name
  }

  /**
   * Finds its place, then follows the log and sends. While the place cannot be read or kept, nothing is
   * sent: it would be sent twice, or left out. It is said, and tried again.
   */
  start(): void {
    const { store, name, env } = this.#options
    const since = sinceOf(env, this.#options.since)
    const opened = this.#surely(async () => {
      this.#place = await Place.open(env, store, name, since)
      this.#lost = null
    })
    void opened.then(() => {
      if (!this.#place) return
      if (this.#kept) void this.keptFrom(this.#kept.log, this.#kept.oldest)
      void this.#follow(this.#place)
      void this.#work(this.#place)
    })
  }

  /**
   * Sends what was set aside again, before anything new; gives how many that are. A destination that wanted
   * no message any more is asked again.
   */
  resend(): number {
    if (this.#place?.saved.disabled) this.#enabling = true
    const parked = this.#place?.saved.parked ?? []
    this.#again = parked.filter((one) => one.control !== this.#resending?.control)
    this.#outbox.wake()
    return this.#again.length
  }

  /**
   * Retention has let go of what stands before `oldest`, or the log is another one. What was set aside holds nothing
   * back: what is not kept any more can never be sent, which is recorded and said. While the place cannot be read,
   * nobody waits for it: it looks by itself when it can.
   */
  keptFrom(log: string, oldest: number): Promise<void> {
    this.#kept = { log, oldest }
    const place = this.#place
    if (!place) return Promise.resolve()
    this.#looked = this.#looked.then(async () => {
      const { parked } = place.saved
      for (const one of parked.filter((one) => one.log !== log || one.position < oldest)) {
        // Who sends it now finds that out by itself.
        if (one.control === this.#resending?.control || !this.#isParked(place, one)) continue
        if (!(await this.#forgotten(place, one))) return
      }
    })
    return this.#looked
  }

  /** Nothing is owed, and what is known is kept. For whoever sends once and ends. */
  get idle(): boolean {
    const place = this.#place
    if (!place || place.busy || this.#again.length > 0 || this.#resending) return false
    if (place.saved.disabled) return true
    return this.#outbox.isEmpty(place.saved.place)
  }

  /** The first position of the log that is written now which it has not had; what wants nothing is owed nothing. */
  get owed(): number {
    if (this.#place?.saved.disabled) return Number.POSITIVE_INFINITY
    const place = this.#place?.saved.place
    return place && place.log === this.#options.records.head()?.log ? place.position + 1 : 0
  }

  async stop(): Promise<void> {
    this.#end.abort()
    this.#exchange.stop()
    this.#outbox.wake()
    await this.#place?.stop()
  }

  status(): Coded<DestinationStatus> {
    const { env, name, sender } = this.#options
    const { place = null, parked = [], disabled = null } = this.#place?.saved ?? {}
    return standing({
      name,
      kind: sender.kind,
      disabled,
      address: sender.address,
      now: env.wall(),
      since: this.#resending?.at ?? this.#outbox.owedSince(place),
      lost: this.#lost,
      machine: this.#exchange.state,
      lastError: this.#exchange.lastError,
      waiting: this.#outbox.held,
      parked,
      sent: this.#turns.sent,
    })
  }

  get #stopped(): boolean {
    return this.#end.signal.aborted
  }

  async #follow(place: Place): Promise<void> {
    const { signal } = this.#end
    const { records } = this.#options
    await this.#surely(async (works) => {
      if (place.saved.place === null) {
        const begin = await beginning(records, place.saved.since, signal)
        if (begin) place.moved(begin)
      }
      const from = place.saved.place
      if (from) await this.#outbox.follow(from, signal, works)
    })
  }

  async #work(place: Place): Promise<void> {
    while (!this.#stopped) {
      const { first } = this.#outbox
      if (this.#enabling) {
        this.#enabling = false
        await this.#setDisabled(place, null)
      }
      if (place.saved.disabled) {
        await this.#outbox.changed()
        continue
      }
      const parked = this.#again.shift()
      if (parked) await this.#resend(place, parked)
      else if (first) await this.#settle(place, first)
      else await this.#outbox.changed()
    }
  }

  /** The place follows what was accepted: who dies in between sends a few again, with the same ids. */
  async #settle(place: Place, entry: Entry): Promise<void> {
    const { notes } = this.#options
    let noted = false
    if (entry.kind === 'gap') {
      if (!(await this.#written(() => notes.gap(entry.gap)))) return
      noted = true
    } else if (entry.kind === 'message') {
      const parked = await this.#deliver(place, entry.record, entry.message, null)
      // It stays the next one, for when the destination is asked again, or the bridge starts again.
      if (parked === 'stopped' || parked === 'gone') return
      noted = parked !== null
      if (parked) place.saved.parked.push(parked)
    }
    place.moved(entry.cursor)
    this.#outbox.shift()
    if (entry.kind === 'nothing') return
    place.soon()
    // What is noted twice would be recorded twice.
    if (noted) await place.settled()
  }

  /** Why it wants no message any more; null = it is asked again. */
  async #setDisabled(place: Place, why: Saved['disabled']): Promise<void> {
    const { notes, log } = this.#options
    if (!(await this.#written(() => notes.disabled(why)))) return
    place.saved.disabled = why
    place.soon()
    await place.settled()
    if (why) log(`wants no messages any more (${why.code} ${why.text}), and is sent none.`)
  }

  #isParked(place: Place, { control }: Parked): boolean {
    return place.saved.parked.some((one) => one.control === control)
  }

  async #resend(place: Place, parked: Parked): Promise<void> {
    this.#resending = parked
    // It may just be recorded that it is not kept any more: then it is not sent, and that is not recorded twice.
    await this.#looked
    if (!this.#isParked(place, parked)) {
      this.#resending = null
      return
    }
    let found: FeedRecord | 'gone' | 'unknown' = 'unknown'
    await this.#surely(async () => {
      found = await this.#stored(parked)
    })
    const record = found as FeedRecord | 'gone' | 'unknown'
    const message = typeof record === 'string' ? null : this.#options.sender.messageOf(record)
    let again: Parked | null | 'stopped' | 'gone' = null
    if (message) again = await this.#deliver(place, record as FeedRecord, message, parked)
    else if (record !== 'unknown' && !(await this.#forgotten(place, parked))) return
    if (again === 'stopped') return
    if (message && again !== 'gone') {
      const others = place.saved.parked.filter((one) => one.control !== parked.control)
      place.saved.parked = again ? [...others, again] : others
      place.soon()
      if (again) await place.settled()
    }
    this.#resending = null
  }

  /** Its record is not kept any more. False = it was stopped before that was recorded. */
  async #forgotten(place: Place, { log, position, control }: Parked): Promise<boolean> {
    const gap = { log, from: position, to: position, why: 'dropped' } as const
    if (!(await this.#written(() => this.#options.notes.gap(gap)))) return false
    const isOther = (one: Parked) => one.control !== control
    this.#again = this.#again.filter(isOther)
    place.saved.parked = place.saved.parked.filter(isOther)
    place.soon()
    this.#options.log(
      `message ${control} was set aside, and its record (${position} of ${log}) is not kept any more. It cannot be sent again.`,
    )
    return true
  }

  /** `gone`: it is kept no more. `unknown`: its log is not open now, or not yet. */
  async #stored({ log, position }: Parked): Promise<FeedRecord | 'gone' | 'unknown'> {
    const { records } = this.#options
    const head = await records.look()
    if (!head) return 'unknown'
    if (head.log !== log) return 'gone'
    for await (const record of records.read({ after: position - 1, before: position + 1 })) {
      return record
    }
    return 'gone'
  }

  /** Sends one until it is accepted, which is null, or set aside, and writes that down. */
  async #deliver(
    place: Place,
    { log, position }: FeedRecord,
    message: Message,
    before: Parked | null,
  ): Promise<Parked | null | 'stopped' | 'gone'> {
    const { notes, env } = this.#options
    const { control } = message
    const result = await this.#turns.take(message)
    if (result.kind === 'accepted') {
      if (before && !(await this.#written(() => notes.resent(before)))) return 'stopped'
      return null
    }
    if (result.kind === 'gone') {
      const { code, text } = result
      await this.#setDisabled(place, { at: utc(env.wall()), code, text })
      return 'gone'
    }
    const { code, text, attempts } = result
    const parked = { log, position, control, code, text, attempts, at: utc(env.wall()) }
    if (!(await this.#written(() => notes.parked(parked)))) return 'stopped'
    this.#options.log(`message ${control} was refused (${code} ${text}) and set aside.`)
    return parked
  }

  /**
   * Until it works, or it is stopped; says once what keeps everything from being sent. Whoever goes on for long says
   * itself that it works again.
   */
  async #surely(work: (works: () => void) => Promise<void>): Promise<void> {
    let why: Statement | null = null
    const works = () => {
      if (why && this.#lost === why) this.#lost = null
      why = null
    }
    const failed = (error: Error) => {
      const { message: text } = error
      why =
        error instanceof UnreadablePlace
          ? statement('delivery.place-unreadable', { destination: this.name })
          : statement('delivery.failed', { text })
      if (JSON.stringify(why) !== JSON.stringify(this.#lost) && !this.#stopped)
        this.#options.log(`${text}. Nothing is sent to it until that is mended; it is tried again.`)
      this.#lost = why
      return false
    }
    await this.#written(() =>
      work(works).then(() => {
        works()
        return true
      }, failed),
    )
  }

  /** False = it was stopped before it was written. */
  #written(write: () => Promise<boolean>): Promise<boolean> {
    return insist(this.#options.env, () => this.#stopped, write)
  }
}
