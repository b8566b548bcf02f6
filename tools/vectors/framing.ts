// Vectors of the frames: PDUs and lines, whole and faulty.
// Here nothing is derived: each vector says by itself what is to come of it.
import { crc32 } from '../../protocol/codec/crc32.ts'
import {
  CODE_DOCS,
  Code,
  type CodeName,
  encodePdu,
  FLAG_REPLY,
  FLAG_SIMULATOR,
  type Pdu,
} from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { MESSAGES } from '../../protocol/messages/index.ts'
import { hex, type Vector } from './cases.ts'
import { LINK, REPLIES, SESSION } from './values.ts'

/** A PDU of a PING reply's kind, with what is given changed. */
export function pdu(change: Partial<Pdu> = {}): Pdu {
  return {
    major: 1,
    type: MESSAGES.PING.type,
    flags: FLAG_REPLY | FLAG_SIMULATOR,
    code: 0,
    seq: 258,
    link: LINK,
    session: SESSION,
    payload: new Uint8Array(0),
    ...change,
  }
}

export function header(p: Pdu): Record<string, number> {
  const { payload, ...rest } = p
  return { ...rest, length: payload.length }
}

export const counted = (n: number) => Uint8Array.from({ length: n }, (_, i) => i & 0xff)
export const PING = encodePdu(pdu({ payload: emit(MESSAGES.PING.reply, REPLIES.PING) }))
export const LONGEST = encodePdu(pdu({ type: 0x14, payload: counted(232) }))
const SHORTEST = encodePdu(pdu({ flags: 0, seq: 1, session: 0 }))

export function layout(): Vector[] {
  const whole = (name: string, change: Partial<Pdu>): Vector => {
    const p = pdu(change)
    return { name, pdu: hex(encodePdu(p)), line: encodeLine(encodePdu(p)), header: header(p) }
  }
  return [
    whole('no payload', {}),
    whole('the longest payload', { payload: counted(232) }),
    whole('the least of everything', { type: 0, flags: 0, seq: 0, link: 1, session: 0 }),
    whole('the most of everything', {
      type: 255,
      flags: 255,
      code: 255,
      seq: 65535,
      link: 0xffffffff,
      session: 0xfffffffe,
    }),
    whole('flags that this version does not know', { flags: 0xf9 }),
    whole('played back', { flags: 0x05 }),
  ]
}

export function codes(): Vector[] {
  const replies = Object.keys(CODE_DOCS).map((name) => {
    const code = Code[name as CodeName]
    const payload =
      name === 'VERSION' ? emit(MESSAGES.HELLO.reply, REPLIES.HELLO) : new Uint8Array(0)
    const p = pdu({
      type: name === 'REFUSED' ? 0x40 : name === 'UNKNOWN_TYPE' ? 0x20 : 0x12,
      code,
      payload,
    })
    const struct = name === 'VERSION' ? { struct: 'HELLO reply', value: REPLIES.HELLO } : {}
    return { name: `a reply ${name}`, pdu: hex(encodePdu(p)), header: header(p), ...struct }
  })
  const odd = [
    {
      name: 'the first code that is not listed: the request failed',
      p: pdu({ type: 0x12, code: Math.max(...Object.values(Code)) + 1 }),
    },
    { name: 'a code that is not listed: the request failed', p: pdu({ type: 0x12, code: 200 }) },
    {
      name: 'a payload that a failed reply should not have is ignored',
      p: pdu({ type: 0x12, code: 6, payload: counted(4) }),
    },
  ]
  return [
    ...replies.filter(({ header: h }) => h.code !== 0),
    ...odd.map(({ name, p }) => ({ name, pdu: hex(encodePdu(p)), header: header(p) })),
  ]
}

/** `bytes` after `change`; with a good CRC if `sealed`. */
export function altered(
  bytes: Uint8Array,
  change: (b: Uint8Array) => void,
  sealed = false,
): Uint8Array {
  const out = bytes.slice()
  change(out)
  const view = new DataView(out.buffer)
  if (sealed) view.setUint32(out.length - 4, crc32(out.subarray(0, -4)), true)
  return out
}

export const set = (at: number, value: number) => (b: Uint8Array) => b.fill(value, at, at + 1)

