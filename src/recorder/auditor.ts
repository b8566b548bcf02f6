// The audit of a bridge: its one log, the log's key, and the care that both need while the bridge runs
// (upkeep of older segments, space on the disk). Whatever is to be recorded is appended here.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Observable, Subject } from 'rxjs'
import { canonical, type Json } from '../audit/format/canonical.ts'
import type { Actor, AuditRecord, Body, NewRecord } from '../audit/format/record.ts'
import type { AuditState } from '../audit/log/health.ts'
import { type KeyStore, openKeys } from '../audit/log/keys.ts'
import { AuditLog } from '../audit/log/log.ts'
import type { Limits } from '../audit/log/options.ts'
import type { Receipt } from '../audit/log/queue.ts'
import type { SystemAccount } from '../base/account.ts'
import { type Disk, nodeDisk } from '../base/disk.ts'
import { type Cancel, type Env, within } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import type { Owner } from '../model/owner.ts'
import type { Source } from '../model/reading.ts'
import { type Statement, statement } from '../model/statement.ts'
import { type AuditStatus, type Coded, isFork, type WitnessStatus } from '../model/status.ts'
import { type Access, ReadAccess } from './aggregate.ts'
import { upkeep } from './upkeep.ts'
import { witnessNotices } from './witness-notices.ts'

export interface AuditorOptions {
  readonly env: Env
  readonly stateDir: string
  /** What kind of wands the bridge reads: its log is of that kind alone. */
  readonly source: Source
  /** What the bridge was told to do, for the record. Whole numbers and texts only. */
  readonly settings: Readonly<Record<string, Json>>
  /** Names this boot and process. */
  readonly boot: string
  /** As whom of the operating system the bridge runs. */
  readonly account?: SystemAccount
  readonly clock?: () => AuditRecord['clock']
  readonly disk?: Disk
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentials?: string
  readonly limits?: Partial<Limits>
  /** Entries older than so many days are dropped, never their hashes. Default: everything is kept. */
  readonly keepDays?: number
  /** Lowest position of the log that is written now which a follower is still owed; it is not dropped. */
  readonly owed?: () => number
  /** Whose pump it is now; every record about it says so. */
  readonly ownerOf?: (serial: string, model: string | null) => Owner | null
}

/** Below so much free space people are told, in bytes. */
const LOW_SPACE = 256 << 20
const SPACE_MS = 60_000
/** So long a bridge that ends waits for its `stop` to be durable before its witnesses are asked, in ms. */
const STOP_MS = 2_000

export class Auditor {
  readonly source: Source
  /** Where the logs are. */
  readonly dir: string
  readonly disk: Disk
  readonly #options: AuditorOptions
  readonly #env: Env
  readonly #log: AuditLog
  readonly #reads: ReadAccess
  readonly #changes = new Subject<void>()
  readonly #commits = new Subject<void>()
  /** The state of the log, or what it says, has changed. */
  readonly changes$: Observable<void> = this.#changes.asObservable()
  /** Something may be durable that was not. */
  readonly commits$: Observable<void> = this.#commits.asObservable()
  #keys: Promise<KeyStore> | null = null
  #checkSpace: Cancel = () => {}
  #lowSpace: Statement | null = null
  #neglected: Statement | null = null
  #upkeepFailures = 0
  #said = ''
  #closed = false
  #witnesses: (() => WitnessStatus) | null = null
  #upkeep: Promise<void> = Promise.resolve()
  #keepDays: number | undefined

