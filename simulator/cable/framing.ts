// The wand's own end of a cable: bytes of one connection into PDUs, PDUs into frames. Made anew for
// every opening, so that each starts with empty buffers.
import type { FrameDecoder, Framing } from '../../protocol/framing/framing.ts'

export interface WandEnd {
  /** The bytes of a PDU, of whatever version; `reply` gets the reply's bytes, now, later or never. */
  receive(raw: Uint8Array, reply: (raw: Uint8Array) => void): void
  /** A line or report was no request. */
  refused(): void
}

/** `reply` gets the frames of each reply, one by one. */
export function wandEnd(
  framing: Framing,
  wand: WandEnd,
  reply: (frame: Uint8Array) => void,
): FrameDecoder {
  const encode = framing.encoder()
  const take = (raw: Uint8Array) =>
    wand.receive(raw, (answer) => {
      for (const frame of encode(answer)) reply(frame)
    })
  return framing.decoder({
    pdu: (_pdu, raw) => take(raw),
    discarded: (reason, frames) => {
      // Whole, but of another major version: the wand has an answer to that.
      const other = reason === 'version' ? framing.peekVersion(frames) : null
      if (other) take(other.raw)
      else wand.refused()
    },
  })
}