export function pduFaults(): Vector[] {
  const bad = (name: string, fault: string, bytes: Uint8Array): Vector => ({
    name,
    pdu: hex(bytes),
    fault,
  })
  const padded = (n: number) => Uint8Array.from([...LONGEST, ...new Uint8Array(n)])
  return [
    bad('no bytes', 'truncated', new Uint8Array(0)),
    bad('a byte too short for any PDU', 'truncated', SHORTEST.slice(0, 19)),
    bad('a byte too long for any PDU', 'truncated', altered(padded(1), set(6, 233), true)),
    bad('the last byte missing', 'truncated', PING.slice(0, -1)),
    bad('a byte too many', 'truncated', Uint8Array.from([...PING, 0])),
    bad('length one too great, CRC good', 'truncated', altered(PING, set(6, 12), true)),
    bad('length one too small, CRC good', 'truncated', altered(PING, set(6, 10), true)),
    bad('length 65291, CRC good', 'truncated', altered(PING, set(7, 255), true)),
    bad('only zeros', 'checksum', new Uint8Array(20)),
    ...Array.from(PING.keys())
      .filter((at) => at !== 6 && at !== 7)
      .map((at) =>
        bad(
          `one bit of byte ${at} turned`,
          'checksum',
          altered(PING, set(at, (PING[at] as number) ^ (1 << (at % 8)))),
        ),
      ),
    bad(
      'the CRC with its bytes reversed',
      'checksum',
      altered(PING, (b) => void b.subarray(-4).reverse()),
    ),
    bad(
      'two bytes changed places',
      'checksum',
      altered(LONGEST, (b) => void b.subarray(40, 42).reverse()),
    ),
    {
      ...bad('another major version, CRC good', 'version', altered(PING, set(0, 2), true)),
      readable: { major: 2, link: LINK },
    },
    {
      ...bad('major version 0, CRC good', 'version', altered(PING, set(0, 0), true)),
      readable: { major: 0, link: LINK },
    },
    bad(
      'another major version and a bad CRC: the CRC is judged first',
      'checksum',
      altered(PING, set(0, 2)),
    ),
    bad(
      'another major version and a bad length: the length is judged first',
      'truncated',
      altered(
        PING,
        (b) => {
          set(0, 2)(b)
          set(6, 10)(b)
        },
        true,
      ),
    ),
  ]
}

export function lines(): Vector[] {
  const good = encodeLine(PING)
  const bad = (name: string, fault: string, line: string): Vector => ({ name, line, fault })
  const at = (i: number, c: string) => good.slice(0, i) + c + good.slice(i + 1)
  return [
    { name: 'a line', line: good, pdu: hex(PING) },
    { name: 'the longest line', line: encodeLine(LONGEST), pdu: hex(LONGEST) },
    { name: 'the shortest line', line: encodeLine(SHORTEST), pdu: hex(SHORTEST) },
    bad('no colon', 'noise', good.slice(1)),
    bad('a space before the colon', 'noise', ` ${good}`),
    bad('only LF', 'noise', '\n'),
    bad('LF without CR', 'truncated', good.replace('\r', '')),
    bad('colon and line end only', 'truncated', ':\r\n'),
    bad('a digit missing', 'truncated', at(9, '')),
    bad('38 digits', 'truncated', `:${'0'.repeat(38)}\r\n`),
    bad('506 digits', 'too-long', `:${'0'.repeat(506)}\r\n`),
    bad('lower case', 'noise', `:${good.slice(1).toLowerCase()}`),
    bad('G is no digit', 'noise', at(9, 'G')),
    bad('a space in it', 'noise', at(9, ' ')),
    bad('a NUL in it', 'noise', at(9, '\0')),
    bad('a byte above 127 in it', 'noise', at(9, '\u00b1')),
    bad('a NUL in place of CR', 'truncated', good.replace('\r', '\0')),
    bad('a digit in place of CR', 'truncated', good.replace('\r', 'A')),
    bad('a blank in place of CR', 'truncated', good.replace('\r', ' ')),
    bad('two CR', 'truncated', good.replace('\r', '\r\r')),
    bad('a CR in place of a digit', 'noise', at(10, '\r')),
    bad('a pair of digits missing', 'truncated', good.slice(0, 9) + good.slice(11)),
    bad('a digit changed', 'checksum', at(20, good[20] === '0' ? '1' : '0')),
    bad('another major version', 'version', encodeLine(altered(PING, set(0, 2), true))),
  ]
}
