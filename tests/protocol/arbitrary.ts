// Arbitraries that follow the declarations: any value that a struct can carry, in its range or not.
import fc from 'fast-check'
import { BLOCKS } from '../../protocol/fields/blocks.ts'
import { allOnes, type Field, hasUnavailable, type Struct } from '../../protocol/fields/field.ts'
import { MESSAGES } from '../../protocol/messages/index.ts'

/** Every struct of the protocol, those of list items included. */
export const STRUCTS: readonly Struct[] = [
  ...Object.values(MESSAGES).flatMap((m) => [m.request as Struct, m.reply as Struct]),
  ...Object.values(BLOCKS).map((b) => b.struct as Struct),
].flatMap((s) => [
  s,
  ...Object.values(s.fields).flatMap((f) => (f.kind === 'list' ? [f.item] : [])),
])

/** Latin-1 without a NUL at its end, which would be padding. */
const latin1 = (size: number) =>
  fc
    .array(fc.nat(255), { minLength: 1, maxLength: size })
    .filter((codes) => codes.at(-1) !== 0)
    .map((codes) => String.fromCharCode(...codes))

function fieldValue(field: Field): fc.Arbitrary<unknown> {
  if (field.kind === 'rest') return fc.uint8Array({ maxLength: 64 })
  if (field.kind === 'list') return fc.array(structValue(field.item), { maxLength: field.max })
  if (field.kind === 'text') return fc.option(latin1(field.size))
  const most = allOnes(field.size)
  if (!hasUnavailable(field)) return fc.integer({ min: 0, max: most })
  return fc.option(fc.integer({ min: 0, max: most - 1 }))
}

export function structValue(declared: Struct): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(Object.entries(declared.fields).map(([name, f]) => [name, fieldValue(f)])),
    { noNullPrototype: true },
  )
}
