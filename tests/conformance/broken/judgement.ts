// Wands that judge in another order, or remember wrong.
import { Code, type Pdu } from '../../../protocol/codec/pdu.ts'
import {
  BARE,
  type BrokenWand,
  bytesOf,
  changed,
  count,
  fieldsOf,
  is,
  line,
  mends,
  reads,
  recodes,
  replies,
  sets,
  withChecksum,
} from './breakages.ts'

const EMPTY = new Uint8Array(0)

/** Remembers the seq, and the link, of the newest request that `which` picks. */
const notes =
  (which: (pdu: Pdu) => boolean): NonNullable<BrokenWand['request']> =>
  (pdu, { memory }) => {
    if (which(pdu)) memory['noted'] = pdu
    return pdu
  }

const noted = (memory: Record<string, unknown>) => memory['noted'] as Pdu | undefined

/** A PING reply that is well, whatever the wand said to this one. */
const well = (pdu: Pdu): Pdu => ({
  ...{ ...pdu, code: Code.OK },
  payload: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
})

/** WAND with another time since it started, as if it had been asked anew. */
const anew = (pdu: Pdu) =>
  changed('WAND', pdu, { uptimeS: Number(fieldsOf('WAND', pdu)['uptimeS']) + 1 })

export const JUDGEMENT: readonly BrokenWand[] = [
  {
    name: 'a strange link is told that there is no session',
    fails: 60,
    ...recodes('WRONG_LINK', 'NO_SESSION', (pdu) => is('LIVE', pdu)),
  },
  {
    name: 'HELLO needs no payload',
    fails: 61,
    request: (pdu) =>
      is('HELLO', pdu) && pdu.payload.length === 0
        ? { ...pdu, payload: Uint8Array.from([0]) }
        : pdu,
  },
  {
    name: 'without a session a snapshot is gone',
    fails: 62,
    ...recodes('NO_SESSION', 'SNAPSHOT_GONE', (pdu) => is('SNAPSHOT', pdu)),
  },
  {
    name: 'the session is judged before the payload',
    fails: 63,
    ...recodes('BAD_REQUEST', 'NO_SESSION', (pdu) => is('SNAPSHOT', pdu)),
  },
  {
    name: 'the session is judged before the block',
    fails: 64,
    ...recodes(
      'BAD_REQUEST',
      'NO_SESSION',
      (pdu, request) => is('BLOCK', pdu) && request.payload.length === 7 && pdu.session === 0,
    ),
  },
  {
    name: 'a repeated request is done again',
    fails: 70,
    request(pdu, { memory }) {
      memory['again'] = is('WAND', pdu) && noted(memory)?.seq === pdu.seq ? 1 : 0
      if (is('WAND', pdu)) memory['noted'] = pdu
      return pdu
    },
    reply: (pdu, _, { memory }) => (reads('WAND', pdu) && memory['again'] === 1 ? anew(pdu) : pdu),
  },
  {
    name: 'a seq may be used again for another type',
    fails: 71,
    ...replies((pdu) => is('PING', pdu) && pdu.code === Code.BAD_REQUEST, well),
  },
  {
    name: 'the refusal of a seq takes the place of what was remembered',
    fails: 72,
    reply(pdu, request, { memory }) {
      if (is('PING', pdu) && pdu.code === Code.BAD_REQUEST) memory['refused'] = pdu
      const refused = memory['refused'] as Pdu | undefined
      return reads('WAND', pdu) && refused?.seq === request.seq ? anew(pdu) : pdu
    },
  },
  {
    name: 'a refusal of air work is not remembered',
    fails: 73,
    request: notes((pdu) => is('LIVE', pdu) && pdu.session === 0),
    ...replies(
      (pdu, _, { memory }) =>
        is('PING', pdu) && pdu.code === Code.BAD_REQUEST && noted(memory)?.seq === pdu.seq,
      well,
    ),
  },
  {
    name: 'a new link finds what the one before has left',
    fails: 74,
    request: notes((pdu) => is('WAND', pdu)),
    ...replies(
      (pdu, _, { memory }) => {
        const last = noted(memory)
        return reads('PING', pdu) && last?.seq === pdu.seq && last.link !== pdu.link
      },
      (pdu) => ({ ...pdu, code: Code.BAD_REQUEST, payload: EMPTY }),
    ),
  },
  {
    name: 'every link that was ever opened may ask',
    fails: 75,
    ...replies((pdu, _, { memory }) => {
      if (reads('HELLO', pdu)) memory[`link ${pdu.link}`] = 1
      return is('PING', pdu) && pdu.code === Code.WRONG_LINK && memory[`link ${pdu.link}`] === 1
    }, well),
  },
]

