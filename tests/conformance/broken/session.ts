// Wands that are wrong about a session, a reading, or how a session ends.
import { Code, type Pdu } from '../../../protocol/codec/pdu.ts'
import type { CommandInput } from '../../../simulator/index.ts'
import type { Between, Breakage } from '../bench.ts'
import {
  answer,
  type BrokenWand,
  changed,
  count,
  fieldsOf,
  is,
  reads,
  recodes,
  replies,
  sets,
} from './breakages.ts'

const inSession = ({ session }: Pdu) => session !== 0
/** The snapshot, or the first number, that a request asks for. */
const asked = ({ payload }: Pdu) => Buffer.from(payload).readUInt32LE(0)

/** The session as OPEN gave it, and who opened it. */
const opened = ({ memory }: Between) => memory['opened'] as Pdu | undefined
function sees(pdu: Pdu, wand: Between): Pdu {
  if (reads('OPEN', pdu)) wand.memory['opened'] = pdu
  return pdu
}

/** A block of every snapshot that is not as it should be, under checks that are right. */
const block = (fault: object): Breakage => ({
  opened: ({ simulator }) => void simulator.command({ do: 'block', ...fault } as CommandInput),
})

export const SESSION: readonly BrokenWand[] = [
  { name: 'it never finds its place', fails: 200, ...sets('PING', { position: 3 }) },
  {
    name: 'it senses the implant every half second',
    fails: 201,
    ...sets('PING', { contactAgeMs: 480 }, (pdu) => !inSession(pdu)),
  },
  { name: 'OPEN fails', fails: 202, ...recodes('OK', 'INTERNAL', (pdu) => is('OPEN', pdu)) },
  { name: 'OPEN does not say of which pump', fails: 203, ...sets('OPEN', { pumpSerial: null }) },
  {
    name: 'session numbers begin anew',
    fails: 204,
    reply(pdu, _, wand) {
      sees(pdu, wand)
      return reads('HELLO', pdu) && !opened(wand) ? changed('HELLO', pdu, { lastSession: 5 }) : pdu
    },
  },
  {
    name: 'OPEN asked again is done again',
    fails: 205,
    ...replies(
      (pdu, _, wand) => reads('OPEN', pdu) && count(wand, 'opens') > 1,
      (pdu) =>
        changed('OPEN', pdu, { deviceTime: Number(fieldsOf('OPEN', pdu)['deviceTime']) + 1 }),
    ),
  },
  {
    name: 'a second OPEN is refused as a bad request',
    fails: 206,
    ...recodes(
      'BUSY',
      'BAD_REQUEST',
      (pdu, _, wand) => is('OPEN', pdu) && count(wand, 'second') === 1,
    ),
  },
  {
    name: 'PING says that it is opening',
    fails: 207,
    ...sets('PING', { sessionState: 1 }, inSession),
  },
  {
    name: 'the header of WAND names no session',
    fails: 208,
    ...replies(
      (pdu) => is('WAND', pdu),
      (pdu) => ({ ...pdu, session: 0 }),
    ),
  },
  {
    name: 'an open session is said to be closed',
    fails: 209,
    ...sets('HELLO', { lastEnd: 1 }, inSession),
  },
  {
    name: 'any session number will do',
    fails: 210,
    request: (pdu, wand) => {
      const session = opened(wand)?.session ?? 0
      return is('LIVE', pdu) && pdu.session === session + 1 ? { ...pdu, session } : pdu
    },
    reply: (pdu, _, wand) => sees(pdu, wand),
  },
  {
    name: 'it speaks to the implant every 700 ms',
    fails: 211,
    ...sets('PING', { contactAgeMs: 700 }, inSession),
  },
  {
    name: 'LIVE is a byte short',
    fails: 212,
    ...replies(
      (pdu) => reads('LIVE', pdu),
      (pdu) => ({ ...pdu, payload: pdu.payload.slice(0, -1) }),
    ),
  },
  { name: 'LIVE is of another pump', fails: 213, ...sets('LIVE', { pumpSerial: 'OTHER-1' }) },
  {
    name: 'LIVE asked again is done again',
    fails: 214,
    ...replies(
      (pdu, request, { memory }) => {
        const again = reads('LIVE', pdu) && memory['live'] === request.seq
        if (reads('LIVE', pdu)) memory['live'] = request.seq
        return again
      },
      (pdu) =>
        changed('LIVE', pdu, { deviceTime: Number(fieldsOf('LIVE', pdu)['deviceTime']) + 1 }),
    ),
  },
]

