// Fields ⇄ bytes, for whatever is declared in protocol/fields/ and protocol/messages/.
//
// What this layer promises: `parse` never throws and never reads outside its bytes; it returns null
// when the bytes are shorter than the declaration. A value out of its range is *kept* and judged by
// `judge`, never clamped, so that one bad field cannot hide its neighbours. `emit` is the inverse of
// `parse` for every value that `judge` calls 'ok' or 'unavailable'.
//
// Layout rules (README.md §3): little-endian, no padding; all-ones means "unavailable" for every
// unsigned field, except one whose range includes it; a list leaves a 4-byte header (count, stride,
// start) where it is declared and its items lie behind the fixed part, so newer minors may append
// fields and widen items.

import {
  allOnes,
  hasUnavailable,
  type ListField,
  type Place,
  type Repr,
  type ScalarField,
  type Struct,
} from '../fields/field.ts'
import { u8At, u16At, u32At } from './bytes.ts'
import { CRC_SIZE, HEADER_SIZE } from './pdu.ts'

function writeUint(view: DataView, at: number, size: 1 | 2 | 4, value: number): void {
  if (size === 4) view.setUint32(at, value, true)
  else if (size === 2) view.setUint16(at, value, true)
  else view.setUint8(at, value)
}

function readText(bytes: Uint8Array, at: number, size: number): string | null {
  let end = at + size
  while (end > at && bytes[end - 1] === 0) end -= 1
  if (end === at) return null
  let out = ''
  let i = at
  // Four at a time: fewer strings are made and thrown away.
  for (; i + 4 <= end; i += 4) {
    out += String.fromCharCode(
      u8At(bytes, i),
      u8At(bytes, i + 1),
      u8At(bytes, i + 2),
      u8At(bytes, i + 3),
    )
  }
  for (; i < end; i += 1) out += String.fromCharCode(u8At(bytes, i))
  return out
}

function readNumber(bytes: Uint8Array, at: number, { size, none }: Place): number | null {
  const raw = size === 4 ? u32At(bytes, at) : size === 2 ? u16At(bytes, at) : u8At(bytes, at)
  return raw === none ? null : raw
}

/**
 * The items of the list at `at`, or undefined when they overlap the fixed part, overrun the bytes or are too
 * narrow. The struct that holds it is `bytes` from `from` to `end`, its fixed part `fixed` bytes.
 */
function readList(
  { item }: ListField,
  bytes: Uint8Array,
  at: number,
  { from, end, fixed }: { from: number; end: number; fixed: number },
): unknown {
  const count = bytes[at] as number
  const stride = bytes[at + 1] as number
  const start = u16At(bytes, at + 2)
  if (count === 0) return []
  if (stride < item.size || start < fixed) return undefined
  const first = from + start
  if (first + count * stride > end) return undefined
  const items: unknown[] = []
  for (let i = 0; i < count; i += 1) {
    const one = parse(item, bytes, first + i * stride, first + (i + 1) * stride)
    if (one === null) return undefined
    items.push(one)
  }
  return items
}

/**
 * Decodes `bytes`, from `from` to `end`, as `declared`. More bytes are fine (a newer minor appended fields).
 * Returns null when they are fewer than the declaration, or a list does not fit in them.
 */
export function parse<S extends Struct>(
  declared: S,
  bytes: Uint8Array,
  from = 0,
  end = bytes.length,
): Repr<S> | null {
  const fixed = declared.size
  if (end - from < fixed) return null
  const out: Record<string, unknown> = {}
  for (const place of declared.layout) {
    const { name, kind } = place
    const at = from + place.offset
    if (kind === 'text') out[name] = readText(bytes, at, place.size)
    else if (kind === 'rest') out[name] = bytes.slice(at, end)
    else if (kind === 'list') {
      const items = readList(place.field as ListField, bytes, at, { from, end, fixed })
      if (items === undefined) return null
      out[name] = items
    } else out[name] = readNumber(bytes, at, place)
  }
  return out as Repr<S>
}

/** Decodes the payload of a whole PDU, where it stands: copying it first would cost half as much again. */
export const parsePayload = <S extends Struct>(declared: S, pdu: Uint8Array): Repr<S> | null =>
  parse(declared, pdu, HEADER_SIZE, pdu.length - CRC_SIZE)

/** Encodes `value`. Throws RangeError on a value that does not fit its field's bytes. */
export function emit<S extends Struct>(declared: S, value: Repr<S>): Uint8Array {
  const record = value as Record<string, unknown>
  const tails: Uint8Array[] = []
  let end = declared.size
  const head = new Uint8Array(declared.size)
  const view = new DataView(head.buffer)
  let at = 0
  for (const [name, field] of Object.entries(declared.fields)) {
    const given = record[name]
    if (field.kind === 'rest') {
      tails.push(given as Uint8Array)
      end += (given as Uint8Array).length
    } else if (field.kind === 'list') {
      const items = given as Repr<Struct>[]
      if (items.length > field.max) throw new RangeError(`${declared.name}.${name}: too many items`)
      view.setUint8(at, items.length)
      view.setUint8(at + 1, field.item.size)
      view.setUint16(at + 2, end, true)
      for (const item of items) tails.push(emit(field.item, item))
      end += items.length * field.item.size
    } else {
      writeScalar(view, head, at, field, given, `${declared.name}.${name}`)
    }
    at += field.size
  }
  const out = new Uint8Array(end)
  out.set(head)
  let from = declared.size
  for (const tail of tails) {
    out.set(tail, from)
    from += tail.length
  }
  return out
}

function writeScalar(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  field: ScalarField,
  given: unknown,
  where: string,
): void {
  if (field.kind === 'text') {
    const value = (given as string | null) ?? ''
    if (value.length > field.size) throw new RangeError(`${where}: longer than ${field.size}`)
    for (let i = 0; i < value.length; i += 1) {
      const c = value.charCodeAt(i)
      if (c > 0xff) throw new RangeError(`${where}: ${JSON.stringify(value)} is not Latin-1`)
      bytes[at + i] = c
    }
    return
  }
  if (given === null && !hasUnavailable(field)) throw new RangeError(`${where} cannot be null`)
  const value = given === null ? allOnes(field.size) : (given as number)
  if (!Number.isInteger(value) || value < 0 || value > allOnes(field.size)) {
    throw new RangeError(`${where}: ${String(given)} does not fit ${field.size} bytes`)
  }
  writeUint(view, at, field.size, value)
}
