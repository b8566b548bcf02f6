// The writer. Records queue up; exactly one group commit is in flight: the records, then a signed
// checkpoint, one write, one fdatasync. A record's promise resolves when it is durable, and only
// then. When the disk fails, records wait, the state says so, and writing goes on in a new segment
// as soon as the disk allows, without a restart.
import type { KeyObject } from 'node:crypto'
import { errorCode } from '../../base/disk.ts'
import { type Cancel, sleep } from '../../base/env.ts'
import { type Statement, statement } from '../../model/statement.ts'
import { nonces } from '../format/entry.ts'
import { signingKey } from '../format/note.ts'
import { type Actor, checkReason, type NewRecord } from '../format/record.ts'
import { Ballast } from './ballast.ts'
import type { Age } from './clock.ts'
import { type AuditState, failure, type Health, noticesOf } from './health.ts'
import { Intake } from './intake.ts'
import { LIMITS, type Limits, type LogOptions } from './options.ts'
import { Queue, type Receipt } from './queue.ts'
import { LogGone, Succession } from './succession.ts'
import { type Batch, Tail } from './tail.ts'

export class AuditLog {
  readonly #options: LogOptions
  readonly #limits: Limits
  readonly #queue: Queue
  readonly #intake: Intake
  readonly #tail: Tail
  readonly #succession: Succession
  readonly #ballast: Ballast
  /** Resolves after the first attempt, whatever came of it: look at `state`. */
  readonly opened: Promise<void>
  #firstDone: () => void = () => {}
  #inFlight: Batch | null = null
  #running = false
  #closing = false
  #closed = false
  #health: Health = 'failed'
  #errno: string | null = null
  #said: Statement = statement('audit.starting')
  #full = false
  #wake: (() => void) | null = null

  /** Opens the log of this source, or begins one; see `opened`. */
  static async open(options: LogOptions): Promise<AuditLog> {
    const log = new AuditLog(options)
    await log.opened
    return log
  }

  /** Starts to open the log of this source, or to begin one. Records may be appended at once; they wait. */
  constructor(options: LogOptions) {
    this.#options = options
    this.#limits = { ...LIMITS, ...options.limits }
    const { env, source, boot, clock = () => 'unknown' as const } = options
    const origin = { env, source, boot, clock, nonce: nonces(env) }
    this.#queue = new Queue(this.#limits.queueRecords, this.#limits.queueBytes)
    this.#tail = new Tail(options, this.#limits, origin)
    this.#intake = new Intake(this.#queue, this.#tail, origin)
    this.#succession = new Succession(options, this.#tail, () => this.#intake.moment())
    this.#ballast = new Ballast(options.disk, this.#limits.ballastBytes)
    this.opened = new Promise((resolve) => {
      this.#firstDone = resolve
    })
    this.#run()
  }

  get state(): AuditState {
    const { unaccepted, log, end, replaces, strays } = this.#tail
    return {
      log,
      source: this.#options.source,
      state: this.#health,
      ...this.#said,
      notices: this.#health === 'ok' ? noticesOf(unaccepted, strays) : [],
      errno: this.#errno,
      size: end?.position ?? 0,
      checkpoint: end?.note ?? null,
      key: end?.key.verifier.text ?? null,
      unaccepted,
      replaced: replaces,
      strays,
      waiting: this.#queue.length + (this.#inFlight?.entries.length ?? 0),
      dropped: this.#queue.dropped,
      captures: !this.#full,
    }
  }

  /**
   * Resolves with the record's position once it is durable; with null when it could not be kept
   * (the queue is full, or it is no valid record), and a gap record will say so. Never rejects.
   * While the disk fails it waits.
   */
  append(record: NewRecord): Promise<Receipt | null> {
    const receipt = this.#intake.take(record, this.#closed)
    this.#run()
    return receipt
  }

  /** What became durable last, if it is what begins at this place: it need not be read back. */
  newest(log: string, segment: number, offset: number): Uint8Array | null {
    return log === this.#tail.log ? this.#tail.newest(segment, offset) : null
  }

  /** The log's age by its own evidence: see clock.ts. */
  get age(): Age {
    return this.#tail.clock.age
  }

  /** Says that people have looked at a log that was set aside. Rejects when the reason is none. */
  async accept(log: string, reason: string, actor: Actor): Promise<Receipt | null> {
    const wrong = checkReason(reason)
    if (wrong !== null) throw new RangeError(wrong)
    return this.append({ kind: 'accept', body: { log, reason }, actor, action: 'U' })
  }

  /** Brings the log to another key: a note that both sign, then a new segment under the new one. */
  async rotateKey(key: KeyObject, reason: string, actor?: Actor): Promise<void> {
    const wrong = checkReason(reason)
    if (wrong !== null) throw new RangeError(wrong)
    const from = this.#tail.end?.key.verifier
    if (!from) throw new Error('The audit log is not open: its key cannot be changed now.')
    const to = signingKey(from.name, key)
    this.#tail.nextKey = to
    const body = { from: from.text, to: to.verifier.text, reason }
    const receipt = await this.append({
      kind: 'key-rotation',
      body,
      action: 'U',
      ...(actor && { actor }),
    })
    if (!receipt) throw new Error('The change of key could not be recorded; the old key stays.')
    // The new segment begins under the new key: from here on the old one is not needed.
    await this.#until(() => this.#tail.mustRotate() !== 'key' || this.#closed)
  }

