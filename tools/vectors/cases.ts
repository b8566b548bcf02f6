// Vectors of one struct: a usual value, and every edge that its declaration has. What a vector says
// of a value (`judged`, `unknown`) comes from the rules of README.md §3 as protocol/struct.ts has
// them; that the page alone says the same is shown by tests/protocol/independent_decoder.py.
import { emit } from '../../protocol/codec/struct.ts'
import {
  codeName,
  type Field,
  hasUnavailable,
  judge,
  type ListField,
  type Struct,
} from '../../protocol/fields/field.ts'

export interface Vector {
  readonly name: string
  readonly [key: string]: unknown
}

export type Value = Readonly<Record<string, unknown>>

/** One struct as bytes, with what is to come out of them. */
export interface Case extends Vector {
  readonly bytes: Uint8Array
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const allOnes = (size: number) => 2 ** (8 * size) - 1

/** The longest text of `size` characters that is in the range of serials and of labels. */
const longText = (size: number) => 'SIM-0123456789-ABCDEFGHI'.slice(0, size).replace(/-$/, '0')

/** A number or text just outside the range, or, if there is none, the greatest inside it. */
function outside(field: Field): unknown {
  if (field.kind === 'text') return field.pattern.test('a') ? ' \u00b5g ' : 'sim_\u00e9'
  if (field.kind !== 'uint') return 0
  if (field.max + 1 < allOnes(field.size)) return field.max + 1
  return field.min > 0 ? field.min - 1 : field.max
}

const PICK: Record<string, (field: Field) => unknown> = {
  least: (f) => (f.kind === 'uint' ? f.min : f.kind === 'text' ? 'A' : 0),
  most: (f) => {
    if (f.kind === 'uint') return f.max
    if (f.kind === 'code') return Math.max(...Object.keys(f.names).map(Number))
    return f.kind === 'text' ? longText(f.size) : allOnes(f.size) - 1
  },
  nothing: (f) =>
    f.kind === 'text' || (f.kind !== 'list' && f.kind !== 'rest' && hasUnavailable(f)) ? null : 0,
  outside,
  // One more than the last that has a name.
  unnamed: (f) => {
    if (f.kind !== 'code') return f.kind === 'text' ? 'A' : 1
    return Math.max(...Object.keys(f.names).map(Number)) + 1
  },
  strange: (f) => (f.kind === 'code' ? allOnes(f.size) - 1 : f.kind === 'text' ? 'A' : 1),
}

/** A value of every field, picked by `how`; lists get `items` items or as many as they may have. */
export function made(declared: Struct, how: string, items = 1): Value {
  const pick = PICK[how] as (field: Field) => unknown
  return Object.fromEntries(
    Object.entries(declared.fields).map(([name, field]) => {
      if (field.kind === 'rest') return [name, new Uint8Array(how === 'most' ? 225 : 1).fill(0xa5)]
      if (field.kind !== 'list') return [name, pick(field)]
      const count = Math.min(items, field.max)
      return [name, Array.from({ length: count }, () => made(field.item, how))]
    }),
  )
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
}

/** `value`, and `judged` and `unknown` where there is something to say. */
export function described(declared: Struct, value: Value): Record<string, unknown> {
  const judged: Record<string, string> = {}
  const unknown: Record<string, string> = {}
  const visit = (part: Struct, given: Value, path: string) => {
    for (const [name, field] of Object.entries(part.fields)) {
      const at = path + name
      if (field.kind === 'rest') continue
      if (field.kind === 'list') {
        for (const [i, item] of (given[name] as Value[]).entries())
          visit(field.item, item, `${at}[${i}].`)
        continue
      }
      const raw = given[name] as number | string | null
      const judgement = judge(field, raw)
      if (judgement !== 'ok') judged[at] = judgement
      if (field.kind === 'code' && typeof raw === 'number' && !(raw in field.names)) {
        unknown[at] = codeName(field, raw)
      }
    }
  }
  visit(declared, value, '')
  return {
    value: plain(value),
    ...(Object.keys(judged).length > 0 ? { judged } : {}),
    ...(Object.keys(unknown).length > 0 ? { unknown } : {}),
  }
}

export function valid(declared: Struct, name: string, value: Value): Case {
  return { name, bytes: emit(declared, value as never), ...described(declared, value) }
}

const malformed = (name: string, bytes: Uint8Array): Case => ({ name, bytes, value: 'malformed' })

/** `bytes` with `count`, `stride` and `start` of the list at `at` changed. */
function relisted(
  bytes: Uint8Array,
  at: number,
  change: Partial<Record<'count' | 'stride' | 'start', number>>,
) {
  const out = bytes.slice()
  const view = new DataView(out.buffer)
  if (change.count !== undefined) view.setUint8(at, change.count)
  if (change.stride !== undefined) view.setUint8(at + 1, change.stride)
  if (change.start !== undefined) view.setUint16(at + 2, change.start, true)
  return out
}

function listCases(declared: Struct, usual: Value): Case[] {
  let at = 0
  const out: Case[] = []
  for (const [name, field] of Object.entries(declared.fields)) {
    if (field.kind === 'list') out.push(...oneList(declared, usual, name, field, at))
    at += field.size
  }
  return out
}

function oneList(
  declared: Struct,
  usual: Value,
  name: string,
  field: ListField,
  at: number,
): Case[] {
  const bytes = emit(declared, usual as never)
  const count = (usual[name] as unknown[]).length
  const none = { ...usual, [name]: [] }
  return [
    valid(declared, `no items in ${name}`, none),
    {
      ...valid(declared, `no items in ${name}; stride and start mean nothing then`, none),
      bytes: relisted(bytes, at, { count: 0, stride: 0, start: 0xffff }),
      canonical: false,
    },
    malformed(
      `${name}: stride less than an item`,
      relisted(bytes, at, { stride: field.item.size - 1 }),
    ),
    malformed(
      `${name}: start within the fixed part`,
      relisted(bytes, at, { start: declared.size - 1 }),
    ),
    malformed(
      `${name}: one item more than there are bytes`,
      relisted(bytes, at, { count: count + 1 }),
    ),
    malformed(`${name}: the last item a byte too short`, bytes.slice(0, -1)),
    malformed(
      `${name}: the last item shorter than its stride`,
      Uint8Array.from([
        ...relisted(bytes, at, { stride: field.item.size + 1 }),
        ...new Uint8Array(count - 1),
      ]),
    ),
    malformed(`${name}: start behind the end`, relisted(bytes, at, { start: 0xffff })),
  ]
}

/** The vectors of one struct. */
export function cases(declared: Struct, usual: Value): Case[] {
  const fields = Object.values(declared.fields)
  if (fields.length === 0) return [valid(declared, 'nothing to say', {})]
  const scalars = fields.flatMap((f) => (f.kind === 'list' ? Object.values(f.item.fields) : [f]))
  const out = [
    valid(declared, 'a usual one', usual),
    valid(declared, 'the least of everything', made(declared, 'least')),
    valid(declared, 'the most of everything', made(declared, 'most', Number.POSITIVE_INFINITY)),
    valid(declared, 'nothing is known', made(declared, 'nothing')),
  ]
  const ranged = scalars.some(
    (f) => f.kind === 'text' || (f.kind === 'uint' && judge(f, outside(f) as number) === 'invalid'),
  )
  if (ranged)
    out.push(valid(declared, 'numbers and texts out of their range', made(declared, 'outside')))
  if (scalars.some((f) => f.kind === 'code')) {
    out.push(valid(declared, 'the first codes without a name', made(declared, 'unnamed')))
    out.push(valid(declared, 'codes without a name', made(declared, 'strange')))
  }
  const bytes = emit(declared, usual as never)
  out.push(malformed('no bytes at all', new Uint8Array(0)))
  if (declared.size > 1) {
    out.push(malformed('a byte shorter than the fixed part', bytes.slice(0, declared.size - 1)))
  }
  return [...out, ...listCases(declared, usual)]
}
