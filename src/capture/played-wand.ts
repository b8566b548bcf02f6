// A captured wand, played: whoever asks gets the replies of then, made out for the asker's link and marked as a
// replay. What the wand says of itself goes with time; what is asked of the pump waits for the question: playing
// stands still before a session until the host opens one, and before its end until the host closes it.
import {
  Code,
  encodePdu,
  FLAG_REPLAY,
  FLAG_REPLY,
  FLAG_SIMULATOR,
  MAJOR,
  MINOR,
  type Pdu,
  wholePdu,
} from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { Hello } from '../../protocol/messages/hello.ts'
import {
  isForbiddenType,
  MESSAGES,
  type MessageName,
  messageOfType,
} from '../../protocol/messages/index.ts'
import { Timing } from '../../protocol/timing.ts'
import type { Env } from '../base/env.ts'
import type { Exchange } from './exchanges.ts'

/** One end of a cable: a host holds it. A simulated terminal has this shape of a wand. */
export interface PlayedWand {
  readonly framing: typeof LINES
  readonly plugged: boolean
  onPlug(changed: (plugged: boolean) => void): () => void
  hold(holder: { data(bytes: Uint8Array): void; unplugged(): void }): {
    write(bytes: Uint8Array): void
    release(): void
  }
  /**
   * Resolves when everything was played, or the host does not ask for what is left. Null; else why the capture
   * cannot be read on.
   */
  readonly ended: Promise<string | null>
}

/** Of a session so many exchanges are known at once; of more it is not told that they belong together. */
const MOST = 20_000
/** A host that has played everything still hears the last of it for so long. */
const AFTERWARDS_MS = 2_000

type Kept = Pick<Exchange, 'reply' | 'askedAt' | 'at'>
interface Work {
  readonly seq: number
  readonly reply: Kept | null
  readonly dueAt: number
}

export function playedWand(env: Env, exchanges: AsyncIterable<Exchange>, speed = 1): PlayedWand {
  return new Player(env, exchanges, speed)
}

class Player implements PlayedWand {
  readonly framing = LINES
  readonly plugged = true
  readonly ended: Promise<string | null>
  readonly #env: Env
  readonly #speed: number
  readonly #script: AsyncIterator<Exchange>
  /** The next of the script, from its place of this moment to the end of the session or of what is known. */
  #ahead: Exchange[] = []
  #whole = false
  /** What the wand said last of itself. */
  readonly #newest = new Map<MessageName, Kept>()
  /** Place in the capture, and when it was reached. */
  #place: { at: number; since: number } | null = null
  /** What came then of the session that the host has open, its OPEN first. */
  #session: Exchange[] | null = null
  #link = 0
  #work: Work | null = null
  #queue: Promise<void> = Promise.resolve()
  #end: (why: string | null) => void = () => {}

  constructor(env: Env, exchanges: AsyncIterable<Exchange>, speed: number) {
    this.#env = env
    this.#speed = speed
    this.#script = exchanges[Symbol.asyncIterator]()
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  onPlug(): () => void {
    return () => {}
  }

  hold({ data }: Parameters<PlayedWand['hold']>[0]) {
    const encode = LINES.encoder()
    let held = true
    const stream = LINES.decoder({
      pdu: (header, raw) => {
        this.#queue = this.#queue
          .then(async () => {
            const reply = await this.#answer(wholePdu(header, raw))
            if (held && reply) for (const frame of encode(reply)) data(frame)
          })
          // A capture that cannot be read on ends there; what is known of it still answers.
          .catch((error: Error) => this.#end(error.message))
      },
      discarded: () => {},
    })
    return {
      write: (bytes: Uint8Array) => stream.push(bytes),
      release: () => {
        held = false
      },
    }
  }

  async #answer(pdu: Pdu): Promise<Uint8Array | null> {
    if (pdu.flags & FLAG_REPLY) return null
    const name = messageOfType(pdu.type)
    if (!name) {
      return made(pdu, isForbiddenType(pdu.type) ? Code.REFUSED : Code.UNKNOWN_TYPE)
    }
    if (pdu.link !== this.#link) this.#session = null
    this.#link = pdu.link
    await this.#goOn()
    if (!isOfPump({ name })) return this.#ofItself(pdu, name)
    if (name === 'SNAPSHOT' || name === 'BLOCK') {
      const same = this.#session?.find(
        (one) =>
          one.name === name &&
          one.reply.code === Code.OK &&
          Buffer.compare(one.request.payload, pdu.payload) === 0,
      )
      return same ? made(pdu, Code.OK, same.reply) : made(pdu, Code.SNAPSHOT_GONE)
    }
    return this.#onAir(pdu, name)
  }

  #ofItself(pdu: Pdu, name: MessageName): Uint8Array {
    const kept = this.#newest.get(name)
    // The session is the one that this host has opened, whatever was said when the reply was made.
    const session = this.#session?.[0]?.reply.session ?? 0
    if (kept) return made(pdu, kept.reply.code, { ...kept.reply, session })
    // A capture that began while the port was open holds no introduction.
    return name === 'HELLO' ? made(pdu, Code.OK, { payload: UNKNOWN }) : made(pdu, Code.INTERNAL)
  }

