// One log as its stream at the broker has it, read by position as the log's own files are. The newest records
// come by themselves and are kept for whoever follows; everything older is read when somebody asks for it.
// What the broker has dropped is told as missing; a broker that does not answer rejects.
import { type ConsumerMessages, DeliverPolicy, type JsMsg, jetstream } from '@nats-io/jetstream'
import type { Env } from '../../base/env.ts'
import { type Batch, type Range, type RecordReader, Stored } from '../../feed/logs.ts'
import type { Broker } from '../stream/broker.ts'
import { CHECKPOINT, firstOf, KEY, kindOf, type SiteLog, streamOf } from '../stream/names.ts'
import { type Pulled, pulled } from '../stream/pull.ts'

/** Read backward at first. */
const PIECE = 512
/** Read backward in one go. */
const MOST = 4_096
/** Newest records that are kept: with what is made of each it takes some 10 kB, and there are many sites. */
export const KEPT = 256

/** What the broker says of a stream. */
export interface StreamFacts {
  readonly created: string
  readonly description: string | undefined
  readonly firstSeq: number
  readonly lastSeq: number
}

/** A signed checkpoint and the verifier key that came with it. */
export interface Vouched {
  readonly checkpoint: string
  readonly key: string | null
}

/** What the newest message of a stream says. */
interface Last {
  readonly vouched: Vouched | null
  readonly at: string
}

export class StreamLog implements RecordReader {
  readonly log: string
  readonly #env: Env
  #broker: Broker
  readonly #stream: string
  /** The newest records, without a hole, up to the head. */
  #newest: Stored[] = []
  /** Which making of the stream is followed; '' = none is. */
  #epoch = ''
  /** At the last look: records here, and at the broker. */
  #looked = { here: 0, there: 0 }
  #less = 0
  #first = 0
  #size = 0
  #following: ConsumerMessages | null = null
  /** It was made again, or may have been, and is looked at: positions are of the one before. */
  #between = false
  /** What follows the stream now; what comes of one before it does not count. */
  #turn = 0
  /** The newest checkpoint that came with a record. */
  vouched: Vouched | null = null
  /** The newest moment that a record says. */
  lastAt: string | null = null
  readonly #changed: (heard: boolean) => void

  /** `changed`: it has other records; true = the bridge was just heard. */
  constructor(env: Env, broker: Broker, ref: SiteLog, changed: (heard: boolean) => void) {
    this.#env = env
    this.#broker = broker
    this.#stream = streamOf(ref)
    this.log = ref.log
    this.#changed = changed
  }

  /** Records in the log, as far as the broker has them. */
  get known(): number {
    return this.#size
  }

