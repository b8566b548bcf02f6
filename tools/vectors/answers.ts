// Vectors of the order in which a wand judges a request, §9.2: what it answers on a path whose link is LINK,
// with no session open and nothing remembered. Each says by itself what is to come of it.
import { encodePdu, FLAG_REPLY, type Pdu } from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { MESSAGES, type MessageName } from '../../protocol/messages/index.ts'
import { hex, type Vector } from './cases.ts'
import { altered, set } from './framing.ts'
import { LINK, REQUESTS, SESSION } from './values.ts'

function request(name: MessageName, change: Partial<Pdu> = {}): Uint8Array {
  return encodePdu({
    ...{ major: 1, type: MESSAGES[name].type, flags: 0, code: 0 },
    ...{ seq: 40, link: LINK, session: 0 },
    payload: emit(MESSAGES[name].request, REQUESTS[name] as never),
    ...change,
  })
}

const OTHER_LINK = LINK + 1
const NOTHING = new Uint8Array()

export function answers(): Vector[] {
  const one = (name: string, answer: string | null, asked: Uint8Array): Vector => ({
    ...{ name, asked: hex(asked), answer },
  })
  const of = (
    name: string,
    answer: string | null,
    message: MessageName,
    change: Partial<Pdu> = {},
  ) => one(name, answer, request(message, change))
  const ofMajor = (name: string, answer: string | null, change: Partial<Pdu> = {}) =>
    one(name, answer, altered(request('PING', change), set(0, 2), true))
  const damaged = (bytes: Uint8Array) => altered(bytes, set(4, 41))
  return [
    of('a request', 'OK', 'PING'),
    one('damage', null, damaged(request('PING'))),
    one('damage comes before everything else', null, damaged(request('PING', { type: 0x50 }))),
    of('a PDU with REPLY set, such as an echo', null, 'PING', { flags: FLAG_REPLY }),
    of('REPLY set, of a type that is never assigned', null, 'PING', {
      type: 0x40,
      flags: FLAG_REPLY,
    }),
    ofMajor('REPLY set, of another major version', null, { flags: FLAG_REPLY }),
    ofMajor('another major version', 'VERSION'),
    ofMajor('another major version comes before the type', 'VERSION', { type: 0x50 }),
    ofMajor('another major version comes before the link', 'VERSION', { link: 0 }),
    of('the first type that is never assigned', 'REFUSED', 'PING', { type: 0x40 }),
    of('the last type that is never assigned', 'REFUSED', 'PING', { type: 0x7f }),
    of('REFUSED, whatever code, link, session and payload say', 'REFUSED', 'BLOCK', {
      ...{ type: 0x55, code: 9, link: 0, session: SESSION },
    }),
    of('the type before the first that is never assigned', 'UNKNOWN_TYPE', 'PING', { type: 0x3f }),
    of('the type behind the last that is never assigned', 'UNKNOWN_TYPE', 'PING', { type: 0x80 }),
    of('a code in a request', 'BAD_REQUEST', 'PING', { code: 1 }),
    of('a code comes before the type', 'BAD_REQUEST', 'PING', { code: 1, type: 0x20 }),
    of('link 0', 'BAD_REQUEST', 'HELLO', { link: 0 }),
    of('an unknown type comes before the link', 'UNKNOWN_TYPE', 'PING', {
      ...{ type: 0x20, link: OTHER_LINK },
    }),
    of('another link', 'WRONG_LINK', 'PING', { link: OTHER_LINK }),
    of('the link comes before the payload', 'WRONG_LINK', 'BLOCK', {
      ...{ link: OTHER_LINK, payload: NOTHING },
    }),
    of('HELLO with another link', 'OK', 'HELLO', { link: OTHER_LINK }),
    of('HELLO with another link, malformed', 'BAD_REQUEST', 'HELLO', {
      ...{ link: OTHER_LINK, payload: NOTHING },
    }),
    of('HELLO with this link, malformed', 'BAD_REQUEST', 'HELLO', { payload: NOTHING }),
    of('the payload comes before the session', 'BAD_REQUEST', 'SNAPSHOT', { payload: NOTHING }),
    of('a block that does not exist', 'BAD_REQUEST', 'BLOCK', {
      payload: emit(MESSAGES.BLOCK.request, { ...REQUESTS.BLOCK, block: 200 }),
    }),
    of('session 0', 'NO_SESSION', 'LIVE'),
    of('a session that this link does not hold', 'NO_SESSION', 'LIVE', { session: SESSION }),
    of('a session of all ones', 'NO_SESSION', 'LIVE', { session: 0xffffffff }),
    of('CLOSE without a session, such as a second one', 'NO_SESSION', 'CLOSE'),
    of('the session comes before the snapshot', 'NO_SESSION', 'BLOCK'),
    of('a longer payload, of a newer minor', 'OK', 'PING', { payload: new Uint8Array(8) }),
  ]
}
