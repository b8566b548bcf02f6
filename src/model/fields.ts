// The fields of a pump as the rest of the house knows them: the tables of the protocol, block by block, so
// that what walks over them misses none. Browser-safe.

import { ALARM_CODES } from '../../protocol/fields/alarms.ts'
import { BLOCKS, type BlockName, type Blocks } from '../../protocol/fields/blocks.ts'
import { Drug, MASS_UNITS } from '../../protocol/fields/drugs.ts'
import { EVENT_ARGUMENTS, EVENT_CODES } from '../../protocol/fields/events.ts'
import type {
  BlockFields,
  Field,
  Role,
  RoledField,
  ScalarField,
} from '../../protocol/fields/field.ts'
import { ScheduleStep } from '../../protocol/fields/infusion.ts'

export type { BlockName, Field, Role, RoledField, ScalarField }

export type BlockField<N extends BlockName> = keyof Blocks[N]['struct']['fields'] & string

/** The fields of every block. */
export const FIELDS = Object.fromEntries(
  Object.entries(BLOCKS).map(([name, { struct }]) => [name, struct.fields]),
) as unknown as { readonly [N in BlockName]: Blocks[N]['struct']['fields'] }

/** The same, to be walked over. */
export const BLOCK_FIELDS = Object.entries(FIELDS) as readonly (readonly [BlockName, BlockFields])[]

/** What the items of lists hold. */
export const DRUG_FIELDS = Drug.fields
export const STEP_FIELDS = ScheduleStep.fields

/** Mass units that a drug can be programmed in. */
export const MASSES = Object.values(MASS_UNITS)

export type ArgumentKind = 'alarm code' | 'mL' | 'mL/d'

/** What the number of an event says; null = the protocol does not tell. */
export function argumentKind(code: string | null): ArgumentKind | null {
  const known = Object.entries(EVENT_CODES).find(([, name]) => name === code)?.[0]
  const doc = (EVENT_ARGUMENTS as Readonly<Record<string, string>>)[known ?? '']
  if (doc === undefined) return null
  if (doc === 'alarm code') return doc
  return doc.endsWith('nL/d') ? 'mL/d' : 'mL'
}

/** The name of an alarm code that stands in an event. */
export const alarmName = (code: number): string =>
  (ALARM_CODES as Readonly<Record<number, string>>)[code] ?? `unknown(${code})`
