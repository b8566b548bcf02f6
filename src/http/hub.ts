// Server-sent events: a snapshot, then every record once it is durable (its cursor is the event's id), and,
// without an id and without waiting for the disk, what is live. The hub follows the log once for everybody
// who has caught up, and encodes each record once; whoever is behind reads alone until it has. A client
// that does not read is told so and dropped; it costs nobody else anything.
import { type Env, utc } from '../base/env.ts'
import { Semaphore } from '../base/semaphore.ts'
import { type Cursor, cursorText } from '../feed/cursor.ts'
import type { FeedItem } from '../feed/feed.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import { type ByeEvent, type SnapshotEvent, TICK_MS } from '../model/api.ts'
import { RECORD_KINDS } from '../model/record.ts'
import { statement } from '../model/statement.ts'
import type { BridgeStatus } from '../model/status.ts'
import { recordTold } from '../words/told.ts'
import { sentence } from '../words/words.ts'
import { statusEvent, watchLiveness } from './liveness.ts'
import type { HttpSources } from './sources.ts'
import type { StreamClient } from './stream-client.ts'
import { type Bye, frame, resume } from './stream-start.ts'

/** Clients that were away for long and read at once. */
const READS = 2
const MINUTE_TICKS = 60_000 / TICK_MS
/** How long after the log could not be read it is followed again. */
const AGAIN_MS = 1_000

export class Hub {
  readonly #sources: HttpSources
  readonly #env: Env
  readonly #sentAway: (reason: Bye) => void
  readonly #clients = new Set<StreamClient>()
  /** Records as they go over the wire, once for everybody; null = of a kind that the API does not give. */
  readonly #encodings = new WeakMap<FeedRecord, Buffer | null>()
  readonly #reads = new Semaphore(READS)
  readonly #abort = new AbortController()
  /** Up to here everybody who has caught up has been given everything; null = there is no log yet. */
  #at: Cursor | null = null
  #begun: () => void = () => {}
  readonly #beginning: Promise<void>
  #ticks = 0
  #cancelTick = () => {}
  #cancelAgain = () => {}
  readonly #unwatch: () => void

