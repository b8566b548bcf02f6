// Wands that answer wrong, or say wrong who they are.
import { Code } from '../../../protocol/codec/pdu.ts'
import {
  answer,
  ascii,
  type BrokenWand,
  changed,
  is,
  reads,
  recodes,
  replies,
  sets,
  text,
} from './breakages.ts'

const QUIET = {
  ...{ major: 1, type: 1, flags: 0, code: 0, seq: 0, link: 1, session: 0 },
  payload: new Uint8Array(0),
}

export const ANSWERING: readonly BrokenWand[] = [
  {
    name: 'the checksum of every reply is wrong',
    fails: 1,
    frame: (frame) => ascii(text(frame).replace(/..\r\n$/, '00\r\n')),
  },
  { name: 'lines in lower case', fails: 1, frame: (frame) => ascii(text(frame).toLowerCase()) },
  { name: 'lines end with LF alone', fails: 1, frame: (f) => ascii(text(f).replace('\r', '')) },
  {
    name: 'the seq of every reply is one more',
    fails: 2,
    reply: (pdu) => ({ ...pdu, seq: (pdu.seq + 1) & 0xffff }),
  },
  { name: 'replies without REPLY', fails: 2, reply: (pdu) => ({ ...pdu, flags: pdu.flags & ~1 }) },
  {
    name: 'another link in every reply',
    fails: 2,
    reply: (pdu) => ({ ...pdu, link: pdu.link ^ 1 }),
  },
  { name: 'a lease of 60 ms', fails: 3, ...sets('HELLO', { leaseMs: 60 }) },
  { name: 'a serial in lower case', fails: 3, ...sets('HELLO', { wandSerial: 'wand-1' }) },
  {
    name: 'HELLO is a byte short',
    fails: 3,
    ...replies(
      (pdu) => reads('HELLO', pdu),
      (pdu) => ({ ...pdu, payload: pdu.payload.slice(0, -1) }),
    ),
  },
  { name: 'a coupling of 120 %', fails: 4, ...sets('PING', { coupling: 120 }) },
  { name: 'a position that has no name', fails: 4, ...sets('PING', { position: 9 }) },
  {
    name: 'WAND is not known',
    fails: 5,
    ...recodes('OK', 'UNKNOWN_TYPE', (pdu) => is('WAND', pdu)),
  },
  { name: 'a battery of 130 %', fails: 5, ...sets('WAND', { battery: 130 }) },
  { name: 'seq is read as signed', fails: 6, reply: (pdu) => ({ ...pdu, seq: pdu.seq & 0x7fff }) },
  {
    name: 'a link of all ones is taken for none',
    fails: 7,
    request: (pdu) => (pdu.link === 0xffff_ffff ? null : pdu),
  },
  {
    name: 'the header repeats the session of the request',
    fails: 8,
    ...replies(
      (pdu) => is('WAND', pdu) && pdu.session === 0,
      (pdu) => ({ ...pdu, session: 7 }),
    ),
  },
  {
    name: 'the minor of the host is given back',
    fails: 9,
    reply: (pdu, request) =>
      reads('HELLO', pdu) ? changed('HELLO', pdu, { minor: request.payload[0] }) : pdu,
  },
  {
    name: 'longer payloads are refused',
    fails: 10,
    ...replies(
      (_, request) => is('PING', request) && request.payload.length > 200,
      (pdu) => ({ ...pdu, code: Code.BAD_REQUEST, payload: new Uint8Array(0) }),
    ),
  },
  {
    name: 'it greets whoever opens',
    fails: 11,
    opened: (wand) =>
      void wand.env.after(400, () =>
        wand.tell(answer({ ...QUIET, type: 1 }, 'INTERNAL', { link: 1 })),
      ),
  },
]
