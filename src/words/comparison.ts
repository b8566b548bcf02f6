// How two readings differ, in words: a line for each field of the comparison, with both sides. Alarms,
// events and steps of a schedule are a line each, with all they say. A surface that needs less names what it
// leaves out, and why. Pure, browser-safe.
import type { Change, Difference } from '../model/comparison.ts'
import {
  alarmName,
  argumentKind,
  type BlockField,
  type BlockName,
  FIELDS,
  type Field,
  type Role,
  type ScalarField,
} from '../model/fields.ts'
import { count, quantity } from '../model/format.ts'
import type { Value } from '../model/value.ts'
import { type Reader, shown, stepStart } from './reader.ts'
import { named, type Words } from './words.ts'

export type FieldName = { [N in BlockName]: `${N}.${BlockField<N>}` }[BlockName]
/** Fields that a surface does not show, each with the reason. */
export type LeftOut = { readonly [F in FieldName]?: string }

export interface Told {
  /** `bolus.lockout`, `drugs.drugs.1.concentration`: the same in every language. */
  readonly id: string
  readonly role: Role
  readonly what: string
  readonly before: string
  readonly after: string
  readonly change: Change
  /** Either reading says something of it. */
  readonly said: boolean
}

type Look = Pick<Reader, 'locale' | 'words'>

/** Every difference in words, in the order of the tables of the fields. */
export function told(
  differences: readonly Difference[],
  look: Look,
  without: LeftOut = {},
): Told[] {
  const kept = differences.filter(({ block, field }) => !(`${block}.${field}` in without))
  const lines = new Map<string, Difference[]>()
  for (const one of kept) {
    const id = [one.block, one.field, one.item, ...(one.block === 'drugs' ? [one.part] : [])]
      .filter((part) => part !== null)
      .join('.')
    lines.set(id, [...(lines.get(id) ?? []), one])
  }
  return [...lines].map(([id, parts]) => line(id, parts, look))
}

const WORST: readonly Change[] = ['appeared', 'gone', 'changed', 'unknown', 'same']
const isSaid = (value: Value | null) =>
  value !== null && (value.value !== null || value.raw !== undefined)

function line(id: string, parts: readonly Difference[], look: Look): Told {
  const [first] = parts as readonly [Difference]
  const { block, field, item } = first
  const change = WORST.find((one) => parts.some((part) => part.change === one)) ?? 'unknown'
  const [was, is] = (['before', 'after'] as const).map((side) => textOf(parts, side, look, false))
  const alike = was === is && change === 'changed'
  const exact = (side: 'before' | 'after') => textOf(parts, side, look, true)
  return {
    id,
    role:
      item === null || block === 'drugs'
        ? first.role
        : ((FIELDS[block] as Roles)[field]?.role ?? first.role),
    what: whatOf(first, look.words),
    // What differs below the digits that are shown is written with every digit.
    before: alike ? exact('before') : (was ?? ''),
    after: alike ? exact('after') : (is ?? ''),
    change,
    said:
      item !== null ||
      parts.some((one) => isSaid(one.before) || isSaid(one.after)) ||
      // A list that both readings have, or a block that one of them could not read.
      first.before === null ||
      first.after === null,
  }
}

type Roles = Readonly<Record<string, { readonly role: Role } | undefined>>

function whatOf(
  { block, field, item, part }: Difference,
  { field: names, item: items }: Words,
): string {
  if (item === null) return (names[block] as Readonly<Record<string, string>>)[field] ?? field
  const of = items[field as 'drugs' | 'schedule' | 'alarms' | 'events'](item)
  return block === 'drugs' ? `${of}, ${items.drug[part as keyof typeof items.drug] ?? part}` : of
}

function textOf(
  parts: readonly Difference[],
  side: 'before' | 'after',
  look: Look,
  exact: boolean,
): string {
  const { words } = look
  const [first] = parts as readonly [Difference]
  const { block, field, item } = first
  if (item === null && isList(block, field)) {
    const { none } = words.item
    return first.change === 'same' ? none[field as keyof typeof none] : words.notRead
  }
  // Where nobody can tell, no item is said to be missing.
  const missing = first.change === 'unknown' ? words.notRead : words.absent
  const value = (part: string | null) => parts.find((one) => one.part === part)?.[side] ?? null
  if (item === null || block === 'drugs') {
    const one = first[side]
    if (one === null) return item === null ? words.notRead : missing
    return scalar(first, one, look, exact)
  }
  if (parts.every((one) => one[side] === null)) return missing
  const text = (part: string) => {
    const one = parts.find((other) => other.part === part)
    const said = value(part)
    return one && said ? scalar(one, said, look, exact) : words.notAvailable
  }
  if (field === 'schedule') {
    const start = value('start')
    return words.item.step(start ? stepStart(look, start) : words.notAvailable, text('rate'))
  }
  if (field === 'alarms') {
    return words.item.alarm(
      ...(['code', 'class', 'state', 'occurredAt', 'detectedAt'].map(text) as Five),
    )
  }
  const [name, at, noticed] = ['code', 'occurredAt', 'detectedAt'].map(text) as Five
  return words.item.event(
    name,
    at,
    noticed,
    argument(saidBy(value('code')), numberOf(value('argument')), look),
  )
}

type Five = [string, string, string, string, string]

const declaredOf = (block: BlockName, field: string) =>
  (FIELDS[block] as Readonly<Record<string, Field>>)[field]
const isList = (block: BlockName, field: string) => declaredOf(block, field)?.kind === 'list'

function scalar(
  { block, field, part }: Difference,
  value: Value,
  look: Look,
  exact: boolean,
): string {
  const own = declaredOf(block, field)
  const declared = (own?.kind === 'list' ? own.item.fields[part ?? ''] : own) as ScalarField
  const names = namesOf(`${block}.${part ?? field}`, look.words)
  if (declared.kind === 'code' && names)
    return named(names, saidBy(value), shown(look, declared, value))
  const every = declared.kind === 'uint' && exact ? { ...declared, digits: null } : declared
  return shown(look, every, value)
}

const saidBy = (value: Value | null) => (value?.value == null ? null : String(value.value))
const numberOf = (value: Value | null) => (typeof value?.value === 'number' ? value.value : null)

function namesOf(field: string, words: Words): Readonly<Record<string, string>> | undefined {
  const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'status.state': words.pumpState,
    'infusion.mode': words.mode,
    'bolus.enabled': words.onOff,
    'alarms.code': words.alarm,
    'alarms.state': words.alarmState,
    'events.code': words.event,
    'battery.state': words.battery,
  }
  return tables[field]
}

/** What the number of an event says; '' = there is none to be said. */
export function argument(code: string | null, value: number | null, look: Look): string {
  const kind = argumentKind(code)
  if (value === null) return kind === null ? '' : look.words.notAvailable
  if (kind === null) return count(value)
  if (kind === 'alarm code') return named(look.words.alarm, alarmName(value), '')
  return quantity(value / 1_000_000, kind, null, look.locale)
}
