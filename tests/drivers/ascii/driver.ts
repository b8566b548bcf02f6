// A driver of a wholly different kind of wand: lines of text, two wands on one port, no session. What it is for is
// to show that nothing behind the contract of src/drivers/driver.ts knows how a wand is spoken to.

import { nonce, utc } from '../../../src/base/env.ts'
import { pumpId } from '../../../src/base/pump-id.ts'
import type {
  Driver,
  DriverCounters,
  DriverKind,
  DriverOptions,
} from '../../../src/drivers/driver.ts'
import type { BridgeEvent, EventHead, PumpIdentity } from '../../../src/model/event.ts'
import type { JsonObject } from '../../../src/model/json.ts'
import { isUnread } from '../../../src/model/reading.ts'
import type { LinkCause } from '../../../src/model/statement.ts'
import { statement } from '../../../src/model/statement.ts'
import { deviceTimeText } from '../../../src/model/value.ts'
import { PortError, type WandPort } from '../../../src/transport/port.ts'
import { bodyOf, CAN_READ, decoder, liveOf } from './decoder.ts'
import { ADDRESSES, type Address, QUESTIONS, type Question, question, readLine } from './wire.ts'

/** Its coils speak twice a second: after this silence the port is lost. */
const QUIET_MS = 3_000
const ANSWER_MS = 1_000
const LONGEST = 80
const RETRY_MS = 1_000
/** So long a wand must lie well before it is read. */
const PLACED_MS = 2_000
const LIVE_FOR_MS = 3_000
const LIVE_QUESTIONS: readonly Question[] = ['PUMP', 'VOL', 'RATE', 'ALRM', 'CLK']

interface Wand {
  readonly address: Address
  readonly port: string
  serial: string | null
  near: boolean
  nearSince: number
  wanted: boolean
  readSince: boolean
  pump: PumpIdentity | null
  readAt: number
}

class AsciiDriver implements Driver {
  readonly counters: DriverCounters = {
    ...{ opens: 0, bytesIn: 0, bytesOut: 0, requests: 0, retries: 0, 'no-answer': 0, held: 0 },
    ...{ accepted: { frames: 0, bytes: 0 }, discarded: {} },
  }
  readonly #o: DriverOptions
  readonly #wands: readonly Wand[]
  #port: WandPort | null = null
  #link = 0
  #text = ''
  #heardAt = 0
  /** When the newest question was sent: the implant has answered it no earlier. */
  #askedAt = 0
  #stopped = false
  #answered: ((line: string | null) => void) | null = null
  #waiting: string | null = null