export const READING: readonly BrokenWand[] = [
  { name: 'INTERROGATE gives no number', fails: 220, ...sets('INTERROGATE', { snapshot: null }) },
  {
    name: 'PING does not say that it reads',
    fails: 221,
    ...sets('PING', { operation: 0 }, inSession),
  },
  {
    name: 'the directory is of another snapshot',
    fails: 222,
    ...sets('SNAPSHOT', (fields: Record<string, unknown>) => ({
      snapshot: Number(fields['snapshot']) + 1,
    })),
  },
  { name: 'a snapshot does not grow old', fails: 223, ...sets('SNAPSHOT', { endedMs: 40 }) },
  {
    name: 'it freezes although the pump has changed',
    fails: 224,
    ...sets('SNAPSHOT', (fields: Record<string, unknown>) => ({
      counterAfter: Number(fields['counterAfter']) + 1,
    })),
  },
  { name: 'a block is left out', fails: 225, ...block({ block: 'battery', missing: true }) },
  { name: 'a block comes twice', fails: 225, ...block({ block: 'battery', twice: true }) },
  {
    name: 'pieces are shorter than what fits',
    fails: 226,
    ...replies(
      (pdu) => reads('BLOCK', pdu),
      (pdu) => ({ ...pdu, payload: pdu.payload.slice(0, 107) }),
    ),
  },
  { name: 'the CRC is of other bytes', fails: 227, ...sets('SNAPSHOT', { crc: 0 }) },
  {
    name: 'a volume of 60 mL',
    fails: 228,
    ...block({ block: 'reservoir', set: { reportedVolume: 60_000_000 } }),
  },
  { name: 'a block is cut short', fails: 228, ...block({ block: 'catheter', length: 2 }) },
  {
    name: 'the identity block is of another pump',
    fails: 229,
    ...block({ block: 'identity', set: { serial: 'OTHER-1' } }),
  },
  {
    name: 'a piece begins only where the wand would cut',
    fails: 230,
    ...replies(
      (pdu, request) =>
        reads('BLOCK', pdu) && Buffer.from(request.payload).readUInt16LE(5) % 225 !== 0,
      (pdu) => {
        const payload = pdu.payload.slice()
        payload[7] = (payload[7] ?? 0) ^ 1
        return { ...pdu, payload }
      },
    ),
  },
  {
    name: 'behind the end of a block there is an empty piece',
    fails: 231,
    ...recodes('BAD_REQUEST', 'SNAPSHOT_GONE', (pdu) => is('BLOCK', pdu) && inSession(pdu)),
  },
  {
    name: 'what is gone is a bad request',
    fails: 232,
    ...recodes('SNAPSHOT_GONE', 'BAD_REQUEST', (pdu) => is('BLOCK', pdu)),
  },
  { name: 'LIVE says another rate', fails: 233, ...sets('LIVE', { rate: 1 }) },
  {
    name: 'the clock is older than the reading',
    fails: 234,
    ...block({ block: 'clock', set: { ageMs: 60_000 } }),
  },
  {
    name: 'air work is queued',
    fails: 235,
    ...recodes('BUSY', 'PENDING', (pdu) => is('LIVE', pdu)),
  },
  {
    name: 'an old snapshot is a session that has ended',
    fails: 236,
    ...recodes(
      'SNAPSHOT_GONE',
      'NO_SESSION',
      (pdu, request) => is('SNAPSHOT', pdu) && asked(request) < 100,
    ),
  },
]

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
