// The wand's side of the air: one session at most, one piece of air work at a time, contact, leases.
// README.md §9.4–9.7 of the protocol. Pure: time moves only in `advanceTo`.
import type { CodeName } from '../../protocol/codec/pdu.ts'
import type { Air } from '../air/air.ts'
import { type Outcome, Radio, type Work } from './radio.ts'
import { closing, contact, type Frozen, interrogating, live, opening } from './work.ts'

/** With a session the wand speaks to the implant again so long after the last time, in ms. */
const CONTACT_EVERY_MS = 230

export type AirOperation = 'OPEN' | 'INTERROGATE' | 'LIVE' | 'CLOSE'
export type LastEnd =
  | 'none'
  | 'closed'
  | 'lease-expired'
  | 'wand-restarted'
  | 'still-open'
  | 'stuck'

/** What survives a loss of power. */
export interface Store {
  boot: number
  lastSession: number
  lastEnd: LastEnd
}

/** One opening of one path. */
export interface Holder {
  readonly path: string
  readonly link: number
}

interface Session {
  readonly id: number
  readonly serial: string
  /** Null when its opener's path has said HELLO with another link: then only the lease ends it. */
  holder: Holder | null
  renewedAt: number
  /** The lease has run out and the wand is closing it. */
  ending: boolean
}

/** What is kept of a snapshot that was read. */
export type Freeze = (read: Frozen) => Frozen

/** How a piece of air work came out: the code, and the reply's fields if it is OK. */
export type Done = (code: CodeName, fields?: object) => void

interface Operation {
  readonly name: AirOperation
  holder: Holder | null
  /** When the link that asked was last heard: the lease of a session that is being opened. */
  renewedAt: number
  readonly done: Done
}

const same = (a: Holder | null, b: Holder) => a !== null && a.path === b.path && a.link === b.link

export class Telemetry {
  readonly radio: Radio
  snapshot: Frozen | null = null
  readonly #air: Air
  readonly #store: Store
  readonly #leaseMs: number
  readonly #freeze: Freeze
  #now: number
  #sensedAt: number | null = null
  #session: Session | null = null
  #operation: Operation | null = null
  #snapshots = 0

  constructor(air: Air, store: Store, leaseMs: number, now: number, freeze: Freeze) {
    this.#freeze = freeze
    this.#air = air
    this.#store = store
    this.#leaseMs = leaseMs
    this.#now = now
    this.radio = new Radio(air)
  }

  /** The session that this opening holds; 0 = none. */
  heldBy(holder: Holder): number {
    return this.#session && same(this.#session.holder, holder) ? this.#session.id : 0
  }

  /** Whether any session is open, whoever holds it. */
  get sessionOpen(): boolean {
    return this.#session !== null
  }

  get busy(): boolean {
    return this.#operation !== null || (this.#session?.ending ?? false)
  }

