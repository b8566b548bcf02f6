// Fields ⇄ bytes. A message or block is declared once, as a table of fields; its codec, its
// TypeScript type, its ranges, its display resolution, the zod schemas of src/model and the tables
// of README.md all come from that table.
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

/** Protocol units, as UCUM codes. Volumes nL (lifetime totals uL), rates nL/d, doses ng/d. */
export const UNIT_DOCS = {
  '1': 'a plain number',
  '%': 'percent',
  Cel: 'degrees Celsius',
  mV: 'millivolts',
  ms: 'milliseconds',
  s: 'seconds',
  min: 'minutes',
  mm: 'millimetres',
  nL: 'nanolitres; 1 mL = 1000000 nL',
  uL: 'microlitres, for lifetime totals; 1 mL = 1000 uL',
  'nL/d': 'nanolitres a day; 1 mL/day = 1000000 nL/d',
  'ng/mL': 'nanograms a millilitre; 1 mg/mL = 1000000 ng/mL',
  'ng/d': 'nanograms a day; 1 mg/day = 1000000 ng/d',
} as const
export type WireUnit = keyof typeof UNIT_DOCS

/** 'ok' in range · 'invalid' outside it, raw kept · 'unavailable' the sender has no value. */
export type Judgement = 'ok' | 'invalid' | 'unavailable'

interface Described {
  readonly doc: string
}

export interface UintField extends Described {
  readonly kind: 'uint'
  readonly size: 1 | 2 | 4
  readonly unit: WireUnit
  readonly min: number
  readonly max: number
  /**
   * For what is reckoned: digits after the decimal mark when shown to people, in the unit people read.
   * Null = every digit is shown, as the pump holds it.
   */
  readonly digits: number | null
}

export interface CodeField extends Described {
  readonly kind: 'code'
  readonly size: 1 | 2
  readonly names: Readonly<Record<number, string>>
}

export interface TimeField extends Described {
  readonly kind: 'time'
  readonly size: 4
}

export interface TextField extends Described {
  readonly kind: 'text'
  readonly size: number
  readonly pattern: RegExp
}

export interface ListField<F extends Fields = Fields> extends Described {
  readonly kind: 'list'
  readonly size: 4
  readonly item: Struct<F>
  /** Binds who sends. A reader takes what the bytes hold, so that no alarm is one too many. */
  readonly max: number
}

/** Everything behind the fixed part, as it is. Only as the last field. */
export interface RestField extends Described {
  readonly kind: 'rest'
  readonly size: 0
}

export type ScalarField = UintField | CodeField | TimeField | TextField
export type Field = ScalarField | ListField | RestField
export type Fields = Readonly<Record<string, Field>>

export interface Struct<F extends Fields = Fields> {
  readonly name: string
  readonly doc: string
  readonly fields: F
  /** Bytes of the fixed part. */
  readonly size: number
}

export type FieldRepr<T> = T extends UintField | CodeField | TimeField
  ? number | null
  : T extends TextField
    ? string | null
    : T extends RestField
      ? Uint8Array
      : T extends ListField<infer F>
        ? { readonly [K in keyof F]: FieldRepr<F[K]> }[]
        : never

/** The decoded form of a struct: raw integers and text; null = unavailable. */
export type Repr<S> =
  S extends Struct<infer F> ? { readonly [K in keyof F]: FieldRepr<F[K]> } : never

type UintOptions = { min?: number; max?: number; digits?: number; unit?: WireUnit }

const uint =
  (size: 1 | 2 | 4) =>
  (doc: string, options: UintOptions = {}): UintField => ({
    kind: 'uint',
    size,
    doc,
    unit: options.unit ?? '1',
    min: options.min ?? 0,
    max: options.max ?? allOnes(size) - 1,
    digits: options.digits ?? null,
  })

export const u8 = uint(1)
export const u16 = uint(2)
export const u32 = uint(4)

export const code8 = (names: Readonly<Record<number, string>>, doc: string): CodeField => ({
  kind: 'code',
  size: 1,
  names,
  doc,
})

export const code16 = (names: Readonly<Record<number, string>>, doc: string): CodeField => ({
  kind: 'code',
  size: 2,
  names,
  doc,
})

/** Seconds since 2000-01-01T00:00:00 on the pump's own clock, which has no zone. */
export const time = (doc: string): TimeField => ({ kind: 'time', size: 4, doc })

/** ASCII, NUL-padded on the right; all NUL = unavailable. */
export const text = (size: number, pattern: RegExp, doc: string): TextField => ({
  kind: 'text',
  size,
  pattern,
  doc,
})

/** Serials of pumps and wands: `[A-Z0-9-]{1,16}`. */
export const serial = (doc: string): TextField => text(16, /^[A-Z0-9-]{1,16}$/, doc)
/** Free names (models, drugs): printable ASCII without leading or trailing space. */
export const label = (size: number, doc: string): TextField =>
  text(size, /^[!-~](?:[ -~]*[!-~])?$/, doc)

export const list = <F extends Fields>(
  item: Struct<F>,
  max: number,
  doc: string,
): ListField<F> => ({ kind: 'list', size: 4, item, max, doc })

export const rest = (doc: string): RestField => ({ kind: 'rest', size: 0, doc })

/**
 * What a field of a pump is to people: who it is · what somebody set at the programmer · what the pump does
 * or suffers now · what the pump works out, which moves by itself · what has happened.
 */
export const ROLES = ['identity', 'programme', 'state', 'reckoned', 'log'] as const
export type Role = (typeof ROLES)[number]

const inRole =
  <R extends Role>(role: R) =>
  <T extends Field>(field: T): T & { readonly role: R } => ({ ...field, role })

export const identity = inRole('identity')
export const programme = inRole('programme')
export const state = inRole('state')
export const reckoned = inRole('reckoned')
export const log = inRole('log')

/** Fields of a block: each has its role, those of list items too. */
export type BlockFields = Readonly<
  Record<string, (ScalarField | ListField<Readonly<Record<string, RoledField>>>) & { role: Role }>
>
export type RoledField = ScalarField & { readonly role: Role }

/** A block of a snapshot, or an item in one. A field without a role does not compile. */
export const block = <F extends BlockFields>(name: string, doc: string, fields: F): Struct<F> =>
  struct(name, doc, fields)

export function struct<F extends Fields>(name: string, doc: string, fields: F): Struct<F> {
  const size = Object.values(fields).reduce((sum, field) => sum + field.size, 0)
  return { name, doc, fields, size }
}

/** The "unavailable" pattern of an unsigned field of `size` bytes. */
export function allOnes(size: 1 | 2 | 4): number {
  return size === 4 ? 0xffffffff : size === 2 ? 0xffff : 0xff
}

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

/** Whether all-ones says "unavailable"; a field whose range includes it has no such pattern. */
export function hasUnavailable(field: UintField | CodeField | TimeField): boolean {
  return field.kind !== 'uint' || field.max < allOnes(field.size)
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

/** Whether a raw value may be believed. An unknown enum code is 'ok': it is shown as unknown(n). */
export function judge(field: ScalarField, raw: number | string | null): Judgement {
  if (raw === null) return 'unavailable'
  if (field.kind === 'text') return field.pattern.test(String(raw)) ? 'ok' : 'invalid'
  if (field.kind !== 'uint') return 'ok'
  return Number(raw) >= field.min && Number(raw) <= field.max ? 'ok' : 'invalid'
}

/** The declared name of an enum code, or `unknown(n)`. */
export function codeName(field: CodeField, raw: number): string {
  return field.names[raw] ?? `unknown(${raw})`
}
