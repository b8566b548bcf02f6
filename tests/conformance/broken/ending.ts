// Wands that are wrong about how a session ends, or now and then.
import { Code, type Pdu } from '../../../protocol/codec/pdu.ts'
import type { Between } from '../bench.ts'
import {
  answer,
  type BrokenWand,
  changed,
  count,
  fieldsOf,
  is,
  reads,
  replies,
  sets,
} from './breakages.ts'

const inSession = ({ session }: Pdu) => session !== 0
/** The session as OPEN gave it, and who opened it. */
const opened = ({ memory }: Between) => memory['opened'] as Pdu | undefined
function sees(pdu: Pdu, wand: Between): Pdu {
  if (reads('OPEN', pdu)) wand.memory['opened'] = pdu
  return pdu
}

const SHORT = { how: { simulator: { leaseMs: 4_000 } } }
const LONG = { how: { simulator: { leaseMs: 30_000 } } }

export const ENDING: readonly BrokenWand[] = [
  { name: 'CLOSE is never confirmed', fails: 240, ...sets('CLOSE', { result: 0 }) },
  {
    name: 'the result of CLOSE is given once',
    fails: 241,
    ...replies(
      (pdu, request, { memory }) => {
        const again = reads('CLOSE', pdu) && memory['close'] === request.seq
        if (reads('CLOSE', pdu)) memory['close'] = request.seq
        return again
      },
      (pdu) => ({ ...pdu, code: Code.NO_SESSION, payload: new Uint8Array(0) }),
    ),
  },
  {
    name: 'it does not know how the session ended',
    fails: 242,
    ...sets('HELLO', (fields: Record<string, unknown>) =>
      fields['lastEnd'] === 1 ? { lastEnd: 2 } : {},
    ),
  },
  {
    name: 'a session that is closed may be closed again',
    fails: 243,
    reply(pdu, request, { memory }) {
      if (reads('CLOSE', pdu)) memory['closed'] ??= request.session
      const again = is('CLOSE', pdu) && pdu.code === Code.NO_SESSION
      return again && memory['closed'] === request.session
        ? { ...pdu, code: Code.OK, payload: Uint8Array.from([1]) }
        : pdu
    },
  },
  {
    name: 'PING does not renew the lease',
    fails: 244,
    request(pdu, { memory, env }) {
      if (!is('PING', pdu)) memory['asked'] = env.monotonic()
      return pdu
    },
    ...replies(
      (pdu, _, { memory, env }) =>
        reads('PING', pdu) && inSession(pdu) && env.monotonic() - Number(memory['asked']) > 5_000,
      (pdu) => changed('PING', pdu, { session: 0, sessionState: 0 }),
    ),
  },
  {
    name: 'every session has the same number',
    fails: 245,
    request: (pdu, wand) =>
      pdu.session === 1 ? { ...pdu, session: Number(wand.memory['real'] ?? 0) } : pdu,
    reply(pdu, _, wand) {
      if (reads('OPEN', pdu)) wand.memory['real'] = pdu.session
      const one = (n: unknown) => (Number(n) > 0 ? 1 : 0)
      const out = { ...pdu, session: one(pdu.session) }
      if (reads('PING', pdu))
        return changed('PING', out, { session: one(fieldsOf('PING', pdu)['session']) })
      if (reads('HELLO', pdu))
        return changed('HELLO', out, { lastSession: one(fieldsOf('HELLO', pdu)['lastSession']) })
      return out
    },
  },
  {
    name: 'CLOSE must wait for a reading',
    fails: 246,
    request(pdu, wand) {
      if (is('CLOSE', pdu) && wand.memory['reads'] === 1) {
        wand.tell(answer(pdu, 'BUSY', { session: pdu.session }))
        return null
      }
      return pdu
    },
    reply(pdu, _, wand) {
      if (is('INTERROGATE', pdu)) wand.memory['reads'] = pdu.code === Code.PENDING ? 1 : 0
      return pdu
    },
  },
  { name: 'the lease never runs out', fails: 247, ...LONG, ...sets('HELLO', { leaseMs: 5_000 }) },
  {
    name: 'a result names no session that has ended',
    fails: 248,
    ...replies(
      (pdu, _, { memory }) => {
        if (pdu.code === Code.NO_SESSION && is('LIVE', pdu)) memory['ended'] = 1
        if (reads('OPEN', pdu)) memory['ended'] = 0
        return reads('LIVE', pdu) && memory['ended'] === 1
      },
      (pdu) => ({ ...pdu, session: 0 }),
    ),
  },
  { name: 'the lease runs out early', fails: 249, ...SHORT, ...sets('HELLO', { leaseMs: 5_000 }) },
  {
    name: 'a session is anybody’s',
    fails: 250,
    reply(pdu, request, wand) {
      sees(pdu, wand)
      const others = is('LIVE', pdu) && opened(wand)?.link !== pdu.link
      return others && pdu.code === Code.NO_SESSION && request.session === opened(wand)?.session
        ? { ...pdu, code: Code.PENDING }
        : pdu
    },
  },
  {
    name: 'whoever asks keeps an orphaned session open',
    fails: 251,
    reply(pdu, _, wand) {
      sees(pdu, wand)
      const { memory } = wand
      if (reads('HELLO', pdu) && pdu.session === 0 && fieldsOf('HELLO', pdu)['lastEnd'] === 5)
        memory['orphan'] = 1
      return reads('PING', pdu) && memory['orphan'] === 1
        ? changed('PING', pdu, { sessionState: 2, session: opened(wand)?.session })
        : pdu
    },
  },
]

