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
    for (let at = 0; at < chunk.length; at += REPORT_SIZE) this.#report(chunk, at)
  }

  /** The connection is gone: whatever is held is refused as truncated. */
  close(): void {
    this.#drop('truncated')
  }

  /** What stands in `chunk` at `at`: a report, or less. */
  #report(chunk: Uint8Array, at: number): void {
    const report = readReport(chunk, at)
    if (report === null) {
      this.#refuse(at + REPORT_SIZE > chunk.length ? 'truncated' : 'noise', chunk, at)
    } else if (!this.#remember(report, chunk, at)) this.#refuse('repeated', chunk, at)
    else {
      const follows = this.#follows(report)
      if (!follows) this.#drop('out-of-sequence')
      if (follows || report.index === 0) this.#take(report, chunk, at)
      else this.#refuse('out-of-sequence', chunk, at)
    }
  }

  #refuse(reason: FramingFault, chunk: Uint8Array, at: number): void {
    this.#sink.discarded(reason, copied(chunk, at, at + REPORT_SIZE))
  }

  /** False = this very report came last with such a counter. No report has a count of 0, as an empty place has. */
  #remember({ counter }: Report, chunk: Uint8Array, at: number): boolean {
    const place = (counter % MAX_OUTSTANDING) * REPORT_SIZE
    if (same(this.#recent, place, chunk, at)) return false
    for (let i = 0; i < REPORT_SIZE; i += 1) this.#recent[place + i] = chunk[at + i] as number
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

  #take({ count }: Report, chunk: Uint8Array, at: number): void {
    if (count === 1) {
      this.#pdu(chunk, at, at + REPORT_SIZE)
      return
    }
    this.#partial.set(chunk.subarray(at, at + REPORT_SIZE), this.held)
    this.#reports += 1
    if (this.#reports === count) this.#pdu(this.#taken())
  }

  /** The reports of a whole PDU. */
  #pdu(reports: Uint8Array, from = 0, end = reports.length): void {
    const raw = dataOf(reports, from, end)
    const header = decodeHeader(raw)
    if (typeof header === 'string') this.#sink.discarded(header, copied(reports, from, end))
    else this.#sink.pdu(header, raw, end - from)
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

/** A `slice` of a Buffer would be no copy. */
const copied = (bytes: Uint8Array, from: number, end: number) =>
  new Uint8Array(bytes.subarray(from, end))

/** Whether the same report stands in both. */
function same(a: Uint8Array, atA: number, b: Uint8Array, atB: number): boolean {
  for (let i = 0; i < REPORT_SIZE; i += 1) if (a[atA + i] !== b[atB + i]) return false
  return true
}
