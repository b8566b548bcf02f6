// Wands that are wrong about a session, or a reading.
import type { Pdu } from '../../../protocol/codec/pdu.ts'
import type { CommandInput } from '../../../simulator/index.ts'
import type { Between, Breakage } from '../bench.ts'
import {
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
