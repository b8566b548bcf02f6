// Any struct value the wire can carry: for property tests over the field tables.
import fc from 'fast-check'
import { BLOCKS, type SnapshotRepr } from '../../protocol/fields/blocks.ts'
import {
  allOnes,
  type Field,
  hasUnavailable,
  type Repr,
  type Struct,
} from '../../protocol/fields/field.ts'

function fieldArbitrary(field: Field): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'uint':
    case 'code':
    case 'time': {
      const full = allOnes(field.size)
      const whole = fc.integer({ min: 0, max: full - 1 })
      const likely =
        field.kind === 'uint'
          ? fc.integer({ min: field.min, max: Math.min(field.max, full - 1) })
          : field.kind === 'code'
            ? fc.constantFrom(...Object.keys(field.names).map(Number))
            : whole
      return hasUnavailable(field)
        ? fc.oneof({ weight: 5, arbitrary: likely }, whole, fc.constant(null))
        : fc.integer({ min: 0, max: full })
    }
    case 'text': {
      const good = fc.string({
        unit: fc.constantFrom(...'ABCXYZ0189-'),
        minLength: 1,
        maxLength: field.size,
      })
      const any = fc
        .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: field.size })
        .map((codes) => String.fromCharCode(...codes))
      return fc.oneof({ weight: 5, arbitrary: good }, any, fc.constant(null))
    }
    case 'list':
      return fc.array(structArbitrary(field.item), { maxLength: Math.min(field.max, 4) })
    case 'rest':
      return fc.uint8Array({ maxLength: 32 })
  }
}

export function structArbitrary<S extends Struct>(declared: S): fc.Arbitrary<Repr<S>> {
  const shape = Object.entries<Field>(declared.fields).map(([name, f]) => [name, fieldArbitrary(f)])
  return fc.record(Object.fromEntries(shape)) as fc.Arbitrary<Repr<S>>
}

export const snapshotArbitrary = fc.record(
  Object.fromEntries(Object.entries(BLOCKS).map(([name, b]) => [name, structArbitrary(b.struct)])),
) as unknown as fc.Arbitrary<SnapshotRepr>