  constructor(sources: HttpSources, sentAway: (reason: Bye) => void = () => {}) {
    this.#sentAway = sentAway
    this.#sources = sources
    this.#env = sources.env
    this.#beginning = new Promise((resolve) => {
      this.#begun = resolve
    })
    this.#unwatch = watchLiveness(this.#env, sources.status, (status) => this.#status(status))
    void this.#follow()
    this.#tick()
  }

  get size(): number {
    return this.#clients.size
  }

  held(principal: string): number {
    return [...this.#clients].filter((client) => client.principal.id === principal).length
  }

  /** Takes a client in; it is served until it goes or is sent away. */
  async add(client: StreamClient): Promise<void> {
    this.#clients.add(client)
    client.onGone(() => void this.#clients.delete(client))
    if (this.#abort.signal.aborted) return this.bye(client, 'shutdown')
    await this.#begin(client).catch((error: Error) => this.#broken(client, error))
  }

  /** Says goodbye to everybody. */
  close(): void {
    this.#abort.abort()
    this.#cancelTick()
    this.#cancelAgain()
    this.#unwatch()
    for (const client of [...this.#clients]) this.bye(client, 'shutdown')
  }

  /** A client that cannot be served further is let go: it comes again, and is told what it missed. */
  #broken(client: StreamClient, error: Error): void {
    this.#sources.log(`a stream of events broke off: ${error.message}`)
    client.destroy()
  }

  /** Follows the log for everybody. A log that cannot be read is followed again. */
  async #follow(): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted) {
      try {
        for await (const item of this.#sources.feed.follow(this.#at, { signal })) this.#take(item)
      } catch (error) {
        this.#sources.log(`the audit log cannot be read: ${(error as Error).message}`)
      }
      if (signal.aborted) return
      // A feed that ended by itself is waited for, too: it may end at once, again and again.
      await new Promise<void>((resolve) => {
        this.#cancelAgain = this.#env.after(AGAIN_MS, resolve, { background: true })
      })
    }
  }

  #take(item: FeedItem): void {
    const first = this.#at === null
    this.#at = item.cursor
    if (item.kind === 'record') {
      const bytes = this.#encoded(item.record)
      for (const client of this.#clients) {
        if (!client.live) continue
        client.take(item.record, bytes)
        this.#check(client)
      }
    }
    // What a client has is not continued.
    if (item.kind === 'replaced' || item.kind === 'gap') {
      for (const client of this.#clients) {
        if (client.live) this.#restart(client, item.kind === 'gap' ? 'too-old' : 'unknown')
      }
    }
    if (!first) return
    for (const client of this.#clients) {
      if (!client.live || client.cursor !== null) continue
      // Whoever was told that there is no log has seen nothing of this one, which may have records by now.
      if (item.cursor.position < 0) client.cursor = item.cursor
      else this.#snapshot(client)
    }
    this.#begun()
  }

  async #begin(client: StreamClient): Promise<void> {
    if (client.asked === null) {
      this.#snapshot(client)
      client.live = true
      return
    }
    // Whoever was here before waits until it is known which log is written now.
    if (this.#at === null) await this.#beginning
    const at = this.#at as Cursor | null
    const oldest = await this.#sources.feed.oldest()
    const reset = resume(client.asked, at, oldest, this.#asOf())
    if (reset !== null) {
      client.write(frame('reset', reset))
      this.#snapshot(client)
      client.live = true
      return
    }
    client.cursor = client.asked as Cursor
    const status = this.#sources.status.status()
    client.write(frame('status', client.narrow(statusEvent(status))))
    await this.#catchUp(client)
  }

  #restart(client: StreamClient, reason: 'too-old' | 'unknown'): void {
    const at = this.#at as Cursor
    const newest = at.position < 0 ? null : at.position
    const reset = { asOf: this.#asOf(), reason, log: at.log, oldest: null, newest }
    client.write(frame('reset', reset))
    this.#snapshot(client)
  }

  /** How everything stands, as of the newest record that everybody has. */
  #snapshot(client: StreamClient): void {
    const { asOf, wands, pumps, audit } = client.narrow(this.#sources.status.status())
    client.cursor = this.#at
    const position = this.#at === null || this.#at.position < 0 ? null : this.#at.position
    const event: SnapshotEvent = {
      asOf,
      log: this.#at?.log ?? null,
      position,
      wands: [...wands],
      pumps: [...pumps],
      audit,
    }
    client.write(frame('snapshot', event, this.#at === null ? undefined : cursorText(this.#at)))
    client.begun = true
  }

  /** Reads from a client's cursor to where everybody is, then lets it live. */
  async #catchUp(client: StreamClient): Promise<void> {
    const leave = await this.#reads.enter()
    try {
      const kinds = client.kinds ?? RECORD_KINDS
      while (!client.gone) {
        const to = this.#at as Cursor
        const from = client.cursor as Cursor
        if (from.log !== to.log) {
          this.#restart(client, 'unknown')
          client.live = true
          return
        }
        if (from.position >= to.position) {
          client.live = true
          return
        }
        const range = { after: from.position, before: to.position + 1, gone: () => client.gone }
        for await (const record of this.#sources.feed.read({ ...range, kinds })) {
          client.take(record, this.#encoded(record))
          if (!(await client.drained())) return this.bye(client, 'slow')
        }
        client.cursor = to
      }
    } finally {
      leave()
    }
  }

  #check(client: StreamClient): void {
    if (client.full) this.bye(client, 'slow')
  }

  /** Whose first event has been sent: nothing comes before a snapshot. */
  #begunClients(): StreamClient[] {
    return [...this.#clients].filter(({ begun }) => begun)
  }

  #status(status: BridgeStatus): void {
    const made = new Map<string | null, Buffer>()
    for (const client of this.#begunClients()) {
      const bytes = made.get(client.pump) ?? frame('status', client.narrow(statusEvent(status)))
      made.set(client.pump, bytes)
      client.write(bytes)
      this.#check(client)
    }
  }

  #tick(): void {
    if (this.#abort.signal.aborted) return
    if (this.#clients.size > 0) {
      const status = this.#sources.status.status()
      const bytes = frame('tick', { asOf: status.asOf, audit: status.audit })
      this.#ticks += 1
      for (const client of this.#begunClients()) {
        // Whoever was here before and waits shows what it had: the first it hears is what of that is live.
        const waits = client.asked !== null && client.cursor === null
        client.write(waits ? frame('status', client.narrow(statusEvent(status))) : bytes)
        // Whoever follows for hours reads all that time.
        if (this.#ticks % MINUTE_TICKS === 0) client.noted()
        this.#check(client)
      }
    }
    this.#cancelTick = this.#env.after(TICK_MS, () => this.#tick(), { background: true })
  }

  /** Ends a connection with the reason. */
  bye(client: StreamClient, reason: Bye): void {
    const said = sentence(this.#sources.words, statement(`bye.${reason}`))
    const event: ByeEvent = { asOf: this.#asOf(), reason, sentence: said }
    client.end(frame('bye', event), reason === 'slow')
    this.#sentAway(reason)
  }

  #asOf(): string {
    return utc(this.#env.wall())
  }

  #encoded(record: FeedRecord): Buffer | null {
    const known = this.#encodings.get(record)
    if (known !== undefined) return known
    const api = record.api()
    const framed = api && frame(api.kind, recordTold(this.#sources.words, api), cursorText(record))
    // Memory of its own: as a part of a pool it would keep all of that for as long as the record is known.
    const made = framed && Buffer.allocUnsafeSlow(framed.length)
    made?.set(framed ?? [])
    this.#encodings.set(record, made)
    return made
  }
}
