// Server-sent events: a snapshot, then every record once it is durable (its position is the event's
// id), and, without an id and without waiting for the disk, what is live. Each record is encoded once
// for everybody. A client that does not read is told so and dropped; it costs nobody else anything.
import { type Env, sleep, utc } from '../base/env.ts'
import { type ByeEvent, type SnapshotEvent, TICK_MS } from '../model/api.ts'
import type { ApiRecord } from '../model/record.ts'
import type { BridgeStatus } from '../model/status.ts'
import { statusEvent, watchLiveness } from './liveness.ts'
import { type Encoded, encodeRecord, type Ring } from './ring.ts'
import { Rings } from './rings.ts'
import type { HttpSources, LogHead } from './sources.ts'
import type { StreamClient } from './stream-client.ts'
import { BYES, type Bye, frame, resume } from './stream-start.ts'

/** Records taken from the ring before others get their turn. */
const PIECE = 200
/** Reads of the disk for clients that were away for long, at once. */
const DISK_READS = 2
/** How long a bridge may take to open its log after a start. */
const LOG_MS = 10_000
const MINUTE_TICKS = 60_000 / TICK_MS

export class Hub {
  readonly #sources: HttpSources
  readonly #env: Env
  readonly #sentAway: (reason: Bye) => void
  readonly #clients = new Set<StreamClient>()
  readonly #rings: Rings
  #reading = 0
  readonly #queue: (() => void)[] = []
  #ticks = 0
  #cancelTick = () => {}
  #stop: (() => void)[] = []
  #closed = false

