// The client of clinic software: what a bridge knows, as typed streams that go on through lost
// connections, and as functions. Nothing is live that the bridge has not said to be live, nor when it
// is silent; and a bridge whose audit log has been cut or replaced is not believed.
import {
  BehaviorSubject,
  distinctUntilChanged,
  filter,
  map,
  type Observable,
  Subject,
  type Subscription,
} from 'rxjs'
import type { Problem, ResetEvent } from '../model/api.ts'
import type { ApiRecord, RecordKind, RecordOf } from '../model/record.ts'
import { type Statement, statement } from '../model/statement.ts'
import { checkedEvent, isEvent } from './checked.ts'
import { judge, type Pin, pinOf } from './checkpoint.ts'
import { type Clock, systemClock } from './clock.ts'
import { Gate } from './gate.ts'
import { logOf } from './growth.ts'
import { type Rest, rest } from './rest.ts'
import { type Fetch, type StreamNews, stream } from './stream.ts'
import {
  type ClientState,
  type ClientStatus,
  fromSnapshot,
  HEARTBEAT_MS,
  heardAt,
  onInterrogation,
  onLive,
  onStatus,
  view,
} from './stream-state.ts'

export interface ClientOptions {
  /** `http://127.0.0.1:8420`; empty = the origin of the page. */
  readonly url: string
  /** A page opened with `wandbridge open` needs none. */
  readonly token?: string
  /** The newest checkpoint of each log, kept from earlier: what the bridge says must continue them. */
  readonly checkpoints?: readonly Pin[]
  /** Default: the global one. */
  readonly fetch?: Fetch
  /** Default: `systemClock`. */
  readonly clock?: Clock
}

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Nothing is heard: tried again by itself. */
  | { readonly state: 'silent'; readonly why: string }
  /** The bridge refuses: nothing is tried again. */
  | { readonly state: 'refused'; readonly problem: Problem | null }
  /** The bridge is not believed any more: nothing is tried again. */
  | { readonly state: 'distrusted'; readonly why: Statement }
  | { readonly state: 'closed' }

/** Where what follows is no continuation. `fork`: nor is the log, so that nothing more is believed. */
export type Reset = Omit<ResetEvent, 'reason'> & { readonly reason: ResetEvent['reason'] | 'fork' }

/** After a proof could not be had it is asked for again. */
const AGAIN_MS = 1_000

export class Client {
  /** The addresses of the API as functions. */
  readonly api: Rest
  readonly #clock: Clock
  readonly #options: ClientOptions
  readonly #records = new Subject<ApiRecord>()
  readonly #resets = new Subject<Reset>()
  readonly #status = new Subject<ClientStatus>()
  readonly #connection = new BehaviorSubject<Connection>({ state: 'connecting' })
  readonly #pins = new Subject<Pin>()
  readonly #seen: Map<string, Pin>
  readonly #call: Fetch
  #state: ClientState | null = null
  /** The newest record that was taken, and the id to go on after it. */
  #place: { readonly id: string; readonly position: number; readonly log: string } | null = null
  #stream: Subscription | null = null
  readonly #gate: Gate
  #again: () => void = () => {}
  #silent: () => void = () => {}

  /** How the connection does. */
  readonly connection$: Observable<Connection> = this.#connection.asObservable()
  /** What is known, whenever it changes; between, `status()` gives it with its ages of the moment. */
  readonly status$: Observable<ClientStatus> = this.#status.asObservable()
  /** Every record once, in order, through lost connections; `resets$` says where that could not be. */
  readonly records$: Observable<ApiRecord> = this.#records.asObservable()
  /** Where what follows is no continuation of what came before, and why. */
  readonly resets$: Observable<Reset> = this.#resets.asObservable()
  /** Checkpoints to keep: the newest of each log is to be given as `checkpoints` next time. */
  readonly checkpoints$: Observable<Pin> = this.#pins.asObservable()

  /** Whole interrogations. */
  readonly readings$: Observable<RecordOf<'interrogation'>> = this.#only('interrogation')
  /** Reported volume and rate, of interrogations and live exchanges alike. */
  readonly moving$ = this.records$.pipe(
    filter((one) => one.kind === 'interrogation' || one.kind === 'live'),
    map((record) => {
      const { reservoir, infusion } =
        record.kind === 'live'
          ? { reservoir: record, infusion: record }
          : { reservoir: record.reservoir, infusion: record.infusion }
      return { record, reportedVolume: reservoir.reportedVolume, rate: infusion.rate }
    }),
  )
  /** Alarms of pumps that came, changed or went from one reading to the next. */
  readonly alarms$: Observable<RecordOf<'alarm'>> = this.#only('alarm')
  /** What pumps have logged themselves, as it is read. */
  readonly pumpEvents$: Observable<RecordOf<'pump-events'>> = this.#only('pump-events')
  /** What became of sessions with pumps. */
  readonly sessions$: Observable<RecordOf<'session'>> = this.#only('session')
  /** What became of the connections to wands. */
  readonly link$: Observable<RecordOf<'link'>> = this.#only('link')
  /** The wands, whenever one of them is another. */
  readonly wand$ = this.status$.pipe(
    map(({ wands }) => wands),
    distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
  )