  /**
   * What the broker says now. A stream that was made again is read anew; it is followed from its head on. So is one
   * of which nothing came since the last look, though the broker had more then. Where that fails it rejects, and is
   * done at the next look. So it is on another connection, where the one before was closed.
   */
  async take(
    { created, description, firstSeq, lastSeq }: StreamFacts,
    broker = this.#broker,
  ): Promise<void> {
    const first = firstOf(description)
    if (first === null) return
    if (broker !== this.#broker) this.#epoch = ''
    this.#broker = broker
    const less = 1 - first
    const size = lastSeq - less + 1
    const { here, there } = this.#looked
    this.#looked = { here: this.#size, there: size }
    const halted = this.#size === here && this.#size < there
    const anew = created !== this.#epoch || halted
    // What vouches for the records is known before they are: nobody is woken again for it.
    let last: Last | null = null
    if (anew) {
      this.#epoch = ''
      this.#between = true
      this.close()
      last = lastSeq > 0 && lastSeq >= firstSeq ? await this.#last(lastSeq) : null
    }
    this.#less = less
    this.#first = lastSeq === 0 ? first : firstSeq - less
    if (!anew) return
    this.#between = false
    this.#newest = []
    this.#size = size
    this.vouched = last?.vouched ?? null
    this.lastAt = last?.at ?? this.lastAt
    this.#changed(false)
    await this.#follow(lastSeq + 1)
    this.#epoch = created
  }

  /** Nothing comes any more. The end of what follows a stream that was removed is not waited for: it may not come. */
  close(): void {
    this.#turn += 1
    void this.#following?.close().catch(() => {})
    this.#following = null
  }

  size(): Promise<number> {
    return Promise.resolve(this.#size)
  }

  oldest(): Promise<number> {
    return Promise.resolve(this.#first)
  }

  /** There are no segments here: whoever wants the newest reads so many. */
  beginOf(position: number): Promise<number> {
    return Promise.resolve(Math.max(this.#first, position - KEPT + 1))
  }

  async *forward({ first = 0, ...range }: Range): AsyncGenerator<Batch> {
    if (this.#between) throw new Error(`${this.#stream} was made again, and is looked at first`)
    const { until, before = until } = range
    const end = Math.min(before, until)
    const picked = picker(range)
    let next = first
    if (next < this.#first && next < end) {
      const to = Math.min(this.#first, end)
      yield missed(next, to)
      next = to
    }
    while (next < end) {
      const kept = this.#newest[0]?.position ?? Number.POSITIVE_INFINITY
      if (next >= kept) {
        const records = this.#newest.slice(next - kept, end - kept)
        yield { records: records.filter(picked), next: end, place: null, missing: null }
        return
      }
      const to = Math.min(end, kept)
      const span = { first: next + this.#less, last: to - 1 + this.#less }
      for await (const piece of pulled(this.#env, this.#broker, this.#stream, span)) {
        const begin = (piece[0] as Pulled).seq - this.#less
        if (begin > next) yield missed(next, begin)
        next = (piece.at(-1) as Pulled).seq - this.#less + 1
        const records = this.#storedOf(piece, range.kinds).filter(picked)
        yield { records, next, place: null, missing: null }
      }
      // What the broker has dropped since the last look, at the end of the span or all of it.
      if (next < to) yield missed(next, to)
      next = to
    }
  }

  async *backward({ first = 0, ...range }: Omit<Range, 'place'>): AsyncGenerator<Batch> {
    const { until, before = until } = range
    const lowest = Math.max(first, this.#first)
    let end = Math.min(before, until)
    for (let step = PIECE; end > lowest; step = Math.min(step * 2, MOST)) {
      const begin = Math.max(lowest, end - step)
      const all: Stored[] = []
      for await (const { records } of this.forward({ ...range, first: begin, before: end }))
        all.push(...records)
      end = begin
      yield { records: all.reverse(), next: end, place: null, missing: null }
    }
  }

  #storedOf(piece: readonly Pulled[], kinds: Range['kinds']): Stored[] {
    const records: Stored[] = []
    for (const { seq, message } of piece) {
      const { subject } = message
      // What nobody wants is not read.
      if (kinds?.includes(kindOf(subject)) ?? true)
        records.push(this.#stored({ seq, subject, data: message.data }))
    }
    return records
  }

  async #last(seq: number): Promise<Last | null> {
    const message = await this.#broker.manager.streams.getMessage(this.#stream, { seq })
    if (message === null) return null
    const at = atOf(Buffer.from(message.data).toString())
    return { vouched: vouchedBy(message.header), at }
  }

  async #follow(seq: number): Promise<void> {
    const turn = this.#turn
    const consumer = await jetstream(this.#broker.connection).consumers.get(this.#stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: seq,
    })
    const following = await consumer.consume({
      max_messages: 500,
      callback: (message) => {
        if (turn === this.#turn) this.#taken(message)
      },
    })
    if (turn !== this.#turn) return void following.close().catch(() => {})
    this.#following = following
  }

  #taken(message: JsMsg): void {
    const record = this.#stored(message)
    const { position } = record
    if (position < this.#size) return
    if (position > this.#size) this.#newest = []
    this.#newest.push(record)
    // Dropped many at a time: it is a list.
    if (this.#newest.length > 2 * KEPT) this.#newest = this.#newest.slice(-KEPT)
    this.#size = position + 1
    this.lastAt = record.at
    this.vouched = vouchedBy(message.headers) ?? this.vouched
    this.#changed(true)
  }

  #stored({ seq, subject, data }: Pick<JsMsg, 'seq' | 'subject' | 'data'>): Stored {
    const line = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()
    return new Stored(seq - this.#less, kindOf(subject), atOf(line), line)
  }
}

/** `at` of a record: no text of a line holds these bytes, because quotes in it are escaped. */
function atOf(line: string): string {
  const begin = line.indexOf('"at":"') + 6
  return line.slice(begin, line.indexOf('"', begin))
}

function vouchedBy(headers: JsMsg['headers']): Vouched | null {
  const text = (name: string) => Buffer.from(headers?.get(name) ?? '', 'base64').toString()
  const checkpoint = text(CHECKPOINT)
  return checkpoint === '' ? null : { checkpoint, key: text(KEY) || null }
}

const missed = (from: number, next: number): Batch => ({
  ...{ records: [], next, place: null },
  missing: { from, to: next - 1 },
})

function picker({ kinds, from, to }: Pick<Range, 'kinds' | 'from' | 'to'>) {
  const wanted = kinds && new Set(kinds)
  return ({ kind, at }: Stored): boolean =>
    (wanted?.has(kind) ?? true) &&
    (from === undefined || at >= from) &&
    (to === undefined || at < to)
}