  /** Writes what waits, and ends, within `limitMs`. On a full disk the ballast is given up for it. */
  async close(limitMs = 2_500): Promise<void> {
    const { env } = this.#options
    const deadline = env.monotonic() + limitMs
    this.#closing = true
    this.#wake?.()
    this.#run()
    await this.#until(() => !this.#running || env.monotonic() > deadline)
    this.#closed = true
    const left = [...(this.#inFlight?.entries ?? []), ...this.#queue.take(Infinity, Infinity)]
    for (const entry of left) entry.done(null)
    if (!this.#running) await this.#letGo()
    this.#say(this.#health, this.#errno, statement('audit.closed'))
  }

  async #letGo(): Promise<void> {
    await this.#tail.close()
    await this.#succession.release()
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) await sleep(this.#options.env, 5)
  }

  #say(health: Health, errno: string | null, said: Statement): void {
    this.#health = health
    this.#errno = errno
    this.#said = said
    if (this.#options.onState) this.#options.onState(this.state)
  }

  #run(): void {
    if (this.#running || this.#closed) return
    this.#running = true
    // What is appended in the same turn shares a commit.
    void Promise.resolve()
      .then(() => this.#loop())
      .finally(() => {
        this.#running = false
        this.#firstDone()
        // A disk that answered after the end: let go of the file and the lock.
        if (this.#closed) void this.#letGo()
        if (!this.#closing && (this.#queue.length > 0 || this.#queue.hasGap)) this.#run()
      })
  }

  async #loop(): Promise<void> {
    let chances = 2
    let failures = 0
    for (;;) {
      try {
        if (!this.#tail.ready) await this.#watched(this.#establish())
        if (this.#queue.hasGap) this.#intake.gap()
        const rotate = this.#tail.mustRotate()
        if (this.#queue.length === 0 && rotate !== 'key') return
        if (rotate) await this.#watched(this.#tail.rotate())
        else await this.#watched(this.#commit())
        failures = 0
      } catch (error) {
        failures += 1
        await this.#failed(error)
        this.#firstDone()
        chances -= this.#closing ? 1 : 0
        if (this.#closing && (chances < 0 || !(await this.#lastChance(error)))) return
        // A log that is gone is told with this commit: the next one is begun at once.
        const atOnce = errorCode(error) === 'EGONE' && failures < 3
        if (!this.#closing && !atOnce) await this.#pause()
      }
    }
  }

  async #establish(): Promise<void> {
    try {
      await this.#succession.establish(this.#inFlight)
      await this.#ballast.fill(this.#tail.dir)
      const { jump } = this.#succession
      if (jump) this.#queue.putBack([this.#intake.jumped(jump)])
      this.#succession.jump = null
      const written = this.#inFlight
      this.#inFlight = null
      if (written) this.#acknowledge(written)
    } catch (error) {
      // The log that these records were for is gone: they go into the next one.
      if (error instanceof LogGone && this.#inFlight) {
        this.#queue.putBack(this.#inFlight.entries)
        this.#inFlight = null
      }
      throw error
    }
  }

  async #commit(): Promise<void> {
    const entries = this.#queue.take(this.#limits.batchRecords, this.#limits.batchBytes)
    const batch = this.#tail.form(entries)
    this.#inFlight = batch
    await this.#tail.write(batch)
    this.#inFlight = null
    this.#acknowledge(batch)
  }

  #acknowledge(batch: Batch): void {
    const log = this.#tail.log ?? ''
    for (const [i, entry] of batch.entries.entries())
      entry.done({ position: batch.position + i, log })
  }

  /** Waits for the disk, however long it takes, and says so while it does. */
  async #watched(work: Promise<void>): Promise<void> {
    const { env, dir } = this.#options
    const { slowMs, failedMs } = this.#limits
    let cancel: Cancel = env.after(
      slowMs,
      () => {
        if (this.#health === 'ok') this.#say('slow', null, statement('audit.slow'))
        cancel = env.after(
          failedMs - slowMs,
          () => this.#say('failed', 'EHUNG', failure('EHUNG', dir)),
          { background: true },
        )
      },
      { background: true },
    )
    try {
      await work
    } finally {
      cancel()
    }
    this.#full = false
    this.#say('ok', null, statement('audit.recorded'))
  }

  async #failed(error: unknown): Promise<void> {
    const code = errorCode(error)
    if (code === 'ENOSPC' || code === 'EDQUOT') this.#full = true
    await this.#tail.abandon()
    this.#say('failed', code, failure(code, this.#options.dir))
  }

  /** The end of a bridge on a full disk: the ballast makes room for the closing records. */
  async #lastChance(error: unknown): Promise<boolean> {
    const code = errorCode(error)
    return (
      error instanceof LogGone ||
      ((code === 'ENOSPC' || code === 'EDQUOT') && (await this.#ballast.free()))
    )
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.env.after(this.#limits.retryMs, resolve, { background: true })
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
