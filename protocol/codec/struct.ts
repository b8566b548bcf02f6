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
  type Repr,
  type ScalarField,
  type Struct,
} from '../fields/field.ts'

function readUint(view: DataView, at: number, size: 1 | 2 | 4): number {
  return size === 4
    ? view.getUint32(at, true)
    : size === 2
      ? view.getUint16(at, true)
      : view.getUint8(at)
}

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
  for (let i = at; i < end; i += 1) out += String.fromCharCode(bytes[i] ?? 0)
  return out
}

function readScalar(view: DataView, bytes: Uint8Array, at: number, field: ScalarField): unknown {
  if (field.kind === 'text') return readText(bytes, at, field.size)
  const raw = readUint(view, at, field.size)
  return raw === allOnes(field.size) && hasUnavailable(field) ? null : raw
}

/** The items, or undefined when they overlap the `fixed` part, overrun the bytes or are too narrow. */
function readList(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  field: ListField,
  fixed: number,
): unknown {
  const count = view.getUint8(at)
  const stride = view.getUint8(at + 1)
  const start = view.getUint16(at + 2, true)
  if (count === 0) return []
  if (stride < field.item.size || start < fixed) return undefined
  if (start + count * stride > bytes.length) return undefined
  const items: unknown[] = []
  for (let i = 0; i < count; i += 1) {
    const from = start + i * stride
    const item = parse(field.item, bytes.subarray(from, from + stride))
    if (item === null) return undefined
    items.push(item)
  }
  return items
}

/**
 * Decodes `bytes` as `declared`. Longer bytes are fine (a newer minor appended fields).
 * Returns null when they are shorter than the declaration, or a list does not fit in them.
 */
export function parse<S extends Struct>(declared: S, bytes: Uint8Array): Repr<S> | null {
  if (bytes.length < declared.size) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out: Record<string, unknown> = {}
  let at = 0
  for (const [name, field] of Object.entries(declared.fields)) {
    if (field.kind === 'rest') out[name] = bytes.slice(at)
    else if (field.kind === 'list') {
      const items = readList(view, bytes, at, field, declared.size)
      if (items === undefined) return null
      out[name] = items
    } else out[name] = readScalar(view, bytes, at, field)
    at += field.size
  }
  return out as Repr<S>
}

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
