// A whole snapshot, every field said, 16 alarms and 64 events: from its PDUs to the reading that surfaces show
// and the text that the log keeps. Told as what it costs beside its parts, and what is allocated for it.

import { crc32 } from '../../protocol/codec/crc32.ts'
import { encodePdu } from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { BLOCKS } from '../../protocol/fields/blocks.ts'
import type { Field, Struct } from '../../protocol/fields/field.ts'
import { Block, MAX_PIECE } from '../../protocol/messages/block.ts'
import { Snapshot } from '../../protocol/messages/snapshot.ts'
import { canonical } from '../../src/audit/format/canonical.ts'
import { decoder } from '../../src/drivers/open-wand/decoder.ts'
import type { Json } from '../../src/model/json.ts'
import { spread } from './rounds.ts'
import type { Said } from './row.ts'

const ITEMS: Readonly<Record<string, number>> = { alarms: 16, events: 64 }

function said(declared: Struct, place = 0): Record<string, unknown> {
  const value = (name: string, field: Field): unknown => {
    if (field.kind === 'list') {
      const count = Math.min(ITEMS[name] ?? 4, field.max)
      return Array.from({ length: count }, (_, i) => said(field.item, i))
    }
    if (field.kind === 'uint') return Math.max(field.min, 1) + place
    if (field.kind === 'code') return Number(Object.keys(field.names)[0])
    if (field.kind === 'time') return 848_000_000 + 3_600 * place
    return 'ABC-1'
  }
  const entries = Object.entries<Field>(declared.fields)
  return Object.fromEntries(entries.map(([name, field]) => [name, value(name, field)]))
}

function pdusOfSnapshot(): Uint8Array[] {
  const blocks = Object.values(BLOCKS).map(({ number, struct }) => {
    return { number, bytes: emit<Struct>(struct, said(struct) as never) }
  })
  const header = { major: 1, flags: 3, code: 0, seq: 1, link: 7, session: 1 }
  const pdu = (type: number, payload: Uint8Array) => encodePdu({ ...header, type, payload })
  const directory = emit(Snapshot.reply, {
    ...{ snapshot: 1, beganMs: 5_000, endedMs: 500, deviceTime: 848_000_000 },
    ...{ counterBefore: 9, counterAfter: 9 },
    crc: blocks.reduce((crc, { bytes }) => crc32(bytes, crc), 0),
    blocks: blocks.map(({ number, bytes }) => ({ block: number, length: bytes.length })),
  })
  const pieces = blocks.flatMap(({ number, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / MAX_PIECE) }, (_, i) => {
      const offset = i * MAX_PIECE
      const data = bytes.slice(offset, offset + MAX_PIECE)
      return pdu(Block.type, emit(Block.reply, { snapshot: 1, block: number, offset, data }))
    }),
  )
  return [pdu(Snapshot.type, directory), ...pieces]
}

export function snapshots(quick: boolean): Said {
  const pdus = pdusOfSnapshot()
  const at = { deviceTime: '2026-11-24T14:02:11', receivedAt: '2026-11-24T14:02:11.000Z' }
  const decode = () => {
    const read = decoder.decode('interrogation', pdus)
    if (typeof read === 'string') throw new Error(read)
    return read.said
  }
  const body = decode()
  const parts = {
    decode,
    values: () => decoder.reading(body, at),
    record: () => canonical(body as Json),
    whole: () => {
      const one = decode()
      decoder.reading(one, at)
      return canonical(one as Json)
    },
  }
  const turns = quick ? 5 : 15
  const us: Record<string, number[]> = {}
  const kB: number[] = []
  for (let turn = -1; turn < turns; turn += 1) {
    for (const [name, work] of Object.entries(parts)) {
      const from = process.cpuUsage()
      for (let i = 0; i < 200; i += 1) work()
      const { user, system } = process.cpuUsage(from)
      if (turn < 0) continue
      us[name] ??= []
      us[name].push((user + system) / 200)
      if (name !== 'whole') continue
      for (let i = 0; i < 8; i += 1) {
        const before = process.memoryUsage().heapUsed
        work()
        const grown = process.memoryUsage().heapUsed - before
        // A collection in between makes the heap smaller: that one says nothing.
        if (grown > 0) kB.push(grown / 1_024)
      }
    }
  }
  const times = Object.entries(us).map(([name, all]) => [name, spread(all)] as const)
  return { ...Object.fromEntries(times), allocated: spread(kB) }
}
