// A reading in which every field is known, and every place in it: for tests that change one at a time.
import fc from 'fast-check'
import { BLOCKS, type BlockName, type SnapshotRepr } from '../../protocol/fields/blocks.ts'
import { allOnes, type Field, type Repr, type Struct } from '../../protocol/fields/field.ts'
import { type Content, contentOf, type Who } from '../../src/model/content.ts'
import type { ScalarField } from '../../src/model/fields.ts'
import {
  filled as filledBlocks,
  type ReadRepr,
  type SnapshotValues,
  snapshotValues,
} from '../../src/model/reading.ts'

export const AT = { deviceTime: '2026-11-24T14:02:11', receivedAt: '2026-11-24T14:02:12.345Z' }

type Raw = number | string | null
const ITEMS = 2

/** Known, in range, and another in every item. */
function known(field: ScalarField, place: number): Raw {
  switch (field.kind) {
    case 'uint':
      return Math.max(field.min, 1) + place
    case 'code':
      return Number(Object.keys(field.names)[0])
    case 'time':
      return 800_000_000 + 3_600 * place
    case 'text':
      return 'ABC-1'
  }
}

function filled<S extends Struct>(
  declared: S,
  value: (field: ScalarField, n: number) => Raw,
  place = 0,
): Repr<S> {
  return Object.fromEntries(
    Object.entries<Field>(declared.fields).map(([name, field]) => [
      name,
      field.kind === 'list'
        ? Array.from({ length: ITEMS }, (_, n) => filled(field.item, value, n))
        : value(field as ScalarField, place),
    ]),
  ) as Repr<S>
}

const snapshotOf = (value: (field: ScalarField, n: number) => Raw) =>
  Object.fromEntries(
    Object.entries(BLOCKS).map(([name, { struct }]) => [name, filled(struct, value)]),
  ) as unknown as SnapshotRepr

export const FULL: SnapshotRepr = snapshotOf(known)
/** All-ones in every field, in as many items. */
export const SILENT: SnapshotRepr = snapshotOf(() => null)

/** One field of a reading: of a block, or of an item of a list in it. */
export interface Place {
  readonly block: BlockName
  readonly field: string
  readonly part: string | null
  readonly declared: ScalarField
}

export const PLACES: readonly Place[] = Object.entries(BLOCKS).flatMap(([name, { struct }]) =>
  Object.entries<Field>(struct.fields).flatMap(([field, declared]): Place[] => {
    const block = name as BlockName
    if (declared.kind !== 'list')
      return [{ block, field, part: null, declared: declared as ScalarField }]
    return Object.entries(declared.item.fields).map(([part, one]) => ({
      block,
      field,
      part,
      declared: one as ScalarField,
    }))
  }),
)

export const nameOf = ({ block, field, part }: Place) =>
  [block, field, part].filter((one) => one !== null).join('.')

/** The reading with one field (of the last item of a list) at `raw`. */
export function withRaw(repr: SnapshotRepr, { block, field, part }: Place, raw: Raw): SnapshotRepr {
  const old = repr[block] as Readonly<Record<string, unknown>>
  const value =
    part === null
      ? raw
      : (old[field] as object[]).map((item, n) =>
          n === ITEMS - 1 ? { ...item, [part]: raw } : item,
        )
  return { ...repr, [block]: { ...old, [field]: value } }
}

/** Another value that is in range, extremes likelier. */
export function otherThan(field: ScalarField, raw: Raw): fc.Arbitrary<Raw> {
  const any = (): fc.Arbitrary<Raw> => {
    switch (field.kind) {
      case 'uint': {
        const max = Math.min(field.max, allOnes(field.size) - 1)
        return fc.oneof(
          fc.constantFrom(field.min, max, Math.min(max, field.min + 1)),
          fc.integer({ min: field.min, max }),
        )
      }
      case 'code':
        return fc.constantFrom(...Object.keys(field.names).map(Number))
      case 'time':
        // Dates are shown to the minute.
        return fc.integer({ min: 0, max: 70_000_000 }).map((n) => n * 60)
      case 'text':
        return fc.constantFrom('A', 'XYZ-9', 'ABC-10')
    }
  }
  return any().filter((one) => one !== raw)
}

const CLOCK = {
  deviceTime: AT.deviceTime,
  hostTime: AT.receivedAt,
  offsetS: 0,
  uncertaintyS: 0.6,
} as const

export const valuesIn = (repr: ReadRepr): SnapshotValues => snapshotValues(repr, AT)

/** As a surface has it. */
export function readIn(repr: ReadRepr): { readonly who: Who; readonly content: Content } {
  const values = valuesIn(repr)
  const { serial, model, firmware } = filledBlocks(values, AT).identity
  return {
    who: { serial: serial.value ?? '', model: model.value, firmware: firmware.value },
    content: contentOf(values, { readAt: AT.receivedAt, receivedAt: AT.receivedAt }, CLOCK),
  }
}
