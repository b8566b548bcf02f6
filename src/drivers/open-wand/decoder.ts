// From the PDUs of a reading to its body, and from its body to values. The driver uses it once, when a
// reading came; whoever reads the record later uses it again, by the name that the record carries.
import { decodeHeader } from '../../../protocol/codec/pdu.ts'
import { parsePayload } from '../../../protocol/codec/struct.ts'
import { Identity } from '../../../protocol/fields/identity.ts'
import type { ReplyOf } from '../../../protocol/messages/index.ts'
import { Live } from '../../../protocol/messages/live.ts'
import type { Decoder } from '../../model/decoder.ts'
import type { Json } from '../../model/json.ts'
import { isUnread, type ReadRepr, snapshotValues } from '../../model/reading.ts'
import { deviceTimeText, toValue, type Value } from '../../model/value.ts'
import { reassemble } from './assembly.ts'
import { nameOf, serialOf } from './identity.ts'

export const decoder: Decoder = {
  /** Changes whenever the same PDUs would be decoded to something else. */
  name: 'wandbridge-decoder/1',

  decode(kind, pdus) {
    if (kind === 'interrogation') {
      const read = reassemble(pdus)
      if (typeof read === 'string') return read
      const { identity } = read.blocks
      const said = read.blocks as unknown as Json
      const { fields } = Identity
      const who = isUnread(identity) ? NOBODY : identity
      return {
        said,
        pump: serialOf(fields.serial, who.serial),
        model: nameOf(fields.model, who.model),
        ...time(deviceTimeOf(read.blocks)),
      }
    }
    const [raw] = pdus
    if (!raw || pdus.length !== 1) return 'a live record has exactly one PDU'
    const pdu = decodeHeader(raw)
    if (typeof pdu === 'string') return `a recorded PDU is not whole: ${pdu}`
    if (pdu.type !== Live.type) return 'the recorded PDU is no LIVE reply'
    const live = parsePayload(Live.reply, raw)
    if (!live) return 'the recorded PDU is too short'
    const said = live as Json
    const pump = serialOf(Live.reply.fields.pumpSerial, live.pumpSerial)
    return { said, pump, model: null, ...time(live.deviceTime) }
  },

  reading: (body, at) => snapshotValues(body as ReadRepr, at),

  live(body, at) {
    const live = body as ReplyOf<'LIVE'>
    const { reportedVolume, rate } = Live.reply.fields
    return {
      reportedVolume: toValue(reportedVolume, live.reportedVolume, at) as Value<number>,
      rate: toValue(rate, live.rate, at) as Value<number>,
      activeAlarms: live.activeAlarms,
    }
  },
}

/** Of the pump's clock in a snapshot, in seconds; null = it is not said, or could not be read. */
export const deviceTimeOf = ({ clock }: Pick<ReadRepr, 'clock'>): number | null =>
  isUnread(clock) ? null : clock.deviceTime

/** A snapshot that does not say of which pump it is. */
const NOBODY = { serial: null, model: null }

const time = (seconds: number | null) => ({
  deviceTime: seconds === null ? null : deviceTimeText(seconds),
})
