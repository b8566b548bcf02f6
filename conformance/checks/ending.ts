// 240–259: how a session ends: closed, cut short, orphaned, or by its lease.
import { Code } from '../../protocol/codec/pdu.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import { nonce } from '../clock.ts'
import { must, NotRun } from '../verdict.ts'

const on = { wand: 'pump' as const }
/** What a wand may need to close a session on air by itself. */
const CLOSING_MS = 3_000
const NONE = 0
const OPEN = 2
const ENDS = { closed: 1, 'lease-expired': 3 } as const

const leaseOf = (b: Bench) => b.has('hello').leaseMs ?? 0
/** By then a session that nobody asks for has ended. */
const latestOf = (b: Bench) => leaseOf(b) + CLOSING_MS + b.slackMs

async function ended(b: Bench, how: keyof typeof ENDS): Promise<void> {
  const { lastEnd } = await b.read('HELLO')
  must(lastEnd === ENDS[how], `HELLO says that the session ended with ${lastEnd}, not ${how}`)
}

export const ENDING: readonly Check[] = [
  {
    ...on,
    number: 240,
    section: '7.5',
    title: 'CLOSE is confirmed by the implant',
    asks: 'Ends the session. Only the implant’s own answer makes it confirmed.',
    needs: [202],
    async run(b) {
      const { session } = b
      const raw = b.request('CLOSE')
      const reply = await b.work(raw)
      const { result } = b.payload('CLOSE', reply)
      must(result === 1, `CLOSE ended with result ${result}, not confirmed`)
      b.session = 0
      b.known.closed = session
      b.known.closeRaw = raw
      b.known.closeReply = reply.raw
    },
  },
  {
    ...on,
    number: 241,
    section: '9.3',
    title: 'CLOSE asked again gets the same bytes',
    asks: 'The last air operation: once it has ended, its result, from then on always the same bytes.',
    needs: [240],
    run: (b) => b.sameAgain(b.has('closeRaw'), b.has('closeReply'), 'CLOSE'),
  },
  {
    ...on,
    number: 242,
    section: '9.4',
    title: 'After CLOSE the wand reports no session, and that it was closed',
    asks: 'CLOSE with the reply `confirmed`: the session has ended, `lastEnd` is `closed`.',
    needs: [207, 240],
    async run(b) {
      const { session, sessionState } = await b.read('PING')
      must(
        session === 0 && sessionState === NONE,
        `PING says session ${session}, state ${sessionState}`,
      )
      await ended(b, 'closed')
    },
  },
  {
    ...on,
    number: 243,
    section: '9.4',
    title: 'After CLOSE its session is refused',
    asks: 'Another CLOSE, with a new seq, is answered NO_SESSION.',
    needs: [240],
    async run(b) {
      const session = b.has('closed')
      for (const name of ['CLOSE', 'LIVE', 'INTERROGATE'] as const)
        await b.answers('NO_SESSION', b.request(name, { session }), `${name} after CLOSE`)
    },
  },
  {
    ...on,
    number: 244,
    section: '9.4',
    title: 'PING keeps a session beyond its lease',
    asks: 'Any request of the link that holds the session renews the lease, PING too.',
    needs: [242],
    async run(b) {
      await b.openSession()
      const lease = leaseOf(b)
      for (let n = 0; n < 5; n += 1) {
        await b.wait(lease / 3)
        const { session, sessionState } = await b.read('PING')
        const kept = session === b.session && sessionState === OPEN
        must(kept, `the session ended although it was asked every ${Math.round(lease / 3)} ms`)
      }
    },
  },
  {
    ...on,
    number: 245,
    section: '9.4',
    title: 'No session number comes twice',
    asks: 'Session numbers grow and are never reused.',
    needs: [244],
    async run(b) {
      const closed = b.has('closed')
      must(b.session > closed, `session ${b.session} was allotted after ${closed}`)
    },
  },
  {
    ...on,
    number: 246,
    section: '9.5',
    title: 'CLOSE does not wait for a reading',
    asks: 'CLOSE does not wait for an INTERROGATE or LIVE of its own session: it ends that work.',
    needs: [220, 244],
    async run(b) {
      const raw = b.request('INTERROGATE')
      const began = await b.ask(raw)
      const close = b.request('CLOSE')
      const from = b.clock.monotonic()
      const first = await b.ask(close)
      // What was not ended must have ended before anything else is tried.
      if (first.pdu.code === Code.BUSY) await b.work(raw)
      must(first.pdu.code !== Code.BUSY, 'CLOSE was refused with BUSY while INTERROGATE ran')
      const reply = await b.work(close)
      must(b.payload('CLOSE', reply).result === 1, 'CLOSE over a reading was not confirmed')
      b.session = 0
      if (began.pdu.code !== Code.PENDING) throw new NotRun('the wand reads at once')
      const took = Math.round(b.clock.monotonic() - from)
      must(took <= CLOSING_MS + b.slackMs, `CLOSE over a reading took ${took} ms`)
    },
  },
  {
    ...on,
    number: 247,
    section: '9.4',
    title: 'A session without any request is closed by the wand when its lease runs out',
    asks: 'When the lease runs out the wand closes the session by itself, over air. HELLO then reports `lease-expired`.',
    needs: [212, 244],
    async run(b) {
      // Should the check before have failed, it is open still.
      if (b.session !== 0) await b.closeSession()
      await b.openSession()
      const { session } = b
      const raw = b.request('LIVE')
      b.known.endedRaw = raw
      b.known.endedReply = (await b.work(raw)).raw
      await b.wait(latestOf(b))
      await b.answers('NO_SESSION', b.request('LIVE'), 'LIVE after the lease had run out')
      const ping = await b.read('PING')
      must(ping.sessionState !== OPEN, `PING says that session ${session} is open`)
      b.session = 0
      await ended(b, 'lease-expired')
    },
  },
  {
    ...on,
    number: 248,
    section: '9.3',
    title: 'A result asked for again after its session has ended still names it',
    asks: '*The same bytes* includes `session`: a result that is asked for again after its session has ended still names it.',
    needs: [214, 247],
    run: (b) =>
      b.sameAgain(b.has('endedRaw'), b.has('endedReply'), 'LIVE of a session that has ended'),
  },
  {
    ...on,
    number: 249,
    section: '9.4',
    title: 'A lease does not run out early',
    asks: 'A session without any request for so long is closed by the wand: not sooner.',
    needs: [247],
    async run(b) {
      await b.openSession()
      await b.wait(leaseOf(b) * 0.85 - b.slackMs)
      const { session, sessionState } = await b.read('PING')
      const kept = session === b.session && sessionState === OPEN
      must(kept, `the session had ended after 85 % of its lease of ${leaseOf(b)} ms`)
    },
  },
  {
    ...on,
    number: 250,
    section: '9.1',
    title: 'A HELLO with another link takes the session from whoever held it',
    asks: 'After a HELLO with another link nobody on that path holds it any more.',
    needs: [249],
    async run(b) {
      const { session } = b
      await b.hello(nonce(b.clock))
      for (const name of ['LIVE', 'CLOSE'] as const)
        await b.answers(
          'NO_SESSION',
          b.request(name, { session }),
          `${name} of another link’s session`,
        )
      await b.answers(
        'BUSY',
        b.request('OPEN', { session: 0 }),
        'OPEN while an orphaned session lives',
      )
      const { pdu } = await b.ask(b.request('PING', { session: 0 }))
      must(pdu.session === 0, 'the reply to a link that holds none names the session')
    },
  },
  {
    ...on,
    number: 251,
    section: '9.1',
    title: 'An orphaned session ends with its lease, whatever others ask',
    asks: 'Nobody on that path holds it any more, and it ends with its lease.',
    needs: [250],
    async run(b) {
      const most = latestOf(b)
      const from = b.clock.monotonic()
      for (;;) {
        const { sessionState } = await b.read('PING', { session: 0 })
        if (sessionState !== OPEN && sessionState !== 3) break
        must(b.clock.monotonic() - from < most, 'requests of another link kept the session open')
        await b.wait(200)
      }
      b.session = 0
      await ended(b, 'lease-expired')
    },
  },
]
