// The byte stream of one serial connection as PDUs: parser-readline → hex → PDU. Host and simulated wand use
// the same stream, one fresh instance per connection, never reused.
//
// The parser cuts the lines. What it does not do is done here, by README.md §5.2: it would hold a line without
// end, and glue one that lost its end to the next. Lines are judged when the parser has done with the bytes, so
// that whoever hears of them may push, close or fail.
//
// Conservation: bytes pushed = bytes of the lines reported as `pdu` + bytes reported as `discarded`
// + `held`; `held` is 0 after `close`. Bytes that are passed on are the stream's own: who pushed may reuse his.
import { ReadlineParser } from '@serialport/parser-readline'
import { decodeHeader } from '../codec/pdu.ts'
import { type FrameDecoder, type FrameSink, type Framing, otherVersion } from './framing.ts'
import { COLON, decodeLine, encodeLine, LINE_MAX } from './serial-line.ts'

/** PDUs as lines of text. */
export const LINES: Framing = {
  name: 'line',
  frameSize: null,
  encoder: () => (pdu) => [Buffer.from(encodeLine(pdu), 'latin1')],
  decoder: (sink) => new LineStream(sink),
  peekVersion(frames) {
    const raw = decodeLine(frames)
    return typeof raw === 'string' ? null : otherVersion(raw)
  },
}

/** Lines as the bytes they are. Streams know null for that; the type of this option has forgotten it. */
const NO_TEXT = null as unknown as BufferEncoding

export class LineStream implements FrameDecoder {
  readonly #parser = new ReadlineParser({
    delimiter: Buffer.of(0x0a),
    includeDelimiter: true,
    encoding: NO_TEXT,
  })
  readonly #sink: FrameSink
  /** Whole lines that are not judged yet. */
  readonly #lines: Buffer[] = []
  /** What is held, or came with the next line, is the rest of an over-long line. */
  #overlong = false
  #closed = false

  constructor(sink: FrameSink) {
    this.#sink = sink
    this.#parser.on('data', (line: Buffer) => this.#lines.push(line))
  }

  /** Bytes of a line that has not ended yet. */
  get held(): number {
    return this.#parser.buffer.length
  }

  push(chunk: Uint8Array): void {
    this.#parser.write(chunk)
    this.#judge()
    const held = this.#parser.buffer
    if (this.#closed) this.close()
    else if (held.length > LINE_MAX || held.indexOf(COLON, 1) > 0) {
      this.#parser.buffer = this.#bounded(held)
    }
  }

  /** The connection is gone: what is held is refused, and so is all that still comes. */
  close(): void {
    this.#closed = true
    const held = this.#bounded(this.#parser.buffer)
    this.#parser.buffer = Buffer.alloc(0)
    this.#refuse(held)
  }

  #judge(): void {
    while (this.#lines.length > 0) this.#line(this.#lines.shift() as Buffer)
  }

  /** A whole line. If it is damaged, a `:` in it starts afresh, and what it starts may be a good one. */
  #line(line: Buffer): void {
    const bytes = this.#overlong || this.#closed ? 'truncated' : decodeLine(line)
    if (typeof bytes !== 'string') {
      const header = decodeHeader(bytes)
      if (typeof header === 'string') this.#sink.discarded(header, line)
      else this.#sink.pdu(header, bytes, line.length)
      return
    }
    const last = this.#bounded(line)
    if (this.#overlong || this.#closed || last[0] !== COLON) this.#refuse(last)
    else if (last.length < line.length) this.#line(last)
    else this.#sink.discarded(bytes, last)
  }

  /** Refuses what of `held` stands before its last `:`, and what is more than may be held; gives the rest. */
  #bounded(held: Buffer): Buffer {
    let rest = held
    for (let at = rest.indexOf(COLON, 1); at > 0; at = rest.indexOf(COLON, 1)) {
      this.#refuse(this.#capped(rest.subarray(0, at)))
      rest = rest.subarray(at)
    }
    return this.#capped(rest)
  }

  #capped(held: Buffer): Buffer {
    let rest = held
    for (; rest.length > LINE_MAX; rest = rest.subarray(LINE_MAX)) {
      this.#overlong = true
      this.#sink.discarded('too-long', rest.subarray(0, LINE_MAX))
    }
    return rest
  }

  #refuse(held: Buffer): void {
    const reason = this.#overlong ? 'too-long' : held[0] === COLON ? 'truncated' : 'noise'
    this.#overlong = false
    if (held.length > 0) this.#sink.discarded(reason, held)
  }
}
