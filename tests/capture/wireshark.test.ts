// The dissector for Wireshark shows every field of the protocol as the protocol's own codec reads it, and what was
// no PDU beside it: asked of tshark.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  Code,
  decodePdu,
  encodePdu,
  FLAG_REPLY,
  MAJOR,
  MAX_PAYLOAD,
  type Pdu,
} from '../../protocol/codec/pdu.ts'
import { emit, parse } from '../../protocol/codec/struct.ts'
import { BLOCK_NAMES, BLOCKS } from '../../protocol/fields/blocks.ts'
import {
  allOnes,
  type Field,
  type Repr,
  type ScalarField,
  type Struct,
} from '../../protocol/fields/field.ts'
import { MAX_PIECE } from '../../protocol/messages/block.ts'
import { MESSAGES, messageOfType } from '../../protocol/messages/index.ts'
import type { Frame } from '../../src/capture/exchanges.ts'
import { Pcapng } from '../../src/capture/pcapng.ts'
import { structValue } from '../protocol/arbitrary.ts'

const LUA = new URL('../../docs/wireshark/wandbridge.lua', import.meta.url).pathname
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const hasTshark = spawnSync('tshark', ['--version']).status === 0

const snake = (name: string) =>
  name
    .replaceAll(' ', '_')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

type Shown = Map<string, string[]>

/** Every field that a structure shows, by the name of its filter. */
function shownBy(struct: Struct, bytes: Uint8Array, into: Shown = new Map()): Shown {
  const read = parse(struct, bytes) as Record<string, unknown> | null
  if (!read) throw new Error(`${struct.name} is too short`)
  for (const [name, field] of Object.entries(struct.fields) as [string, Field][]) {
    if (field.kind === 'list') {
      // The items are shown as they stand; their codec is the one of every structure.
      for (const item of read[name] as Record<string, unknown>[]) scalars(field.item, item, into)
    } else scalars({ ...struct, fields: { [name]: field } }, read, into)
  }
  return into
}

function scalars(struct: Struct, read: Record<string, unknown>, into: Shown): void {
  for (const [name, field] of Object.entries(struct.fields) as [string, ScalarField][]) {
    const filter = `wand.${snake(struct.name)}.${snake(name)}`
    const value = read[name]
    const text =
      value instanceof Uint8Array
        ? Buffer.from(value).toString('hex')
        : String(value ?? (field.kind === 'text' ? '' : allOnes(field.size as 1)))
    if (value instanceof Uint8Array && value.length === 0) continue
    into.set(filter, [...(into.get(filter) ?? []), text])
  }
}

function expected(pdu: Pdu): Shown {
  const shown: Shown = new Map([
    ['wand.seq', [String(pdu.seq)]],
    ['wand.session', [String(pdu.session)]],
    ['wand.code', [String(pdu.code)]],
  ])
  const name = messageOfType(pdu.type)
  const reply = (pdu.flags & FLAG_REPLY) !== 0
  if (!name || (reply && pdu.code !== Code.OK) || pdu.payload.length === 0) return shown
  shownBy(MESSAGES[name][reply ? 'reply' : 'request'], pdu.payload, shown)
  if (name !== 'BLOCK' || !reply) return shown
  const { block, offset, data } = parse(MESSAGES.BLOCK.reply, pdu.payload) as {
    block: number
    offset: number
    data: Uint8Array
  }
  const known = BLOCK_NAMES[block]
  // What is behind a piece of its own is no block, and the codec says so too.
  if (known && offset === 0 && data.length < MAX_PIECE && parse(BLOCKS[known].struct, data))
    shownBy(BLOCKS[known].struct, data, shown)
  return shown
}

const MARK = { major: MAJOR, code: 0, link: 0xfeedf00d, session: 7 }

/** Structures whose text is what a wand sends: the others are for readers that must not fall over. */
function plain(struct: Struct, value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(struct.fields).map(([name, field]) => {
      const own = value[name]
      if (field.kind === 'text')
        return [name, own === null ? null : `T-${name}`.slice(0, field.size)]
      if (field.kind !== 'list') return [name, own]
      const items = own as Record<string, unknown>[]
      return [name, items.slice(0, 4).map((item) => plain(field.item, item))]
    }),
  )
}

