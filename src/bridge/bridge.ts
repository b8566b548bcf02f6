// The bridge: one driver per wand, one stream of events, one status. It only puts the rooms together.
//
//   drivers → gate (durable) → events$ → streams, status
//                             └─ bad news at once ───────────────↗
import { type Observable, Subject } from 'rxjs'
import { type Env, utc } from '../base/env.ts'
import {
  type Driver,
  type DriverCounters,
  type DriverKind,
  isOnPath,
  newShared,
  type Shared,
} from '../drivers/driver.ts'
import { type AlarmHistory, NO_ALARMS } from '../model/alarm-changes.ts'
import type { BridgeEvent, Stamp } from '../model/event.ts'
import type { Policy } from '../model/policy.ts'
import type { Source } from '../model/reading.ts'
import { statement } from '../model/statement.ts'
import type { AuditStatus, BridgeStatus, Coded } from '../model/status.ts'
import { learn } from '../status/fold.ts'
import { type Memory, NO_MEMORY } from '../status/recalled.ts'
import { type BridgeState, nothingKnown } from '../status/state.ts'
import { viewBridge } from '../status/view.ts'
import type { PortFact, PortSource, PortWatch } from '../transport/port.ts'
import { AlarmTeller } from './alarms.ts'
import { allowed, type Stopped } from './allowed.ts'
import { Gate, NO_RECORDER, type Recorder } from './gate.ts'
import { type Streams, streams } from './streams.ts'
import { tapped } from './tapped.ts'

export interface BridgeOptions {
  readonly env: Env
  /** How the wands are spoken to. */
  readonly driver: DriverKind
  /** The one kind of wand that is read; another is refused. Default: device. */
  readonly source?: Source
  readonly ports: readonly PortSource[]
  /** Finds further wands while the bridge runs. */
  readonly finder?: PortWatch
  readonly policy: Policy
  /** Between two LIVE exchanges of a session that is held; 1000 ms if not given. */
  readonly liveMs?: number
  readonly recorder?: Recorder
  /** What the log knows from before. */
  readonly memory?: BridgeMemory
  /** Sees all that happens at every port, each byte as the port gave or took it: for captures. */
  readonly tap?: (port: string, fact: PortFact, at: Stamp) => void
}

/** What a bridge asks of the log. */
export interface BridgeMemory extends Memory {
  /** What was told of the alarms of a pump. */
  alarmHistory(pump: string): AlarmHistory
}

const LAST_RECORDS_MS = 1_000

/** An event and whether its record is on the disk. */
export interface Change {
  readonly event: BridgeEvent
  readonly durable: boolean
  /** It could not be recorded, so nothing of it is known here or shown. */
  readonly lost?: true
}

export class Bridge {
  readonly #env: Env
  readonly #drivers = new Map<string, Driver>()
  readonly #shared: Shared = newShared()
  readonly #events = new Subject<BridgeEvent>()
  readonly #changes = new Subject<Change>()
  readonly #audit = new Subject<Coded<AuditStatus>>()
  readonly #gate: Gate
  readonly #recorder: Recorder
  readonly #options: BridgeOptions
  readonly #memory: Memory
  readonly #alarms: AlarmTeller
  readonly #state: BridgeState = nothingKnown()
  #stopping = false

  /** Every event, in order, each after its record is durable. Never errors; completes at `stop`. */
  readonly events$: Observable<BridgeEvent> = this.#events.asObservable()
  /** Every change of `status()`. Bad news comes twice: at once, and again when it is durable. */
  readonly changes$: Observable<Change> = this.#changes.asObservable()
  /** The state of the audit log, whenever it changes. */
  readonly audit$: Observable<Coded<AuditStatus>> = this.#audit.asObservable()
  readonly streams: Streams = streams(this.events$)

