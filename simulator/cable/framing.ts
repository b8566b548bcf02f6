// The wand's own end of a cable: bytes of one connection into PDUs, PDUs into frames. Made anew for
// every opening, so that each starts with empty buffers.
import { REPORT_SIZE, ReportEncoder, readReport } from '../../protocol/framing/hid-report.ts'
import { LineStream, type LineStreamSink } from '../../protocol/framing/line-stream.ts'
import { ReportStream } from '../../protocol/framing/report-stream.ts'
import { decodeLine, encodeLine } from '../../protocol/framing/serial-line.ts'

export interface WandEnd {
  /** The bytes of a PDU, of whatever version; the reply's bytes, or null. */
  receive(raw: Uint8Array): Uint8Array | null
  /** A line or report was no request. */
  refused(): void
}

export class Framing {
  readonly #stream: LineStream | ReportStream
  readonly #encoder = new ReportEncoder()
  readonly #framing: 'line' | 'report'

  /** `reply` gets the frames of each reply, one by one. */
  constructor(framing: 'line' | 'report', wand: WandEnd, reply: (frame: Uint8Array) => void) {
    this.#framing = framing
    const take = (raw: Uint8Array) => {
      const answer = wand.receive(raw)
      if (answer) for (const frame of this.#frames(answer)) reply(frame)
    }
    const sink: LineStreamSink = {
      pdu: (_pdu, raw) => take(raw),
      discarded: (reason, wire) => {
        // Whole, but of another major version: the wand has an answer to that.
        const raw = reason === 'version' ? this.#unframe(wire) : null
        if (raw) take(raw)
        else wand.refused()
      },
    }
    this.#stream = framing === 'line' ? new LineStream(sink) : new ReportStream(sink)
  }

  push(bytes: Uint8Array): void {
    this.#stream.push(bytes)
  }

  #frames(pdu: Uint8Array): Uint8Array[] {
    if (this.#framing === 'line') return [Buffer.from(encodeLine(pdu), 'latin1')]
    return reportsOf(this.#encoder.encode(pdu))
  }

  #unframe(wire: Uint8Array): Uint8Array | null {
    if (this.#framing === 'line') {
      const raw = decodeLine(Buffer.from(wire).toString('latin1'))
      return typeof raw === 'string' ? null : raw
    }
    const parts = reportsOf(wire).map(readReport)
    return Uint8Array.from(parts.flatMap((part) => (part ? [...part.data] : [])))
  }
}

export function reportsOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / REPORT_SIZE)
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * REPORT_SIZE, (i + 1) * REPORT_SIZE),
  )
}