  constructor(sources: HttpSources, sentAway: (reason: Bye) => void = () => {}) {
    this.#sentAway = sentAway
    this.#sources = sources
    this.#env = sources.env
    this.#rings = new Rings(sources.records)
    const records = sources.records.records$.subscribe((record) => this.#record(record))
    this.#stop.push(() => records.unsubscribe())
    this.#stop.push(watchLiveness(this.#env, sources.status, (status) => this.#status(status)))
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
    if (this.#closed) return this.bye(client, 'shutdown')
    await this.#served(client, this.#begin(client))
  }

  /** A client that cannot be served further is let go: it comes again, and is told what it missed. */
  #served(client: StreamClient, work: Promise<void>): Promise<void> {
    return work.catch((error: Error) => {
      this.#sources.log(`a stream of events broke off: ${error.message}`)
      client.destroy()
    })
  }

  /** Says goodbye to everybody. */
  close(): void {
    this.#closed = true
    this.#cancelTick()
    for (const stop of this.#stop.splice(0)) stop()
    for (const client of [...this.#clients]) this.bye(client, 'shutdown')
  }

  async #begin(client: StreamClient): Promise<void> {
    const head = await this.#head(client)
    const ring = head ? await this.#rings.fill(head) : null
    const oldest =
      head && client.asked !== null ? await this.#sources.records.oldest(head.source) : 0
    const reset = resume(client, head, ring, oldest, this.#asOf())
    if (reset === 'continue') {
      const status = this.#sources.status.status()
      client.write(frame('status', client.narrow(statusEvent(status))))
    } else {
      if (reset) client.write(frame('reset', reset))
      this.#snapshot(client, head, ring)
    }
    await this.#catchUp(client)
  }

  /** Who was here before waits until it is known which log the bridge goes on with. */
  async #head(client: StreamClient): Promise<LogHead | null> {
    const { records } = this.#sources
    for (let waited = 0; client.asked !== null && waited < LOG_MS && !client.gone; waited += 100) {
      if (records.head(client.source)) break
      await sleep(this.#env, 100)
    }
    return records.head(client.source)
  }

  #snapshot(client: StreamClient, head: LogHead | null, ring: Ring | null): void {
    const status = this.#sources.status.status()
    const last = ring?.last ?? -1
    const position = last < 0 ? null : last
    client.cursor = last
    client.log = head?.log ?? null
    const { asOf, wands, pumps, audit } = client.narrow(status)
    const event: SnapshotEvent = {
      asOf,
      log: client.log,
      position,
      wands: [...wands],
      pumps: [...pumps],
      audit,
    }
    client.write(frame('snapshot', event, position ?? undefined))
    client.begun = true
  }

  /** Brings a client from its cursor to the newest record, then lets it live. */
  async #catchUp(client: StreamClient): Promise<void> {
    while (!client.gone) {
      const ring = client.log === null ? undefined : this.#rings.get(client.log)
      if (!ring) {
        client.live = true
        return
      }
      if (client.cursor < ring.from) {
        await this.#fromDisk(client, ring)
        continue
      }
      const piece = ring.after(client.cursor, PIECE)
      if (piece.length === 0) {
        client.live = true
        return
      }
      for (const entry of piece) client.take(entry)
      if (!(await client.drained())) return this.bye(client, 'slow')
    }
  }

  async #fromDisk(client: StreamClient, ring: Ring): Promise<void> {
    if (this.#reading >= DISK_READS) {
      await new Promise<void>((resolve) => void this.#queue.push(resolve))
    } else this.#reading += 1
    try {
      const head = this.#headOf(ring.log)
      if (!head) return client.destroy()
      const reached = ring.from
      const { pump, kinds } = client
      const query = {
        source: head.source,
        after: client.cursor,
        ...(pump !== null && { pump }),
        ...(kinds !== null && { kinds }),
      }
      for await (const record of this.#sources.records.read(query)) {
        if (client.gone || record.position > reached) break
        client.take(encodeRecord(record))
        if (!(await client.drained())) return this.bye(client, 'slow')
      }
      client.cursor = Math.max(client.cursor, reached)
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#reading -= 1
    }
  }

  #headOf(log: string): LogHead | null {
    for (const source of ['device', 'simulator', 'replay'] as const) {
      const head = this.#sources.records.head(source)
      if (head?.log === log) return head
    }
    return null
  }

  #record(record: ApiRecord): void {
    const ring = this.#rings.get(record.log)
    if (!ring) {
      this.#first(record)
      return
    }
    const entry = encodeRecord(record)
    if (!ring.push(entry)) return
    for (const client of this.#clients) {
      if (client.live && client.log === entry.log) this.#deliver(client, entry)
      else if (client.live && this.#follows(client, record)) this.#moveOn(client, record)
    }
  }

  /** The first record of a log nobody has asked for yet. */
  #first(record: ApiRecord): void {
    const waiting = [...this.#clients].some((c) => c.live && this.#follows(c, record))
    if (!waiting) return
    const head = this.#headOf(record.log)
    if (!head) return
    void this.#rings
      .fill(head)
      .then(() => {
        for (const client of this.#clients) {
          if (client.live && this.#follows(client, record)) this.#moveOn(client, record)
        }
      })
      .catch((error: Error) => this.#sources.log(`the audit log cannot be read: ${error.message}`))
  }

  /** Whether a client is of the log that this record has come into use with. */
  #follows(client: StreamClient, { log, source }: ApiRecord): boolean {
    if (client.log === log) return false
    return this.#sources.records.head(client.source)?.source === source
  }

  /** Another log is written now: what the client has is not continued. */
  #moveOn(client: StreamClient, { log, position }: ApiRecord): void {
    const begun = client.log === null
    const ring = this.#rings.get(log) as Ring
    const head = this.#headOf(log)
    client.live = false
    if (begun) {
      client.log = log
      client.cursor = Math.min(position - 1, ring.last)
    } else {
      const newest = ring.last < 0 ? null : ring.last
      client.write(
        frame('reset', { asOf: this.#asOf(), reason: 'unknown', log, oldest: 0, newest }),
      )
      this.#snapshot(client, head, ring)
    }
    void this.#served(client, this.#catchUp(client))
  }

  /** Whose first event has been sent: nothing comes before a snapshot. */
  #begun(): StreamClient[] {
    return [...this.#clients].filter(({ begun }) => begun)
  }

  #deliver(client: StreamClient, entry: Encoded): void {
    client.take(entry)
    this.#check(client)
  }

  #check(client: StreamClient): void {
    if (client.full) this.bye(client, 'slow')
  }

  #status(status: BridgeStatus): void {
    const encoded = new Map<string, Buffer>()
    for (const client of this.#begun()) {
      const key = `${client.pump}`
      const bytes = encoded.get(key) ?? frame('status', client.narrow(statusEvent(status)))
      encoded.set(key, bytes)
      client.write(bytes)
      this.#check(client)
    }
  }

  #tick(): void {
    if (this.#closed) return
    if (this.#clients.size > 0) {
      const { asOf, audit } = this.#sources.status.status()
      const bytes = frame('tick', { asOf, audit })
      this.#ticks += 1
      for (const client of this.#begun()) {
        client.write(bytes)
        // Who follows for hours reads all that time.
        if (this.#ticks % MINUTE_TICKS === 0) client.noted()
        this.#check(client)
      }
    }
    this.#cancelTick = this.#env.after(TICK_MS, () => this.#tick(), { background: true })
  }

  /** Ends a connection with the reason. */
  bye(client: StreamClient, reason: Bye): void {
    const event: ByeEvent = { asOf: this.#asOf(), reason, sentence: BYES[reason] }
    client.end(frame('bye', event))
    this.#sentAway(reason)
  }

  #asOf(): string {
    return utc(this.#env.wall())
  }
}
