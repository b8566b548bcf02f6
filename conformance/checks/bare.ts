// 100–129: what is sent only to a wand without an implant: other versions, the range that is never assigned,
// and whatever no host sends. Each asks the wand first; one that reports coupling gets nothing of this.
import { type Code, encodePdu, FLAG_REPLY, MAJOR, type Pdu } from '../../protocol/codec/pdu.ts'
import { Hello } from '../../protocol/messages/hello.ts'
import { type Bench, isBare } from '../bench.ts'
import type { Check } from '../check.ts'
import { nonce } from '../clock.ts'
import type { Over, Reply } from '../host.ts'
import { must } from '../verdict.ts'

const on = { wand: 'bare' as const }
const EMPTY = new Uint8Array(0)

/** Any PDU, whatever its type: the one place where such a thing is made. */
function any(b: Bench, type: number, over: Over = {}): Uint8Array {
  const { link } = b
  const plain: Pdu = {
    major: MAJOR,
    type,
    flags: 0,
    code: 0,
    seq: b.next(),
    link,
    session: 0,
    payload: EMPTY,
  }
  return encodePdu({ ...plain, ...over, type })
}

async function answers(
  b: Bench,
  code: keyof typeof Code,
  raw: Uint8Array,
  what: string,
): Promise<Reply> {
  await b.bare()
  return b.answers(code, raw, what)
}

/** Whoever is of another major may not be read by this version's decoder; the wand's own answer is. */
const hex = (n: number) => `0x${n.toString(16).padStart(2, '0')}`

