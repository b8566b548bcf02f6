// What the contenders are given: the same readings as lines and as reports of ours, and as frames of each peer
// in its own format, of about the same content: a name and a few numbers.
import { encodePdu } from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { Live } from '../../protocol/messages/live.ts'

/** Frames of one round. */
export const FRAMES = 2_000

const each = <T>(make: (n: number) => T): T[] => Array.from({ length: FRAMES }, (_, n) => make(n))

/** LIVE replies. */
const pdus = () =>
  each((n) =>
    encodePdu({
      ...{ major: 1, type: Live.type, flags: 3, code: 0, seq: n, link: 0x1d7a93c5, session: 7 },
      payload: emit(Live.reply, {
        pumpSerial: 'SIM-0001234',
        stateCounter: n,
        deviceTime: 848_000_000 + n,
        reportedVolume: 18_000_000 - n,
        rate: 1_200_000,
        activeAlarms: n % 3,
      }),
    }),
  )

export const lines = (): Buffer => Buffer.from(pdus().map(encodeLine).join(''), 'latin1')

export const reports = (): Buffer => Buffer.concat(pdus().flatMap(REPORTS.encoder()))

/** `wire` as a port gives it: pieces of `size` bytes. */
export function pieces(wire: Buffer, size: number): Buffer[] {
  const count = Math.ceil(wire.length / size)
  return Array.from({ length: count }, (_, i) => wire.subarray(i * size, (i + 1) * size))
}

/** Z-Stack's AF_INCOMING_MSG: addresses, quality, a payload of 32 bytes. */
export const zstack = (): Buffer =>
  Buffer.concat(
    each((n) => {
      const data = Buffer.alloc(17 + 32)
      data.writeUInt16LE(n, 0)
      data.writeUInt16LE(0x0402, 2)
      data.writeUInt16LE(n, 4)
      data[16] = 32
      data.write('SIM-0001234', 17)
      const frame = Buffer.concat([Buffer.of(0xfe, data.length, 0x44, 0x81), data, Buffer.of(0)])
      frame[frame.length - 1] = frame.subarray(1, -1).reduce((sum, byte) => sum ^ byte, 0)
      return frame
    }),
  )

/** Of Ember's ASH: bytes up to a flag, which herdsman's parser only splits. */
export const ash = (): Buffer =>
  Buffer.concat(each((n) => Buffer.concat([Buffer.alloc(55, 0x21 + (n % 64)), Buffer.of(0x7e)])))

/** Z-Wave's answer to GET_INIT_DATA: version, capabilities, a mask of 29 bytes with three nodes, the chip. */
export const zwave = (): Buffer =>
  Buffer.concat(
    each((n) => {
      const mask = Buffer.alloc(29)
      mask[0] = 0b111
      const body = Buffer.of(0x01, 0x02, 10, n & 0x08, mask.length, ...mask, 7, 0)
      const frame = Buffer.concat([Buffer.of(0x01, body.length + 1), body, Buffer.of(0)])
      frame[frame.length - 1] = frame.subarray(1, -1).reduce((sum, byte) => sum ^ byte, 0xff)
      return frame
    }),
  )