  constructor(options: BridgeOptions) {
    this.#env = options.env
    this.#options = options
    this.#recorder = options.recorder ?? NO_RECORDER
    const { memory } = options
    this.#memory = memory ?? NO_MEMORY
    this.#alarms = new AlarmTeller((pump) => memory?.alarmHistory(pump) ?? NO_ALARMS)
    this.#gate = new Gate(this.#recorder, {
      immediate: (event) => this.#take(event, false),
      durable: (event) => {
        this.#alarms.kept(event)
        this.#take(event, true)
        this.#events.next(event)
      },
      lost: (event) => {
        this.#alarms.lost(event)
        this.#changes.next({ event, durable: false, lost: true })
      },
    })
    this.#recorder.onChange?.(() => this.#audit.next(this.#recorder.status()))
    for (const source of options.ports) this.#add(source)
  }

  #add(port: PortSource): Driver {
    const { path } = port
    if (this.#drivers.has(path)) throw new RangeError(`${path} is given twice`)
    const { driver: kind, source = 'device', policy, liveMs } = this.#options
    const seen = tapped(port, (fact) => this.#tap(path, fact))
    const driver = kind.create({
      env: this.#env,
      port: allowed(seen, kind.sends, (what) => this.#stopped(path, what)),
      source,
      policy,
      ...(liveMs === undefined ? {} : { liveMs }),
      shared: this.#shared,
      event: (event) => this.#push(event),
    })
    this.#drivers.set(path, driver)
    return driver
  }

  /** Reads one more wand; those that are read do not notice. Throws when its path is read already. */
  add(port: PortSource): void {
    if (this.#stopping) throw new Error('The bridge is being stopped, and nothing begins any more.')
    this.#add(port).start()
  }

  #tap(path: string, fact: PortFact): void {
    this.#options.tap?.(path, fact, this.now())
  }

  /** A driver wanted to send what is not on its list. That is told before the link is seen to end. */
  #stopped(port: string, { bytes, hex }: Stopped): void {
    const { wall, mono } = this.now()
    this.#push({
      ...{ kind: 'link', phase: 'waiting', cause: 'not-allowed', connected: false },
      why: statement('why.not-allowed', { bytes, hex }),
      ...{
        order: this.#shared.nextOrder(),
        port,
        wand: null,
        link: 0,
        session: null,
        snapshot: null,
      },
      ...{ source: this.#options.source ?? 'device', receivedAt: utc(wall), mono },
    })
  }

  #push(event: BridgeEvent): void {
    this.#gate.push(event)
    if (event.kind !== 'reading') return
    for (const told of this.#alarms.tell(event, () => this.#shared.nextOrder())) {
      this.#gate.push(told)
    }
  }

  #take(event: BridgeEvent, durable: boolean): void {
    learn(this.#state, event, durable)
    this.#changes.next({ event, durable })
  }

  /** Of every port that is read, by its own name. */
  get paths(): readonly string[] {
    return [...this.#drivers.keys()]
  }

  /** Of a port with several wands, those of its wands. */
  get ports(): readonly string[] {
    const told = [...this.#state.wands.keys()]
    return [...this.#drivers.keys()].flatMap((path) => {
      const parts = told.filter((port) => port !== path && isOnPath(path, port))
      return parts.length > 0 ? parts : [path]
    })
  }

  now(): Stamp {
    return { wall: this.#env.wall(), mono: this.#env.monotonic() }
  }

  /**
   * Everything known, as it stands now: quality, reason and age are judged at `asOf`. What was read is
   * frozen: it is the same object until it or its quality changes.
   */
  status(now: Stamp = this.now()): Coded<BridgeStatus> {
    return viewBridge(this.#state, this.#recorder.status(), this.#memory, now)
  }

  start(): void {
    for (const driver of this.#drivers.values()) driver.start()
    const { finder } = this.#options
    if (!finder) return
    this.#changes.subscribe(({ event }) => {
      if (event.kind === 'wand') finder.introduced(event.port, event.wand)
      if (event.kind === 'link' && !event.connected) finder.introduced(event.port, null)
    })
    finder.start((source) => this.#add(source).start())
  }

  /** Asks for one interrogation, on every port or on one; what comes of it is in the events. */
  interrogate(port?: string): boolean {
    // Of a port, or of one wand of several on it.
    const asked = [...this.#drivers].filter(([path]) => port === undefined || isOnPath(path, port))
    for (const [path, driver] of asked) {
      this.#tap(path, { kind: 'read' })
      driver.read(port)
    }
    return port === undefined || asked.length > 0
  }

  /** Counters of every driver, by port. */
  counters(): Readonly<Record<string, DriverCounters>> {
    return Object.fromEntries([...this.#drivers].map(([port, driver]) => [port, driver.counters]))
  }

  /**
   * Closes every session, confirmed if the implant answers, and every port, within 3 s; then waits a
   * moment for the disk, so that the end is told, too.
   */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#options.finder?.stop()
    for (const path of this.#drivers.keys()) this.#tap(path, { kind: 'stop' })
    await Promise.all([...this.#drivers.values()].map((driver) => driver.stop()))
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#env.after(LAST_RECORDS_MS, resolve)
    })
    await Promise.race([this.#gate.drained(), late])
    cancel()
    this.#audit.complete()
    this.#events.complete()
    this.#changes.complete()
  }
}
