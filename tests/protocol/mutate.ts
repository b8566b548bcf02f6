// Traffic as a bad cable leaves it. Frames are damaged one by one, so that the test knows which ones
// arrived whole; a checksum is never repaired.
import { encodePdu } from '../../protocol/codec/pdu.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'

export interface Traffic {
  readonly wire: Buffer
  /** Hexadecimal text of every PDU that was sent. */
  readonly sent: ReadonlySet<string>
  /** Those whose line is on the wire unchanged, in order; one that is there twice is listed twice. */
  readonly whole: readonly string[]
  readonly used: Readonly<Record<string, number>>
}

type Random = () => number

const JUNK = [0x00, 0x0a, 0x0d, 0x3a, 0x20, 0x61, 0x80, 0xff]

/** Each gives what is left of `line`; `other` is another frame of the same traffic. */
const MUTATIONS: Record<
  string,
  (line: Buffer, below: (n: number) => number, other: Buffer) => Buffer
> = {
  flip: (line, below) => {
    const out = Buffer.from(line)
    const at = below(out.length)
    out[at] = (out[at] as number) ^ (1 << below(8))
    return out
  },
  drop: (line, below) => {
    const at = below(line.length)
    return Buffer.concat([line.subarray(0, at), line.subarray(at + 1 + below(5))])
  },
  insert: (line, below) => {
    const at = 1 + below(line.length - 1)
    const more = Buffer.from(Array.from({ length: 1 + below(4) }, () => below(256)))
    return Buffer.concat([line.subarray(0, at), more, line.subarray(at)])
  },
  truncate: (line, below) => line.subarray(0, below(line.length)),
  beheaded: (line, below) => line.subarray(1 + below(line.length - 1)),
  splice: (line, below, other) =>
    Buffer.concat([
      line.subarray(0, 1 + below(line.length - 1)),
      other.subarray(1 + below(other.length - 1)),
    ]),
  junk: (line, below) => {
    const out = Buffer.from(line)
    out[below(out.length)] = JUNK[below(JUNK.length)] as number
    return out
  },
  delimiter: (line, below) => line.subarray(0, line.length - 1 - below(2)),
  long: (line, below) =>
    Buffer.concat([line.subarray(0, -2), Buffer.alloc(500 + below(1500), 'A'), line.subarray(-2)]),
  length: (line, below) => {
    // The digits of the PDU's own length: characters 13 to 16.
    const out = Buffer.from(line)
    out.write('0123456789ABCDEF'[below(16)] as string, 13 + below(4), 'latin1')
    return out
  },
  gone: () => Buffer.alloc(0),
  noise: (_, below) => Buffer.from(Array.from({ length: below(800) }, () => below(256))),
}

/** About `bytes` of traffic, one frame in five damaged. */
export function traffic(random: Random, bytes: number): Traffic {
  const below = (n: number) => random() % n
  const names = Object.keys(MUTATIONS)
  const used: Record<string, number> = {}
  const sent = new Set<string>()
  const whole: string[] = []
  const out: Buffer[] = []
  let other = Buffer.from(':00\r\n')
  for (let size = 0, id = 0; size < bytes; id += 1) {
    const payload = new Uint8Array(4 + below(229)).map(() => below(256))
    new DataView(payload.buffer).setUint32(0, id)
    const raw = encodePdu({
      major: 1,
      type: 0x15,
      flags: 1,
      code: 0,
      seq: id & 0xffff,
      link: 7,
      session: 1,
      payload,
    })
    const name = Buffer.from(raw).toString('hex')
    const line = Buffer.from(encodeLine(raw), 'latin1')
    sent.add(name)
    const kind = below(5) === 0 ? (names[below(names.length)] as string) : ''
    const mutate = MUTATIONS[kind]
    const left = mutate ? mutate(line, below, other) : line
    out.push(left)
    if (left.equals(line)) whole.push(name)
    else used[kind] = (used[kind] ?? 0) + 1
    if (below(40) === 0) {
      out.push(line)
      whole.push(name)
      used['duplicate'] = (used['duplicate'] ?? 0) + 1
    }
    size += left.length
    other = line
  }
  return { wire: Buffer.concat(out), sent, whole, used }
}
