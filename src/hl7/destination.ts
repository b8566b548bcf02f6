// One destination: the shell around the machine. It takes what is owed from the log, sends it over its
// line, and keeps its place on the disk. It waits for nobody else, and nobody waits for it.
import { type Cancel, type Env, utc } from '../base/env.ts'
import type { ApiRecord } from '../model/record.ts'
import type { DestinationStatus } from '../model/status.ts'
import { Backlog, type Gap, type Records } from './backlog.ts'
import type { Parked, Saved, Store } from './cursor.ts'
import type { Dial } from './line.ts'
import { type Event, IDLE, type Result, RULES, type Rules, type State, step } from './machine.ts'
import { controlId, isSendable, messageOf, type Profile, type Sendable } from './messages.ts'
import { insist, Place, sinceOf } from './place.ts'
import { standing } from './standing.ts'
import { Wire } from './wire.ts'

/** What is written down about a destination, durably. False = it could not be. */
export interface Notes {
  parked(parked: Parked): Promise<boolean>
  resent(parked: Parked): Promise<boolean>
  gap(gap: Gap): Promise<boolean>
}

export interface DestinationOptions {
  readonly env: Env
  readonly name: string
  readonly address: string
  readonly alarms: boolean
  /** UTC: where it begins when it has no place yet; usually with what is recorded from now on. */
  readonly since?: string | undefined
  readonly profile: Profile
  readonly rules?: Partial<Rules>
  readonly dial: Dial
  readonly records: Records
  readonly store: Store
  readonly notes: Notes
  log(text: string): void
}

interface Current {
  readonly record: Sendable
  readonly control: string
  /** The message; an error when none can be made of the record. */
  readonly text: string | Error
  /** It was set aside before. */
  readonly parked: Parked | null
}

export class Destination {
  readonly #options: DestinationOptions
  readonly #rules: Rules
  readonly #backlog: Backlog
  readonly #wire: Wire
  #place: Place | null = null
  /** Why nothing can be sent at all: its place or the log cannot be read. */
  #lost: string | null = 'its place is being looked up'
  /** UTC: since when it is not known whether anything is owed; null = it is known. */
  #unknown: string | null
  #state: State = IDLE
  #current: Current | null = null
  #again: Parked[] = []
  #timer: Cancel = () => {}
  #looking = false
  #lookAgain = false
  #stopped = false
  #sent = 0
  #lastError = ''

