// What a link reports, as events with typed values. One interpreter per wand; what it remembers is
// who the wand is and which session is open.
import { codeName } from '../../../protocol/fields/field.ts'
import { Hello } from '../../../protocol/messages/hello.ts'
import { Ping } from '../../../protocol/messages/ping.ts'
import type {
  BridgeEvent,
  ClockReading,
  EventHead,
  ReadingEvent,
  Stamp,
} from '../../model/event.ts'
import type { JsonObject } from '../../model/json.ts'
import { isUnread, type Source } from '../../model/reading.ts'
import { statement } from '../../model/statement.ts'
import { deviceTimeText } from '../../model/value.ts'
import type { Count, Shared } from '../driver.ts'
import { decoder, deviceTimeOf } from './decoder.ts'
import { misnamed, nameOf, serialOf } from './identity.ts'
import type { LinkNews } from './link-state.ts'
import { isConnected } from './table.ts'
import { liveBound, TIMING } from './timing.ts'

export class Interpreter {
  readonly #port: string
  readonly #source: Source
  readonly #shared: Shared
  readonly #liveMs: number
  #wand: string | null = null
  #session: number | null = null
  #snapshot: number | null = null
  #fresh = false
  /** Bytes refused since the port was opened. */
  #refused = 0

  /** `liveMs`: between two LIVE exchanges of a session that is held. */
  constructor(port: string, source: Source, shared: Shared, liveMs: number = TIMING.liveMs) {
    this.#liveMs = liveMs
    this.#port = port
    this.#source = source
    this.#shared = shared
  }

  /** Events of one piece of news, in order. */
  interpret(news: LinkNews, link: number, at: Stamp): BridgeEvent[] {
    const head = () => this.#head(link, at)
    switch (news.kind) {
      case 'phase': {
        const connected = isConnected(news.phase)
        const { phase, cause } = news
        // Something is there, and it is not silent.
        const bytes = this.#refused
        const noise = cause === 'no-answer' && bytes > 0
        const why = news.why ?? (noise ? statement('why.refused-bytes', { bytes }) : null)
        const event: BridgeEvent = {
          ...head(),
          kind: 'link',
          phase,
          cause,
          why,
          connected,
        }
        // Who it is, each connection must say anew.
        if (cause === 'opened') {
          this.#wand = null
          this.#refused = 0
        }
        if (!connected) this.#forget()
        return [event]
      }
      case 'hello': {
        const { fields } = Hello.reply
        const raw = news.hello.lastEnd
        this.#wand = serialOf(fields.wandSerial, news.hello.wandSerial)
        const model = nameOf(fields.wandModel, news.hello.wandModel)
        const firmware = nameOf(fields.firmware, news.hello.firmware)
        const lastEnd = raw === null ? 'unavailable' : codeName(fields.lastEnd, raw)
        const { wandSerial: serial, wandModel } = fields
        const names = { serial, model: wandModel, firmware: fields.firmware }
        const { hello } = news
        const invalid = misnamed(names, {
          ...{ serial: hello.wandSerial, model: hello.wandModel, firmware: hello.firmware },
        })
        return [{ ...head(), kind: 'wand', model, firmware, lastEnd, ...(invalid && { invalid }) }]
      }
      case 'wand':
        return [{ ...head(), kind: 'health', battery: news.wand.battery }]
      case 'contact': {
        const changed = news.contact.fresh !== this.#fresh
        this.#fresh = news.contact.fresh
        const { fresh, loss, heardAt, atLeast, ping } = news.contact
        const fields = Ping.reply.fields
        const name = (raw: number | null | undefined, field: typeof fields.position) =>
          raw === null || raw === undefined ? null : codeName(field, raw)
        return [
          {
            ...head(),
            kind: 'contact',
            fresh,
            changed,
            loss,
            heardAt,
            atLeast,
            coupling: ping?.coupling ?? null,
            position: name(ping?.position, fields.position),
            operation: name(ping?.operation, fields.operation),
            progress: ping?.progress ?? null,
          },
        ]
      }
      case 'session-open':
        this.#session = news.session.id
        this.#snapshot = null
        return [
          {
            ...head(),
            kind: 'session-open',
            pump: news.session.pump,
            ...this.#answered(news.answeredAt),
          },
        ]
      case 'recognised':
        return [
          {
            ...head(),
            kind: 'recognised',
            pump: news.session.pump,
            ...this.#answered(news.answeredAt),
          },
        ]
      case 'unclosed': {
        const unclosed = news.unclosed.map(({ why, session, pump }) => {
          return { why, session, pump: pump?.serial ?? null, ...statement(`unclosed.${why}`) }
        })
        return [{ ...head(), kind: 'unclosed', unclosed }]
      }
      case 'outdated':
        return [{ ...head(), kind: 'outdated', pump: news.session.pump, why: news.why }]
      case 'session-end': {
        const event: BridgeEvent = {
          ...head(),
          session: news.session.id,
          kind: 'session-end',
          pump: news.session.pump,
          how: news.how,
        }
        this.#session = null
        this.#snapshot = null
        return [event]
      }
      case 'read-failed':
        return [{ ...head(), kind: 'read-failed', why: news.why, final: news.final }]
      case 'snapshot':
        return this.#reading(news, link, at)
      case 'live':
        return [this.#live(news, link, at)]
    }
  }

  /** Refused bytes, as the link counted them. */
  refused(reason: string, { frames, bytes }: Count, link: number, at: Stamp): BridgeEvent {
    this.#refused += bytes
    return { ...this.#head(link, at), kind: 'refused', reason, frames, bytes }
  }

  #head(link: number, at: Stamp): EventHead {
    return {
      order: this.#shared.nextOrder(),
      port: this.#port,
      wand: this.#wand,
      link,
      session: this.#session,
      snapshot: this.#snapshot,
      source: this.#source,
      receivedAt: new Date(at.wall).toISOString(),
      mono: at.mono,
    }
  }

  #answered(answeredAt: number) {
    return { answeredAt, liveForMs: liveBound(this.#liveMs) }
  }

  #forget(): void {
    this.#session = null
    this.#snapshot = null
    this.#fresh = false
  }

  #reading(news: Extract<LinkNews, { kind: 'snapshot' }>, link: number, at: Stamp): BridgeEvent[] {
    const { read, session } = news
    this.#snapshot = read.snapshot
    const head = this.#head(link, at)
    const { pump } = session
    const body = read.blocks as unknown as JsonObject
    const deviceTime = deviceTimeOf(read.blocks)
    const text = deviceTime === null ? null : deviceTimeText(deviceTime)
    const readAt = { deviceTime: text, receivedAt: head.receivedAt }
    const reading: ReadingEvent = {
      ...head,
      session: session.id,
      kind: 'reading',
      pump,
      saidAt: read.began.earliest,
      ...this.#answered(read.ended.earliest),
      contradicted: news.contradicted,
      values: decoder.reading(body, readAt),
      evidence: { decoder: decoder.name, pdus: read.pdus, body },
      clock: clockOf(news, at),
    }
    return [reading]
  }

