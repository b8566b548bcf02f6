// One destination: the shell around the machine. It takes what is owed from the log, sends it over its
// line, and keeps its place on the disk. It waits for nobody else, and nobody waits for it.
import { type Cancel, type Env, sleep, utc } from '../env.ts'
import type { Source } from '../model/reading.ts'
import type { ApiRecord } from '../model/record.ts'
import type { DestinationStatus } from '../model/status.ts'
import { Backlog, type Gap, type Records } from './backlog.ts'
import { type Parked, parseSaved, type Saved, type Store, savedText } from './cursor.ts'
import type { Dial, Line } from './line.ts'
import { type Event, IDLE, type Result, RULES, type Rules, type State, step } from './machine.ts'
import { controlId, isSendable, messageOf, type Profile, type Sendable } from './messages.ts'
import { Deframer, frame } from './mllp.ts'
import { parseAck } from './text.ts'

/** What is written down about a destination, durably. False = it could not be. */
export interface Notes {
  parked(source: Source, parked: Parked): Promise<boolean>
  resent(source: Source, parked: Parked): Promise<boolean>
  gap(gap: Gap): Promise<boolean>
}

export interface DestinationOptions {
  readonly env: Env
  readonly name: string
  readonly address: string
  readonly alarms: boolean
  readonly sources: readonly Source[]
  readonly profile: Profile
  readonly rules?: Partial<Rules>
  readonly dial: Dial
  readonly records: Records
  readonly store: Store
  readonly notes: Notes
  log(text: string): void
}

/** Where something could not be written down or read: how long until it is tried again. */
const AGAIN_MS = 5_000
/** A place that moved without anything sent is kept once in so many records. */
const IDLE_SAVE = 1_000

interface Current {
  readonly record: Sendable
  readonly control: string
  /** It was set aside before. */
  readonly parked: Parked | null
}

export class Destination {
  readonly #options: DestinationOptions
  readonly #rules: Rules
  readonly #backlog: Backlog
  #saved: Saved | null = null
  #state: State = IDLE
  #current: Current | null = null
  #again: Parked[] = []
  #line: Line | null = null
  #deframer = new Deframer()
  #timer: Cancel = () => {}
  #looking = false
  #lookAgain = false
  #stopped = false
  #sent = 0
  #lastError = ''
  #saving: Promise<void> | null = null
  #dirty = false
  #keptAt: Readonly<Record<string, number>> = {}

  constructor(options: DestinationOptions) {
    this.#options = options
    this.#rules = { ...RULES, ...options.rules }
    this.#backlog = new Backlog(options.records, options.sources, options.alarms)
  }

  get name(): string {
    return this.#options.name
  }

  async start(): Promise<void> {
    const { store, name, env } = this.#options
    const text = await store.load()
    this.#saved = parseSaved(text, name, utc(env.wall()))
    if (text === null) await this.#keep()
    this.#look()
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
    const parked = this.#saved?.parked ?? []
    const busy = this.#current?.parked
    this.#again = parked.filter((one) => one.control !== busy?.control)
    const { length } = this.#again
    this.#look()
    return length
  }

  /** Nothing is owed, and what is known is kept. For whoever sends once and ends. */
  get idle(): boolean {
    return this.#saved !== null && this.#current === null && !this.#looking && this.#saving === null
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer()
    this.#line?.close()
    await this.#saving
    await this.#keep().catch(() => {})
  }

  status(): DestinationStatus {
    const { env, name, address } = this.#options
    const { link, waiting, strays } = this.#state
    const parked = this.#saved?.parked.length ?? 0
    const owed = this.#current?.record.at ?? this.#backlog.oldest
    const lagMs = owed === null ? 0 : Math.max(0, env.wall() - Date.parse(owed))
    const state =
      owed === null ? 'idle' : link === 'open' && waiting !== 'backoff' ? 'sending' : 'waiting'
    const said = {
      idle: 'Everything that was recorded for it has been accepted or set aside.',
      sending: 'Messages are being sent.',
      waiting: `It does not take messages now (${this.#lastError || 'connecting'}). They stay in the log and are sent when it does.`,
    }[state]
    const aside = parked === 0 ? '' : ` ${parked} set aside: wandbridge hl7 send --parked.`
    return {
      name,
      address,
      state,
      lagMs,
      waiting: this.#backlog.held,
      parked,
      sent: this.#sent,
      strays,
      sentence: `${said}${aside}`,
    }
  }