  /** What takes time on air: at once that it is running, then how it came out then. */
  async #onAir(pdu: Pdu, name: MessageName): Promise<Uint8Array> {
    if (this.#work?.seq !== pdu.seq) {
      const reply = await this.#next(name)
      const took = reply ? (reply.at - reply.askedAt) / this.#speed : 0
      this.#work = { seq: pdu.seq, reply, dueAt: this.#env.monotonic() + took }
    }
    const { reply, dueAt } = this.#work
    if (!reply) return made(pdu, name === 'OPEN' ? Code.NO_IMPLANT : Code.AIR_FAILED)
    if (this.#env.monotonic() < dueAt - REPLY_MS) return made(pdu, Code.PENDING)
    this.#reach(reply.at)
    if (name === 'CLOSE' && reply.reply.code === Code.OK) this.#session = null
    return made(pdu, reply.reply.code, reply.reply)
  }

  /** How the next of these came out. Within a session the last one may be had again. */
  async #next(name: MessageName): Promise<Kept | null> {
    if (name === 'OPEN') return this.#open()
    const left = this.#ahead.find((one) => one.name === name && isOutcome(one))
    if (left) {
      this.#takeUpTo(left)
      return left
    }
    return this.#session?.findLast((one) => one.name === name && isOutcome(one)) ?? null
  }

  async #open(): Promise<Kept | null> {
    this.#session = null
    for (;;) {
      const found = this.#ahead.findIndex((one) => one.name === 'OPEN' && isOutcome(one))
      const open = this.#ahead[found]
      if (open) {
        this.#takeUpTo(open)
        if (open.reply.code === Code.OK) this.#session = [open, ...(await this.#wholeSession())]
        return open
      }
      if (this.#whole) return null
      if (this.#ahead.length > 0) this.#takeUpTo(this.#ahead.at(-1) as Exchange)
      await this.#read(1)
    }
  }

  /** Reads on to the end of the session that has begun. */
  async #wholeSession(): Promise<Exchange[]> {
    const isEnd = ({ name, reply }: Exchange) =>
      name === 'OPEN' || (name === 'CLOSE' && reply.code === Code.OK)
    while (!this.#whole && this.#ahead.length < MOST && !this.#ahead.some(isEnd)) {
      await this.#read(64)
    }
    const end = this.#ahead.findIndex(isEnd)
    return this.#ahead.slice(0, end < 0 ? undefined : end + 1)
  }

  async #read(count: number): Promise<void> {
    for (let n = 0; n < count && !this.#whole; n += 1) {
      const { done, value } = await this.#script.next()
      if (done) this.#whole = true
      else this.#ahead.push(value)
    }
  }

  /** What the wand has said of itself by now. */
  async #goOn(): Promise<void> {
    const now = this.#env.monotonic()
    if (this.#ahead.length === 0) await this.#read(1)
    this.#place ??= { at: this.#ahead[0]?.at ?? 0, since: now }
    const at = this.#place.at + (now - this.#place.since) * this.#speed
    const holds = this.#session ? ['CLOSE', 'OPEN'] : ['OPEN']
    for (let i = 0; ; ) {
      if (i === this.#ahead.length) await this.#read(1)
      const next = this.#ahead[i]
      if (!next) break
      if (holds.includes(next.name)) {
        if (at > next.askedAt) this.#reach(next.askedAt)
        return
      }
      if (next.at > at) return
      // What was asked of the pump is kept for the question.
      if (this.#session && isOfPump(next)) i += 1
      else this.#pass(...this.#ahead.splice(i, 1))
    }
    if (this.#session === null)
      this.#env.after(AFTERWARDS_MS, () => this.#end(null), { background: true })
  }

  /** Takes it; what was asked of the pump before it in this session may still be asked. */
  #takeUpTo(last: Exchange): void {
    const passed = this.#ahead.splice(0, this.#ahead.indexOf(last) + 1)
    this.#pass(...passed)
    if (!this.#session || last.name === 'CLOSE') return
    this.#ahead.unshift(...passed.filter((one) => one !== last && isOfPump(one)))
  }

  #pass(...all: readonly Exchange[]): void {
    for (const one of all) if (!isOfPump(one)) this.#newest.set(one.name, one)
  }

  #reach(at: number): void {
    this.#place = { at, since: this.#env.monotonic() }
  }
}

const REPLY_MS = 1

const isOfPump = ({ name }: Pick<Exchange, 'name'>) => MESSAGES[name].session || name === 'OPEN'
/** An answer to the question, and not that there is none yet. */
const isOutcome = ({ reply }: Exchange) =>
  reply.code !== Code.PENDING && reply.code !== Code.WRONG_LINK && reply.code !== Code.BUSY

const UNKNOWN = emit(Hello.reply, {
  ...{ minor: MINOR, leaseMs: Timing.LEASE_MS, wandSerial: null, wandModel: null, firmware: null },
  ...{ boot: 0, lastSession: 0, lastEnd: null },
})

function made(
  { type, seq, link, session }: Pdu,
  code: number,
  { flags = 0, session: own = session, payload = new Uint8Array() }: Partial<Pdu> = {},
): Uint8Array {
  const marks = FLAG_REPLY | FLAG_REPLAY | (flags & FLAG_SIMULATOR)
  return encodePdu({ major: MAJOR, type, flags: marks, code, seq, link, session: own, payload })
}
