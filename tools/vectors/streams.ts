// Vectors of what a receiver makes of streams of lines and of reports. As in framing.ts, each says by
// itself what is to come of it.

import { encodePdu } from '../../protocol/codec/pdu.ts'
import { REPORT_DESCRIPTOR, ReportEncoder } from '../../protocol/framing/hid-report.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { hex, type Vector } from './cases.ts'
import { altered, counted, LONGEST, PING, pdu, set } from './framing.ts'

interface Piece {
  readonly text: string
  readonly come: readonly Readonly<Record<string, unknown>>[]
}

const line = (bytes: Uint8Array): Piece => ({
  text: encodeLine(bytes),
  come: [{ pdu: hex(bytes) }],
})
/** Of an outcome: how many refusals it was, where it was not one. */
const several = (times: number) => (times === 1 ? {} : { times })
const junk = (text: string, fault: string, times = 1): Piece => ({
  text,
  come: [{ refused: text.length, fault, ...several(times) }],
})

function wired(...pieces: Piece[]) {
  return {
    bytes: hex(Buffer.from(pieces.map((p) => p.text).join(''), 'latin1')),
    outcome: pieces.flatMap((p) => p.come),
  }
}

export function lineConnections(): Vector[] {
  const good = encodeLine(PING)
  const over = `:${'A'.repeat(600)}`
  return [
    { name: 'two lines', connections: [wired(line(PING), line(LONGEST))] },
    {
      name: 'noise, then a line',
      connections: [wired(junk('\u0000\u00fehello', 'noise'), line(PING))],
    },
    {
      name: 'an empty line between',
      connections: [wired(line(PING), junk('\r\n', 'noise'), line(PING))],
    },
    {
      name: 'a lost line end costs the line that lost it',
      connections: [wired(junk(good.slice(0, -2), 'truncated'), line(LONGEST))],
    },
    {
      name: 'a lost colon costs the line that lost it',
      connections: [wired(line(PING), junk(good.slice(1), 'noise'), line(PING))],
    },
    {
      name: 'half a line, then a whole one',
      connections: [wired(junk(good.slice(0, 20), 'truncated'), line(PING))],
    },
    {
      name: 'an over-long line ends at the next colon',
      connections: [wired(junk(over, 'too-long', 2), line(PING))],
    },
    {
      name: 'an over-long line ends with its LF',
      connections: [wired(junk(`${over}\r\n`, 'too-long', 2), line(PING))],
    },
    {
      name: 'what follows the LF of an over-long line is judged anew',
      connections: [
        wired(junk(`${over}\r\n`, 'too-long', 2), junk('AAAA\r\n', 'noise'), line(PING)),
      ],
    },
    {
      name: 'noise without end',
      connections: [wired(junk('U'.repeat(1500), 'too-long', 3), line(PING))],
    },
    {
      name: '512 bytes and an LF',
      connections: [wired(junk(`:${'A'.repeat(511)}\n`, 'too-long', 2), line(PING))],
    },
    {
      name: '511 bytes and an LF: a line, judged as one',
      connections: [wired(junk(`:${'0'.repeat(509)}\r\n`, 'truncated'), line(PING))],
    },
    {
      name: 'a length that lies costs its own line',
      connections: [
        wired(
          {
            text: encodeLine(altered(PING, set(6, 200))),
            come: [{ refused: good.length, fault: 'truncated' }],
          },
          line(PING),
        ),
      ],
    },
    {
      name: 'the end of an old connection never completes in a new one',
      connections: [
        wired(line(PING), junk(good.slice(0, 30), 'truncated')),
        wired(junk(good.slice(30), 'noise'), line(PING)),
      ],
    },
    { name: 'the end, with nothing held', connections: [wired()] },
  ]
}

/** `bytes` from a sender that has sent `tag` PDUs in `counter` reports before. */
function reportsOf(counter: number, tag: number, bytes: Uint8Array): string[] {
  const encoder = new ReportEncoder()
  let left = counter
  for (let i = tag; i > 0; i -= 1) {
    const count = i === 1 ? left : 1
    encoder.encode(new Uint8Array(60 * count))
    left -= count
  }
  return (
    Buffer.from(encoder.encode(bytes))
      .toString('hex')
      .match(/.{128}/g) ?? []
  )
}

export function reports(): Vector[] {
  const size = (n: number) => encodePdu(pdu({ payload: counted(n - 20) }))
  const one = (name: string, n: number, counter: number, tag: number): Vector => {
    const bytes = size(n)
    return { name, pdu: hex(bytes), counter, tag, reports: reportsOf(counter, tag, bytes) }
  }
  return [
    one('the shortest PDU', 20, 0, 0),
    one('one report, full', 60, 1, 1),
    one('two reports, the second with one byte', 61, 2, 2),
    one('the longest PDU', 252, 3, 3),
    one('the counter goes on at 0 after 255', 181, 254, 250),
    one('the tag goes on at 0 after 255', 20, 255, 255),
  ]
}

const PINGS = Array.from({ length: 17 }, (_, seq) => encodePdu(pdu({ seq })))