  constructor(options: AuditorOptions) {
    const { env, stateDir, source, boot, account, clock, limits, settings } = options
    this.#options = options
    this.#keepDays = options.keepDays
    this.#env = env
    this.source = source
    this.disk = options.disk ?? nodeDisk
    this.dir = join(stateDir, 'audit')
    this.#log = new AuditLog({
      env,
      disk: this.disk,
      dir: this.dir,
      source,
      boot,
      keys: async () => (await this.#store()).keys,
      ...(clock && { clock }),
      ...(limits && { limits }),
      onState: (state) => this.#onState(state),
      onSegment: (dir) => this.#care(dir),
    })
    this.#reads = new ReadAccess(env, (record) => this.append(record))
    // What a round of upkeep left undone when the last bridge ended.
    void this.#log.opened.then(() => {
      const { log } = this.#log.state
      if (log !== null) this.#care(join(this.dir, log))
    })
    const platform = `${process.platform} ${process.arch}`
    const software = `wandbridge ${VERSION}`
    const made = { software, node: process.version, platform }
    void this.append({ kind: 'start', body: { ...made, ...(account && { account }) } })
    this.configured(settings)
    void this.#space()
  }

  /** What the bridge is told to do from now on, for the record. */
  configured(settings: AuditorOptions['settings']): void {
    const sha256 = createHash('sha256')
      .update(canonical(settings as Json))
      .digest('hex')
    void this.append({ kind: 'configuration', body: { sha256, settings: { ...settings } } })
  }

  /** Entries older than so many days are dropped from the next round of upkeep on; undefined = none is. */
  keep(days: number | undefined): void {
    this.#keepDays = days
  }

  get state(): AuditState {
    return this.#log.state
  }

  /** The log as it is followed: its name and how many records are durable; null = it is not open. */
  get head(): { readonly log: string; readonly size: number } | null {
    const { log, size } = this.#log.state
    return log === null ? null : { log, size }
  }

  /** The log's newest bytes, for the feed of this process. */
  readonly newest: AuditLog['newest'] = (...place) => this.#log.newest(...place)

  /** The log as every surface shows it. */
  get status(): Coded<AuditStatus> {
    const { log, size, state, checkpoint, code, args, notices } = this.#log.state
    const position = size > 0 ? size - 1 : null
    const witnesses = this.#witnesses?.()
    const own = [this.#lowSpace, this.#neglected].filter((one) => one !== null)
    // What a witness refuses now is not told once more as what it refused before.
    const now = new Set(witnesses?.problems.filter((one) => isFork(one.problem)).map((p) => p.name))
    const before = notices.filter(
      ({ args }) => args?.['log'] !== log || !now.has(`${args['name']}`),
    )
    const told = [...before, ...own, ...(witnesses ? witnessNotices(witnesses) : [])]
    const head = { log, position, state, checkpoint, code, args, notices: told }
    return { ...head, ...(witnesses && { witnesses }) }
  }

  /** The log has witnesses: what they say of it is shown with it. Gives what to call when that changes. */
  witnessedBy(status: () => WitnessStatus): () => void {
    this.#witnesses = status
    return () => this.#changes.next()
  }

  /** Steps of the care for older segments that could not be done since the start. */
  get upkeepFailures(): number {
    return this.#upkeepFailures
  }

  /** Resolves when the log has been opened, or cannot be: see `state`. */
  get opened(): Promise<void> {
    return this.#log.opened
  }

  /** Resolves with the place once the record is durable; with null when it could not be kept. */
  append(record: NewRecord): Promise<Receipt | null> {
    const { pump, model = null, kind } = record
    const owner = pump && kind !== 'assignment' ? this.#options.ownerOf?.(pump, model) : undefined
    return this.#log.append(owner ? { ...record, owner } : record)
  }

  /** True, or a promise of it, when a reply may go out; false = the read could not be recorded. */
  read(access: Access): Promise<boolean> | true {
    return this.#reads.read(access)
  }

  /** A request that was refused. */
  refuse(): void {
    this.#reads.refuse()
  }

  /** Somebody may sign with a PIN from now on, or no more; false = it could not be recorded. */
  async operator(body: Body<'operator'>, actor: Actor): Promise<boolean> {
    if (this.#log.state.state === 'failed') return false
    const action = body.change === 'added' ? 'C' : 'U'
    return (await this.append({ kind: 'operator', action, actor, body })) !== null
  }

  /** Says that people have looked at logs that were set aside or refused; gives their names. */
  async accept(reason: string, actor: Actor): Promise<readonly string[]> {
    const accepted: string[] = []
    for (const log of new Set(this.#log.state.unaccepted.map((one) => one.log))) {
      if (await this.#log.accept(log, reason, actor)) accepted.push(log)
    }
    return accepted
  }

  /** Brings the log to a new key; gives the verifier key to print. */
  async rotateKey(reason: string, actor: Actor): Promise<readonly string[]> {
    const store = await this.#store()
    await store.rotate((key) => this.#log.rotateKey(key, reason, actor))
    const { key } = this.#log.state
    return key === null ? [] : [key]
  }

  /**
   * Records `why`, writes what waits, and ends. Bounded by itself. `witnessed` shows the log's witnesses its last
   * checkpoint: what they refuse then can still be recorded.
   */
  async close(why: string, witnessed: (() => Promise<void>) | null = null): Promise<void> {
    this.#checkSpace()
    void this.#reads.flush()
    const stop: NewRecord<'stop'> = { kind: 'stop', body: { why } }
    const stopped = this.append(stop)
    if (witnessed !== null) {
      let durable = false
      const kept = stopped.then((receipt) => {
        durable = receipt !== null
      })
      await within(this.#env, STOP_MS, kept)
      if (durable) await this.#lastRefusals(stop, witnessed)
    }
    this.#closed = true
    await this.#log.close()
  }

  /** The next bridge goes on behind a `stop`, so another one follows what was refused after the first. */
  async #lastRefusals(stop: NewRecord<'stop'>, witnessed: () => Promise<void>): Promise<void> {
    const { size } = this.#log.state
    await witnessed()
    const now = this.#log.state
    if (now.size + now.waiting > size) void this.append(stop)
  }

  #onState({ state, code, args, notices, log }: AuditState): void {
    this.#commits.next()
    const now = JSON.stringify([log, state, code, args, notices])
    if (now === this.#said) return
    this.#said = now
    this.#changes.next()
  }

  /** A failure is tried again. */
  #store(): Promise<KeyStore> {
    const { env, stateDir, credentials } = this.#options
    if (this.#keys === null) {
      const opening = openKeys(env, this.disk, join(stateDir, 'keys'), credentials)
      this.#keys = opening
      opening.catch(() => {
        this.#keys = null
      })
    }
    return this.#keys
  }

  /** One round at a time. What fails now is done in the next. */
  #care(dir: string): void {
    const { owed } = this.#options
    const keepDays = this.#keepDays
    const retention = keepDays !== undefined && {
      keepDays,
      ...(owed && { owed }),
      age: () => this.#log.age,
      wall: () => this.#env.wall(),
    }
    this.#upkeep = this.#upkeep
      .then(() =>
        upkeep({
          disk: this.disk,
          dir,
          append: (record) => this.append(record),
          ...(retention && { retention }),
        }),
      )
      .then(({ failures }) => {
        const [first] = failures
        const was = this.#neglected
        this.#upkeepFailures += failures.length
        const of = first && { step: first.step, errno: first.code, dir: this.dir }
        this.#neglected = of ? statement('audit.neglected', of) : null
        if (JSON.stringify(was) !== JSON.stringify(this.#neglected)) this.#changes.next()
      })
  }

  async #space(): Promise<void> {
    const free = (await this.disk.free(this.#options.stateDir)) ?? Number.POSITIVE_INFINITY
    const was = this.#lowSpace
    const mebibytes = Math.floor(free / (1 << 20))
    this.#lowSpace = free < LOW_SPACE ? statement('audit.low-space', { mebibytes }) : null
    if ((was === null) !== (this.#lowSpace === null)) this.#changes.next()
    if (this.#closed) return
    this.#checkSpace = this.#env.after(SPACE_MS, () => void this.#space(), { background: true })
  }
}
