// 1–19: the wand answers, and says who it is.
import { Code, MAX_PAYLOAD } from '../../protocol/codec/pdu.ts'
import { Hello } from '../../protocol/messages/hello.ts'
import { Ping } from '../../protocol/messages/ping.ts'
import { Wand } from '../../protocol/messages/wand.ts'
import type { Check } from '../check.ts'
import { nonce } from '../clock.ts'
import { SILENCE_MS } from '../host.ts'
import { must } from '../verdict.ts'

export const ANSWERING: readonly Check[] = [
  {
    number: 1,
    section: '5.1, 6.1',
    title: 'HELLO is answered with a whole frame',
    asks: 'One PDU is one line, or as few reports as hold it; the checksum covers all of it.',
    needs: [],
    async run(b) {
      const hello = b.send(b.request('HELLO'))
      await b.answer(hello, SILENCE_MS)
      const [refused] = b.refused
      const came = hello.answers.length + b.unasked.length > 0
      must(came || !refused, `what came was refused as ${refused?.what}: no whole frame was in it`)
      must(came, 'nothing came')
    },
  },
  {
    number: 2,
    section: '9.2',
    title: 'A reply repeats type, seq and link, and sets REPLY',
    asks: 'A reply repeats `type`, `seq` and `link` of its request and sets REPLY.',
    needs: [1],
    async run(b) {
      const reply = await b.reply(b.request('HELLO'))
      const [other] = b.unasked.slice(-1)
      must(reply !== null, `what came was no reply to this request: ${other?.what ?? 'nothing'}`)
    },
  },
  {
    number: 3,
    section: '7.1',
    title: 'The HELLO reply can be read, every field in its range',
    asks: 'The wand introduces itself: minor, lease, serial, model, firmware, boot, last session and its end.',
    needs: [2],
    async run(b) {
      const hello = await b.read('HELLO')
      b.inRange(Hello.reply, hello, 'HELLO')
      for (const name of ['minor', 'leaseMs', 'wandSerial', 'boot', 'lastSession'] as const)
        must(hello[name] !== null, `HELLO.${name} is unavailable; a host cannot do without it`)
      b.known.hello = hello
    },
  },
  {
    number: 4,
    section: '7.2',
    title: 'The PING reply can be read, every field in its range',
    asks: 'What is the wand doing, does it hear the implant?',
    needs: [3],
    async run(b) {
      b.inRange(Ping.reply, await b.read('PING'), 'PING')
    },
  },
  {
    number: 5,
    section: '7.3',
    title: 'The WAND reply can be read, every field in its range',
    asks: 'Health of the wand itself and counters of its air link since it started.',
    needs: [4],
    async run(b) {
      b.inRange(Wand.reply, await b.read('WAND'), 'WAND')
    },
  },
  {
    number: 6,
    section: '4.1',
    title: 'Every seq comes back, at both ends of its range',
    asks: '`seq` is the number of the request; 65535 is followed by 0.',
    needs: [4],
    async run(b) {
      for (const seq of [1, 127, 128, 255, 256, 32_767, 32_768, 65_534, 65_535, 0]) {
        const reply = await b.reply(b.request('PING', { seq }))
        must(reply !== null, `PING with seq ${seq} got no reply with that seq`)
      }
    },
  },
  {
    number: 7,
    section: '4.1',
    title: 'Every link comes back, at both ends of its range',
    asks: '`link` is the host’s number of this port opening, not 0.',
    needs: [4],
    async run(b) {
      for (const link of [1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, nonce(b.clock)]) {
        b.link = link
        const reply = await b.reply(b.request('HELLO'))
        must(reply !== null, `HELLO with link ${link} got no reply with that link`)
        await b.read('PING')
      }
    },
  },
  {
    number: 8,
    section: '9.2',
    title: 'Without a session the header says 0',
    asks: '`session` is the session that this link holds at that moment, else 0.',
    needs: [5],
    async run(b) {
      for (const name of ['HELLO', 'PING', 'WAND'] as const) {
        const { pdu } = await b.ask(b.request(name, { session: 0 }))
        must(pdu.session === 0, `${name} was answered with session ${pdu.session}; none was opened`)
      }
    },
  },
  {
    number: 9,
    section: '11',
    title: 'A host of a newer minor is answered as any other',
    asks: 'The HELLO request tells the wand the host’s minor, the reply the wand’s.',
    needs: [3],
    async run(b) {
      const { minor } = b.has('hello')
      const now = await b.read('HELLO', {}, { minor: 254 })
      must(now.minor === minor, `the wand spoke minor ${minor}, to a newer host ${now.minor}`)
    },
  },
  {
    number: 10,
    section: '7',
    title: 'A payload longer than its struct is taken, up to the longest PDU',
    asks: 'A reader takes a payload that is longer than its struct.',
    needs: [4],
    async run(b) {
      for (const length of [1, 59, 60, 61, 120, MAX_PAYLOAD]) {
        const reply = await b.reply(b.request('PING', { payload: new Uint8Array(length) }))
        must(reply !== null, `PING with ${length} bytes of payload got no reply`)
        must(reply.pdu.code === Code.OK, `PING with ${length} bytes of payload was refused`)
      }
    },
  },
  {
    number: 11,
    section: '2',
    title: 'The wand says nothing before it is asked',
    asks: 'A wand MUST NOT send anything unasked.',
    needs: [4],
    async run(b) {
      await b.reopen()
      const from = b.traffic.length
      await b.wait(1_000)
      const came = b.traffic.slice(from).some(({ way }) => way === 'in')
      await b.hello()
      must(!came, 'bytes came after the port was opened, before anything was asked')
    },
  },
]
