import { Code } from '../../protocol/codec/pdu.ts'
import { parse } from '../../protocol/codec/struct.ts'
import { BLOCK_NAMES, BLOCKS, MAX_SNAPSHOT } from '../../protocol/fields/blocks.ts'
import type { ReplyOf } from '../../protocol/messages/index.ts'
import { Ping } from '../../protocol/messages/ping.ts'
import { Snapshot } from '../../protocol/messages/snapshot.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import { must, NotRun } from '../verdict.ts'

const on = { wand: 'pump' as const }

const ALL = Object.values(BLOCKS).map(({ number }) => number)

async function interrogate(b: Bench, between?: () => Promise<void>): Promise<number> {
  const reply = await b.work(b.request('INTERROGATE'), between)
  const { snapshot } = b.payload('INTERROGATE', reply)
  must(snapshot !== null, 'INTERROGATE gave no number of a snapshot')
  return snapshot
}

const directory = (b: Bench, snapshot: number) => b.read('SNAPSHOT', {}, { snapshot })

export const SNAPSHOT: readonly Check[] = [
  {
    ...on,
    number: 220,
    section: '9.6',
    title: 'INTERROGATE freezes a snapshot',
    asks: 'The wand reads the state counter, every block, and the state counter again, and freezes the result under a new number.',
    needs: [202],
    async run(b) {
      const pings: ReplyOf<'PING'>[] = []
      const snapshot = await interrogate(b, async () => {
        const { pdu } = await b.ask(b.request('PING'))
        const ping = parse(Ping.reply, pdu.payload)
        if (ping) pings.push(ping)
      })
      b.known.snapshot = snapshot
      b.known.pings = pings
    },
  },
  {
    ...on,
    number: 221,
    section: '9.5',
    title: 'While it reads, PING says so, and how far it is',
    asks: 'While it works the wand reports operation and progress in PING.',
    needs: [207, 220],
    async run(b) {
      // It may have ended between the last poll and the last of them.
      const pings = b.has('pings').slice(0, -1)
      if (pings.length === 0) throw new NotRun('the wand had read before it could be asked')
      let progress = 0
      for (const ping of pings) {
        must(ping.operation === 2, `PING says operation ${ping.operation}, not interrogate`)
        must(
          (ping.progress ?? -1) >= progress,
          `progress went from ${progress} to ${ping.progress}`,
        )
        progress = ping.progress ?? progress
      }
    },
  },
  {
    ...on,
    number: 222,
    section: '7.7',
    title: 'The directory can be read',
    asks: 'The number asked for, how long ago it began and ended, counters, check and blocks.',
    needs: [220],
    async run(b) {
      const snapshot = b.has('snapshot')
      const entries = await directory(b, snapshot)
      b.inRange(Snapshot.reply, entries, 'SNAPSHOT')
      must(
        entries.snapshot === snapshot,
        `SNAPSHOT ${snapshot} was answered for ${entries.snapshot}`,
      )
      b.known.directory = entries
    },
  },
  {
    ...on,
    number: 223,
    section: '9.6',
    title: 'A snapshot began before it ended, and not before OPEN',
    asks: '`beganMs` and `endedMs` are ages at the moment the reply was made.',
    needs: [222],
    async run(b) {
      const { beganMs, endedMs } = b.has('directory')
      await b.wait(1_000)
      const later = await directory(b, b.has('snapshot'))
      must(beganMs !== null && endedMs !== null, 'an age of the snapshot is unavailable')
      must(beganMs >= endedMs, `it began ${beganMs} ms ago and ended ${endedMs} ms ago`)
      const grown = (later.endedMs ?? 0) - endedMs
      // The first reply may have been on the way for longer than the second, or the second for longer.
      const right = grown >= 990 - b.slackMs && grown <= 1_500 + 2 * b.slackMs
      must(right, `a second later its end was ${grown} ms older`)
      const lasted = (later.beganMs ?? 0) - (later.endedMs ?? 0)
      must(Math.abs(lasted - (beganMs - endedMs)) <= 1, 'a second later it had lasted another time')
    },
  },
  {
    ...on,
    number: 224,
    section: '9.6',
    title: 'Both looks at the state counter are equal',
    asks: 'Only if both counters are equal and nothing was lost is the result frozen.',
    needs: [222],
    async run(b) {
      const { counterBefore, counterAfter } = b.has('directory')
      must(counterBefore !== null, 'counterBefore is unavailable')
      must(counterBefore === counterAfter, `${counterBefore} before, ${counterAfter} after`)
    },
  },
  {
    ...on,
    number: 225,
    section: '9.6',
    title: 'The directory names every block once, within 24,576 bytes',
    asks: 'A wand of this version sends every block of §8, each once; all together have at most 24,576 bytes.',
    needs: [222],
    async run(b) {
      const { blocks } = b.has('directory')
      for (const number of ALL) {
        const times = blocks.filter(({ block }) => block === number).length
        must(times === 1, `block ${number} (${BLOCK_NAMES[number]}) is named ${times} times`)
      }
      const bytes = blocks.reduce((sum, { length }) => sum + (length ?? 0), 0)
      must(bytes <= MAX_SNAPSHOT, `the blocks have ${bytes} bytes`)
    },
  },
]

export const NEXT_SNAPSHOT: readonly Check[] = [
  {
    ...on,
    number: 232,
    section: '9.2',
    title: 'A snapshot that is not kept is gone',
    asks: 'Line 12: a snapshot that is not kept: SNAPSHOT_GONE.',
    needs: [220],
    async run(b) {
      const snapshot = b.has('snapshot') + 1000
      await b.answers('SNAPSHOT_GONE', b.request('SNAPSHOT', {}, { snapshot }), 'SNAPSHOT')
      const block = b.request('BLOCK', {}, { snapshot, block: 1, offset: 0 })
      await b.answers('SNAPSHOT_GONE', block, 'BLOCK')
    },
  },
  {
    ...on,
    number: 235,
    section: '9.2',
    title: 'Other air work is refused while it reads',
    asks: 'Line 11: air work is asked for while other air work runs: BUSY.',
    needs: [212, 220],
    async run(b) {
      const raw = b.request('INTERROGATE')
      const began = await b.ask(raw)
      if (began.pdu.code === Code.PENDING) {
        await b.answers('BUSY', b.request('LIVE'), 'LIVE while INTERROGATE runs')
        await b.answers('BUSY', b.request('OPEN'), 'OPEN while INTERROGATE runs')
      }
      const reply = await b.work(raw)
      b.known.second = b.payload('INTERROGATE', reply).snapshot ?? 0
      if (began.pdu.code !== Code.PENDING) throw new NotRun('the wand reads at once')
    },
  },
  {
    ...on,
    number: 236,
    section: '9.6',
    title: 'A second snapshot has a number of its own, and takes the place of the first',
    asks: 'Snapshot numbers are not reused within a session. The wand keeps the newest snapshot, until the next one.',
    needs: [222, 232, 235],
    async run(b) {
      const [first, second] = [b.has('snapshot'), b.has('second')]
      must(first !== second, `both snapshots have the number ${first}`)
      must((await directory(b, second)).snapshot === second, `snapshot ${second} cannot be read`)
      const old = b.request('SNAPSHOT', {}, { snapshot: first })
      await b.answers('SNAPSHOT_GONE', old, `the earlier snapshot, ${first},`)
    },
  },
]
