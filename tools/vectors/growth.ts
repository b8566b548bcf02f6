// Vectors of judging field by field (§3.7) and of newer minors (§11): longer structs, wider items,
// more items, numbers that this version has no name for.

import { emit } from '../../protocol/codec/struct.ts'
import { BLOCKS, type BlockName } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { MESSAGES, type MessageName } from '../../protocol/messages/index.ts'
import { type Case, described, type Value, valid } from './cases.ts'
import { BLOCK_VALUES, REPLIES } from './values.ts'

const block = (name: BlockName, change: object = {}): { declared: Struct; value: Value } => ({
  declared: BLOCKS[name].struct as Struct,
  value: { ...BLOCK_VALUES[name], ...change },
})

type BlockCase = Case & { readonly struct: string }

export function judging(): BlockCase[] {
  const one = (what: string, name: BlockName, change: object): BlockCase => {
    const { declared, value } = block(name, change)
    return { ...valid(declared, what, value), struct: name }
  }
  const [first, second] = BLOCK_VALUES.alarms.alarms
  return [
    one('one volume out of range, the others stand', 'reservoir', { reportedVolume: 50_000_001 }),
    one('the greatest volume in range', 'reservoir', { reportedVolume: 50_000_000 }),
    one('one volume unavailable is not 0', 'reservoir', { reportedVolume: null }),
    one('one step out of range, the others stand', 'infusion', {
      schedule: [
        { start: 1440, rate: 220_000 },
        { start: 480, rate: 50_000_001 },
        { start: 1200, rate: 0 },
      ],
    }),
    one('an alarm with an unknown code and an impossible time is still an alarm', 'alarms', {
      alarms: [{ ...first, code: 4711, occurredAt: null }, second],
    }),
    one('a class and a state without a name', 'alarms', {
      alarms: [{ ...first, class: 9, state: 200 }],
    }),
    one('a NUL inside a text is out of range', 'identity', { serial: 'SIM\u00000001' }),
    one('an LF at the end of a text is out of range', 'identity', { serial: 'SIM-0001\n' }),
    one('a text of blanks', 'identity', { model: '   ' }),
    one('a byte above 127', 'drugs', {
      drugs: [{ name: 'Morphine 10 mg \u00b5', massUnit: 1, concentration: 1, dose24h: 1 }],
    }),
  ]
}

const filled = (n: number) => new Uint8Array(n).fill(0xee)

/** `bytes` of `declared` with `more` behind its fixed part and `wider` behind each of its items. */
function grown(declared: Struct, bytes: Uint8Array, more: number, wider: number): Uint8Array {
  let at = 0
  const head = [...bytes.subarray(0, declared.size), ...filled(more)]
  const tail: number[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const field of Object.values(declared.fields)) {
    if (field.kind === 'list') {
      const [count, stride, start] = [
        view.getUint8(at),
        view.getUint8(at + 1),
        view.getUint16(at + 2, true),
      ]
      const from = head.length + tail.length
      head.splice(at, 4, count, stride + wider, from & 0xff, from >> 8)
      for (let i = 0; i < count; i += 1) {
        tail.push(...bytes.subarray(start + i * stride, start + (i + 1) * stride), ...filled(wider))
      }
    }
    at += field.size
  }
  return Uint8Array.from([...head, ...tail])
}

function longer(declared: Struct, name: string, value: Value, more: number, wider: number): Case {
  const bytes = grown(declared, emit(declared, value as never), more, wider)
  return { name, bytes, ...described(declared, value), canonical: false }
}

export function messageGrowth(): (Case & { readonly of: MessageName })[] {
  const one = (of: MessageName, what: string, more: number, wider = 0) => ({
    ...longer(MESSAGES[of].reply as Struct, what, REPLIES[of] as Value, more, wider),
    of,
  })
  return [
    one('HELLO', 'HELLO with three bytes more', 3),
    one('PING', 'PING with one byte more', 1),
    one('LIVE', 'LIVE as long as a PDU can be', 232 - MESSAGES.LIVE.reply.size),
    one('SNAPSHOT', 'SNAPSHOT with a longer fixed part and wider entries', 8, 2),
    one('CLOSE', 'CLOSE with a reason', 1),
  ]
}

export function blockGrowth(): BlockCase[] {
  const one = (what: string, name: BlockName, more: number, wider: number): BlockCase => {
    const { declared, value } = block(name)
    return { ...longer(declared, what, value, more, wider), struct: name }
  }
  const { declared, value } = block('alarms')
  const [alarm] = BLOCK_VALUES.alarms.alarms
  const many: Value = { alarms: Array.from({ length: 17 }, (_, i) => ({ ...alarm, id: i + 1 })) }
  const list = declared.fields['alarms']
  if (list?.kind !== 'list') throw new Error('alarms is a list')
  const roomy = { ...declared, fields: { alarms: { ...list, max: 255 } } } as Struct
  return [
    one('reservoir with a longer fixed part', 'reservoir', 4, 0),
    one('alarms with wider items', 'alarms', 0, 4),
    one('infusion with a longer fixed part and wider steps', 'infusion', 6, 3),
    one('events with items of 255 bytes', 'events', 0, 255 - 18),
    {
      name: 'alarms with bytes behind the last item',
      bytes: Uint8Array.from([...emit(declared, value as never), 1, 2, 3]),
      ...described(declared, value),
      canonical: false,
      struct: 'alarms',
    },
    {
      name: 'more alarms than a sender of this version may send: none is refused',
      bytes: emit(roomy, many as never),
      ...described(declared, many),
      canonical: false,
      struct: 'alarms',
    },
  ]
}