  /** Finds the next message, if none is under way. One search at a time. */
  #look(): void {
    if (this.#looking) {
      this.#lookAgain = true
      return
    }
    if (this.#stopped || this.#current !== null || this.#saved === null) return
    this.#looking = true
    this.#lookAgain = false
    void this.#find(this.#saved)
      .catch(async (error: Error) => {
        this.#options.log(`HL7 ${this.name}: ${error.message}. Tried again in 5 s.`)
        await sleep(this.#options.env, AGAIN_MS)
        this.#lookAgain = true
        return null
      })
      .then((current) => {
        this.#looking = false
        if (this.#stopped) return
        this.#current = current
        if (current) this.#on({ kind: 'message', control: current.control })
        else if (this.#lookAgain) this.#look()
        else this.#keepIdle()
      })
  }

  async #find(saved: Saved): Promise<Current | null> {
    for (let parked = this.#again.shift(); parked; parked = this.#again.shift()) {
      const record = await this.#stored(parked)
      if (record) return { record, control: parked.control, parked }
      this.#options.log(
        `HL7 ${this.name}: record ${parked.position} of ${parked.log} is not kept any more.`,
      )
    }
    const record = await this.#backlog.next(saved, async (gap) => {
      await this.#surely(() => this.#options.notes.gap(gap))
    })
    return record && { record, control: controlId(record), parked: null }
  }

  async #stored({ log, position }: Parked): Promise<Sendable | null> {
    const { records, sources } = this.#options
    for (const source of sources) {
      if (records.head(source)?.log !== log) continue
      for await (const record of records.read({ source, after: position - 1 })) {
        return record.position === position && isSendable(record) ? record : null
      }
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
          this.#connect()
          break
        case 'send':
          this.#send()
          break
        case 'close':
          this.#lastError = 'no answer in time'
          this.#line?.close()
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

  #connect(): void {
    this.#deframer = new Deframer()
    const live = () => this.#line === line
    const failed = (why: string) => {
      this.#line = null
      this.#lastError = why
      this.#on({ kind: 'closed' })
    }
    let line: Line | null = null
    try {
      line = this.#options.dial({
        connected: () => live() && this.#on({ kind: 'connected' }),
        data: (bytes) => {
          if (!live()) return
          for (const text of this.#deframer.push(bytes)) {
            const ack = parseAck(text)
            if (ack && /^[CA][ER]$/.test(ack.code))
              this.#lastError = `${ack.code} ${ack.text}`.trim()
            this.#on({ kind: 'reply', ack })
          }
        },
        closed: (why) => live() && failed(why),
      })
      this.#line = line
    } catch (error) {
      failed((error as Error).message)
    }
  }

  #send(): void {
    const { record } = this.#current as Current
    this.#line?.send(frame(messageOf(record, this.#options.profile)))
  }

  /** The place follows what was accepted: who dies in between sends a few again, with the same ids. */
  async #done(result: Result): Promise<void> {
    const { record, control, parked: before } = this.#current as Current
    const saved = this.#saved as Saved
    const { log, position, source } = record
    const { notes, env } = this.#options
    const others = saved.parked.filter((one) => one.control !== control)
    if (result.kind === 'parked') {
      const { code, text, attempts } = result
      const parked = { log, position, control, code, text, attempts, at: utc(env.wall()) }
      await this.#surely(() => notes.parked(source, parked))
      this.#options.log(
        `HL7 ${this.name}: message ${control} was refused (${code} ${text}) and set aside.`,
      )
      saved.parked = [...others, parked]
    } else {
      this.#sent += 1
      this.#lastError = ''
      if (before) await this.#surely(() => notes.resent(source, before))
      saved.parked = others
    }
    if (!before) {
      saved.logs[log] = Math.max(saved.logs[log] ?? -1, position)
      this.#backlog.shift()
    }
    this.#keepSoon()
    // What is set aside twice would be recorded twice.
    if (result.kind === 'parked') await this.#saving
    this.#current = null
    this.#look()
  }

  /** Until it is done, or everything ends: what is not written down has not happened. */
  async #surely(write: () => Promise<boolean>): Promise<void> {
    while (!this.#stopped) {
      if (await write().catch(() => false)) return
      await sleep(this.#options.env, AGAIN_MS)
    }
  }

  /** One at a time, and the newest state: a slow disk costs no message its time. */
  #keepSoon(): void {
    this.#dirty = true
    this.#saving ??= (async () => {
      while (this.#dirty && !this.#stopped) {
        this.#dirty = false
        await this.#surely(() => this.#keep().then(() => true))
      }
      this.#saving = null
    })()
  }

  async #keep(): Promise<void> {
    if (!this.#saved) return
    const logs = { ...this.#saved.logs }
    await this.#options.store.save(savedText(this.#saved))
    this.#keptAt = logs
  }

  #keepIdle(): void {
    const { logs } = this.#saved as Saved
    const moved = Object.entries(logs).some(
      ([log, position]) => position - (this.#keptAt[log] ?? -1) >= IDLE_SAVE,
    )
    if (moved) this.#keepSoon()
  }
}
