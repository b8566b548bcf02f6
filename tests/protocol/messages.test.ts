// Everything a host can ask, enumerated: a closed list of reads. README.md §7, §8.
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MAX_PAYLOAD } from '../../protocol/codec/pdu.ts'
import { BLOCK_NAMES, BLOCKS } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { MAX_PIECE } from '../../protocol/messages/block.ts'
import {
  isForbiddenType,
  MESSAGES,
  type MessageName,
  messageOfType,
  type ReadRequest,
} from '../../protocol/messages/index.ts'
import { STRUCTS } from './arbitrary.ts'

/** Every request that the type lets anybody write down. A new one fails to compile until it is here. */
const REQUESTS: { readonly [N in ReadRequest['name']]: number } = {
  HELLO: 0x01,
  PING: 0x02,
  WAND: 0x03,
  OPEN: 0x10,
  CLOSE: 0x11,
  INTERROGATE: 0x12,
  SNAPSHOT: 0x13,
  BLOCK: 0x14,
  LIVE: 0x15,
}

const most = (s: Struct) =>
  Object.values(s.fields).reduce(
    (sum, f) => sum + (f.kind === 'list' ? f.max * f.item.size : 0),
    s.size,
  )

describe('the messages', () => {
  it('are these and no others', () => {
    const types = Object.fromEntries(Object.entries(MESSAGES).map(([name, m]) => [name, m.type]))
    expect(types).toEqual(REQUESTS)
    for (const [name, m] of Object.entries(MESSAGES)) expect(m.name).toBe(name)
  })

  it('have no number among those of programming commands', () => {
    for (const type of Object.values(REQUESTS)) expect(type >= 0x40 && type <= 0x7f).toBe(false)
    const forbidden = Array.from({ length: 256 }, (_, n) => n).filter(isForbiddenType)
    expect([forbidden[0], forbidden.at(-1), forbidden.length]).toEqual([0x40, 0x7f, 64])
    expect(forbidden.map(messageOfType).filter((name) => name !== undefined)).toEqual([])
  })

  it('are found by their type, and nothing else is', () => {
    const found = Array.from({ length: 256 }, (_, n) => messageOfType(n)).filter((name) => name)
    expect(found.sort()).toEqual(Object.keys(REQUESTS).sort())
  })

  it('have a file each, and each file is listed', () => {
    const files = readdirSync(new URL('../../protocol/messages/', import.meta.url))
    const messages = files.filter((f) => f !== 'index.ts' && f !== 'message.ts')
    const expected = Object.keys(MESSAGES).map((name) => `${name.toLowerCase()}.ts`)
    expect(messages.sort()).toEqual(expected.sort())
  })

  it('ask for nothing but a number to read: no request carries a value for the pump', () => {
    const asked = Object.entries(MESSAGES).flatMap(([name, m]) =>
      Object.keys(m.request.fields).map((field) => `${name}.${field}`),
    )
    expect(asked).toEqual([
      'HELLO.minor',
      'SNAPSHOT.snapshot',
      'BLOCK.snapshot',
      'BLOCK.block',
      'BLOCK.offset',
    ])
  })

  it('fit a PDU, with as many items as they may have', () => {
    for (const name of Object.keys(MESSAGES) as MessageName[]) {
      expect(most(MESSAGES[name].request as Struct)).toBeLessThanOrEqual(MAX_PAYLOAD)
      expect(most(MESSAGES[name].reply as Struct)).toBeLessThanOrEqual(MAX_PAYLOAD)
    }
    expect(MESSAGES.BLOCK.reply.size + MAX_PIECE).toBe(MAX_PAYLOAD)
  })
})

describe('the blocks', () => {
  it('are numbered from 1 without gaps, and fit the numbers that carry them', () => {
    const numbers = Object.values(BLOCKS).map((b) => b.number)
    expect(numbers).toEqual(numbers.map((_, i) => i + 1))
    for (const b of Object.values(BLOCKS)) {
      expect(most(b.struct as Struct)).toBeLessThan(0xffff)
      expect(BLOCKS[BLOCK_NAMES[b.number] ?? 'clock']).toBe(b)
    }
    const { blocks } = MESSAGES.SNAPSHOT.reply.fields
    expect(numbers.length).toBeLessThanOrEqual(blocks.max)
  })
})

describe.each(STRUCTS.map((s) => [s.name, s] as const))('%s', (_, declared) => {
  const fields = Object.entries(declared.fields)

  it('has ranges that its bytes can hold, and `rest` only at the end', () => {
    for (const [i, [name, f]] of fields.entries()) {
      if (f.kind === 'uint') {
        expect(f.min, name).toBeLessThanOrEqual(f.max)
        expect(f.max, name).toBeLessThan(256 ** f.size)
      }
      if (f.kind === 'list') {
        expect(f.item.size * f.max, name).toBeLessThanOrEqual(0xffff)
        expect(f.max, name).toBeLessThanOrEqual(255)
      }
      if (f.kind === 'rest') expect(i, name).toBe(fields.length - 1)
      if (f.kind === 'code') expect(Object.keys(f.names).length, name).toBeGreaterThan(0)
    }
  })

  it('says what each field means', () => {
    for (const [name, f] of fields) expect(f.doc, name).toMatch(/\.$/)
    expect(declared.doc).toMatch(/\.$/)
  })
})
