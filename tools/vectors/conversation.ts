// A reading whole, §10.3, and what a host must not make of one that is damaged.

import { crc32 } from '../../protocol/codec/crc32.ts'
import {
  Code,
  type CodeName,
  encodePdu,
  FLAG_REPLY,
  FLAG_SIMULATOR,
} from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { BLOCKS, type BlockName } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { MAX_PIECE } from '../../protocol/messages/block.ts'
import { MESSAGES, type MessageName, type ReplyOf } from '../../protocol/messages/index.ts'
import { hex, type Value, type Vector } from './cases.ts'
import { BLOCK_VALUES, LINK, REPLIES, SESSION, SNAPSHOT } from './values.ts'

const BLOCK_BYTES = Object.entries(BLOCKS).map(([name, { number, struct }]) => ({
  name,
  block: number as number,
  bytes: emit(struct as Struct, BLOCK_VALUES[name as BlockName] as never),
}))

/** What a wand of this kind says; a damaged conversation changes some of it. */
interface Story {
  readonly crc: number
  readonly pumpSerial: string
  readonly pieces: readonly Value[]
  /** Blocks as the directory names them. */
  readonly named: typeof BLOCK_BYTES
}

function story(named = BLOCK_BYTES): Story {
  const pieces = named.flatMap(({ block, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / MAX_PIECE) }, (_, i) => ({
      snapshot: SNAPSHOT,
      block,
      offset: i * MAX_PIECE,
      data: bytes.slice(i * MAX_PIECE, (i + 1) * MAX_PIECE),
    })),
  )
  const crc = named.reduce((seed, { bytes }) => crc32(bytes, seed), 0)
  return { crc, pumpSerial: 'SIM-0001', pieces, named }
}

function told({ crc, pumpSerial, pieces, named }: Story): string[] {
  const out: string[] = []
  let seq = 0
  let session = 0
  const say = (name: MessageName, reply: boolean, code: CodeName, payload: Uint8Array) =>
    out.push(
      encodeLine(
        encodePdu({
          major: 1,
          type: MESSAGES[name].type,
          flags: reply ? FLAG_REPLY | FLAG_SIMULATOR : 0,
          code: Code[code],
          seq,
          link: LINK,
          session,
          payload,
        }),
      ),
    )
  const ask = (
    name: MessageName,
    fields: object,
    code: CodeName,
    answer: object,
    again = false,
  ) => {
    if (!again) seq += 1
    say(name, false, 'OK', emit(MESSAGES[name].request as Struct, fields as never))
    if (name === 'OPEN' && code === 'OK') session = SESSION
    if (name === 'CLOSE' && code === 'OK') session = 0
    const none = code !== 'OK'
    say(
      name,
      true,
      code,
      none ? new Uint8Array(0) : emit(MESSAGES[name].reply as Struct, answer as never),
    )
  }
  const air = (name: MessageName, answer: object) => {
    ask(name, {}, 'PENDING', {})
    ask(name, {}, 'OK', answer, true)
  }
  const ping = (change: Partial<ReplyOf<'PING'>>) =>
    ask('PING', {}, 'OK', { ...REPLIES.PING, ...change })
  const directory = named.map(({ block, bytes }) => ({ block, length: bytes.length }))
  ask('HELLO', { minor: 0 }, 'OK', REPLIES.HELLO)
  ping({ session: 0, sessionState: 0, operation: 0, progress: 0 })
  air('OPEN', { ...REPLIES.OPEN, pumpSerial })
  air('INTERROGATE', { snapshot: SNAPSHOT })
  ask('SNAPSHOT', { snapshot: SNAPSHOT }, 'OK', { ...REPLIES.SNAPSHOT, crc, blocks: directory })
  for (const piece of pieces) {
    const { data: _data, ...request } = piece
    ask('BLOCK', request, 'OK', piece)
  }
  air('CLOSE', { result: 1 })
  return out
}

export function conversations(): Vector[] {
  const good = story()
  const blocks = Object.fromEntries(BLOCK_BYTES.map(({ name, bytes }) => [name, hex(bytes)]))
  const unusable = (name: string, change: Partial<Story>): Vector => ({
    name,
    conversation: told({ ...good, ...change }),
    blocks: 'unusable',
  })
  const torn = good.pieces.map((piece, i) =>
    i === 4
      ? { ...piece, data: (piece['data'] as Uint8Array).map((b, at) => (at === 3 ? b ^ 4 : b)) }
      : piece,
  )
  const twice = story([...BLOCK_BYTES, ...BLOCK_BYTES.filter(({ name }) => name === 'alarms')])
  return [
    { name: 'a reading whole', conversation: told(good), blocks },
    unusable('a piece was not asked for', { pieces: good.pieces.filter((_, i) => i !== 9) }),
    unusable('the CRC over the blocks differs', { crc: (good.crc ^ 1) >>> 0 }),
    unusable('one bit of one block differs, in a PDU whose own CRC is good', { pieces: torn }),
    unusable('the directory names a block twice', twice),
    unusable('the identity block names another pump than OPEN did', { pumpSerial: 'SIM-0002' }),
  ]
}
