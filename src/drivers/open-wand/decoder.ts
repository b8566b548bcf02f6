// The decoder, as audit records name it and as `audit verify --rederive` runs it again: from the PDUs
// of a record to its body.

import { decodePdu } from '../../../protocol/codec/pdu.ts'
import { parse } from '../../../protocol/codec/struct.ts'
import { MESSAGES } from '../../../protocol/messages/index.ts'
import { deviceTimeText } from '../../model/value.ts'
import { reassemble } from './assembly.ts'

/** Changes whenever the same PDUs would be decoded to something else. */
export const DECODER = 'wandbridge-decoder/1'

/** What the PDUs of a record say. Null = they do not say it. */
interface Derived {
  readonly said: Parts
  readonly pump: string | null
  readonly model: string | null
  readonly deviceTime: string | null
}
/** Blocks or values in protocol units: JSON with whole numbers. */
type Parts = { readonly [name: string]: Part }
type Part = null | boolean | number | string | readonly Part[] | Parts

/** Reads the PDUs of `interrogation` and `live` records again; a sentence when they cannot be read. */
export const rederiver = {
  version: DECODER,
  decode(kind: string, pdus: readonly Uint8Array[]): Derived | string {
    if (kind === 'interrogation') {
      const read = reassemble(pdus)
      if (typeof read === 'string') return read
      const { identity, clock } = read.blocks
      const said = read.blocks as unknown as Parts
      return { said, pump: identity.serial, model: identity.model, ...time(clock.deviceTime) }
    }
    const [raw] = pdus
    if (kind !== 'live' || !raw || pdus.length !== 1) return 'a live record has exactly one PDU'
    const pdu = decodePdu(raw)
    if (typeof pdu === 'string') return `a recorded PDU is not whole: ${pdu}`
    if (pdu.type !== MESSAGES.LIVE.type) return 'the recorded PDU is no LIVE reply'
    const live = parse(MESSAGES.LIVE.reply, pdu.payload)
    if (!live) return 'the recorded PDU is too short'
    const said = live as unknown as Parts
    return { said, pump: live.pumpSerial, model: null, ...time(live.deviceTime) }
  },
}

const time = (seconds: number | null) => ({
  deviceTime: seconds === null ? null : deviceTimeText(seconds),
})
