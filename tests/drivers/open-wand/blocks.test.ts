// A snapshot whose blocks are not all well: what is wrong with one costs that one alone, for any of them and
// any way of being wrong; above all it never hides an alarm that came whole.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePdu, FLAG_REPLY, type Pdu } from '../../../protocol/codec/pdu.ts'
import { emit, parse } from '../../../protocol/codec/struct.ts'
import { Alarms } from '../../../protocol/fields/alarms.ts'
import { BLOCKS, type BlockName } from '../../../protocol/fields/blocks.ts'
import type { Struct } from '../../../protocol/fields/field.ts'
import { decodeLine } from '../../../protocol/framing/serial-line.ts'
import { messageOfType } from '../../../protocol/messages/index.ts'
import { reassemble } from '../../../src/drivers/open-wand/assembly.ts'
import { decoder } from '../../../src/drivers/open-wand/decoder.ts'
import type { LinkNews } from '../../../src/drivers/open-wand/link-state.ts'
import { isUnread } from '../../../src/model/reading.ts'
import type { BlockFault } from '../../../src/model/value.ts'
import type { Sent } from './fake-wand.ts'
import { World } from './world.ts'

const NAMES = Object.keys(BLOCKS) as BlockName[]
const ALARM = {
  ...{ id: 90, code: 5, class: 2, state: 1 },
  ...{ occurredAt: 800_000_000, detectedAt: 800_000_001 },
}

const WRONG: Readonly<Record<BlockFault, (block: Sent, n: number) => readonly Sent[]>> = {
  'block-malformed': ({ block, bytes }, n) => [{ block, bytes: bytes.slice(0, n % bytes.length) }],
  'block-listed-twice': (block) => [block, block],
  'block-missing': () => [],
}

type News = Extract<LinkNews, { kind: 'snapshot' }>

/** What a wand that sends its blocks so is read to. */
function readWith(mangle: (blocks: readonly Sent[]) => readonly Sent[]): News {
  const world = new World('manual')
  world.wand.mangle = (blocks) =>
    mangle(
      blocks.map((one) =>
        one.block === BLOCKS.alarms.number
          ? { ...one, bytes: emit(Alarms, { alarms: [ALARM] }) }
          : one,
      ),
    )
  world.input({ type: 'start' })
  world.input({ type: 'read' })
  expect(world.until(() => world.told('snapshot') > 0, 30_000)).not.toBeNull()
  return world.news.find(({ news }) => news.kind === 'snapshot')?.news as News
}

const wrongs = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...NAMES),
    fault: fc.constantFrom(...(Object.keys(WRONG) as BlockFault[])),
    n: fc.nat(200),
  }),
  { selector: ({ name }) => name, maxLength: NAMES.length - 1 },
)

interface Conversation {
  readonly name: string
  readonly conversation: readonly string[]
  readonly blocks: Readonly<Record<BlockName, string | null>> | 'unusable'
}
const { vectors } = JSON.parse(readFileSync('protocol/vectors/9.6-snapshots.json', 'utf8')) as {
  readonly vectors: readonly Conversation[]
}

describe('the conversations of the specification', () => {
  it.each(vectors.map((one) => [one.name, one] as const))('%s', (_, { conversation, blocks }) => {
    const pdus = conversation.map((line) => decodeLine(Buffer.from(line, 'latin1')) as Uint8Array)
    const parts = pdus.filter((raw) => {
      const pdu = decodePdu(raw) as Pdu
      const name = messageOfType(pdu.type)
      return (pdu.flags & FLAG_REPLY) !== 0 && (name === 'SNAPSHOT' || name === 'BLOCK')
    })
    const read = reassemble(parts)
    if (blocks === 'unusable') {
      // Whose it is, the session knows, not its PDUs.
      if (typeof read !== 'string')
        expect(read.blocks.identity).toMatchObject({ serial: 'SIM-0001' })
      return
    }
    if (typeof read === 'string') throw new Error(read)
    for (const name of NAMES) {
      const bytes = blocks[name]
      const one = read.blocks[name]
      if (bytes === null) expect(isUnread(one), name).toBe(true)
      else expect(one).toEqual(parse(BLOCKS[name].struct as Struct, Buffer.from(bytes, 'hex')))
    }
  })
})

describe('blocks that are wrong', () => {
  it('cost themselves alone, with the reason, and are the same when read again from the record', () => {
    const whole = readWith((blocks) => blocks).read.blocks
    fc.assert(
      fc.property(wrongs, (wrong) => {
        const { read } = readWith((blocks) =>
          blocks.flatMap((block) => {
            const one = wrong.find(({ name }) => BLOCKS[name].number === block.block)
            return one ? WRONG[one.fault](block, one.n) : [block]
          }),
        )
        for (const name of NAMES) {
          const one = wrong.find((other) => other.name === name)
          const expected = one ? { unavailable: one.fault } : whole[name]
          expect(read.blocks[name], name).toEqual(expected)
        }
        if (!wrong.some(({ name }) => name === 'alarms')) {
          expect(read.blocks.alarms).toEqual({ alarms: [ALARM] })
        }
        const again = decoder.decode('interrogation', read.pdus)
        expect(again).toMatchObject({ said: read.blocks })
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 2_000 : 60 },
    )
  })

  it('do not lend a snapshot of another pump to this one', () => {
    const world = new World('manual')
    world.wand.mangle = (blocks) =>
      blocks.map((one) =>
        one.block === BLOCKS.identity.number
          ? {
              ...one,
              bytes: emit(BLOCKS.identity.struct, {
                ...{ serial: 'SIM-0002', model: 'SIM-20', firmware: '1', implanted: null },
              }),
            }
          : one,
      )
    world.input({ type: 'start' })
    world.input({ type: 'read' })
    world.advance(40_000)
    expect(world.told('snapshot')).toBe(0)
    expect(world.told('read-failed')).toBeGreaterThan(0)
  })

  it('of alarms are not compared with the number that LIVE reports', () => {
    const world = new World('continuous')
    world.wand.mangle = (blocks) => blocks.filter(({ block }) => block !== BLOCKS.alarms.number)
    world.input({ type: 'start' })
    world.advance(20_000)
    const told = world.news.find(({ news }) => news.kind === 'snapshot')
    const { blocks } = (told as { readonly news: News }).news.read
    expect(isUnread(blocks.alarms)).toBe(true)
    expect(world.told('outdated')).toBe(0)
    expect(world.told('live')).toBeGreaterThan(5)
  })
})