export const WHOLE: readonly BrokenWand[] = [
  {
    name: 'now and then a reply comes twice',
    fails: 900,
    ...replies(
      (pdu, _, wand) => is('PING', pdu) && count(wand, 'pings') % 9 === 0,
      (pdu) => [pdu, pdu],
    ),
  },
  {
    name: 'it speaks unasked while it reads',
    fails: 900,
    ...replies(
      (pdu) => is('INTERROGATE', pdu) && pdu.code === Code.PENDING,
      (pdu) => [pdu, { ...pdu, type: 0x15, code: Code.OK, seq: 40_000 }],
    ),
  },
  { name: 'PING takes 150 ms', fails: 901, late: (pdu) => (is('PING', pdu) ? 150 : 0) },
  {
    name: 'PING takes 180 ms while it is on air',
    fails: 901,
    late: (pdu) => (is('PING', pdu) && pdu.payload[9] !== 0 ? 180 : 0),
  },
  { name: 'BLOCK takes 300 ms', fails: 902, late: (pdu) => (is('BLOCK', pdu) ? 300 : 0) },
  {
    name: 'noise between its lines',
    fails: 903,
    frame: (frame, pdu) => (is('WAND', pdu) ? [Uint8Array.from([0x23, 0x0a]), frame] : frame),
  },
  {
    name: 'PING does not carry the mark',
    fails: 904,
    ...replies(
      (pdu) => is('PING', pdu),
      (pdu) => ({ ...pdu, flags: 1 }),
    ),
  },
  {
    name: 'a flag that is not listed',
    fails: 905,
    ...replies(
      (pdu) => is('WAND', pdu),
      (pdu) => ({ ...pdu, flags: pdu.flags | 0x40 }),
    ),
  },
  {
    name: 'refusals have a payload',
    fails: 906,
    ...replies(
      (pdu) => pdu.code === Code.NO_SESSION,
      (pdu) => ({ ...pdu, payload: Uint8Array.from([1, 2, 3]) }),
    ),
  },
  {
    name: 'a byte behind the fields of LIVE',
    fails: 907,
    ...replies(
      (pdu) => reads('LIVE', pdu),
      (pdu) => ({ ...pdu, payload: Uint8Array.from([...pdu.payload, 0]) }),
    ),
  },
  {
    name: 'it starts again while it is asked',
    fails: 908,
    ...replies(
      (pdu, _, wand) => reads('HELLO', pdu) && count(wand, 'hellos') > 12,
      (pdu) => changed('HELLO', pdu, { boot: 99 }),
    ),
  },
  {
    name: 'the tag of its reports stands still',
    fails: 909,
    how: { framing: 'report' },
    frame(frame) {
      const out = frame.slice()
      out[3] = 0
      return out
    },
  },
]
