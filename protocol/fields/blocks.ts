// The blocks of a snapshot, by number. Each is declared in a file beside, every field with its role.

import { Alarms } from './alarms.ts'
import { Battery } from './battery.ts'
import { Bolus } from './bolus.ts'
import { Catheter } from './catheter.ts'
import { Clock } from './clock.ts'
import { Drugs } from './drugs.ts'
import { Events } from './events.ts'
import type { BlockFields, Repr, Struct } from './field.ts'
import { Identity } from './identity.ts'
import { Infusion } from './infusion.ts'
import { Reservoir } from './reservoir.ts'
import { Status } from './status.ts'

export const BLOCKS = {
  identity: { number: 1, struct: Identity },
  catheter: { number: 2, struct: Catheter },
  status: { number: 3, struct: Status },
  reservoir: { number: 4, struct: Reservoir },
  infusion: { number: 5, struct: Infusion },
  drugs: { number: 6, struct: Drugs },
  bolus: { number: 7, struct: Bolus },
  alarms: { number: 8, struct: Alarms },
  events: { number: 9, struct: Events },
  battery: { number: 10, struct: Battery },
  clock: { number: 11, struct: Clock },
} as const satisfies Readonly<Record<string, { number: number; struct: Struct<BlockFields> }>>

/** Bytes of all blocks of a snapshot together (README.md §9.6). */
export const MAX_SNAPSHOT = 24_576

export type Blocks = typeof BLOCKS
export type BlockName = keyof Blocks
export type BlockRepr<N extends BlockName> = Repr<Blocks[N]['struct']>
/** All blocks of one snapshot, decoded. */
export type SnapshotRepr = { readonly [N in BlockName]: BlockRepr<N> }

export const BLOCK_NAMES: Readonly<Record<number, BlockName>> = Object.fromEntries(
  Object.entries(BLOCKS).map(([name, b]) => [b.number, name as BlockName]),
)