  #live(news: Extract<LinkNews, { kind: 'live' }>, link: number, at: Stamp): BridgeEvent {
    const head = this.#head(link, at)
    const { live, session } = news
    const deviceTime = live.deviceTime === null ? null : deviceTimeText(live.deviceTime)
    const readAt = { deviceTime, receivedAt: head.receivedAt }
    return {
      ...head,
      session: session.id,
      kind: 'live',
      pump: session.pump,
      ...this.#answered(news.answeredAt),
      ...decoder.live(live, readAt),
      deviceTime,
      evidence: { decoder: decoder.name, pdus: [news.raw], body: live },
    }
  }
}

/**
 * The pump's clock against this computer's. The wand says how long before the end of the reading the
 * clock was asked, and the link between which moments the reading ended.
 */
function clockOf(news: Extract<LinkNews, { kind: 'snapshot' }>, at: Stamp): ClockReading {
  const { clock } = news.read.blocks
  const { deviceTime, ageMs } = isUnread(clock) ? { deviceTime: null, ageMs: null } : clock
  const { earliest, latest } = news.read.ended
  const middle = (earliest + latest) / 2 - (ageMs ?? 0)
  const hostWall = at.wall + (middle - at.mono)
  // The pump's clock counts whole seconds, so it is on average half a second behind itself.
  const spread = (latest - earliest) / 2 + 500
  const text = deviceTime === null ? null : deviceTimeText(deviceTime)
  const offset = text === null ? null : (Date.parse(`${text}Z`) + 500 - hostWall) / 1000
  return {
    deviceTime: text,
    hostTime: new Date(Math.round(hostWall)).toISOString(),
    // Zero has no sign here: canonical JSON knows no -0.
    offsetS: offset === null ? null : Math.round(offset * 10) / 10 + 0,
    uncertaintyS: ageMs === null ? null : Math.ceil(spread / 100) / 10,
  }
}