export const BARE: readonly Check[] = [
  {
    ...on,
    number: 100,
    section: '7.2',
    title: 'Without an implant PING reports none',
    asks: 'Coupling and position are for the person who holds the wand; no implant, no coupling.',
    needs: [4],
    async run(b) {
      const ping = await b.read('PING')
      must(
        isBare(ping),
        `PING reports coupling ${ping.coupling} and position ${ping.position}. Take the wand off whatever it is near, or run this without --no-implant`,
      )
      must(ping.session === 0 || ping.sessionState === 4, 'PING reports an open session')
    },
  },
  {
    ...on,
    number: 101,
    section: '9.2',
    title: 'Another major version is answered VERSION, in the wand’s own',
    asks: 'Line 2. To a request of another major the wand answers in its own major, and copies type, bytes 4–5 and bytes 8–11.',
    needs: [100],
    async run(b) {
      for (const major of [0, 2, 255])
        for (const type of [0x01, 0x02, 0x3f, 0x7f, 0xfe]) {
          await b.bare()
          const reply = await b.reply(any(b, type, { major, link: nonce(b.clock), code: 7 }))
          const what = `type ${hex(type)} of major ${major}`
          must(reply !== null, `${what} got no reply`)
          b.expect(reply, 'VERSION', what)
        }
    },
  },
  {
    ...on,
    number: 102,
    section: '4.3',
    title: 'VERSION carries a HELLO reply',
    asks: 'With VERSION the payload is that of a HELLO reply.',
    needs: [101],
    async run(b) {
      await b.bare()
      const reply = await b.ask(any(b, 0x01, { major: 2 }))
      const { length } = reply.pdu.payload
      must(length >= Hello.reply.size, `the payload of VERSION has ${length} bytes, no HELLO reply`)
      must(
        reply.pdu.payload[0] === b.has('hello').minor,
        'the payload of VERSION says another minor than HELLO does',
      )
    },
  },
  {
    ...on,
    number: 103,
    section: '9.2',
    title: 'A damaged PDU of another major is dropped',
    asks: 'Line 2: another major version, CRC good. Line 1 drops any other fault.',
    needs: [101],
    async run(b) {
      await b.bare()
      const raw = any(b, 0x02, { major: 2 })
      raw[raw.length - 1] = (raw[raw.length - 1] as number) ^ 0x10
      await b.silent(raw, 'a PING of major 2 with a damaged checksum')
    },
  },
  {
    ...on,
    number: 104,
    section: '9.2',
    title: 'A reply is never answered, of whatever version',
    asks: 'Line 1: REPLY set, in whatever version: none. On a cable that echoes the answer would be answered without end.',
    needs: [100],
    async run(b) {
      for (const major of [MAJOR, 2])
        for (const type of [0x01, 0x02, 0x55]) {
          await b.bare()
          const raw = any(b, type, { major, flags: FLAG_REPLY })
          await b.silent(raw, `type ${hex(type)} of major ${major} with REPLY set`)
        }
    },
  },
  {
    ...on,
    number: 105,
    section: '9.2',
    title: 'Every type of 0x40–0x7F is refused',
    asks: 'Line 3: type 0x40–0x7F: REFUSED. A wand acts on nothing there, in any version.',
    needs: [100],
    async run(b) {
      for (let type = 0x40; type <= 0x7f; type += 1)
        await answers(b, 'REFUSED', any(b, type), `type ${hex(type)}`)
    },
  },
  {
    ...on,
    number: 106,
    section: '9.2',
    title: 'Types 0x40–0x7F are refused whatever the rest says',
    asks: 'Line 3, before all that follow: whatever the rest says.',
    needs: [105],
    async run(b) {
      const rest: [string, Over][] = [
        ['code 9', { code: 9 }],
        ['link 0', { link: 0 }],
        ['a strange link', { link: nonce(b.clock) }],
        ['a session', { session: 1 }],
        ['the longest payload', { payload: new Uint8Array(232).fill(0xa5) }],
        ['a flag that is not listed', { flags: 0x80 }],
      ]
      for (const [what, over] of rest)
        for (const type of [0x40, 0x5a, 0x7f])
          await answers(b, 'REFUSED', any(b, type, over), `type ${hex(type)} with ${what}`)
    },
  },
  {
    ...on,
    number: 107,
    section: '1',
    title: 'After all of 0x40–0x7F nothing has changed',
    asks: 'A wand MUST answer them REFUSED and act on nothing.',
    needs: [105],
    async run(b) {
      const now = await b.read('HELLO')
      const then = b.has('hello')
      must(now.lastSession === then.lastSession, 'HELLO reports another session than before')
      must(
        now.lastEnd === then.lastEnd,
        'HELLO reports another end of the last session than before',
      )
      const { operation, sessionState } = await b.read('PING')
      must(operation === 0, 'PING reports air work that no request has asked for')
      must(sessionState === 0 || sessionState === 4, 'PING reports a session that nobody opened')
    },
  },
  {
    ...on,
    number: 108,
    section: '9.2',
    title: 'A request with a code, or of link 0, is a bad one',
    asks: 'Line 4: `code` not 0, or `link` 0: BAD_REQUEST.',
    needs: [100],
    async run(b) {
      for (const type of [0x01, 0x02, 0x22]) {
        await answers(b, 'BAD_REQUEST', any(b, type, { code: 1 }), `type ${hex(type)} with code 1`)
        await answers(b, 'BAD_REQUEST', any(b, type, { link: 0 }), `type ${hex(type)} with link 0`)
      }
    },
  },
  {
    ...on,
    number: 109,
    section: '9.2',
    title: 'An unknown type is told, whatever its link',
    asks: 'Line 5, before line 6: any other type that is not in §7: UNKNOWN_TYPE.',
    needs: [100],
    async run(b) {
      for (const type of [0x00, 0x0f, 0x3f, 0x80, 0xff])
        for (const link of [b.link, nonce(b.clock)])
          await answers(b, 'UNKNOWN_TYPE', any(b, type, { link }), `type ${hex(type)}`)
    },
  },
  {
    ...on,
    number: 110,
    section: '4.2',
    title: 'Flags that are not listed are ignored',
    asks: 'Bits that are not listed are sent as 0 and ignored.',
    needs: [100],
    async run(b) {
      for (const flags of [0x08, 0x80, 0xf8])
        await answers(b, 'OK', any(b, 0x02, { flags }), `PING with flags ${hex(flags)}`)
    },
  },
  {
    ...on,
    number: 111,
    section: '9.3',
    title: 'The answer to an unknown type is not remembered',
    asks: 'Answers of lines 2 to 6 and 8 are not remembered and replace nothing that is.',
    needs: [70, 109],
    async run(b) {
      await b.bare()
      const kept = b.request('WAND')
      const { raw: reply } = await b.ask(kept)
      const { seq } = (await b.ask(any(b, 0x22))).pdu
      await b.wait(1_200)
      await b.sameAgain(kept, reply, 'WAND, behind a type that is unknown,')
      const ping = b.request('PING', { seq })
      await b.answers('OK', ping, 'PING with the seq of an unknown type')
    },
  },
  {
    ...on,
    number: 112,
    section: '9.5',
    title: 'OPEN without an implant ends with NO_IMPLANT, and no session',
    asks: 'NO_IMPLANT: none was heard. A number is allotted when the implant has answered OPEN.',
    needs: [100],
    async run(b) {
      const raw = b.request('OPEN')
      const reply = await b.work(raw)
      // Should it have opened one, it is closed when the run ends.
      b.session = reply.pdu.session
      b.expect(reply, 'NO_IMPLANT', 'OPEN')
      must(reply.pdu.session === 0, `NO_IMPLANT came with session ${reply.pdu.session}`)
      b.known.openRaw = raw
      b.known.openReply = reply.raw
    },
  },
  {
    ...on,
    number: 113,
    section: '9.3',
    title: 'The result of air work, asked for again, is the same bytes',
    asks: 'Once it has ended, its result: from then on always the same bytes.',
    needs: [112],
    async run(b) {
      await b.read('PING')
      await b.wait(300)
      await b.sameAgain(b.has('openRaw'), b.has('openReply'), 'OPEN')
    },
  },
  {
    ...on,
    number: 114,
    section: '9.4',
    title: 'An OPEN that found nobody allots no session',
    asks: 'A number is allotted when the implant has answered OPEN.',
    needs: [112],
    async run(b) {
      const { lastSession } = await b.read('HELLO')
      must(
        lastSession === b.has('hello').lastSession,
        `lastSession went from ${b.has('hello').lastSession} to ${lastSession}`,
      )
    },
  },
]
