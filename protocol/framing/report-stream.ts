// The reports of one HID connection as PDUs. Host and simulated wand use the same stream, one fresh
// instance per connection, never reused; the counterpart of line-stream.ts.
//
// A PDU is put together only from reports whose counters follow each other without a gap and that
// agree on tag and count. So a report that was dropped or came out of order costs the PDU it belongs
// to, and two PDUs cannot be spliced. A report with index 0 starts afresh whatever its counter says,
// so no damage outlives its PDU.
//
// Conservation: reports pushed = reports of the PDUs reported as `pdu` + reports reported as
// `discarded` + `held`; `held` is 0 after `close`. The same holds in bytes. Bytes that are passed on are the
// stream's own: who pushed may reuse his.
import { decodeHeader } from '../codec/pdu.ts'
import {
  type FrameDecoder,
  type FrameSink,
  type Framing,
  type FramingFault,
  otherVersion,
} from './framing.ts'
import {
  dataOf,
  MAX_OUTSTANDING,
  MAX_REPORTS,
  REPORT_SIZE,
  type Report,
  ReportEncoder,
  readReport,
} from './hid-report.ts'

/** PDUs as reports of a HID interface. */
export const REPORTS: Framing = {
  name: 'report',
  frameSize: REPORT_SIZE,
  encoder() {
    const encoder = new ReportEncoder()
    return (pdu) => reportsOf(encoder.encode(pdu))
  },
  decoder: (sink) => new ReportStream(sink),
  peekVersion: (frames) => otherVersion(dataOf(frames)),
}

/** Reports that stand one behind the other. */
function reportsOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / REPORT_SIZE)
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * REPORT_SIZE, (i + 1) * REPORT_SIZE),
  )
}

export interface ReportStreamSink extends FrameSink {
  /** The counter jumped ahead: so many reports never arrived (or will arrive too late to count). */
  missing?(reports: number): void
}

export class ReportStream implements FrameDecoder {
  readonly #sink: ReportStreamSink
  /** Counter of the newest well-formed report. */
  #newest = -1
  /** The reports of a PDU that is not complete yet, one behind the other. */
  readonly #partial = new Uint8Array(MAX_REPORTS * REPORT_SIZE)
  #reports = 0
  /** The newest reports by the low bits of their counter: what a repeated report is known by. */
  readonly #recent = new Uint8Array(MAX_OUTSTANDING * REPORT_SIZE)

  constructor(sink: ReportStreamSink) {
    this.#sink = sink
  }

  /** Bytes held back: the reports of a PDU that is not complete yet. */
  get held(): number {
    return this.#reports * REPORT_SIZE
  }

  /** Whole reports. Bytes behind the last whole report are refused, not kept for the next call. */
  push(chunk: Uint8Array): void {
    if (chunk.length === REPORT_SIZE) {
      this.#report(chunk)
      return
    }
    // Parts of a Buffer would be Buffers, which take longer to make.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
    for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
      this.#report(bytes.subarray(at, at + REPORT_SIZE))
    }
  }

  /** The connection is gone: whatever is held is refused as truncated. */
  close(): void {
    this.#drop('truncated')
  }

  #report(wire: Uint8Array): void {
    const report = readReport(wire)
    if (report === null) this.#refuse(wire.length < REPORT_SIZE ? 'truncated' : 'noise', wire)
    else if (!this.#remember(report, wire)) this.#refuse('repeated', wire)
    else {
      const follows = this.#follows(report)
      if (!follows) this.#drop('out-of-sequence')
      if (follows || report.index === 0) this.#take(report, wire)
      else this.#refuse('out-of-sequence', wire)
    }
  }

  #refuse(reason: FramingFault, wire: Uint8Array): void {
    this.#sink.discarded(reason, new Uint8Array(wire))
  }

  /** False = this very report came last with such a counter. No report has a count of 0, as an empty place has. */
  #remember({ counter }: Report, wire: Uint8Array): boolean {
    const place = (counter % MAX_OUTSTANDING) * REPORT_SIZE
    if (stands(wire, this.#recent, place)) return false
    this.#recent.set(wire, place)
    return true
  }

  /** Whether `report` is the one that the PDU in hand waits for. Notes the jump of the counter. */
  #follows({ counter, index, count, tag }: Report): boolean {
    const jump = this.#newest < 0 ? 0 : (counter - this.#newest - 1) & 0xff
    this.#newest = counter
    if (jump > 0 && jump < 128) this.#sink.missing?.(jump)
    if (jump !== 0 || index === 0 || index !== this.#reports) return false
    const [, place = 0, , first] = this.#partial
    return tag === first && count === (place & 0x0f)
  }

  #take({ count }: Report, wire: Uint8Array): void {
    if (count === 1) {
      this.#pdu(wire)
      return
    }
    this.#partial.set(wire, this.held)
    this.#reports += 1
    if (this.#reports === count) this.#pdu(this.#taken())
  }

  /** The reports of a whole PDU. */
  #pdu(reports: Uint8Array): void {
    const raw = dataOf(reports)
    const header = decodeHeader(raw)
    if (typeof header === 'string') this.#refuse(header, reports)
    else this.#sink.pdu(header, raw, reports.length)
  }

  #drop(reason: FramingFault): void {
    if (this.#reports > 0) this.#sink.discarded(reason, this.#taken())
  }

  #taken(): Uint8Array {
    const reports = this.#partial.slice(0, this.held)
    this.#reports = 0
    return reports
  }
}

/** Whether `report` is what stands in `reports` at `at`. */
function stands(report: Uint8Array, reports: Uint8Array, at: number): boolean {
  for (let i = 0; i < REPORT_SIZE; i += 1) if (reports[at + i] !== report[i]) return false
  return true
}
