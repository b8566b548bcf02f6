// How PDUs travel: the shape that lines of text (line-stream.ts) and reports of a HID interface
// (report-stream.ts) have in common. Whoever carries, writes or reads frames is given one of the two
// objects and asks it, instead of knowing which one it is.
import { u32At } from '../codec/bytes.ts'
import type { Header, PduFault } from '../codec/pdu.ts'
import type { ReportFault } from './hid-report.ts'
import type { LineFault } from './serial-line.ts'

/** Why bytes of either framing, lines or reports, did not become a PDU. */
export type FramingFault = LineFault | ReportFault | PduFault

export interface FrameSink {
  /** `wire` is the length as received, the framing included; `raw` the PDU's bytes, its payload among them. */
  readonly pdu: (header: Header, raw: Uint8Array, wire: number) => void
  discarded(reason: FramingFault, bytes: Uint8Array): void
}

/**
 * The bytes of one connection as PDUs. Conservation: bytes pushed = bytes of the frames reported as
 * `pdu` + bytes reported as `discarded` + `held`; `held` is 0 after `close`.
 */
export interface FrameDecoder {
  readonly held: number
  push(bytes: Uint8Array): void
  close(): void
}

/** What keeps its place in every major version. */
export interface OtherVersion {
  readonly major: number
  readonly link: number
  /** The bytes of the PDU. */
  readonly raw: Uint8Array
}

export interface Framing {
  readonly name: 'line' | 'report'
  /** Bytes of every frame, whose boundaries the carrier keeps; null = it carries single bytes. */
  readonly frameSize: number | null
  /** Makes what turns PDUs into frames; one for each connection, because frames may be counted. */
  encoder(): (pdu: Uint8Array) => Uint8Array[]
  /** One for each connection, never used again. */
  decoder(sink: FrameSink): FrameDecoder
  /** Of frames that were discarded for their version; null = they are damaged after all. */
  peekVersion(frames: Uint8Array): OtherVersion | null
}

/** The three of a whole PDU, of whatever version. */
export function otherVersion(raw: Uint8Array): OtherVersion {
  return { major: raw[0] as number, link: u32At(raw, 8), raw }
}
