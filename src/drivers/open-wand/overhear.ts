// A link that was captured, followed: the machine with the requests that were sent then instead of its own, and the
// interpreter behind it. It tells what the link told, decoded as this release decodes, and sends nothing.
import { FLAG_REPLAY, type Header } from '../../../protocol/codec/pdu.ts'
import type { FrameDecoder, FrameSink, Framing } from '../../../protocol/framing/framing.ts'
import { REPORT_SIZE } from '../../../protocol/framing/hid-report.ts'
import { LINES } from '../../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../../protocol/framing/report-stream.ts'
import type { Stamp } from '../../model/event.ts'
import type { Source } from '../../model/reading.ts'
import { statement } from '../../model/statement.ts'
import type { PortFact } from '../../transport/port.ts'
import type { Count, Overhearing, OverhearOptions } from '../driver.ts'
import { runsOut } from './agenda.ts'
import { type Draft, draftOf } from './draft.ts'
import { asked, ended, lost, opening } from './hear.ts'
import { Interpreter } from './interpret.ts'
import { initialState, type LinkState } from './link-state.ts'
import { take } from './machine.ts'
import { sourceOf } from './source.ts'
import { isConnected } from './table.ts'
import { happened } from './timing.ts'

interface Streams {
  readonly framing: Framing
  readonly in: FrameDecoder
  readonly out: FrameDecoder
}

export class Overheard implements Overhearing {
  readonly #o: OverhearOptions
  readonly #interpreter: Interpreter
  readonly #refused = new Map<string, Count>()
  #state: LinkState
  #streams: Streams | null = null
  #framing: Framing['name'] | null = null
  /** The mark that its wand has; another one is refused, as it was then. */
  #mark: Source | null
  #last: Stamp | null = null
  /** When the link last did something. */
  #steppedAt = 0
  #receiving = false

  constructor(options: OverhearOptions) {
    const { path, bridge, shared } = options
    const liveMs = bridge?.liveMs ?? undefined
    this.#o = options
    this.#mark = bridge?.source ?? null
    // Of another host nobody knows when it reads: as long as it keeps the session, so does this.
    this.#state = initialState(bridge?.policy ?? 'continuous', 'replay', liveMs)
    this.#interpreter = new Interpreter(path, 'replay', shared, liveMs)
  }

  opened(framing: Framing['name'], at: Stamp): void {
    this.#release(at)
    this.#framing = framing
    const kind = framing === 'line' ? LINES : REPORTS
    const stream = (pdu: FrameSink['pdu'], inwards: boolean) =>
      kind.decoder({
        pdu,
        discarded: (reason, bytes) => {
          if (inwards) this.#discarded(kind, reason, bytes)
        },
      })
    this.#streams = {
      framing: kind,
      in: stream((pdu, raw, wire) => this.#came(pdu, raw, wire), true),
      out: stream((pdu, raw) => this.#do((d) => asked(d, pdu, raw)), false),
    }
  }

  fact(fact: PortFact, at: Stamp): void {
    this.#clocks(at)
    switch (fact.kind) {
      case 'opening':
        this.#do(opening)
        break
      case 'opened':
        this.opened(fact.framing, at)
        break
      case 'ended':
        this.#release(at)
        this.#do((d) => ended(d, fact.how, fact.text))
        break
      case 'in':
      case 'out':
        // Where the beginning of a connection is missing, its framing is seen from its bytes.
        if (!this.#streams) this.opened(this.#framing ?? framingOf(fact.bytes), at)
        this.#receiving = true
        this.#streams?.[fact.kind].push(fact.bytes)
        this.#receiving = false
        this.#tellRefused(at)
        break
      case 'read':
      case 'stop':
        this.#do((d) => take(d, { type: fact.kind }))
        break
    }
    this.wake(at)
  }

  gap(why: string, at: Stamp): void {
    this.#last = at
    if (isConnected(this.#state.phase)) {
      this.#do((d) => lost(d, statement('why.port', { text: why })))
    }
    if (this.#streams) this.opened(this.#streams.framing.name, at)
    // What was cut in two is no noise of the wand.
    this.#refused.clear()
  }

  wakeAt(): number | null {
    const times = runsOut(this.#state, this.#o.bridge !== null).map((item) => item.at)
    // A link sets no timer for less than a millisecond.
    const soonest = this.#steppedAt + 1
    return times.length === 0 ? null : Math.max(soonest, Math.min(...times))
  }

  wake(at: Stamp): void {
    this.#last = at
    if (runsOut(this.#state, this.#o.bridge !== null).some((item) => item.at <= at.mono)) {
      this.#do(() => {})
    }
  }

  /** The computer slept, or its clock was set, or the program had no time: then the link began anew. */
  #clocks(at: Stamp): void {
    const last = this.#last ?? at
    this.#last = at
    if (this.#o.bridge === null || !isConnected(this.#state.phase)) return
    const type = happened(last, at)
    if (type !== null) this.#do((d) => take(d, { type }))
  }

  #came(pdu: Header, raw: Uint8Array, wire: number): void {
    const mark = sourceOf(pdu.flags)
    this.#mark ??= mark
    const flags = mark === this.#mark ? pdu.flags | FLAG_REPLAY : pdu.flags & ~FLAG_REPLAY
    this.#do((d) => take(d, { type: 'pdu', pdu: { ...pdu, flags }, raw, wire }))
  }

  #discarded(framing: Framing, reason: string, bytes: Uint8Array): void {
    this.#refuse(reason, bytes.length)
    if (reason !== 'version') return
    const other = framing.peekVersion(bytes)
    if (other?.link !== this.#state.link) return
    this.#do((d) => take(d, { type: 'other-version', major: other.major }))
  }

  #refuse(reason: string, wire: number): void {
    const { frames, bytes } = this.#refused.get(reason) ?? { frames: 0, bytes: 0 }
    this.#refused.set(reason, { frames: frames + 1, bytes: bytes + wire })
  }

  /** Of bytes that came together once for each reason, and after what they led to. */
  #tellRefused(at: Stamp): void {
    if (this.#receiving) return
    const all = [...this.#refused]
    this.#refused.clear()
    for (const [reason, count] of all) {
      this.#o.event(this.#interpreter.refused(reason, count, this.#state.link, at))
    }
  }

  #do(work: (d: Draft) => void): void {
    const at = this.#last ?? { wall: 0, mono: 0 }
    const d = draftOf(this.#state, at)
    this.#steppedAt = at.mono
    work(d)
    const due = () => runsOut(d.s, this.#o.bridge !== null).find((item) => item.at <= at.mono)
    for (let item = due(); item; item = due()) item.run(d)
    this.#state = d.s
    for (const effect of d.effects) {
      if (effect.do === 'refuse') this.#refuse(effect.reason, effect.wire)
      if (effect.do === 'close-port') this.#release(at)
      if (effect.do !== 'tell') continue
      for (const event of this.#interpreter.interpret(effect.news, effect.link, at)) {
        this.#o.event(event)
      }
    }
  }

  #release(at: Stamp): void {
    const streams = this.#streams
    this.#streams = null
    streams?.out.close()
    streams?.in.close()
    this.#tellRefused(at)
  }
}

/** Reports come whole, and begin with a counter; lines with a colon. */
const framingOf = (bytes: Uint8Array) =>
  bytes.length % REPORT_SIZE === 0 && bytes[0] !== 0x3a ? 'report' : 'line'
