// One client of the stream of events: what it wants, how far it has got, and its connection.
import type { ServerResponse } from 'node:http'
import type { Principal } from '../access/access.ts'
import type { Cancel, Env } from '../base/env.ts'
import type { Cursor } from '../feed/cursor.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import type { Liveness } from '../model/api.ts'
import type { RecordKind } from '../model/record.ts'
import type { PumpStatus } from '../model/status.ts'

export interface Wish {
  readonly principal: Principal
  readonly kinds: readonly RecordKind[] | null
  /** Opaque id. */
  readonly pump: string | null
  /** What it has seen last; null = it is new here. */
  readonly asked: Cursor | 'unknown' | null
}

/** So much may wait while a client catches up. */
const CATCH_UP_BYTES = 256 << 10
const DRAIN_MS = 10_000
/** How long a farewell may take to be read; by who was slow, for whom it is the only thing that is kept. */
const FAREWELL_MS = 1_000
const SLOW_FAREWELL_MS = 20_000

export class StreamClient {
  readonly principal: Principal
  readonly kinds: readonly RecordKind[] | null
  readonly pump: string | null
  readonly asked: Wish['asked']
  /** The newest record that it has been given, or that was not for it; null = there was no log yet. */
  cursor: Cursor | null = null
  /** It has caught up: records come as they are made. */
  live = false
  /** What is live now may be told: it has what that changes. */
  begun: boolean
  gone = false
  /** Called now and then while it follows, for the record. */
  noted: () => void = () => {}
  readonly #env: Env
  readonly #response: ServerResponse
  readonly #most: number
  readonly #gone: (() => void)[] = []
  /** What waits here, so that a farewell need not stand behind it. */
  #waiting: Buffer[] = []
  #held = 0
  #emptied: () => void = () => {}

  constructor(env: Env, response: ServerResponse, wish: Wish, mostBytes: number) {
    this.#env = env
    this.#response = response
    this.#most = mostBytes
    this.principal = wish.principal
    this.kinds = wish.kinds
    this.pump = wish.pump
    this.asked = wish.asked
    // Who was here before still shows what it had.
    this.begun = wish.asked !== null
    response.once('close', () => this.#leave())
    response.on('error', () => this.destroy())
    response.on('drain', () => this.#flush())
  }

  onGone(listener: () => void): void {
    this.#gone.push(listener)
  }

  /** Whether more waits for it than may. */
  get full(): boolean {
    return this.#held > this.#most
  }

  write(bytes: Buffer): void {
    if (this.gone) return
    if (this.#held === 0 && !this.#response.writableNeedDrain)
      return void this.#response.write(bytes)
    this.#waiting.push(bytes)
    this.#held += bytes.length
  }

  #flush(): void {
    let sent = 0
    for (const bytes of this.#waiting) {
      if (this.#response.writableNeedDrain) break
      this.#response.write(bytes)
      this.#held -= bytes.length
      sent += 1
    }
    this.#waiting.splice(0, sent)
    if (this.#held === 0) this.#emptied()
  }

  /** Moves past a record, and sends it if it is for this client; `bytes` null = it is for nobody. */
  take({ log, position, kind, pump }: FeedRecord, bytes: Buffer | null): void {
    if (this.cursor?.log === log && position <= this.cursor.position) return
    this.cursor = { log, position }
    if (bytes === null) return
    if (this.kinds && !(this.kinds as readonly string[]).includes(kind)) return
    if (this.pump !== null && this.pump !== pump) return
    // What people wrote down, and their names.
    if (kind === 'worksheet' && !this.principal.scopes.includes('audit')) return
    this.write(bytes)
  }

  /** What is of its pump, if it asked for one. */
  narrow<T extends { readonly pumps: readonly (Liveness | PumpStatus)[] }>(event: T): T {
    if (this.pump === null) return event
    const own = (one: Liveness | PumpStatus) => ('pump' in one ? one.pump.id : one.id) === this.pump
    return { ...event, pumps: event.pumps.filter(own) }
  }

  /** Resolves once it has read most of what was sent; with false when it does not. */
  async drained(): Promise<boolean> {
    if (this.gone || this.#held <= CATCH_UP_BYTES) return true
    return new Promise((resolve) => {
      const done = (read: boolean) => {
        cancel()
        this.#emptied = () => {}
        this.#response.off('close', onEmpty)
        resolve(read)
      }
      const onEmpty = () => done(true)
      this.#emptied = onEmpty
      const cancel: Cancel = this.#env.after(DRAIN_MS, () => done(false))
      this.#response.once('close', onEmpty)
    })
  }

  /**
   * The last bytes; then the connection ends, whether they were read or not. Who was slow is not given what waits
   * for it: it comes again and goes on where it was.
   */
  end(bytes: Buffer, slow: boolean): void {
    if (this.gone) return
    if (!slow) for (const one of this.#waiting) this.#response.write(one)
    this.#waiting = []
    this.#held = 0
    this.#response.end(bytes)
    this.#leave()
    const ms = slow ? SLOW_FAREWELL_MS : FAREWELL_MS
    const cancel = this.#env.after(ms, () => this.#response.destroy(), { background: true })
    this.#response.once('close', cancel)
  }

  destroy(): void {
    this.#response.destroy()
    this.#leave()
  }

  #leave(): void {
    if (this.gone) return
    this.gone = true
    for (const listener of this.#gone.splice(0)) listener()
  }
}
