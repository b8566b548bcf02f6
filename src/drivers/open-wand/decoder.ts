// The decoder, as audit records name it and as `audit verify --rederive` runs it again: from the PDUs
// of a record to its body.

import { decodePdu } from '../../../protocol/codec/pdu.ts'
import { parse } from '../../../protocol/codec/struct.ts'
import { MESSAGES } from '../../../protocol/messages/index.ts'
import type { Json } from '../../audit/format/canonical.ts'
import type { Rederiver } from '../../audit/verify/verification.ts'
import { reassemble } from './assembly.ts'

/** Changes whenever the same PDUs would be decoded to something else. */
export const DECODER = 'wandbridge-decoder/1'

/** Reads the PDUs of `interrogation` and `live` records again. */
export const rederiver: Rederiver = {
  version: DECODER,
  decode(kind, pdus) {
    if (kind === 'interrogation') {
      const read = reassemble(pdus)
      return typeof read === 'string' ? read : (read.blocks as unknown as Json)
    }
    const [raw] = pdus
    if (kind !== 'live' || !raw || pdus.length !== 1) return 'a live record has exactly one PDU'
    const pdu = decodePdu(raw)
    if (typeof pdu === 'string') return `a recorded PDU is not whole: ${pdu}`
    if (pdu.type !== MESSAGES.LIVE.type) return 'the recorded PDU is no LIVE reply'
    return (
      (parse(MESSAGES.LIVE.reply, pdu.payload) as Json | null) ?? 'the recorded PDU is too short'
    )
  },
}
