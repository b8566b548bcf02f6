// The byte stream of one serial connection as PDUs: guard → parser-readline → hex → PDU. Host and
// simulated wand use the same stream, one fresh instance per connection, never reused.
//
// Conservation: bytes pushed = bytes of the lines reported as `pdu` + bytes reported as `discarded`
// + `held`; `held` is 0 after `close`.
import { ReadlineParser } from '@serialport/parser-readline'
import { decodePdu, type Pdu, type PduFault } from '../codec/pdu.ts'
import type { ReportFault } from './hid-report.ts'
import { decodeLine, type LineFault, LineGuard } from './serial-line.ts'

/** Why bytes of either framing, lines or reports, did not become a PDU. */
export type FramingFault = LineFault | ReportFault | PduFault

export interface LineStreamSink {
  /** `wire` is the line as received, CR LF included; `raw` the PDU's bytes. */
  pdu(pdu: Pdu, raw: Uint8Array, wire: number): void
  discarded(reason: FramingFault, bytes: Uint8Array): void
}

export class LineStream {
  readonly #guard: LineGuard
  readonly #parser = new ReadlineParser({
    delimiter: '\n',
    includeDelimiter: true,
    encoding: 'latin1',
  })
  readonly #sink: LineStreamSink

  constructor(sink: LineStreamSink) {
    this.#sink = sink
    this.#parser.on('data', (line: string) => this.#line(line))
    this.#guard = new LineGuard({
      line: (bytes) => void this.#parser.write(Buffer.from(bytes)),
      refused: (reason, bytes) => sink.discarded(reason, bytes),
    })
  }

  get held(): number {
    return this.#guard.held
  }

  push(chunk: Uint8Array): void {
    this.#guard.push(chunk)
  }

  /** Refuses what is held. The parser itself holds nothing: it only ever gets whole lines. */
  close(): void {
    this.#guard.close()
    this.#parser.destroy()
  }

  #line(line: string): void {
    const bytes = decodeLine(line)
    if (typeof bytes === 'string') {
      this.#sink.discarded(bytes, Buffer.from(line, 'latin1'))
      return
    }
    const pdu = decodePdu(bytes)
    if (typeof pdu === 'string') this.#sink.discarded(pdu, Buffer.from(line, 'latin1'))
    else this.#sink.pdu(pdu, bytes, line.length)
  }
}