  constructor(options: DriverOptions) {
    this.#o = options
    this.#wands = ADDRESSES.map((address) => ({
      ...{ address, port: `${options.port.path}#${address}`, serial: null, near: false },
      ...{ nearSince: 0, wanted: false, readSince: false, pump: null, readAt: 0 },
    }))
  }

  start(): void {
    void this.#live()
  }

  read(port?: string): void {
    for (const wand of this.#wands) if (port === undefined || wand.port === port) wand.wanted = true
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#answered?.(null)
    await this.#port?.close()
    for (const wand of this.#wands) this.#tellLink(wand, 'stopped', 'stopped', false)
  }

  #head(wand: Wand): EventHead {
    const { env, source, shared } = this.#o
    return {
      ...{ order: shared.nextOrder(), port: wand.port, wand: wand.serial, link: this.#link },
      ...{ session: null, snapshot: null, source },
      ...{ receivedAt: utc(env.wall()), mono: env.monotonic() },
    }
  }

  #tell(event: BridgeEvent): void {
    this.#o.event(event)
  }

  #tellLink(wand: Wand, phase: string, cause: LinkCause, connected: boolean, text?: string): void {
    const why = text === undefined ? null : statement('why.port', { text })
    this.#tell({ ...this.#head(wand), kind: 'link', phase, cause, connected, why })
  }

  /** Connections, one after another, until it is stopped. */
  async #live(): Promise<void> {
    while (!this.#stopped) {
      const port = this.#o.port.create()
      let over = false
      this.#link = nonce(this.#o.env)
      for (const wand of this.#wands) this.#tellLink(wand, 'opening', 'start', false)
      try {
        await port.open({
          data: (bytes) => this.#heard(bytes),
          ended: () => {
            over = true
            this.#answered?.(null)
          },
        })
        this.#port = port
        this.counters.opens += 1
        await this.#connection(() => over)
        for (const wand of this.#wands) {
          wand.serial = null
          wand.near = false
          if (!this.#stopped)
            this.#tellLink(wand, 'waiting', over ? 'port-gone' : 'no-answer', false)
        }
      } catch (error) {
        if (!(error instanceof PortError)) throw error
        for (const wand of this.#wands)
          this.#tellLink(wand, 'waiting', 'cannot-open', false, error.message)
      }
      this.#drop()
      this.#port = null
      await port.close()
      await this.#sleep(RETRY_MS)
    }
  }

  async #connection(over: () => boolean): Promise<void> {
    const { env } = this.#o
    this.#heardAt = env.monotonic()
    for (const wand of this.#wands) this.#tellLink(wand, 'greeting', 'opened', true)
    while (!over() && !this.#stopped) {
      if (env.monotonic() - this.#heardAt > QUIET_MS) return
      for (const wand of this.#wands) await this.#serve(wand)
      await this.#sleep(100)
    }
  }

  /** What a wand needs next. */
  async #serve(wand: Wand): Promise<void> {
    if (wand.serial === null) return this.#introduce(wand)
    const { policy, env, liveMs = 1_000 } = this.#o
    const placed = wand.near && env.monotonic() - wand.nearSince >= PLACED_MS
    const read = wand.wanted ? wand.near : placed && policy !== 'manual' && !wand.readSince
    if (read) return this.#reading(wand)
    const due = env.monotonic() - wand.readAt >= liveMs
    if (policy === 'continuous' && wand.near && wand.pump && due) await this.#again(wand)
  }

  async #introduce(wand: Wand): Promise<void> {
    const line = await this.#ask(wand, 'ID')
    if (line === null) return
    const [serial = '', model = '', firmware = ''] = readLine(line)?.rest.split(';') ?? []
    wand.serial = serial
    this.#tellLink(wand, 'watching', 'wand-answered', true)
    this.#tell({ ...this.#head(wand), kind: 'wand', model, firmware, lastEnd: 'none' })
  }

  async #questions(wand: Wand, what: readonly Question[]): Promise<string[] | null> {
    const lines: string[] = []
    for (const one of what) {
      const line = await this.#ask(wand, one)
      if (line === null || readLine(line)?.rest === 'NONE') return null
      lines.push(line)
    }
    return lines
  }

  async #reading(wand: Wand): Promise<void> {
    const { env, source } = this.#o
    const saidAt = env.monotonic()
    const lines = await this.#questions(wand, QUESTIONS)
    const pdus = lines?.map((line) => Buffer.from(line, 'latin1'))
    const body = pdus ? bodyOf(pdus) : null
    wand.wanted = false
    if (!pdus || !body) {
      const why = statement('read.pump-silent')
      this.#tell({ ...this.#head(wand), kind: 'read-failed', why, final: false })
      return
    }
    wand.readSince = true
    const { serial, model, firmware } = body.identity as unknown as Record<string, string>
    const id = pumpId(source, serial ?? '', model ?? null)
    const pump = { id, serial: serial ?? '', model: model ?? null, firmware: firmware ?? null }
    wand.pump = pump
    const head = this.#head(wand)
    const answered = { answeredAt: this.#askedAt, liveForMs: LIVE_FOR_MS }
    this.#tell({ ...head, kind: 'recognised', pump, ...answered })
    const seconds = isUnread(body.clock) ? null : body.clock.deviceTime
    const deviceTime = seconds === null ? null : deviceTimeText(seconds)
    const at = { deviceTime, receivedAt: head.receivedAt }
    const offsetS = deviceTime === null ? null : (Date.parse(`${deviceTime}Z`) - env.wall()) / 1_000
    this.#tell({
      ...{ ...this.#head(wand), kind: 'reading', pump, saidAt, ...answered, contradicted: false },
      values: decoder.reading(body, at),
      evidence: { decoder: decoder.name, pdus, body: body as unknown as JsonObject },
      clock: {
        ...{ deviceTime, hostTime: head.receivedAt },
        ...{
          offsetS: offsetS === null ? null : Math.round(offsetS * 10) / 10 + 0,
          uncertaintyS: null,
        },
      },
    })
    wand.readAt = env.monotonic()
  }

  /** What moves, asked again; a pump that is another one is read anew. */
  async #again(wand: Wand): Promise<void> {
    const { env } = this.#o
    const answeredAt = env.monotonic()
    const lines = await this.#questions(wand, LIVE_QUESTIONS)
    wand.readAt = env.monotonic()
    const pdus = lines?.map((line) => Buffer.from(line, 'latin1'))
    const body = pdus ? bodyOf(pdus) : null
    if (!pdus || !body || !wand.pump) return
    if ((body.identity as { serial: string }).serial !== wand.pump.serial) {
      wand.readSince = false
      return
    }
    const seconds = isUnread(body.clock) ? null : body.clock.deviceTime
    const deviceTime = seconds === null ? null : deviceTimeText(seconds)
    const head = this.#head(wand)
    const live = liveOf(body)
    this.#tell({
      ...{ ...head, kind: 'live', pump: wand.pump, answeredAt, liveForMs: LIVE_FOR_MS },
      ...decoder.live(live, { deviceTime, receivedAt: head.receivedAt }),
      ...{ deviceTime, evidence: { decoder: decoder.name, pdus, body: live } },
    })
  }

  /** The line that answers, or null. One question is on its way at a time, to one wand. */
  async #ask(wand: Wand, what: Question): Promise<string | null> {
    const bytes = Buffer.from(question(wand.address, what), 'latin1')
    this.#waiting = `=${wand.address} ${what} `
    const answer = new Promise<string | null>((resolve) => {
      const cancel = this.#o.env.after(ANSWER_MS, () => {
        this.counters['no-answer'] += 1
        resolve(null)
      })
      this.#answered = (line) => {
        cancel()
        resolve(line)
      }
    })
    this.counters.requests += 1
    this.counters.bytesOut += bytes.length
    this.#askedAt = this.#o.env.monotonic()
    this.#port?.write(bytes)
    const line = await answer
    this.#answered = null
    this.#waiting = null
    return line
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#o.env.after(ms, resolve))
  }

  #heard(bytes: Uint8Array): void {
    this.counters.bytesIn += bytes.length
    this.#text += Buffer.from(bytes).toString('latin1')
    for (let at = this.#text.indexOf('\n'); at >= 0; at = this.#text.indexOf('\n')) {
      const text = this.#text.slice(0, at + 1)
      this.#text = this.#text.slice(at + 1)
      this.#line(text)
    }
    // A line that does not end is none: nothing is held for ever.
    if (this.#text.length > LONGEST) this.#drop()
    this.counters.held = this.#text.length
  }

  /** What is held is no line: there are too many bytes of it, or its connection has ended. */
  #drop(): void {
    if (this.#text.length > 0) {
      const count = this.#discarded()
      count.frames += 1
      count.bytes += this.#text.length
    }
    this.#text = ''
    this.counters.held = 0
  }

  #line(text: string): void {
    const line = text.trimEnd()
    const read = readLine(line)
    const count = read ? this.counters.accepted : this.#discarded()
    count.frames += 1
    count.bytes += text.length
    const wand = this.#wands.find(({ address }) => address === read?.from) ?? this.#wands[0]
    if (!wand) return
    if (!read) {
      const refused = { reason: 'checksum', frames: 1, bytes: text.length }
      this.#tell({ ...this.#head(wand), kind: 'refused', ...refused })
      return
    }
    this.#heardAt = this.#o.env.monotonic()
    if (read.mark === '!') this.#sensed(wand, read.what === 'NEAR', Number(read.rest) || 0)
    else if (this.#waiting !== null && line.startsWith(this.#waiting)) this.#answered?.(line)
  }

  #discarded() {
    this.counters.discarded['checksum'] ??= { frames: 0, bytes: 0 }
    return this.counters.discarded['checksum']
  }

  #sensed(wand: Wand, near: boolean, coupling: number): void {
    const changed = near !== wand.near
    if (changed && near) wand.nearSince = this.#o.env.monotonic()
    if (changed) wand.readSince = wand.readSince && near
    wand.near = near
    this.#tell({
      ...{ ...this.#head(wand), kind: 'contact', fresh: near, changed, loss: 'implant-lost' },
      ...{ heardAt: near ? this.#o.env.monotonic() : null, atLeast: false, coupling },
      ...{ position: near ? 'good' : 'no-implant', operation: null, progress: null },
    })
  }
}

export const asciiWand: DriverKind = {
  name: 'ascii-wand',
  fingerprints: ['a serial port on which lines that begin with !A or !B come unasked'],
  framing: 'lines of text, each with the sum of its characters modulo 97',
  can: { blocks: CAN_READ, session: false, live: true, severalOnPort: true },
  confirms: 'every answer but ID is fetched from the implant; NONE is said when it does not answer',
  decoder,
  sends: [{ what: 'a question', pattern: /^\?[AB] (?:ID|PUMP|VOL|RATE|DRUG|ALRM|CLK)\*\d\d\r$/ }],
  quietMs: QUIET_MS,
  create: (options) => new AsciiDriver(options),
}