  constructor(options: DestinationOptions) {
    this.#options = options
    this.#rules = { ...RULES, ...options.rules }
    this.#backlog = new Backlog(options.records, options.alarms)
    this.#wire = new Wire(options.dial, {
      connected: () => this.#on({ kind: 'connected' }),
      reply: (ack) => {
        if (ack && /^[CA][ER]$/.test(ack.code)) this.#lastError = `${ack.code} ${ack.text}`.trim()
        this.#on({ kind: 'reply', ack })
      },
      closed: (why) => {
        this.#lastError = why
        this.#on({ kind: 'closed' })
      },
    })
    this.#unknown = utc(options.env.wall())
  }

  get name(): string {
    return this.#options.name
  }

  /**
   * Finds its place. While that cannot be read or kept, nothing is sent: it would be sent twice, or left
   * out. It is said, and tried again.
   */
  start(): void {
    const { store, name, env } = this.#options
    const since = sinceOf(env, this.#options.since)
    const open = async () => {
      this.#place = await Place.open(env, store, name, since)
      this.#lost = null
      return true
    }
    void this.#surely(() => open().catch((error: Error) => this.#cannot(error))).then(() =>
      this.#look(),
    )
  }

  /** Says once what keeps everything from being sent. */
  #cannot({ message }: Error): false {
    if (this.#stopped) return false
    if (this.#lost !== message)
      this.#options.log(
        `HL7 ${this.name}: ${message}. Nothing is sent to it until that is mended; it is tried again.`,
      )
    this.#lost = message
    return false
  }

  /** A record has just become durable. */
  take(record: ApiRecord): void {
    if (this.#backlog.take(record)) this.#look()
  }

  /** Something has changed about the logs. */
  wake(): void {
    if (this.#backlog.recheck()) this.#look()
  }

  /** Sends what was set aside again, before anything new; gives how many that are. */
  resend(): number {
    const parked = this.#place?.saved.parked ?? []
    const busy = this.#current?.parked
    this.#again = parked.filter((one) => one.control !== busy?.control)
    const { length } = this.#again
    this.#look()
    return length
  }

  /** Nothing is owed, and what is known is kept. For whoever sends once and ends. */
  get idle(): boolean {
    return this.#place?.busy === false && this.#current === null && !this.#looking
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer()
    this.#wire.close()
    await this.#place?.stop()
  }

  status(): DestinationStatus {
    const { env, name, address } = this.#options
    return standing({
      name,
      address,
      now: env.wall(),
      since: this.#current?.record.at ?? this.#backlog.oldest ?? this.#unknown,
      lost: this.#lost,
      machine: this.#state,
      lastError: this.#lastError,
      waiting: this.#backlog.held,
      parked: this.#place?.saved.parked ?? [],
      sent: this.#sent,
    })
  }

  /** Finds the next message, if none is under way. One search at a time. */
  #look(): void {
    if (this.#looking) {
      this.#lookAgain = true
      return
    }
    const place = this.#place
    if (this.#stopped || this.#current !== null || place === null) return
    this.#looking = true
    this.#lookAgain = false
    this.#unknown ??= utc(this.#options.env.wall())
    let current: Current | null = null
    const search = async () => {
      current = await this.#find(place)
      this.#lost = null
      this.#unknown = null
      return true
    }
    void this.#surely(() => search().catch((error: Error) => this.#cannot(error))).then(() => {
      this.#looking = false
      if (this.#stopped) return
      this.#current = current
      place.idle()
      if (current) this.#begin(current)
      else if (this.#lookAgain) this.#look()
    })
  }

  #begin({ control, text: made }: Current): void {
    if (!(made instanceof Error)) return this.#on({ kind: 'message', control })
    const text = `no message can be made of it: ${made.message}`.slice(0, 500)
    void this.#done({ kind: 'parked', code: 'none', text, attempts: 0 })
  }

  async #find(place: Place): Promise<Current | null> {
    const { saved } = place
    for (let [parked] = this.#again; parked; [parked] = this.#again) {
      const found = await this.#stored(parked)
      this.#again.shift()
      if (found === 'unknown') continue
      if (found) return this.#made(found, parked)
      const { log, position, control } = parked
      await this.#gap({ log, from: position, to: position })
      saved.parked = saved.parked.filter((one) => one.control !== control)
      place.soon()
    }
    const record = await this.#backlog.next(saved, (gap) => this.#gap(gap))
    return record && this.#made(record, null)
  }

  #made(record: Sendable, parked: Parked | null): Current {
    const made = { record, control: controlId(record), parked }
    try {
      return { ...made, text: messageOf(record, this.#options.profile) }
    } catch (error) {
      return { ...made, text: error as Error }
    }
  }

  /** Null = it is kept no more; `unknown` = its log is not open now, or not yet. */
  async #stored({ log, position }: Parked): Promise<Sendable | null | 'unknown'> {
    const { records } = this.#options
    const head = records.head()
    if (!head) return 'unknown'
    if (head.log !== log) return null
    for await (const record of records.read({ after: position - 1 })) {
      return record.position === position && isSendable(record) ? record : null
    }
    return null
  }

  #on(event: Event): void {
    if (this.#stopped) return
    const { state, effects } = step(this.#state, event, this.#rules)
    this.#state = state
    for (const effect of effects) {
      switch (effect.do) {
        case 'connect':
          this.#wire.connect()
          break
        case 'send':
          this.#send()
          break
        case 'close':
          this.#lastError = 'no answer in time'
          this.#wire.close()
          break
        case 'timer':
          this.#timer()
          if (effect.ms !== null) {
            this.#timer = this.#options.env.after(effect.ms, () => this.#on({ kind: 'time' }))
          }
          break
        case 'done':
          void this.#done(effect.result)
      }
    }
  }

  #send(): void {
    const { text } = this.#current as Current
    if (!(text instanceof Error)) this.#wire.send(text)
  }

  /** The place follows what was accepted: who dies in between sends a few again, with the same ids. */
  async #done(result: Result): Promise<void> {
    const { record, control, parked: before } = this.#current as Current
    const place = this.#place as Place
    const saved: Saved = place.saved
    const { log, position } = record
    const { notes, env } = this.#options
    const others = saved.parked.filter((one) => one.control !== control)
    if (result.kind === 'parked') {
      const { code, text, attempts } = result
      const parked = { log, position, control, code, text, attempts, at: utc(env.wall()) }
      if (!(await this.#surely(() => notes.parked(parked)))) return
      this.#options.log(
        `HL7 ${this.name}: message ${control} was refused (${code} ${text}) and set aside.`,
      )
      saved.parked = [...others, parked]
    } else {
      this.#sent += 1
      this.#lastError = ''
      if (before && !(await this.#surely(() => notes.resent(before)))) return
      saved.parked = others
    }
    if (!before) {
      saved.logs[log] = Math.max(saved.logs[log] ?? -1, position)
      this.#backlog.shift()
    }
    place.soon()
    // What is set aside twice would be recorded twice.
    if (result.kind === 'parked') await place.settled()
    this.#current = null
    this.#look()
  }

  async #gap(gap: Gap): Promise<void> {
    if (!(await this.#surely(() => this.#options.notes.gap(gap)))) throw new Error('it has ended')
  }

  #surely(write: () => Promise<boolean>): Promise<boolean> {
    return insist(this.#options.env, () => this.#stopped, write)
  }
}