const ALONE: readonly BrokenWand[] = [
  { name: 'it reports coupling with the air', fails: 100, ...sets('PING', { coupling: 30 }) },
  {
    name: 'another major is a bad request',
    fails: 101,
    ...recodes('VERSION', 'BAD_REQUEST'),
  },
  {
    name: 'VERSION says nothing of the wand',
    fails: 102,
    ...replies(
      (pdu) => pdu.code === Code.VERSION,
      (pdu) => ({ ...pdu, payload: EMPTY }),
    ),
  },
  {
    name: 'the checksum of another major is not looked at',
    fails: 103,
    ...mends((given) => (given.startsWith(':02') ? line(withChecksum(bytesOf(given))) : null)),
  },
  {
    name: 'replies are answered',
    fails: 104,
    request: (pdu) => ((pdu.flags & 1) === 1 ? { ...pdu, flags: 0 } : pdu),
  },
  {
    name: 'one type of the range that is never assigned is only unknown',
    fails: 105,
    ...recodes('REFUSED', 'UNKNOWN_TYPE', ({ type }) => type === 0x61),
  },
  {
    name: 'the link is judged before the range that is never assigned',
    fails: 106,
    request: notes((pdu) => is('HELLO', pdu)),
    ...replies(
      (pdu, _, { memory }) => pdu.code === Code.REFUSED && noted(memory)?.link !== pdu.link,
      (pdu) => ({ ...pdu, code: pdu.link === 0 ? Code.BAD_REQUEST : Code.WRONG_LINK }),
    ),
  },
  {
    name: 'something of that range is done',
    fails: 107,
    reply(pdu, _, wand) {
      if (pdu.code === Code.REFUSED && pdu.type === 0x7f) wand.memory['done'] = 1
      const after = wand.memory['done'] === 1 && reads('HELLO', pdu)
      return after && count(wand, 'hellos') === 1 ? changed('HELLO', pdu, { lastEnd: 3 }) : pdu
    },
  },
  {
    name: 'the code of a request is not looked at',
    fails: 108,
    request: (pdu) => (pdu.code === 1 ? { ...pdu, code: 0 } : pdu),
  },
  {
    name: 'an unknown type of a strange link is told of its link',
    fails: 109,
    request: notes((pdu) => is('HELLO', pdu)),
    ...recodes(
      'UNKNOWN_TYPE',
      'WRONG_LINK',
      (pdu, _, { memory }) => noted(memory)?.link !== pdu.link,
    ),
  },
  {
    name: 'a flag that is not listed makes it deaf',
    fails: 110,
    request: (pdu) => ((pdu.flags & 0x80) !== 0 && is('PING', pdu) ? null : pdu),
  },
  {
    name: 'the answer to an unknown type is remembered',
    fails: 111,
    request: notes(({ type }) => type === 0x22),
    ...replies(
      (pdu, _, { memory }) => reads('PING', pdu) && noted(memory)?.seq === pdu.seq,
      (pdu) => ({ ...pdu, code: Code.BAD_REQUEST, payload: EMPTY }),
    ),
  },
  {
    name: 'without an implant OPEN fails on air',
    fails: 112,
    ...recodes('NO_IMPLANT', 'AIR_FAILED'),
  },
  {
    name: 'the result of OPEN is given once',
    fails: 113,
    ...replies(
      (pdu, _, wand) => pdu.code === Code.NO_IMPLANT && count(wand, 'given') > 1,
      (pdu) => ({ ...pdu, code: Code.INTERNAL }),
    ),
  },
  {
    name: 'an OPEN that found nobody uses up a session number',
    fails: 114,
    request: notes((pdu) => is('OPEN', pdu)),
    ...replies(
      (pdu, _, { memory }) => reads('HELLO', pdu) && noted(memory) !== undefined,
      (pdu) => changed('HELLO', pdu, { lastSession: 1, lastEnd: 1 }),
    ),
  },
]
export const FOREIGN = ALONE.map((wand) => ({ ...wand, how: BARE }))