  /** Connects at once. */
  constructor(options: ClientOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#seen = new Map(options.checkpoints?.map((pin) => [pin.origin, pin]))
    this.#call = options.fetch ?? ((url, init) => fetch(url, init))
    this.api = rest(this.#call, options.url, () => this.#headers())
    this.#gate = new Gate({
      seen: this.#seen,
      tile: (pin, path) => this.api.tile(logOf(pin), path),
      release: (news) => this.#hear(news),
      forked: (why, pin) => this.#fork(why, pin),
      failed: ({ message }) => {
        this.#stream?.unsubscribe()
        this.#lose(`the bridge does not show that its log has only grown: ${message}`)
        this.#again = this.#clock.after(AGAIN_MS, () => this.#connect())
      },
    })
    this.#connect()
  }

  #connect(): void {
    this.#stream = stream({
      clock: this.#clock,
      fetch: this.#call,
      address: () => this.#address(),
      headers: () => this.#headers(),
      silentMs: HEARTBEAT_MS,
    }).subscribe((news) => this.#hear(news))
  }

  /** What is known, as it stands now; null before the first snapshot. */
  status(): ClientStatus | null {
    const { state } = this.#connection.value
    return this.#state && view(this.#state, this.#now(), state === 'live')
  }

  /** Ends the connection and every stream. */
  close(): void {
    this.#end({ state: 'closed' })
    for (const one of [this.#records, this.#resets, this.#status, this.#pins]) one.complete()
    this.#connection.complete()
  }

  #only<K extends RecordKind>(kind: K): Observable<RecordOf<K>> {
    return this.records$.pipe(filter((one): one is RecordOf<K> => one.kind === kind))
  }

  #headers(): Record<string, string> {
    const { token } = this.#options
    return token === undefined ? {} : { authorization: `Bearer ${token}` }
  }

  #address(): string {
    const base = `${this.#options.url}/api/v1/events`
    if (!this.#place) return base
    return `${base}?${new URLSearchParams({ after: this.#place.id })}`
  }

  #now() {
    return { mono: this.#clock.monotonic(), wall: this.#clock.wall() }
  }

  #hear(news: StreamNews): void {
    if (this.#gate.holds(news)) return
    switch (news.kind) {
      case 'connected':
        return
      case 'lost':
        return this.#lose(news.why)
      case 'refused':
        return this.#end({ state: 'refused', problem: news.problem })
      case 'message': {
        const { event = '', data, id = '' } = news.message
        try {
          this.#take(event, id, JSON.parse(data))
        } catch (error) {
          const text = (error as Error).message.slice(0, 500)
          const why = statement('trust.not-v1', { event, text })
          return this.#end({ state: 'distrusted', why })
        }
      }
    }
  }

  #fork(why: Statement, pin: Pin | null): void {
    const asOf = new Date(this.#clock.wall()).toISOString()
    const log = pin && logOf(pin)
    this.#resets.next({ asOf, reason: 'fork', log, oldest: null, newest: null })
    this.#end({ state: 'distrusted', why })
  }

  #take(event: string, id: string, data: unknown): void {
    // A kind that is newer than this client is left aside.
    if (!isEvent(event)) return
    const now = this.#now()
    switch (event) {
      case 'snapshot': {
        const snapshot = checkedEvent(event, data)
        if (!this.#trusts(snapshot.audit.checkpoint)) return
        const { position, log } = snapshot
        this.#place = log === null || id === '' ? null : { id, position: position ?? -1, log }
        return this.#become(fromSnapshot(snapshot, now))
      }
      case 'status': {
        const status = checkedEvent(event, data)
        if (!this.#trusts(status.audit.checkpoint) || !this.#state) return
        return this.#become(onStatus(this.#state, status, now))
      }
      case 'tick': {
        const { asOf, audit } = checkedEvent(event, data)
        if (!this.#trusts(audit.checkpoint) || !this.#state) return
        return this.#become(heardAt(this.#state, asOf, audit, now))
      }
      case 'reset':
        return this.#resets.next(checkedEvent(event, data))
      case 'bye': {
        const { reason, sentence } = checkedEvent(event, data)
        if (reason === 'slow' || reason === 'shutdown') return this.#lose(sentence)
        return this.#end({ state: 'refused', problem: null })
      }
    }
    const record = checkedEvent(event, data)
    const { position, log } = record
    if (this.#place?.log === log && position <= this.#place.position) return
    this.#place = { id: record.id, position, log }
    if (this.#state) {
      if (record.kind === 'interrogation') this.#become(onInterrogation(this.#state, record))
      if (record.kind === 'live') this.#become(onLive(this.#state, record))
    }
    this.#records.next(record)
  }

  #become(state: ClientState): void {
    this.#state = state
    if (this.#connection.value.state !== 'live') this.#connection.next({ state: 'live' })
    this.#silent()
    this.#silent = this.#clock.after(HEARTBEAT_MS, () => this.#lose('the server is silent'))
    this.#tell()
  }

  #tell(): void {
    const status = this.status()
    if (status) this.#status.next(status)
  }

  /** Whether what comes with this checkpoint is believed. */
  #trusts(note: string | null): boolean {
    if (note === null) return true
    const verdict = judge(this.#seen, note)
    if (!verdict.ok) {
      this.#fork(verdict.why, pinOf(note))
      return false
    }
    const { pin } = verdict
    if (pin.note !== this.#seen.get(pin.origin)?.note) this.#pins.next(pin)
    this.#seen.set(pin.origin, pin)
    return true
  }

  #lose(why: string): void {
    const { state } = this.#connection.value
    if (state === 'refused' || state === 'distrusted' || state === 'closed') return
    this.#silent()
    this.#connection.next({ state: 'silent', why })
    this.#tell()
  }

  #end(connection: Connection): void {
    this.#silent()
    this.#again()
    this.#gate.clear()
    this.#stream?.unsubscribe()
    this.#stream = null
    this.#connection.next(connection)
    this.#tell()
  }
}