  /** Ends the air work of a session that its own holder wants closed at once (§9.5). */
  giveWay(): void {
    this.radio.stop(this.#now)
    this.#finish('AIR_FAILED')
  }

  /** Whether what runs on air is INTERROGATE or LIVE of `holder`'s session. */
  worksFor(holder: Holder): boolean {
    const operation = this.#operation
    if (!operation || !same(operation.holder, holder)) return false
    return operation.name === 'INTERROGATE' || operation.name === 'LIVE'
  }

  /** A request of `holder` was received. */
  renew(holder: Holder): void {
    if (this.#session && same(this.#session.holder, holder)) this.#session.renewedAt = this.#now
    if (this.#operation && same(this.#operation.holder, holder))
      this.#operation.renewedAt = this.#now
  }

  /** The path has a new link: what it held before, nobody holds. */
  orphan(path: string): void {
    if (this.#session?.holder?.path === path) this.#session.holder = null
    if (this.#operation?.holder?.path === path) this.#operation.holder = null
  }

  /** What PING reports. */
  get moment() {
    const { coupling, position } = this.#air.sense(this.#now)
    const stuck = this.#store.lastEnd === 'stuck'
    const running = this.#operation?.name ?? (this.#session?.ending ? 'CLOSE' : null)
    return {
      session: this.#session?.id ?? (stuck ? this.#store.lastSession : 0),
      sessionState: this.#state(running, stuck),
      contactAt: this.#contactAt(),
      coupling,
      position,
      operation: running,
      progress: running ? this.radio.progress : 0,
    } as const
  }

  /** Begins air work for `holder`; the caller has made sure that it may. */
  begin(name: AirOperation, holder: Holder, done: Done): void {
    this.#operation = { name, holder, renewedAt: this.#now, done }
    const serial = this.#session?.serial ?? ''
    if (name === 'OPEN') this.#run(opening(), (opened) => this.#opened(opened))
    else if (name === 'LIVE') this.#run(live(serial), (fields) => this.#finish('OK', fields))
    else if (name === 'CLOSE') this.#run(closing(serial), (confirmed) => this.#closed(confirmed))
    else {
      const number = this.#snapshots + 1
      this.#run(
        interrogating(serial, number, () => this.#now),
        (read) => this.#read(read),
      )
    }
  }

  get nextEventAt(): number {
    return Math.min(this.radio.nextEventAt, this.#leaseEnds(), this.#contactDue())
  }

  advanceTo(ms: number): void {
    for (let at = this.nextEventAt; at <= ms; at = this.nextEventAt) {
      this.#sense(at)
      // The lease goes first: what is asked on air after its end is not asked.
      if (this.#leaseEnds() <= at) this.#expire()
      else if (this.radio.nextEventAt <= at) this.radio.step()
      else if (this.#session) this.radio.start(contact(this.#session.serial), at, () => {})
    }
    this.#sense(ms)
  }

  /** A stuck session is stuck until another one is open, while that is being opened, too. */
  #state(running: AirOperation | null, stuck: boolean) {
    if (this.#session) return running === 'CLOSE' ? 'closing' : 'open'
    if (stuck) return 'stuck'
    return running === 'OPEN' ? 'opening' : 'none'
  }

  #contactAt(): number | null {
    if (this.#session) return this.radio.lastGood
    const { lastGood } = this.radio
    if (lastGood === null || this.#sensedAt === null) return lastGood ?? this.#sensedAt
    return Math.max(lastGood, this.#sensedAt)
  }

  /** Moves the clock, and notes when the implant was last sensed. */
  #sense(ms: number): void {
    if (ms < this.#now) return
    this.#sensedAt = this.#air.lastSensed(this.#now, ms) ?? this.#sensedAt
    this.#now = ms
  }

  #leaseEnds(): number {
    if (!this.#session || this.#session.ending) return Number.POSITIVE_INFINITY
    return this.#session.renewedAt + this.#leaseMs
  }

  #contactDue(): number {
    if (!this.#session || !this.radio.idle) return Number.POSITIVE_INFINITY
    return this.radio.idleSince + CONTACT_EVERY_MS
  }

  #run<R>(work: Work<R>, good: (result: R) => void): void {
    this.radio.start(work, this.#now, (outcome: Outcome<R>) => {
      if (outcome.ok) good(outcome.result)
      else this.#finish(outcome.heard ? 'AIR_FAILED' : 'NO_IMPLANT')
    })
  }

  #finish(code: CodeName, fields?: object): void {
    const operation = this.#operation
    this.#operation = null
    operation?.done(code, fields)
  }

  #opened(fields: { readonly pumpSerial: string | null }): void {
    const operation = this.#operation as Operation
    this.#store.lastSession += 1
    this.#store.lastEnd = 'still-open'
    this.snapshot = null
    this.#session = {
      id: this.#store.lastSession,
      serial: fields.pumpSerial ?? '',
      holder: operation.holder,
      renewedAt: operation.renewedAt,
      ending: false,
    }
    this.#finish('OK', fields)
  }

  #read(read: Frozen | 'changed'): void {
    if (read === 'changed') return this.#finish('CHANGED')
    this.#snapshots = read.number
    this.snapshot = this.#freeze(read)
    this.#finish('OK', { snapshot: read.number })
  }

  #closed(confirmed: boolean): void {
    this.#drop(confirmed ? 'closed' : 'stuck')
    this.#finish('OK', { result: confirmed ? 1 : 0 })
  }

  #expire(): void {
    const session = this.#session as Session
    session.ending = true
    session.holder = null
    this.radio.stop(this.#now)
    this.#finish('AIR_FAILED')
    this.radio.start(closing(session.serial), this.#now, (outcome) => {
      this.#drop(outcome.ok && outcome.result ? 'lease-expired' : 'stuck')
    })
  }

  #drop(end: LastEnd): void {
    this.#session = null
    this.snapshot = null
    this.#store.lastEnd = end
  }
}
