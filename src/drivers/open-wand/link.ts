// The link to one wand: the machine with its port, its clock and its counters. All decisions are the
// machine's; here they are carried out. Every connection has a fresh port, decoder and writer.
import type { FrameDecoder, Framing, FramingFault } from '../../../protocol/framing/framing.ts'
import { type Cancel, type Env, nonce } from '../../base/env.ts'
import type { Stamp } from '../../model/event.ts'
import type { Policy } from '../../model/policy.ts'
import type { Source } from '../../model/reading.ts'
import { type Statement, statement } from '../../model/statement.ts'
import { endOf, type PortEnd, type PortSource, type WandPort } from '../../transport/port.ts'
import type { Count, DriverCounters } from '../driver.ts'
import {
  type Effect,
  type Input,
  initialState,
  type LinkNews,
  type LinkState,
  type ReplyFault,
} from './link-state.ts'
import { step, wakeAt } from './machine.ts'
import { isConnected } from './table.ts'
import { happened, isSlow, OPEN_MS, WATCH_MS } from './timing.ts'
import { RequestWriter } from './writer.ts'

/** Why received bytes became part of nothing. */
export type DiscardReason = FramingFault | ReplyFault

/** Where a piece of news belongs. */
export interface NewsContext {
  /** The host's nonce of this port opening; 0 = none yet. */
  readonly link: number
  readonly session: number | null
  /** The newest snapshot told in this session. */
  readonly snapshot: number | null
  readonly at: Stamp
}

export interface LinkSink {
  news(news: LinkNews, context: NewsContext): void
  /** What was refused of the bytes that came together, for one reason. */
  discarded(reason: DiscardReason, refused: Count, context: NewsContext): void
}

export interface LinkOptions {
  readonly env: Env
  readonly port: PortSource
  readonly source: Source
  readonly policy: Policy
  /** Between two LIVE exchanges of a session that is held; 1000 ms if not given. */
  readonly liveMs?: number
  readonly sink: LinkSink
}

/** Stopping waits no longer, whatever the driver does: 3 s is the promise. */
const STOP_MS = 2_950

interface Connection {
  readonly port: WandPort
  readonly stream: FrameDecoder
  readonly writer: RequestWriter
}

export class Link {
  readonly #env: Env
  readonly #ports: PortSource
  readonly #sink: LinkSink
  readonly counters: DriverCounters = {
    opens: 0,
    bytesIn: 0,
    bytesOut: 0,
    requests: 0,
    retries: 0,
    'no-answer': 0,
    accepted: { frames: 0, bytes: 0 },
    discarded: {},
    held: 0,
  }
  #state: LinkState
  #connection: Connection | null = null
  /** Being opened. */
  #opening: WandPort | null = null
  /** Counts attempts to open, so that what an abandoned one does later is not heard. */
  #attempt = 0
  #last: Stamp
  #cancel: Cancel = () => {}
  #queue: Input[] = []
  /** Refused, and not told yet. */
  readonly #refused = new Map<DiscardReason, Count>()
  #receiving = false
  #running = false
  #closing: Promise<void> = Promise.resolve()
  #stopped: (() => void)[] = []

  constructor(options: LinkOptions) {
    this.#env = options.env
    this.#ports = options.port
    this.#sink = options.sink
    this.#state = initialState(options.policy, options.source, options.liveMs)
    this.#last = this.#now()
  }

  get state(): LinkState {
    return this.#state
  }

  start(): void {
    this.#take({ type: 'start' })
  }

  /** Asks for one interrogation; it begins when the wand is in contact. */
  read(): void {
    this.#take({ type: 'read' })
  }

