// 60–79: the order of judgement and the memory of a path, as far as read requests show them.
import { Code } from '../../protocol/codec/pdu.ts'
import type { MessageName } from '../../protocol/messages/index.ts'
import type { Check } from '../check.ts'
import { nonce } from '../clock.ts'
import { must } from '../verdict.ts'

/** A session that no wand has allotted. */
const NEVER = 0xffff_fff0
const NEED_SESSION: readonly (readonly [MessageName, object])[] = [
  ['CLOSE', {}],
  ['INTERROGATE', {}],
  ['SNAPSHOT', { snapshot: 1 }],
  ['BLOCK', { snapshot: 1, block: 1, offset: 0 }],
  ['LIVE', {}],
]
/** Longer than it takes a clock of whole seconds to move. */
const SECOND_MS = 1_200

export const JUDGEMENT: readonly Check[] = [
  {
    number: 60,
    section: '9.2',
    title: 'A link that has said no HELLO is told so',
    asks: 'Line 6: `link` is not that of this path: WRONG_LINK.',
    needs: [4],
    async run(b) {
      const other = nonce(b.clock)
      await b.answers('WRONG_LINK', b.request('PING', { link: other }), 'PING of a strange link')
      await b.answers('WRONG_LINK', b.request('LIVE', { link: other }), 'LIVE of a strange link')
      await b.answers('OK', b.request('PING'), 'PING of the path’s own link, after that,')
    },
  },
  {
    number: 61,
    section: '9.1',
    title: 'A malformed HELLO opens no link',
    asks: 'A HELLO whose payload is malformed is no HELLO of its link: BAD_REQUEST, and the path keeps its link.',
    needs: [60],
    async run(b) {
      const link = nonce(b.clock)
      const empty = b.request('HELLO', { link, payload: new Uint8Array(0) })
      await b.answers('BAD_REQUEST', empty, 'HELLO without its payload')
      await b.answers('OK', b.request('PING'), 'PING of the link before it')
      await b.answers('WRONG_LINK', b.request('PING', { link }), 'PING of the link that it named')
    },
  },
  {
    number: 62,
    section: '9.2',
    title: 'What needs a session is refused without one',
    asks: 'Line 10: needs a session, and `session` is not one that this link holds: NO_SESSION.',
    needs: [4],
    async run(b) {
      for (const [name, fields] of NEED_SESSION)
        for (const session of [0, NEVER]) {
          const raw = b.request(name, { session }, fields)
          await b.answers('NO_SESSION', raw, `${name} with session ${session}`)
        }
    },
  },
  {
    number: 63,
    section: '9.2',
    title: 'A malformed payload is told before a missing session',
    asks: 'Line 9, before line 10: payload malformed: BAD_REQUEST.',
    needs: [62],
    async run(b) {
      for (const [name, length] of [
        ['SNAPSHOT', 0],
        ['SNAPSHOT', 3],
        ['BLOCK', 6],
      ] as const) {
        const raw = b.request(name, { payload: new Uint8Array(length) })
        await b.answers('BAD_REQUEST', raw, `${name} with ${length} bytes of payload`)
      }
    },
  },
  {
    number: 64,
    section: '9.6',
    title: 'A block that is no number of §8 is told before a missing session',
    asks: 'It asks for what does not exist if `block` is no number of §8: line 9.',
    needs: [62],
    async run(b) {
      for (const block of [0, 255]) {
        const payload = Uint8Array.from([1, 0, 0, 0, block, 0, 0])
        await b.answers('BAD_REQUEST', b.request('BLOCK', { payload }), `BLOCK ${block}`)
      }
    },
  },
  {
    number: 70,
    section: '9.3',
    title: 'A repeated request gets the same bytes',
    asks: 'The last exchange without air work, with the reply’s bytes. The repeated request gets the same bytes.',
    needs: [5],
    async run(b) {
      const raw = b.request('WAND')
      const { raw: reply } = await b.ask(raw)
      await b.wait(SECOND_MS)
      await b.sameAgain(raw, reply, 'WAND')
    },
  },
  {
    number: 71,
    section: '9.2',
    title: 'A seq that is remembered with another type is refused',
    asks: 'Line 8: `link` and `seq` are remembered with another type: BAD_REQUEST.',
    needs: [70],
    async run(b) {
      const { seq } = (await b.ask(b.request('WAND'))).pdu
      await b.answers('BAD_REQUEST', b.request('PING', { seq }), 'PING with the seq of a WAND')
    },
  },
  {
    number: 72,
    section: '9.3',
    title: 'The refusal of a reused seq replaces nothing that is remembered',
    asks: 'Answers of lines 2 to 6 and 8 are not remembered and replace nothing that is.',
    needs: [71],
    async run(b) {
      const raw = b.request('WAND')
      const { raw: reply, pdu } = await b.ask(raw)
      await b.ask(b.request('PING', { seq: pdu.seq }))
      await b.wait(SECOND_MS)
      await b.sameAgain(raw, reply, 'WAND, behind a PING that reused its seq,')
    },
  },
  {
    number: 73,
    section: '9.3',
    title: 'A refusal of air work is remembered',
    asks: 'Refusals of air work (lines 9 to 11) are such exchanges, too.',
    needs: [62, 71],
    async run(b) {
      const raw = b.request('LIVE', { session: 0 })
      const { raw: reply, pdu } = await b.answers('NO_SESSION', raw, 'LIVE without a session')
      await b.sameAgain(raw, reply, 'LIVE without a session')
      const other = b.request('PING', { seq: pdu.seq })
      await b.answers('BAD_REQUEST', other, 'PING with the seq of that LIVE')
    },
  },
  {
    number: 74,
    section: '9.3',
    title: 'A HELLO with a new link makes the path forget',
    asks: 'A HELLO with a new link makes the path forget.',
    needs: [71],
    async run(b) {
      const { seq } = (await b.ask(b.request('WAND'))).pdu
      await b.hello(nonce(b.clock))
      const reply = await b.ask(b.request('PING', { seq }))
      must(
        reply.pdu.code === Code.OK,
        'PING of a new link, with a seq that the link before had used, was refused',
      )
    },
  },
  {
    number: 75,
    section: '9.1',
    title: 'After a HELLO with another link the earlier link is a strange one',
    asks: 'Each path has a link: that of the newest HELLO received on it.',
    needs: [60],
    async run(b) {
      const earlier = b.link
      await b.hello(nonce(b.clock))
      const raw = b.request('PING', { link: earlier })
      await b.answers('WRONG_LINK', raw, 'PING of the link before the newest HELLO')
    },
  },
]
