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
import { decodePdu } from '../codec/pdu.ts'
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
  readonly #recent: Uint8Array[] = []

  constructor(sink: ReportStreamSink) {
    this.#sink = sink
  }

  /** Bytes held back: the reports of a PDU that is not complete yet. */
  get held(): number {
    return this.#reports * REPORT_SIZE
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
  #follows({ counter, index, count, tag }: Report): boolean {
    const jump = this.#newest < 0 ? 0 : (counter - this.#newest - 1) & 0xff
    this.#newest = counter
    if (jump > 0 && jump < 128) this.#sink.missing?.(jump)
    if (jump !== 0 || index === 0 || index !== this.#reports) return false
    const [, place = 0, , first] = this.#partial
    return tag === first && count === (place & 0x0f)
  }

  #take({ count }: Report, wire: Uint8Array): void {
    let whole = wire
    if (count > 1) {
      this.#partial.set(wire, this.held)
      this.#reports += 1
      if (this.#reports < count) return
      whole = this.#taken()
    }
    const raw = dataOf(whole)
    const pdu = decodePdu(raw)
    if (typeof pdu === 'string') this.#sink.discarded(pdu, whole)
    else this.#sink.pdu(pdu, raw, whole.length)
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

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a === undefined) return false
  for (let i = 0; i < b.length; i += 1) if (a[i] !== b[i]) return false
  return true
}
