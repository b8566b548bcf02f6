// The wand's firmware: requests in, replies out, judged in the order of README.md §9.2 of the
// protocol, remembered as in §9.3. What it does on air is telemetry.ts.
//
// Pure: no timers and no I/O. Its owner calls `advanceTo` when `nextEventAt` has come, and before
// anything around the wand is changed. Times are milliseconds on the wand's owner's clock.

import {
  Code,
  type CodeName,
  decodePdu,
  encodePdu,
  FLAG_REPLY,
  FLAG_SIMULATOR,
  MAJOR,
  type Pdu,
} from '../../protocol/codec/pdu.ts'
import { parse } from '../../protocol/codec/struct.ts'
import { BLOCK_NAMES } from '../../protocol/fields/blocks.ts'
import {
  isForbiddenType,
  MESSAGES,
  type MessageName,
  messageOfType,
} from '../../protocol/messages/index.ts'
import { Timing } from '../../protocol/timing.ts'
import type { Air } from '../air/air.ts'
import { payloadOf, type WandView } from './replies.ts'
import { type AirOperation, type Freeze, type Holder, type Store, Telemetry } from './telemetry.ts'

export interface WandOptions {
  readonly serial: string
  readonly air: Air
  /** Survives restarts; the wand writes into it. */
  readonly store?: Store
  readonly leaseMs?: number
  /** What it keeps of a snapshot; all of it if not given. */
  readonly freeze?: Freeze
}

/** An exchange that is remembered: how it was asked, and its answer, null while it runs. */
interface Remembered {
  readonly seq: number
  readonly type: number
  reply: Uint8Array | null
}

interface Path {
  link: number
  /** The last exchange without air work. */
  plain: Remembered | null
  /** The last air operation that was begun. */
  air: Remembered | null
}

/** A request as it came, of whatever version. */
type Request = Pick<Pdu, 'type' | 'seq' | 'link'>

export type { Store } from './telemetry.ts'

export function emptyStore(): Store {
  return { boot: 0, lastSession: 0, lastEnd: 'none' }
}

export class Wand {
  readonly serial: string
  readonly store: Store
  readonly #air: Air
  readonly #leaseMs: number
  readonly #freeze: Freeze
  readonly #paths = new Map<string, Path>()
  #telemetry: Telemetry
  #now = 0
  #startedAt = 0
  #hostRefused = 0

  constructor(options: WandOptions) {
    this.serial = options.serial
    this.store = options.store ?? emptyStore()
    this.#air = options.air
    this.#leaseMs = options.leaseMs ?? Timing.LEASE_MS
    this.#freeze = options.freeze ?? ((read) => read)
    this.#telemetry = this.#start()
  }

  /** The next time at which `advanceTo` does something; infinite = never, as things are. */
  get nextEventAt(): number {
    return this.#telemetry.nextEventAt
  }

  advanceTo(ms: number): void {
    if (ms <= this.#now) return
    this.#telemetry.advanceTo(ms)
    this.#now = ms
  }

  /** Power off and on. No session is open afterwards; the implant has not been told. */
  restart(): void {
    this.#paths.clear()
    this.#hostRefused = 0
    this.#startedAt = this.#now
    this.#telemetry = this.#start()
  }

  /** What came over a path and was no request: a damaged line or report. */
  refused(): void {
    this.#hostRefused += 1
  }

  /** The bytes of a PDU from the host; the bytes of the reply, or null where there is none (§9.2 line 1). */
  receive(path: string, raw: Uint8Array, ms: number): Uint8Array | null {
    this.advanceTo(ms)
    const pdu = decodePdu(raw)
    const whole = typeof pdu !== 'string' || pdu === 'version'
    // A reply, such as its own on a cable that echoes, is answered in no version: the answer would echo, too.
    if (!whole || ((raw[2] as number) & FLAG_REPLY) !== 0) {
      this.refused()
      return null
    }
    return typeof pdu === 'string' ? this.#otherVersion(path, raw) : this.#judge(path, pdu)
  }

  #start(): Telemetry {
    this.store.boot += 1
    if (this.store.lastEnd === 'still-open') this.store.lastEnd = 'wand-restarted'
    return new Telemetry(this.#air, this.store, this.#leaseMs, this.#now, this.#freeze)
  }

  #otherVersion(name: string, raw: Uint8Array): Uint8Array {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
    const request = {
      type: view.getUint8(1),
      seq: view.getUint16(4, true),
      link: view.getUint32(8, true),
    }
    return this.#reply(name, request, 'VERSION', payloadOf('HELLO', this.#view()))
  }

