// How two readings of a pump differ: the only place. The rows come from the tables of the fields, so a
// field that is declared has its row. `same` is said only where both sides are known and equal; where one
// side is not known, nothing is claimed. Pure, browser-safe.

import type { Blocks } from '../../protocol/fields/blocks.ts'
import type { ListField, Role } from '../../protocol/fields/field.ts'
import { BLOCK_FIELDS, type BlockName } from './fields.ts'
import type { SnapshotValues } from './reading.ts'
import type { Value } from './value.ts'

export const CHANGES = ['same', 'changed', 'appeared', 'gone', 'unknown'] as const
export type Change = (typeof CHANGES)[number]

export interface Difference {
  readonly block: BlockName
  /** Of the block. */
  readonly field: string
  /** For a list: which item, by its own key; null = the list itself, which has none on either side. */
  readonly item: string | null
  /** Of the item. */
  readonly part: string | null
  readonly role: Role
  /** Null = there is no such item, or the block was not read. */
  readonly before: Value | null
  readonly after: Value | null
  readonly change: Change
}

/** Blocks of a reading; one that is missing or null was not read. */
export type ReadBlocks = { readonly [N in BlockName]?: SnapshotValues[N] | null | undefined }

type ListName = {
  [N in BlockName]: {
    [K in keyof Blocks[N]['struct']['fields']]: Blocks[N]['struct']['fields'][K] extends ListField
      ? K
      : never
  }[keyof Blocks[N]['struct']['fields']]
}[BlockName]

/** By which field items of a list are found again; null = by their place in it. */
const KEYS: Readonly<Record<ListName, string | null>> = {
  schedule: null,
  drugs: null,
  alarms: 'id',
  events: 'number',
}

/** Every field of both readings, in the order of the tables. */
export function compare(before: ReadBlocks, after: ReadBlocks): Difference[] {
  return BLOCK_FIELDS.flatMap(([block, fields]) =>
    Object.entries(fields).flatMap(([field, declared]): Difference[] => {
      const [a, b] = [sideOf(before, block, field), sideOf(after, block, field)]
      const head = { block, field, role: declared.role }
      if (declared.kind === 'list') return itemRows(head, declared, a as Items, b as Items)
      const sides = {
        before: (a as Value | undefined) ?? null,
        after: (b as Value | undefined) ?? null,
      }
      return [
        { ...head, item: null, part: null, ...sides, change: changeOf(sides.before, sides.after) },
      ]
    }),
  )
}

type Item = Readonly<Record<string, Value>>
type Items = readonly Item[] | undefined

const sideOf = (blocks: ReadBlocks, block: BlockName, field: string): unknown =>
  (blocks[block] as Readonly<Record<string, unknown>> | null | undefined)?.[field]

function changeOf(before: Value | null, after: Value | null): Change {
  if (before === null || after === null) return 'unknown'
  if (before.value === null || after.value === null) return 'unknown'
  return before.value === after.value && before.unit === after.unit ? 'same' : 'changed'
}

function itemRows(
  head: Pick<Difference, 'block' | 'field' | 'role'>,
  { item: { fields } }: ListField,
  before: Items,
  after: Items,
): Difference[] {
  const key = KEYS[head.field as ListName]
  const [a, b] = [keyed(before, key), keyed(after, key)]
  const names = [...new Set([...a.keys(), ...b.keys()])]
  if (names.length === 0) {
    const change = before && after ? 'same' : 'unknown'
    return [{ ...head, item: null, part: null, before: null, after: null, change }]
  }
  return names.flatMap((item) => {
    const [was, is] = [a.get(item), b.get(item)]
    return Object.entries(fields).map(([part, declared]): Difference => {
      const sides = { before: was?.[part] ?? null, after: is?.[part] ?? null }
      const known = before && after && !item.startsWith(UNKNOWN)
      const change = !known ? 'unknown' : !was ? 'appeared' : !is ? 'gone' : null
      const role = 'role' in declared ? (declared.role as Role) : head.role
      return {
        ...head,
        item,
        part,
        role,
        ...sides,
        change: change ?? changeOf(sides.before, sides.after),
      }
    })
  })
}

/** Begins the name of an item that does not say its key: nobody can tell which of the others it is. */
const UNKNOWN = '?'

function keyed(items: Items, key: string | null): Map<string, Item> {
  const out = new Map<string, Item>()
  for (const [place, item] of (items ?? []).entries()) {
    const said = key === null ? place + 1 : (item[key]?.value ?? UNKNOWN)
    let name = String(said)
    for (let n = 2; out.has(name); n += 1) name = `${said} (${n})`
    out.set(name, item)
  }
  return out
}
