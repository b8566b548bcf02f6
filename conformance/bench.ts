// What checks are written with: ask and read, ask and expect a code, send and expect silence. Each says what
// went wrong in a sentence, so that a check is its steps and no more.
import { Code, type CodeName, codeText } from '../protocol/codec/pdu.ts'
import { parse } from '../protocol/codec/struct.ts'
import { type Fields, judge, type Struct } from '../protocol/fields/field.ts'
import { MESSAGES, type MessageName, type ReplyOf } from '../protocol/messages/index.ts'
import type { Known } from './check.ts'
import { Host, type HostOptions, type Over, type Reply, SILENCE_MS } from './host.ts'
import { Failed, must, NotRun } from './verdict.ts'

export interface BenchOptions extends HostOptions {
  /** The wand can see that a port is opened, and begins with empty buffers then. */
  readonly seesOpenings: boolean
}

const POLL_MS = 100
/** Longest wait for air work: ten times what the specification says of a reading. */
const WORK_MS = 60_000

export class Bench extends Host {
  readonly seesOpenings: boolean
  readonly known: Known = {}
  /** Why the port is gone; null = it is there. */
  lost: string | null = null
  /** The checks that failed. */
  readonly failed = new Set<number>()

  constructor(options: BenchOptions) {
    super(options)
    this.seesOpenings = options.seesOpenings
  }

  /** Of what went both ways, that of checks that passed. */
  sound<T extends { readonly check: number }>(all: readonly T[]): readonly T[] {
    return all.filter(({ check }) => !this.failed.has(check))
  }

  /** What an earlier check has learnt; it is among `needs`. */
  has<K extends keyof Known>(what: K): NonNullable<Known[K]> {
    const known = this.known[what]
    if (known === undefined) throw new NotRun(`nothing is known of ${what}`)
    return known as NonNullable<Known[K]>
  }

  /** The reply to a PDU; none is a failure. */
  async ask(raw: Uint8Array, frames?: readonly Uint8Array[]): Promise<Reply> {
    const reply = await this.reply(raw, frames)
    must(reply !== null, `no reply to ${nameOf(raw)} came within ${this.patienceMs} ms`)
    return reply
  }

  expect(reply: Reply, code: CodeName, what: string): void {
    const said = codeText(reply.pdu.code)
    must(reply.pdu.code === Code[code], `${what} was answered ${said}, not ${code}`)
  }

  /** Asks, and expects a code. */
  async answers(code: CodeName, raw: Uint8Array, what: string): Promise<Reply> {
    const reply = await this.ask(raw)
    this.expect(reply, code, what)
    return reply
  }

  /** The same bytes again, and the same bytes back. */
  async sameAgain(raw: Uint8Array, reply: Uint8Array, what: string): Promise<void> {
    const again = await this.ask(raw)
    const same =
      again.raw.every((byte, i) => byte === reply[i]) && again.raw.length === reply.length
    must(same, `${what}, asked again with the same bytes, was answered with other bytes`)
  }

  /** The decoded payload of an OK reply. */
  payload<N extends MessageName>(name: N, reply: Reply): ReplyOf<N> {
    this.expect(reply, 'OK', name)
    const fields = parse(MESSAGES[name].reply as Struct, reply.pdu.payload)
    must(fields !== null, `the payload of ${name} is malformed (${reply.pdu.payload.length} bytes)`)
    return fields as ReplyOf<N>
  }

  async read<N extends MessageName>(name: N, over?: Over, fields?: object): Promise<ReplyOf<N>> {
    return this.payload(name, await this.ask(this.request(name, over, fields)))
  }

  /** HELLO with a link of its own, if `link` is given, and what it said. */
  hello(link = this.link): Promise<ReplyOf<'HELLO'>> {
    this.link = link
    return this.read('HELLO', { session: 0 })
  }

  /** Every field in its range; a code has a name, unless the wand speaks a newer minor. */
  inRange(struct: Struct, value: object, where: string): void {
    const newer = (this.known.hello?.minor ?? 0) > 0
    for (const [name, field] of Object.entries(struct.fields as Fields)) {
      const given = (value as Record<string, unknown>)[name]
      const path = `${where}.${name}`
      if (field.kind === 'rest') continue
      if (field.kind === 'list') {
        const items = given as object[]
        must(items.length <= field.max, `${path} has ${items.length} items, ${field.max} may be`)
        for (const [i, item] of items.entries()) this.inRange(field.item, item, `${path}[${i}]`)
        continue
      }
      const raw = given as number | string | null
      must(judge(field, raw) !== 'invalid', `${path} is ${JSON.stringify(raw)}, out of its range`)
      if (field.kind === 'code' && raw !== null && !newer)
        must(Number(raw) in field.names, `${path} is ${raw}, which is no code of this version`)
    }
  }

  /** Nothing answers this PDU, however it was sent. */
  async silent(raw: Uint8Array, what: string, frames?: readonly Uint8Array[]): Promise<void> {
    const reply = await this.answer(this.send(raw, frames), SILENCE_MS)
    if (reply) {
      const said = codeText(reply.pdu.code)
      throw new Failed(`${what} was answered (${said}); it must be dropped without a reply`)
    }
  }

  /** A PING that is well is answered: whatever was sent before has passed. */
  async recovers(after: string): Promise<void> {
    const reply = await this.reply(this.request('PING'))
    must(reply !== null, `after ${after} a whole PING was not answered`)
  }

  /** Air work with its polls. `between` is done between two of them. */
  async work(raw: Uint8Array, between: () => Promise<void> = async () => {}): Promise<Reply> {
    const began = this.clock.monotonic()
    while (this.clock.monotonic() - began < WORK_MS) {
      const reply = await this.ask(raw)
      if (reply.pdu.code !== Code.PENDING) return reply
      await between()
      await this.wait(POLL_MS)
    }
    throw new Failed(`${nameOf(raw)} had no result within ${WORK_MS / 1000} s`)
  }

  /** Opens a session, and holds it. */
  async openSession(): Promise<Reply> {
    const reply = await this.work(this.request('OPEN', { session: 0 }))
    this.expect(reply, 'OK', 'OPEN')
    this.session = reply.pdu.session
    return reply
  }

  /** Closes it; says whether the implant has confirmed that. */
  async closeSession(): Promise<boolean> {
    const reply = await this.work(this.request('CLOSE'))
    const confirmed = this.payload('CLOSE', reply).result === 1
    if (confirmed) this.session = 0
    return confirmed
  }

  /**
   * The wand says at this moment that no implant is in reach: only then is anything sent that is no read
   * request. Otherwise the check is not run.
   */
  async bare(): Promise<void> {
    const ping = await this.read('PING')
    this.sensed(isBare(ping))
    if (!isBare(ping)) {
      throw new NotRun('the wand reports coupling; nothing but read requests is sent to it then')
    }
  }
}

export const isBare = ({ coupling, position }: ReplyOf<'PING'>): boolean =>
  (coupling ?? 0) === 0 && position === 0

const nameOf = (raw: Uint8Array) =>
  Object.values(MESSAGES).find(({ type }) => type === raw[1])?.name ?? `type ${raw[1]}`