  #judge(name: string, pdu: Pdu): Uint8Array {
    if (isForbiddenType(pdu.type)) return this.#reply(name, pdu, 'REFUSED')
    if (pdu.code !== 0 || pdu.link === 0) return this.#reply(name, pdu, 'BAD_REQUEST')
    const message = messageOfType(pdu.type)
    if (!message) return this.#reply(name, pdu, 'UNKNOWN_TYPE')
    const known = this.#paths.get(name)?.link === pdu.link
    if (!known && message !== 'HELLO') return this.#reply(name, pdu, 'WRONG_LINK')
    // A HELLO that is none opens no link, and takes no session from the one there is.
    if (!known && !parse(MESSAGES.HELLO.request, pdu.payload)) {
      return this.#reply(name, pdu, 'BAD_REQUEST')
    }
    const path = this.#pathOf(name, pdu.link)
    this.#telemetry.renew({ path: name, link: pdu.link })
    const before = [path.plain, path.air].find((exchange) => exchange?.seq === pdu.seq)
    if (before) {
      if (before.type !== pdu.type) return this.#reply(name, pdu, 'BAD_REQUEST')
      return before.reply ?? this.#reply(name, pdu, 'PENDING')
    }
    const refusal = this.#refusal(message, pdu, { path: name, link: pdu.link })
    if (!refusal && MESSAGES[message].air)
      return this.#beginAir(name, path, message as AirOperation, pdu)
    const reply = refusal
      ? this.#reply(name, pdu, refusal)
      : this.#reply(name, pdu, 'OK', payloadOf(message, this.#view(), pdu.payload))
    path.plain = { seq: pdu.seq, type: pdu.type, reply }
    return reply
  }

  /** The path, with `link` as its link from now on. */
  #pathOf(name: string, link: number): Path {
    const path = this.#paths.get(name)
    if (path?.link === link) return path
    const fresh: Path = { link, plain: null, air: null }
    this.#paths.set(name, fresh)
    this.#telemetry.orphan(name)
    return fresh
  }

  /** Lines 9 to 12 of the order of judgement, or null. */
  #refusal(message: MessageName, pdu: Pdu, holder: Holder): CodeName | null {
    const { air, session, request } = MESSAGES[message]
    const telemetry = this.#telemetry
    const fields = parse(request, pdu.payload) as {
      snapshot?: number
      block?: number
      offset?: number
    } | null
    const kept = telemetry.snapshot?.number === fields?.snapshot ? telemetry.snapshot : null
    if (!fields) return 'BAD_REQUEST'
    if (message === 'BLOCK') {
      if (!BLOCK_NAMES[fields.block ?? -1]) return 'BAD_REQUEST'
      const block = kept?.blocks.find((entry) => entry.block === fields.block)
      if (kept && (fields.offset ?? 0xffff) >= (block?.bytes.length ?? 0)) return 'BAD_REQUEST'
    }
    if (session && (pdu.session === 0 || pdu.session !== telemetry.heldBy(holder)))
      return 'NO_SESSION'
    const mayCut = message === 'CLOSE' && telemetry.worksFor(holder)
    if (air && telemetry.busy && !mayCut) return 'BUSY'
    if (message === 'OPEN' && telemetry.sessionOpen) return 'BUSY'
    if ((message === 'SNAPSHOT' || message === 'BLOCK') && !kept) return 'SNAPSHOT_GONE'
    return null
  }

  #beginAir(name: string, path: Path, message: AirOperation, pdu: Pdu): Uint8Array {
    const exchange: Remembered = { seq: pdu.seq, type: pdu.type, reply: null }
    if (this.#telemetry.busy) this.#telemetry.giveWay()
    path.air = exchange
    this.#telemetry.begin(message, { path: name, link: pdu.link }, (code, fields) => {
      const payload =
        code === 'OK' ? payloadOf(message, this.#view(), undefined, fields) : undefined
      exchange.reply = this.#reply(name, pdu, code, payload)
    })
    return this.#reply(name, pdu, 'PENDING')
  }

  #reply(
    path: string,
    request: Request,
    code: CodeName,
    payload: Uint8Array = new Uint8Array(0),
  ): Uint8Array {
    return encodePdu({
      major: MAJOR,
      type: request.type,
      flags: FLAG_REPLY | FLAG_SIMULATOR,
      code: Code[code],
      seq: request.seq,
      link: request.link,
      session: this.#telemetry.heldBy({ path, link: request.link }),
      payload,
    })
  }

  #view(): WandView {
    return {
      serial: this.serial,
      leaseMs: this.#leaseMs,
      store: this.store,
      now: this.#now,
      uptimeS: Math.floor((this.#now - this.#startedAt) / 1000),
      hostRefused: this.#hostRefused,
      radio: this.#telemetry.radio.counters,
      moment: this.#telemetry.moment,
      snapshot: this.#telemetry.snapshot,
    }
  }
}
