// The byte stream of one serial connection as PDUs: guard → parser-readline → hex → PDU. Host and
// simulated wand use the same stream, one fresh instance per connection, never reused.
//
// Conservation: bytes pushed = bytes of the lines reported as `pdu` + bytes reported as `discarded`
// + `held`; `held` is 0 after `close`.
import { ReadlineParser } from '@serialport/parser-readline'
import { decodePdu } from '../codec/pdu.ts'
import { type FrameDecoder, type FrameSink, type Framing, otherVersion } from './framing.ts'
import { decodeLine, encodeLine, LineGuard } from './serial-line.ts'

/** PDUs as lines of text. */
export const LINES: Framing = {
  name: 'line',
  frameSize: null,
  encoder: () => (pdu) => [Buffer.from(encodeLine(pdu), 'latin1')],
  decoder: (sink) => new LineStream(sink),
  peekVersion(frames) {
    const raw = decodeLine(Buffer.from(frames).toString('latin1'))
    return typeof raw === 'string' ? null : otherVersion(raw)
  },
}

export class LineStream implements FrameDecoder {
  readonly #guard: LineGuard
  readonly #parser = new ReadlineParser({
    delimiter: '\n',
    includeDelimiter: true,
    encoding: 'latin1',
  })
  readonly #sink: FrameSink

  constructor(sink: FrameSink) {
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
