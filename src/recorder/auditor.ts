// The audit of a bridge: one log per source, and what goes into it. It is the gate's recorder: an
// event counts once its record is durable.
//
// A log is named after its source, and only the first HELLO says which that is. Until then records
// wait; when no wand has answered within two seconds they go into the log used last, so that a disk
// that fails is known before anybody reads a pump.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Observable, Subject } from 'rxjs'
import { canonical, type Json } from '../audit/format/canonical.ts'
import type { Actor, AuditRecord, NewRecord } from '../audit/format/record.ts'
import { type KeyStore, openKeys } from '../audit/log/keys.ts'
import { AuditLog, type Limits } from '../audit/log/log.ts'
import type { Receipt } from '../audit/log/queue.ts'
import type { AuditState } from '../audit/log/state.ts'
import { listLogs } from '../audit/log/tail.ts'
import { type Disk, nodeDisk } from '../base/disk.ts'
import { type Cancel, type Env, utc } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import type { Recorder } from '../bridge/gate.ts'
import type { BridgeEvent, LinkEvent } from '../model/event.ts'
import { type Source, sourceOf } from '../model/reading.ts'
import type { AuditStatus } from '../model/status.ts'
import { type Access, ReadAccess, RefusedTraffic } from './aggregate.ts'
import { recordOf } from './records.ts'
import { upkeep } from './upkeep.ts'

export interface AuditorOptions {
  readonly env: Env
  readonly stateDir: string
  /** What the bridge was told to do, for the record. Whole numbers and texts only. */
  readonly settings: Readonly<Record<string, Json>>
  /** Names this boot and process. */
  readonly boot: string
  readonly clock?: () => AuditRecord['clock']
  readonly disk?: Disk
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentials?: string
  readonly limits?: Partial<Limits>
  /** Entries older than so many days are dropped, never their hashes. Default: everything is kept. */
  readonly keepDays?: number
}

/** How long records wait for a wand to say what it is. */
const HOME_MS = 2_000
/** Below so much free space people are told, in bytes. */
const LOW_SPACE = 256 << 20
const SPACE_MS = 60_000
/** What one port can report while nothing answers there, before the rest is no news. */
const MOST_CAUSES = 50

type Append = (record: NewRecord) => Promise<Receipt | null>
interface Waiting {
  readonly record: NewRecord
  done(receipt: Receipt | null): void
}
/** A record that is durable, and where. */
export interface Written extends Receipt {
  readonly source: Source
  readonly record: NewRecord & { readonly at: string }
}
interface Book {
  readonly log: AuditLog
  readonly reads: ReadAccess
  readonly append: Append
}

export class Auditor implements Recorder {
  readonly #options: AuditorOptions
  readonly #env: Env
  readonly #disk: Disk
  readonly #dir: string
  readonly #books = new Map<Source, Book>()
  readonly #refused: RefusedTraffic
  #keys: Promise<KeyStore> | null = null
  /** Where records go that belong to no wand yet. */
  #home: Source | null = null
  #spoken: Source | null = null
  #waiting: Waiting[] = []
  readonly #settled: Promise<void>
  #isSettled: () => void = () => {}
  #noHome: Cancel
  #checkSpace: Cancel = () => {}
  #lowSpace = ''
  /** Kinds of events of which the newest could not be recorded, and when that was. */
  readonly #notKept = new Map<string, string>()
  #closed = false
  /** Ports whose wand has said what it is. */
  readonly #known = new Set<string>()
  /** Of ports where nothing answers: what they have reported since. */
  readonly #silent = new Map<string, Set<string>>()
  readonly #written = new Subject<Written>()
  /** Every record once it is durable, in the order of its log. */
  readonly written$: Observable<Written> = this.#written.asObservable()
  #listeners: (() => void)[] = []
  #upkeep: Promise<void> = Promise.resolve()

