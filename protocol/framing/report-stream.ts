// The reports of one HID connection as PDUs. Host and simulated wand use the same stream, one fresh
// instance per connection, never reused; the counterpart of line-stream.ts.
//
// A PDU is put together only from reports whose counters follow each other without a gap and that
// agree on tag and count. So a report that was dropped or came out of order costs the PDU it belongs
// to, and two PDUs cannot be spliced. A report with index 0 starts afresh whatever its counter says,
// so no damage outlives its PDU.
//
// Conservation: reports pushed = reports of the PDUs reported as `pdu` + reports reported as
// `discarded` + `held`; `held` is 0 after `close`. The same holds in bytes.
import { join } from '../codec/bytes.ts'
import { decodePdu } from '../codec/pdu.ts'
import {
  type FrameDecoder,
  type FrameSink,
  type Framing,
  type FramingFault,
  otherVersion,
} from './framing.ts'
import {
  MAX_OUTSTANDING,
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
  peekVersion(frames) {
    const parts = reportsOf(frames).map(readReport)
    return otherVersion(join(parts.map((part) => part?.data ?? new Uint8Array())))
  },
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
  #partial: { readonly wire: Uint8Array; readonly report: Report }[] = []
  /** The newest reports by the low bits of their counter: what a repeated report is known by. */
  readonly #recent: Uint8Array[] = []

  constructor(sink: ReportStreamSink) {
    this.#sink = sink
  }

  /** Bytes held back: the reports of a PDU that is not complete yet. */
  get held(): number {
    return this.#partial.length * REPORT_SIZE
  }

  /** Whole reports. Bytes behind the last whole report are refused, not kept for the next call. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += REPORT_SIZE) {
      const wire = chunk.slice(at, at + REPORT_SIZE)
      if (wire.length < REPORT_SIZE) this.#sink.discarded('truncated', wire)
      else this.#report(wire)
    }
  }

  /** The connection is gone: whatever is held is refused as truncated. */
  close(): void {
    this.#drop('truncated')
  }

  #report(wire: Uint8Array): void {
    const report = readReport(wire)
    if (!report) {
      this.#sink.discarded('noise', wire)
      return
    }
    const slot = report.counter % MAX_OUTSTANDING
    if (same(this.#recent[slot], wire)) {
      this.#sink.discarded('repeated', wire)
      return
    }
    this.#recent[slot] = wire
    const follows = this.#follows(report)
    if (!follows) this.#drop('out-of-sequence')
    if (follows || report.index === 0) this.#take(report, wire)
    else this.#sink.discarded('out-of-sequence', wire)
  }

  /** Whether `report` is the one that the PDU in hand waits for. Notes the jump of the counter. */
  #follows(report: Report): boolean {
    const jump = this.#newest < 0 ? 0 : (report.counter - this.#newest - 1) & 0xff
    this.#newest = report.counter
    if (jump > 0 && jump < 128) this.#sink.missing?.(jump)
    const first = this.#partial[0]?.report
    return (
      jump === 0 &&
      first !== undefined &&
      report.index === this.#partial.length &&
      report.tag === first.tag &&
      report.count === first.count
    )
  }

  #take(report: Report, wire: Uint8Array): void {
    this.#partial.push({ wire, report })
    if (this.#partial.length < report.count) return
    const parts = this.#partial
    this.#partial = []
    const raw = join(parts.map((part) => part.report.data))
    const pdu = decodePdu(raw)
    if (typeof pdu === 'string') this.#sink.discarded(pdu, join(parts.map((part) => part.wire)))
    else this.#sink.pdu(pdu, raw, parts.length * REPORT_SIZE)
  }

  #drop(reason: FramingFault): void {
    if (this.#partial.length === 0) return
    const parts = this.#partial
    this.#partial = []
    this.#sink.discarded(reason, join(parts.map((part) => part.wire)))
  }
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.every((byte, i) => byte === b[i]) ?? false
}
