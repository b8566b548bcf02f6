// Payloads and blocks made other than they should be, for the faults of a wand that answers wrongly.
// What is asked for is checked when the command comes, so that it cannot fail when the reply goes out.
import { emit, parse } from '../../protocol/codec/struct.ts'
import { type Field, hasUnavailable, type Repr, type Struct } from '../../protocol/fields/field.ts'

export type Settings = Readonly<Record<string, unknown>>

/** What is wrong with `set` for `declared`; null = it can be done. */
export function unfit(declared: Struct, set: Settings): string | null {
  const unknown = Object.keys(set).find((name) => !declared.fields[name])
  if (unknown !== undefined) return `There is no field ${unknown} in ${declared.name}.`
  try {
    emit(declared, { ...blank(declared), ...typed(declared, set) } as Repr<Struct>)
    return null
  } catch (error) {
    return `${(error as Error).message}.`
  }
}

/** `bytes` with the fields of `set`; as they are if they are no `declared`. */
export function altered(declared: Struct, bytes: Uint8Array, set: Settings): Uint8Array {
  const fields = parse(declared, bytes)
  if (!fields) return bytes
  return emit(declared, { ...fields, ...typed(declared, set) } as Repr<Struct>)
}

/** Cut, or filled up with zeros. */
export function resized(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  out.set(bytes.subarray(0, length))
  return out
}

const typed = (declared: Struct, set: Settings) =>
  Object.fromEntries(
    Object.entries(set).map(([name, given]) => [
      name,
      value(declared.fields[name] as Field, given, `${declared.name}.${name}`),
    ]),
  )

function value(field: Field, given: unknown, where: string): unknown {
  if (field.kind === 'list') {
    if (!Array.isArray(given)) throw new RangeError(`${where} is a list`)
    return given.map((item: Settings) => ({ ...blank(field.item), ...typed(field.item, item) }))
  }
  if (field.kind === 'rest') {
    if (typeof given !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(given)) {
      throw new RangeError(`${where} is hexadecimal text`)
    }
    return Uint8Array.from(given.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  }
  const kind = field.kind === 'text' ? 'string' : 'number'
  if (given !== null && typeof given !== kind) throw new RangeError(`${where} is a ${kind}`)
  return given
}

function blank(declared: Struct): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries<Field>(declared.fields).map(([name, field]) => {
      if (field.kind === 'list') return [name, []]
      if (field.kind === 'rest') return [name, new Uint8Array()]
      return [name, field.kind === 'text' || hasUnavailable(field) ? null : 0]
    }),
  )
}