  /** Closes the session (confirmed if the implant answers) and the port. Within 3 s, once for all. */
  async stop(): Promise<void> {
    let cancel: Cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#env.after(STOP_MS, resolve)
    })
    const done = new Promise<void>((resolve) => void this.#stopped.push(resolve))
    this.#take({ type: 'stop' })
    await Promise.race([done.then(() => this.#closing), late])
    cancel()
  }

  #now(): Stamp {
    return { wall: this.#env.wall(), mono: this.#env.monotonic() }
  }

  #take(input: Input): void {
    this.#queue.push(input)
    if (this.#running) return
    this.#running = true
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#step(next)
    } finally {
      // Whoever hears the news may fail; the link goes on.
      this.#running = false
      this.#schedule()
    }
    if (this.#state.phase === 'stopped') for (const done of this.#stopped.splice(0)) done()
  }

  #step(input: Input): void {
    const now = this.#now()
    const type = happened(this.#last, now)
    this.#last = now
    if (type !== null && isConnected(this.#state.phase)) this.#apply({ type }, now)
    this.#apply(input, now)
  }

  #apply(input: Input, now: Stamp): void {
    const { state, effects } = step(this.#state, input, now)
    this.#state = state
    for (const effect of effects) this.#carryOut(effect, now)
  }

  #schedule(): void {
    this.#cancel()
    const wake = wakeAt(this.#state)
    const watch = isConnected(this.#state.phase) ? this.#last.mono + WATCH_MS : null
    const due = [wake, watch].filter((t): t is number => t !== null)
    if (due.length === 0) return
    const ms = Math.max(1, Math.min(...due) - this.#env.monotonic())
    this.#cancel = this.#env.after(ms, () => this.#take({ type: 'tick' }))
  }

  #carryOut(effect: Effect, at: Stamp): void {
    const { counters } = this
    switch (effect.do) {
      case 'open-port':
        void this.#open()
        return
      case 'close-port':
        this.#close()
        return
      case 'send': {
        if (!this.#connection) return
        counters.requests += 1
        const { request, seq, link, session } = effect
        const bytes = this.#connection.writer.write(request, { seq, link, session })
        counters.bytesOut += bytes.length
        return
      }
      case 'tell': {
        const { news, link, session, snapshot } = effect
        this.#sink.news(news, { link, session, snapshot, at })
        return
      }
      case 'count':
        counters[effect.what] += 1
        return
      case 'accept':
        counters.accepted.frames += 1
        counters.accepted.bytes += effect.wire
        return
      case 'refuse':
        this.#discard(effect.reason, effect.wire)
        return
    }
  }

  #discard(reason: DiscardReason, wire: number): void {
    const count = this.counters.discarded[reason] ?? { frames: 0, bytes: 0 }
    count.frames += 1
    count.bytes += wire
    this.counters.discarded[reason] = count
    const { frames, bytes } = this.#refused.get(reason) ?? { frames: 0, bytes: 0 }
    this.#refused.set(reason, { frames: frames + 1, bytes: bytes + wire })
    if (!this.#receiving) this.#tellRefused()
  }

  /** A peer that floods gives one piece of news for all that it sent at once, not one for each line of it. */
  #tellRefused(): void {
    if (this.#refused.size === 0) return
    const { link, session, snapshot } = this.#state
    const context = { link, session: session?.id ?? null, snapshot, at: this.#now() }
    const all = [...this.#refused]
    this.#refused.clear()
    for (const [reason, count] of all) this.#sink.discarded(reason, count, context)
  }

  async #open(): Promise<void> {
    this.#attempt += 1
    const attempt = this.#attempt
    const current = () => attempt === this.#attempt
    await this.#closing
    if (!current()) return
    const port = this.#ports.create()
    this.#opening = port
    let stream: FrameDecoder | null = null
    const giveUp = this.#env.after(OPEN_MS, () => {
      if (!current()) return
      this.#abandon()
      this.#ended('failed', statement('why.port-late', { seconds: OPEN_MS / 1000 }))
    })
    try {
      await port.open({
        data: (bytes) => {
          if (stream) this.#receive(stream, bytes, current)
        },
        ended: (end, message) => {
          if (!current()) return
          this.#attempt += 1
          if (stream) this.#release(stream)
          this.#ended(end, statement('why.port', { text: message }))
        },
      })
    } catch (error) {
      giveUp()
      if (current()) this.#opening = null
      const { how, text } = endOf(error)
      if (current()) this.#ended(how, statement('why.port', { text }))
      return
    }
    giveUp()
    if (!current()) {
      await port.close()
      return
    }
    this.#opening = null
    this.counters.opens += 1
    stream = this.#stream(port.framing, current)
    this.#connection = { port, stream, writer: new RequestWriter(port) }
    this.#take({ type: 'opened', link: nonce(this.#env) })
  }

  #stream(framing: Framing, current: () => boolean): FrameDecoder {
    return framing.decoder({
      pdu: (pdu, raw, wire) => {
        if (current()) this.#take({ type: 'pdu', pdu, raw, wire })
        else this.#discard('wrong-link', wire)
      },
      discarded: (reason, bytes) => {
        this.#discard(reason, bytes.length)
        if (reason === 'version' && current()) this.#otherVersion(framing, bytes)
      },
    })
  }

  #receive(stream: FrameDecoder, bytes: Uint8Array, current: () => boolean): void {
    if (!current()) return
    this.counters.bytesIn += bytes.length
    this.#receiving = true
    try {
      stream.push(bytes)
      // What the connection was dropped for may have stood in the middle of these bytes.
      if (!current()) stream.close()
    } finally {
      this.#receiving = false
      this.#tellRefused()
    }
    this.counters.held = stream.held
  }

  /** Major and link keep their places in every version: ours, or left over from another opening? */
  #otherVersion(framing: Framing, wire: Uint8Array): void {
    const other = framing.peekVersion(wire)
    if (other?.link === this.#state.link) this.#take({ type: 'other-version', major: other.major })
  }

  #ended(end: PortEnd, why: Statement): void {
    this.#take({ type: 'ended', slow: isSlow(end), why })
  }

  #release(stream: FrameDecoder): void {
    stream.close()
    this.counters.held = 0
    this.#connection = null
  }

  #close(): void {
    this.#abandon()
    const connection = this.#connection
    if (!connection) return
    this.#release(connection.stream)
    this.#closing = connection.port.close()
  }

  /** Whatever the port that is being opened does from now on is not heard. */
  #abandon(): void {
    this.#attempt += 1
    const port = this.#opening
    this.#opening = null
    if (port) this.#closing = port.close()
  }
}
