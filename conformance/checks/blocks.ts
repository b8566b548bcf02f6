// 226–234: the blocks of a snapshot: their pieces, what they say, and what LIVE says beside them.
import { join } from '../../protocol/codec/bytes.ts'
import { crc32 } from '../../protocol/codec/crc32.ts'
import { parse } from '../../protocol/codec/struct.ts'
import { BLOCKS, type BlockName, type BlockRepr } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { MAX_PIECE } from '../../protocol/messages/block.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import { must, NotRun } from '../verdict.ts'

const on = { wand: 'pump' as const }

const piece = (b: Bench, block: number, offset: number) =>
  b.read('BLOCK', {}, { snapshot: b.has('snapshot'), block, offset })

/** A block of the snapshot, decoded; null = it could not be. */
function decoded<N extends BlockName>(b: Bench, name: N): BlockRepr<N> | null {
  const bytes = b.has('blocks').get(BLOCKS[name].number)
  const { struct } = BLOCKS[name]
  return bytes ? (parse(struct as Struct, bytes) as BlockRepr<N> | null) : null
}

export const BLOCK_CHECKS: readonly Check[] = [
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
]