  constructor(options: AuditorOptions) {
    this.#options = options
    this.#env = options.env
    this.#disk = options.disk ?? nodeDisk
    this.#dir = join(options.stateDir, 'audit')
    this.#settled = new Promise((resolve) => {
      this.#isSettled = resolve
    })
    this.#refused = new RefusedTraffic(this.#env, (record) => this.append(record))
    this.#noHome = this.#env.after(HOME_MS, () => void this.#lastUsed(), { background: true })
    void this.#space()
  }

  /** Where records go that belong to no wand: a guess, until one has said what it is. */
  get home(): Source | null {
    return this.#home
  }

  /** What the first wand has said it is. */
  get spoken(): Source | null {
    return this.#spoken
  }

  get disk(): Disk {
    return this.#disk
  }

  /** Where the logs are. */
  get dir(): string {
    return this.#dir
  }

  record(event: BridgeEvent): Promise<boolean> | null {
    if (event.kind === 'wand') {
      this.#known.add(event.port)
      this.#spoken ??= event.source
      this.#settle(event.source)
    }
    if (event.kind === 'refused') {
      this.#refused.add(event.port, event.wand, event.reason, event.bytes)
    }
    if (event.kind === 'link' && this.#isOldNews(event)) return null
    const record = recordOf(event)
    if (!record) return null
    if (!this.#known.has(event.port)) {
      // Nothing of it can be live, so nobody needs to wait for it.
      void this.append(record)
      return null
    }
    return this.append(record, event.source).then((receipt) => {
      this.#keptOrNot(event, receipt !== null)
      return receipt !== null
    })
  }

  /** People are told until something of the same kind is kept again. */
  #keptOrNot({ kind, receivedAt }: BridgeEvent, kept: boolean): void {
    if (kept ? !this.#notKept.delete(kind) : this.#notKept.get(kind) === receivedAt) return
    if (!kept) this.#notKept.set(kind, receivedAt)
    this.#tell()
  }

  /**
   * Appends to the log of `source`; without one, to the bridge's own. Resolves as AuditLog.append
   * does.
   */
  append(record: NewRecord, source: Source | null = this.#home): Promise<Receipt | null> {
    if (source !== null) return this.#book(source).append(record)
    if (this.#closed) return Promise.resolve(null)
    return new Promise((done) => void this.#waiting.push({ record, done }))
  }

  /** True, or a promise of it, when a reply about `source` may go out; false = not recorded. */
  read(access: Access, source: Source | null = this.#home): Promise<boolean> | true {
    return source === null || this.#book(source).reads.read(access)
  }

  /** A request that was refused. */
  refuse(): void {
    for (const { reads } of this.#books.values()) return reads.refuse()
  }

  status(source?: Source): AuditStatus {
    const own = source === undefined ? this.#worst() : this.#books.get(source)?.log.state
    if (!own) {
      const sentence = 'The audit log is opened when a wand has said what it is.'
      return { log: null, position: null, state: 'none', checkpoint: null, sentence }
    }
    const { log, size, state, checkpoint, sentence } = own
    const position = size > 0 ? size - 1 : null
    const lost = [...this.#notKept].map(
      ([kind, at]) =>
        ` What came at ${at.slice(11, 19)} UTC (${kind}) could not be recorded and is not shown. Read the pump again.`,
    )
    const whole = [sentence, ...lost, this.#lowSpace].join('')
    return { log, position, state, checkpoint, sentence: whole }
  }

  /** Resolves when the bridge's own log has been opened, or cannot be. */
  async ready(): Promise<void> {
    await this.#settled
    for (const { log } of this.#books.values()) await log.opened
  }

  /** State of every log that is open, whole. */
  get states(): readonly AuditState[] {
    return [...this.#books.values()].map(({ log }) => log.state)
  }

  /** Of those that are equally well, the one of the wands. */
  #worst(): AuditState | undefined {
    const rank = ({ state, source }: AuditState) =>
      2 * WORSE.indexOf(state) + Number(source === this.#spoken)
    return [...this.states].sort((a, b) => rank(b) - rank(a))[0]
  }

  /** False while a full disk leaves room for nothing but the log. */
  get captures(): boolean {
    return this.states.every((state) => state.captures)
  }

  /** Calls `listener` whenever the state of a log, or what it says, has changed. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Opens every log there is, of whatever source: an entry of people concerns them all. */
  async openAll(): Promise<void> {
    for (const name of await listLogs(this.#disk, this.#dir)) {
      const source = sourceOf(name)
      this.#settle(source)
      await this.#book(source).log.opened
    }
  }

  /** Says that people have looked at logs that were set aside; gives their names. */
  async accept(reason: string, actor: Actor): Promise<readonly string[]> {
    await this.openAll()
    const accepted: string[] = []
    for (const { log } of this.#books.values()) {
      for (const { log: name } of log.state.unaccepted) {
        if (await log.accept(name, reason, actor)) accepted.push(name)
      }
    }
    return accepted
  }

  /** Brings every open log to a new key; gives the verifier keys to print. */
  async rotateKey(reason: string, actor: Actor): Promise<readonly string[]> {
    await this.openAll()
    const store = await this.#store()
    await store.rotate(async (key) => {
      for (const { log } of this.#books.values()) await log.rotateKey(key, reason, actor)
    })
    return this.states.flatMap(({ key }) => key ?? [])
  }

  /** Records `why`, writes what waits, and ends. Bounded by itself. */
  async close(why: string): Promise<void> {
    this.#noHome()
    this.#checkSpace()
    if (this.#home === null && this.#waiting.length > 0) await this.#lastUsed()
    void this.#refused.flush()
    for (const { reads, append } of this.#books.values()) {
      void reads.flush()
      void append({ kind: 'stop', body: { why } })
    }
    this.#closed = true
    await Promise.all([...this.#books.values()].map(({ log }) => log.close()))
  }

  /** A wand that is away for a week, tried every second, is one piece of news. */
  #isOldNews({ port, cause, detail, connected }: LinkEvent): boolean {
    if (cause === 'wand-answered') this.#silent.delete(port)
    const seen = this.#silent.get(port) ?? new Set()
    if (connected && !this.#silent.has(port)) return false
    this.#silent.set(port, seen)
    const news = `${cause} ${detail}`
    if (seen.has(news) || seen.size >= MOST_CAUSES) return true
    seen.add(news)
    return false
  }

  #settle(source: Source): void {
    if (this.#home !== null) return
    this.#home = source
    this.#isSettled()
    this.#noHome()
    const { append } = this.#book(source)
    for (const { record, done } of this.#waiting.splice(0)) void append(record).then(done)
  }

  async #lastUsed(): Promise<void> {
    const logs = await listLogs(this.#disk, this.#dir).catch(() => [])
    const last = logs.at(-1)
    this.#settle(last === undefined ? 'device' : sourceOf(last))
  }

  #book(source: Source): Book {
    const known = this.#books.get(source)
    if (known) return known
    const { env, boot, clock, limits, settings } = this.#options
    let said = ''
    const log = new AuditLog({
      env,
      disk: this.#disk,
      dir: this.#dir,
      source,
      boot,
      keys: async () => (await this.#store()).keys,
      ...(clock && { clock }),
      ...(limits && { limits }),
      onState: ({ state, sentence, log: name }) => {
        const now = `${name} ${state} ${sentence}`
        if (now === said) return
        said = now
        this.#tell()
      },
      onSegment: (segments) => this.#care(segments, log),
    })
    const append: Append = (record) => {
      // The same moment for the record and for whoever is told of it.
      const timed = { at: utc(env.wall()), mono: env.monotonic(), ...record }
      const done = log.append(timed)
      void done.then((receipt) => {
        if (receipt) this.#written.next({ ...receipt, source, record: timed })
      })
      return done
    }
    const book = { log, append, reads: new ReadAccess(env, append) }
    this.#books.set(source, book)
    // What a round of upkeep left undone when the last bridge ended.
    void log.opened.then(() => log.state.log && this.#care(join(this.#dir, log.state.log), log))
    const platform = `${process.platform} ${process.arch}`
    void append({
      kind: 'start',
      body: { software: `wandbridge ${VERSION}`, node: process.version, platform },
    })
    const sha256 = createHash('sha256')
      .update(canonical(settings as Json))
      .digest('hex')
    void append({ kind: 'configuration', body: { sha256, settings: { ...settings } } })
    return book
  }

  /** Opened once for all logs: two of them must not each make the first key. A failure is tried again. */
  #store(): Promise<KeyStore> {
    const { env, stateDir, credentials } = this.#options
    if (this.#keys === null) {
      const opening = openKeys(env, this.#disk, join(stateDir, 'keys'), credentials)
      this.#keys = opening
      opening.catch(() => {
        this.#keys = null
      })
    }
    return this.#keys
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** One round at a time. What fails now is done in the next. */
  #care(dir: string, log: AuditLog): void {
    const { keepDays } = this.#options
    const retention = keepDays !== undefined && {
      keepDays,
      age: () => log.age,
      wall: () => this.#env.wall(),
    }
    this.#upkeep = this.#upkeep
      .then(() =>
        upkeep({
          disk: this.#disk,
          dir,
          append: (record) => log.append(record),
          ...(retention && { retention }),
        }),
      )
      .then(() => {})
  }

  async #space(): Promise<void> {
    const free = (await this.#disk.free(this.#options.stateDir)) ?? Number.POSITIVE_INFINITY
    const was = this.#lowSpace
    const left = Math.floor(free / (1 << 20))
    this.#lowSpace =
      free < LOW_SPACE ? ` The disk has only ${left} MiB left: free space before it is full.` : ''
    if ((was === '') !== (this.#lowSpace === '')) this.#tell()
    if (this.#closed) return
    this.#checkSpace = this.#env.after(SPACE_MS, () => void this.#space(), { background: true })
  }
}

const WORSE = ['ok', 'slow', 'failed'] as const