/** PDUs of every message, and of every block in one piece, with whatever they can carry. */
function frames(each: number): Frame[] {
  const all: Frame[] = []
  const bytesOf = (struct: Struct) =>
    fc
      .sample(structValue(struct), { numRuns: each, seed: 18 })
      .map((value) => emit(struct, plain(struct, value) as Repr<Struct>))
  const add = (way: 'in' | 'out', type: number, payload: Uint8Array) => {
    const flags = way === 'in' ? FLAG_REPLY : 0
    const bytes = encodePdu({ ...MARK, type, flags, seq: all.length, payload })
    const at = { mono: all.length, wall: 1_800_000_000_000 + all.length }
    all.push({ port: 'tcp://10.0.0.1:4001', way, at, pdu: decodePdu(bytes) as Pdu, bytes })
  }
  for (const { type, request, reply } of Object.values(MESSAGES)) {
    for (const payload of bytesOf(request as Struct)) add('out', type, payload)
    for (const payload of bytesOf(reply as Struct)) add('in', type, payload)
  }
  for (const { number: block, struct } of Object.values(BLOCKS)) {
    for (const data of bytesOf(struct)) {
      const piece = emit(MESSAGES.BLOCK.reply, { snapshot: 3, block, offset: 0, data })
      if (piece.length < MAX_PAYLOAD) add('in', MESSAGES.BLOCK.type, piece)
    }
  }
  const noise = { port: 'tcp://10.0.0.1:4001', way: 'in', at: { mono: 0, wall: 0 } } as const
  return [...all, { ...noise, pdu: null, bytes: Buffer.from('noise') }]
}

const STRUCTS = [
  ...Object.values(MESSAGES).flatMap((m) => [m.request as Struct, m.reply as Struct]),
  ...Object.values(BLOCKS).map((block) => block.struct as Struct),
]
const FILTERS = [
  ...new Set([
    ...['wand.seq', 'wand.session', 'wand.code'],
    ...STRUCTS.flatMap((struct) =>
      Object.entries(struct.fields).flatMap(([name, field]) =>
        field.kind === 'list'
          ? Object.keys(field.item.fields).map((n) => `wand.${snake(field.item.name)}.${snake(n)}`)
          : [`wand.${snake(struct.name)}.${snake(name)}`],
      ),
    ),
  ]),
]

describe('Wireshark', () => {
  it('shows every field of every PDU as the protocol has it', ({ skip }) => {
    skip(!hasTshark, 'tshark is not installed')
    const dir = mkdtempSync(join(tmpdir(), 'wandbridge-tshark-'))
    try {
      const all = frames(LONG ? 500 : 12)
      const made = new Pcapng()
      const file = join(dir, 'capture.pcapng')
      writeFileSync(file, Buffer.concat([made.head('test'), ...all.map((f) => made.packet(f))]))
      const { stdout, stderr } = spawnSync(
        'tshark',
        [
          ...['-X', `lua_script:${LUA}`, '-r', file, '-T', 'fields', '-E', 'separator=/t'],
          ...['-E', 'aggregator=|', '-e', 'frame.packet_flags_direction', '-e', '_ws.expert'],
          ...FILTERS.flatMap((filter) => ['-e', filter]),
        ],
        { encoding: 'utf8', maxBuffer: 1 << 28 },
      )
      expect(stderr).not.toMatch(/Lua|error|aren't valid/i)
      const rows = stdout.split('\n').slice(0, -1)
      expect(rows).toHaveLength(all.length)
      const seen = new Set<string>()
      for (const [i, { pdu, way }] of all.entries()) {
        const [direction, expert, ...values] = rows[i]?.split('\t') ?? []
        expect(Number(direction)).toBe(way === 'in' ? 1 : 2)
        expect(expert).toBe('')
        const shown = new Map<string, string>()
        for (const [n, filter] of FILTERS.entries()) {
          const value = values[n] ?? ''
          if (value !== '') shown.set(filter, value)
        }
        const wanted = pdu ? expected(pdu) : new Map<string, string[]>()
        const joined = [...wanted].map(([filter, list]) => [filter, list.join('|')] as const)
        expect(Object.fromEntries(shown)).toEqual(
          Object.fromEntries(joined.filter(([, text]) => text !== '')),
        )
        for (const filter of shown.keys()) seen.add(filter)
      }
      expect(FILTERS.filter((filter) => !seen.has(filter))).toEqual([])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
