// 220–239: a whole reading: interrogated, its directory, its pieces, its blocks.
import { join } from '../../protocol/codec/bytes.ts'
import { crc32 } from '../../protocol/codec/crc32.ts'
import { Code } from '../../protocol/codec/pdu.ts'
import { parse } from '../../protocol/codec/struct.ts'
import {
  BLOCK_NAMES,
  BLOCKS,
  type BlockName,
  type BlockRepr,
  MAX_SNAPSHOT,
} from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { MAX_PIECE } from '../../protocol/messages/block.ts'
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

const piece = (b: Bench, block: number, offset: number) =>
  b.read('BLOCK', {}, { snapshot: b.has('snapshot'), block, offset })

/** A block of the snapshot, decoded; null = it could not be. */
function decoded<N extends BlockName>(b: Bench, name: N): BlockRepr<N> | null {
  const bytes = b.has('blocks').get(BLOCKS[name].number)
  const { struct } = BLOCKS[name]
  return bytes ? (parse(struct as Struct, bytes) as BlockRepr<N> | null) : null
}

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
      const right = grown >= 990 && grown <= 1_500 + 2 * b.slackMs
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
  {
    ...on,
    number: 226,
    section: '7.8',
    title: 'Every block comes in pieces, each as long as fits',
    asks: 'The bytes of a block from `offset` on, as many as fit one reply, at least one.',
    needs: [225],
    async run(b) {
      const blocks = new Map<number, Uint8Array>()
      for (const { block, length } of b.has('directory').blocks) {
        const [number, whole] = [block ?? 0, length ?? 0]
        const parts: Uint8Array[] = []
        for (let at = 0; at < whole; ) {
          const got = await piece(b, number, at)
          const what = `BLOCK ${number} at ${at}`
          const echoed =
            got.snapshot === b.has('snapshot') && got.block === number && got.offset === at
          must(echoed, `${what} was answered for block ${got.block} at ${got.offset}`)
          const fits = Math.min(MAX_PIECE, whole - at)
          must(got.data.length === fits, `${what} brought ${got.data.length} bytes, not ${fits}`)
          parts.push(got.data)
          at += got.data.length
        }
        blocks.set(number, join(parts))
      }
      b.known.blocks = blocks
    },
  },
  {
    ...on,
    number: 227,
    section: '9.6',
    title: 'The pieces give the CRC of the directory',
    asks: 'The CRC-32 of all blocks, in directory order, against `crc`.',
    needs: [226],
    async run(b) {
      const { blocks, crc } = b.has('directory')
      const all = join(
        blocks.map(({ block }) => b.has('blocks').get(block ?? 0) ?? new Uint8Array()),
      )
      must(crc32(all) === crc, `the directory says ${crc}, the pieces give ${crc32(all)}`)
    },
  },
  {
    ...on,
    number: 228,
    section: '8',
    title: 'Every block can be read, every field in its range',
    asks: 'The tables of §8, judged as §3.7 says.',
    needs: [226],
    async run(b) {
      for (const name of Object.keys(BLOCKS) as BlockName[]) {
        const value = decoded(b, name)
        must(value !== null, `block ${name} is malformed`)
        b.inRange(BLOCKS[name].struct as Struct, value, name)
      }
    },
  },
  {
    ...on,
    number: 229,
    section: '10.3',
    title: 'The identity block is that of OPEN',
    asks: 'The serial in the identity block MUST be the one of OPEN’s reply.',
    needs: [203, 228],
    async run(b) {
      const serial = decoded(b, 'identity')?.serial
      const opened = b.has('opened').pumpSerial
      must(serial === opened, `the block says ${serial}, OPEN said ${opened}`)
    },
  },
  {
    ...on,
    number: 230,
    section: '7.8',
    title: 'A piece may begin anywhere',
    asks: 'The bytes of a block from `offset` on.',
    needs: [226],
    async run(b) {
      for (const [number, bytes] of b.has('blocks'))
        for (const at of new Set([1, bytes.length >> 1, bytes.length - 1])) {
          if (at < 1 || at >= bytes.length) continue
          const { data } = await piece(b, number, at)
          const same = data.length > 0 && data.every((byte, i) => byte === bytes[at + i])
          must(same, `block ${number} at ${at} is not what the block has there`)
        }
    },
  },
  {
    ...on,
    number: 231,
    section: '9.6',
    title: 'A piece behind the end of its block is a bad request',
    asks: 'It asks for what does not exist if its block ends at or before `offset`.',
    needs: [226],
    async run(b) {
      const snapshot = b.has('snapshot')
      for (const [block, bytes] of b.has('blocks'))
        for (const offset of [bytes.length, 65_534]) {
          const raw = b.request('BLOCK', {}, { snapshot, block, offset })
          await b.answers(
            'BAD_REQUEST',
            raw,
            `BLOCK ${block} at ${offset}, of ${bytes.length} bytes,`,
          )
        }
    },
  },
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
    number: 233,
    section: '7.9',
    title: 'LIVE says what the snapshot says, at the same state counter',
    asks: 'Its state counter; if it moved, the last snapshot is out of date. Rate and alarms are the pump’s.',
    needs: [212, 224, 228],
    async run(b) {
      const live = b.payload('LIVE', await b.work(b.request('LIVE')))
      if (live.stateCounter !== b.has('directory').counterAfter)
        throw new NotRun('the pump has changed since; that is no fault of the wand')
      const rate = decoded(b, 'infusion')?.rate
      must(live.rate === rate, `LIVE says a rate of ${live.rate}, the snapshot ${rate} nL/d`)
      const alarms = decoded(b, 'alarms')?.alarms.filter(({ state }) => state !== 0).length
      must(
        live.activeAlarms === alarms,
        `LIVE says ${live.activeAlarms} alarms, the snapshot ${alarms}`,
      )
    },
  },
  {
    ...on,
    number: 234,
    section: '8.11',
    title: 'The age of the pump’s clock is within the reading',
    asks: '`ageMs`: how long before the end of the reading the pump was asked for its time, by the wand’s clock.',
    needs: [223, 228],
    async run(b) {
      const { beganMs, endedMs } = b.has('directory')
      const lasted = (beganMs ?? 0) - (endedMs ?? 0)
      const ageMs = decoded(b, 'clock')?.ageMs ?? 0
      must(ageMs <= lasted + 1, `the clock was asked ${ageMs} ms before the end of ${lasted} ms`)
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