export function reportConnections(): Vector[] {
  const [a, b, c] = [LONGEST, encodePdu(pdu({ seq: 2, payload: counted(80) })), PING]
  const cut = (bytes: Uint8Array) =>
    (Buffer.from(bytes)
      .toString('hex')
      .match(/.{1,128}/g) ?? []) as string[]
  const encoder = new ReportEncoder()
  const [ra, rb, rc] = [a, b, c].map((p) => cut(encoder.encode(p))) as [
    string[],
    string[],
    string[],
  ]
  const got = (bytes: Uint8Array) => ({ pdu: hex(bytes) })
  const lost = (n: number, fault: string, times = 1) => ({ refused: n, fault, ...several(times) })
  const one = (name: string, given: string[], ...outcome: object[]): Vector => ({
    name,
    connections: [{ reports: given, outcome }],
  })
  const bent = (report: string, at: number, value: number) =>
    hex(altered(Buffer.from(report, 'hex'), set(at, value)))
  const [a0 = '', a1 = '', a2 = '', a3 = '', a4 = ''] = ra
  const [b0 = '', b1 = ''] = rb
  const [c0 = ''] = rc
  const fresh = cut(new ReportEncoder().encode(c))
  const bad = hex(new ReportEncoder().encode(altered(PING, set(16, 99))))
  // Seventeen PDUs of one report each, with the counters 0 to 16.
  const row = new ReportEncoder()
  const singles = PINGS.flatMap((p) => cut(row.encode(p)))
  const [first = '', second = ''] = singles
  const all = PINGS.map(got)
  return [
    one('three PDUs', [...ra, ...rb, ...rc], got(a), got(b), got(c)),
    one('a report lost', [a0, a1, a3, a4, ...rb], lost(256, 'out-of-sequence', 3), got(b)),
    one('the first report lost', [a1, a2, a3, a4, ...rb], lost(256, 'out-of-sequence', 4), got(b)),
    one('the last report lost', [a0, a1, a2, a3, ...rb], lost(256, 'out-of-sequence'), got(b)),
    one(
      'the end of one and the beginning of the next lost: never spliced',
      [a0, b1, ...rc],
      lost(128, 'out-of-sequence', 2),
      got(c),
    ),
    one(
      'two reports changed places',
      [a1, a0, a2, a3, a4, ...rb],
      lost(320, 'out-of-sequence', 5),
      got(b),
    ),
    one(
      'every report twice',
      [...ra, ...rb].flatMap((r) => [r, r]),
      lost(256, 'repeated', 4),
      got(a),
      lost(128, 'repeated', 2),
      got(b),
      lost(64, 'repeated'),
    ),
    one('a late repeat', [...ra, a4, a2, ...rb], got(a), lost(128, 'repeated', 2), got(b)),
    one('a sender begins anew', [...ra, ...fresh], got(a), got(c)),
    one(
      'a short report',
      [b0, b1.slice(0, 126), c0],
      lost(63, 'truncated'),
      lost(64, 'out-of-sequence'),
      got(c),
    ),
    one('index behind the count', [bent(c0, 1, 0x11), c0], lost(64, 'noise'), got(c)),
    one('index 4 of 3', [bent(c0, 1, 0x43), c0], lost(64, 'noise'), got(c)),
    one('index 15 of 5', [bent(c0, 1, 0xf5), c0], lost(64, 'noise'), got(c)),
    one('a count of 0', [bent(c0, 1, 0x00), c0], lost(64, 'noise'), got(c)),
    one('a count of 6', [bent(a0, 1, 0x06), c0], lost(64, 'noise'), got(c)),
    one('no data', [bent(c0, 2, 0), c0], lost(64, 'noise'), got(c)),
    one('61 bytes of data', [bent(a0, 2, 61), c0], lost(64, 'noise'), got(c)),
    one(
      '59 bytes in a report that is not the last',
      [bent(a0, 2, 59), c0],
      lost(64, 'noise'),
      got(c),
    ),
    one(
      '59 bytes in the middle: that report is none, and costs its PDU',
      [a0, a1, bent(a2, 2, 59), a3, a4, ...rb],
      lost(64, 'noise'),
      lost(256, 'out-of-sequence', 3),
      got(b),
    ),
    one('a byte behind the data is not 0', [bent(c0, 63, 1), c0], lost(64, 'noise'), got(c)),
    one('noise in between costs nothing', [b0, 'ff'.repeat(64), b1], lost(64, 'noise'), got(b)),
    one(
      'another tag in the middle',
      [b0, bent(b1, 3, 77), c0],
      lost(128, 'out-of-sequence', 2),
      got(c),
    ),
    one(
      'another count in the middle',
      [a0, bent(a1, 1, 0x14), c0],
      lost(128, 'out-of-sequence', 2),
      got(c),
    ),
    one(
      'the counter jumps in the middle',
      [b0, bent(b1, 0, 100), c0],
      lost(128, 'out-of-sequence', 2),
      got(c),
    ),
    one('the counter jumps between two PDUs', [...rb, bent(c0, 0, 200)], got(b), got(c)),
    one('the newest but 15 again', [...singles, second], ...all, lost(64, 'repeated')),
    one(
      'the newest but 16 again: nobody remembers it',
      [...singles, first],
      ...all,
      got(PINGS[0] as Uint8Array),
    ),
    one('whole, but its CRC is wrong', [bad, c0], lost(64, 'checksum'), got(c)),
    {
      name: 'the end of an old connection never completes in a new one',
      connections: [
        { reports: [b0], outcome: [lost(64, 'truncated')] },
        { reports: [b1, c0], outcome: [lost(64, 'out-of-sequence'), got(c)] },
      ],
    },
  ]
}

export function descriptor(): Vector[] {
  return [{ name: 'the report descriptor', descriptor: hex(REPORT_DESCRIPTOR) }]
}
