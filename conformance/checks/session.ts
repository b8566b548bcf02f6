// 200–213: a session with the pump under the wand: opened, held, asked for what is live.
import { judge } from '../../protocol/fields/field.ts'
import { Live } from '../../protocol/messages/live.ts'
import { Open } from '../../protocol/messages/open.ts'
import { Timing } from '../../protocol/timing.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import { must } from '../verdict.ts'

const on = { wand: 'pump' as const }
/** How long somebody may take to put the wand in place. */
const PLACING_MS = 30_000
const GOOD = 1

/** The contact age of PING stays below a limit. */
async function contactStays(b: Bench, below: number, forMs: number): Promise<void> {
  const end = b.clock.monotonic() + forMs
  while (b.clock.monotonic() < end) {
    const { contactAgeMs } = await b.read('PING')
    must(contactAgeMs !== null, 'PING says that there was no contact since start-up')
    const most = below + b.slackMs
    must(contactAgeMs <= most, `the contact was ${contactAgeMs} ms old; ${below} ms may be`)
    await b.wait(70)
  }
}

export const SESSION: readonly Check[] = [
  {
    ...on,
    number: 200,
    section: '9.7',
    title: 'PING reports the implant, and that the wand is well placed',
    asks: 'It senses the coupling passively; `coupling` and `position` are for the person who holds the wand.',
    needs: [4],
    async run(b) {
      const end = b.clock.monotonic() + PLACING_MS
      for (;;) {
        const { position } = await b.read('PING')
        if (position === GOOD) return
        must(
          b.clock.monotonic() < end,
          `position was ${position} for ${PLACING_MS / 1000} s. Place the wand over a pump, or say --no-implant`,
        )
        await b.wait(250)
      }
    },
  },
  {
    ...on,
    number: 201,
    section: '9.7',
    title: 'Without a session the contact is at most 250 ms old',
    asks: 'It senses the coupling passively at least every 250 ms.',
    needs: [200],
    run: (b) => contactStays(b, Timing.PASSIVE_CONTACT_MS, 2_000),
  },
  {
    ...on,
    number: 202,
    section: '9.5',
    title: 'OPEN opens a session',
    asks: 'The wand answers PENDING at once; the host asks again with the same type and seq until the code is another one.',
    needs: [200],
    async run(b) {
      b.known.before = (await b.read('HELLO')).lastSession ?? 0
      const raw = b.request('OPEN', { session: 0 })
      const reply = await b.work(raw)
      b.session = reply.pdu.session
      b.expect(reply, 'OK', 'OPEN')
      const { session } = reply.pdu
      must(session !== 0 && session !== 0xffff_ffff, `OPEN was answered OK with session ${session}`)
      b.known.openRaw = raw
      b.known.openReply = reply.raw
    },
  },
  {
    ...on,
    number: 203,
    section: '7.4',
    title: 'The OPEN reply can be read, and names its pump',
    asks: 'Serial, model, firmware, state counter and clock of the pump it was opened with.',
    needs: [202],
    async run(b) {
      const reply = await b.ask(b.has('openRaw'))
      const opened = b.payload('OPEN', reply)
      b.inRange(Open.reply, opened, 'OPEN')
      const serial = judge(Open.reply.fields.pumpSerial, opened.pumpSerial)
      must(serial === 'ok', 'OPEN names no pump')
      b.known.opened = opened
    },
  },
  {
    ...on,
    number: 204,
    section: '9.4',
    title: 'A session number is larger than all before it',
    asks: 'They grow, are never reused, and are never 0.',
    needs: [202],
    async run(b) {
      const before = b.has('before')
      must(b.session > before, `session ${b.session} was allotted after ${before}`)
    },
  },
  {
    ...on,
    number: 205,
    section: '9.3',
    title: 'OPEN asked again gets the same bytes, and opens nothing',
    asks: 'A wand MUST NOT act twice on one request; its result is always the same bytes.',
    needs: [202],
    async run(b) {
      await b.wait(1_200)
      await b.sameAgain(b.has('openRaw'), b.has('openReply'), 'OPEN')
    },
  },
  {
    ...on,
    number: 206,
    section: '9.2',
    title: 'A second OPEN is refused while a session is open',
    asks: 'Line 11: OPEN while a session is open, whoever holds it: BUSY.',
    needs: [202],
    run: async (b) => void (await b.answers('BUSY', b.request('OPEN'), 'OPEN in a session')),
  },
  {
    ...on,
    number: 207,
    section: '7.2',
    title: 'PING names the session that is open',
    asks: '`session` of PING: the open or stuck session, whoever holds it; `sessionState`: open.',
    needs: [202],
    async run(b) {
      const { session, sessionState } = await b.read('PING')
      must(session === b.session, `PING says session ${session}, OPEN gave ${b.session}`)
      must(sessionState === 2, `PING says session state ${sessionState}, not open`)
    },
  },
  {
    ...on,
    number: 208,
    section: '9.2',
    title: 'In a session every header names it',
    asks: '`session` is the session that this link holds at that moment.',
    needs: [202],
    async run(b) {
      for (const name of ['HELLO', 'PING', 'WAND'] as const) {
        const { pdu } = await b.ask(b.request(name))
        must(
          pdu.session === b.session,
          `${name} came with session ${pdu.session}, not ${b.session}`,
        )
      }
    },
  },
  {
    ...on,
    number: 209,
    section: '9.4',
    title: 'HELLO says of an open session that it is open still',
    asks: 'While a session is open, `lastEnd` is `still-open`.',
    needs: [202],
    async run(b) {
      const { lastSession, lastEnd } = await b.read('HELLO')
      must(lastSession === b.session, `lastSession is ${lastSession}, OPEN gave ${b.session}`)
      must(lastEnd === 5, `lastEnd is ${lastEnd}, not still-open`)
    },
  },
  {
    ...on,
    number: 210,
    section: '9.2',
    title: 'Another session’s number is refused',
    asks: 'Line 10: `session` is not one that this link holds: NO_SESSION.',
    needs: [202],
    async run(b) {
      for (const session of [0, b.session - 1, b.session + 1]) {
        const raw = b.request('LIVE', { session })
        await b.answers(
          'NO_SESSION',
          raw,
          `LIVE of session ${session}, while ${b.session} is open,`,
        )
      }
    },
  },
  {
    ...on,
    number: 211,
    section: '9.7',
    title: 'In a session the contact is at most 400 ms old',
    asks: 'With a session the wand exchanges with the implant at least every 400 ms by itself.',
    needs: [202],
    run: (b) => contactStays(b, Timing.SESSION_CONTACT_MS, 3_000),
  },
  {
    ...on,
    number: 212,
    section: '7.9',
    title: 'LIVE can be read',
    asks: 'A short exchange inside a session: is it the same pump, has anything changed?',
    needs: [202],
    async run(b) {
      const raw = b.request('LIVE')
      const reply = await b.work(raw)
      const live = b.payload('LIVE', reply)
      b.inRange(Live.reply, live, 'LIVE')
      b.known.live = live
      b.known.liveRaw = raw
      b.known.liveReply = reply.raw
    },
  },
  {
    ...on,
    number: 213,
    section: '9.4',
    title: 'LIVE is of the pump that OPEN named',
    asks: 'After OPEN every frame on air is addressed to the serial number that answered.',
    needs: [203, 212],
    async run(b) {
      const { pumpSerial } = b.has('live')
      const opened = b.has('opened').pumpSerial
      must(pumpSerial === opened, `LIVE is of pump ${pumpSerial}, OPEN was of ${opened}`)
    },
  },
  {
    ...on,
    number: 214,
    section: '9.3',
    title: 'LIVE asked again gets the same bytes',
    asks: 'The last air operation that was begun: once it has ended, always the same bytes, PINGs between or not.',
    needs: [212],
    async run(b) {
      await b.read('PING')
      await b.wait(1_200)
      await b.sameAgain(b.has('liveRaw'), b.has('liveReply'), 'LIVE')
    },
  },
]
