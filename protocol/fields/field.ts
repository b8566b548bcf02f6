// How a message or a block is declared: once, as a table of fields. Its codec, its TypeScript type, its ranges,
// its display resolution, the zod schemas of src/model and the tables of README.md all come from that table;
// codec/struct.ts makes bytes of it. What may be believed of a raw value is said here, too.

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
  /** The same fields in order, as bytes. */
  readonly layout: readonly Place[]
}

/** Where a field stands, and how its number is read. All places have one shape, so they are read fast. */
export interface Place {
  readonly name: string
  readonly field: Field
  readonly kind: Field['kind']
  readonly offset: number
  readonly size: number
  /** The number that says "unavailable"; -1 = none does. */
  readonly none: number
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
  let size = 0
  const layout = Object.entries<Field>(fields).map(([fieldName, field]) => {
    const offset = size
    size += field.size
    const { kind } = field
    const isNumber = kind === 'uint' || kind === 'code' || kind === 'time'
    const none = isNumber && hasUnavailable(field) ? allOnes(field.size) : -1
    return { name: fieldName, field, kind, offset, size: field.size, none }
  })
  return { name, doc, fields, size, layout }
}

/** The "unavailable" pattern of an unsigned field of `size` bytes. */
export function allOnes(size: 1 | 2 | 4): number {
  return size === 4 ? 0xffffffff : size === 2 ? 0xffff : 0xff
}

/** Whether all-ones says "unavailable"; a field whose range includes it has no such pattern. */
export function hasUnavailable(field: UintField | CodeField | TimeField): boolean {
  return field.kind !== 'uint' || field.max < allOnes(field.size)
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
