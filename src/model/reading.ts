// What one interrogation of a pump gives, block by block, as values. Schemas and types come from the
// protocol's field tables. Browser-safe.
import * as z from 'zod'
import { Alarm, Alarms } from '../../protocol/fields/alarms.ts'
import {
  BLOCKS,
  type BlockName,
  type Blocks,
  type SnapshotRepr,
} from '../../protocol/fields/blocks.ts'
import { Drug } from '../../protocol/fields/drugs.ts'
import { PumpEvent } from '../../protocol/fields/events.ts'
import type { Repr, Struct } from '../../protocol/fields/field.ts'
import {
  BLOCK_FAULTS,
  type BlockFault,
  deviceTimeSchema,
  type ReadAt,
  reprSchema,
  toRepr,
  toValues,
  unreadValues,
  utcSchema,
  type Value,
  type ValuesOf,
  valuesSchema,
} from './value.ts'

/** Where the bytes came from. The kinds never share a log, and every surface marks the last two. */
export const SOURCES = ['device', 'simulator', 'replay'] as const
export type Source = (typeof SOURCES)[number]
export const sourceSchema = z.enum(SOURCES)

/** Stands for a block of which nothing could be read. */
export interface Unread {
  readonly unavailable: BlockFault
}
export const isUnread = (block: object): block is Unread => 'unavailable' in block
const unreadSchema = z.strictObject({ unavailable: z.enum(BLOCK_FAULTS) })

/** The blocks of a snapshot in protocol units. */
export type ReadRepr = { readonly [N in BlockName]: SnapshotRepr[N] | Unread }
export type SnapshotValues = { readonly [N in BlockName]: ValuesOf<Blocks[N]['struct']> | Unread }

/** Schema of every block of one interrogation. */
export const snapshotSchema = z.object(
  Object.fromEntries(
    Object.entries(BLOCKS).map(([name, b]) => [
      name,
      z.union([valuesSchema(b.struct), unreadSchema]),
    ]),
  ),
) as unknown as z.ZodType<SnapshotValues>

const blockValues = (struct: Struct, block: object, at: ReadAt) =>
  isUnread(block) ? block : toValues(struct, block as Repr<Struct>, at)

export function snapshotValues(repr: ReadRepr, at: ReadAt): SnapshotValues {
  return Object.fromEntries(
    Object.entries(BLOCKS).map(([name, b]) => [
      name,
      blockValues(b.struct, repr[name as BlockName], at),
    ]),
  ) as unknown as SnapshotValues
}

/** A block as it is shown, whether it was read or not: a list that could not be read is null. */
type Filled<N extends BlockName> = {
  readonly [K in keyof ValuesOf<Blocks[N]['struct']>]: ValuesOf<
    Blocks[N]['struct']
  >[K] extends Value
    ? ValuesOf<Blocks[N]['struct']>[K]
    : ValuesOf<Blocks[N]['struct']>[K] | null
}

/** Every field of some blocks; those of a block that could not be read say so. */
export function filled<N extends BlockName>(
  values: { readonly [K in N]: SnapshotValues[K] },
  at: ReadAt,
): { readonly [K in N]: Filled<K> } {
  return Object.fromEntries(
    Object.entries<object>(values).map(([name, block]) => [
      name,
      isUnread(block)
        ? unreadValues(BLOCKS[name as BlockName].struct, block.unavailable, at)
        : block,
    ]),
  ) as { readonly [K in N]: Filled<K> }
}

/** Blocks of which nothing could be read, and why. */
export const unavailableSchema = z
  .array(
    z.object({
      block: z.enum(Object.keys(BLOCKS) as [BlockName, ...BlockName[]]),
      reason: z.enum(BLOCK_FAULTS),
    }),
  )
  .meta({
    description:
      'Parts of the reading that could not be read: their values are unavailable, their lists null.',
  })

export const unavailableOf = (values: SnapshotValues) =>
  Object.entries(values).flatMap(([name, block]) =>
    isUnread(block) ? [{ block: name as BlockName, reason: block.unavailable }] : [],
  )

/** Whether a single bolus is to be told of: not where the pump says that none is left, or that it gives none. */
export const mayGiveBolus = ({
  mode,
  bolusVolume: { value, quality },
}: Pick<Filled<'infusion'>, 'mode' | 'bolusVolume'>): boolean => {
  if (value !== null) return value !== 0
  return quality === 'invalid' || mode.value === null || mode.value === 'single-bolus'
}

/** Blocks that are kept of a reading for comparing: all but the pump's log, which the record of it has. */
export type Kept = Exclude<BlockName, 'events'>
export type KeptBlocks = { readonly [N in Kept]: SnapshotRepr[N] | Unread }
const KEPT = Object.entries(BLOCKS).filter(([name]) => name !== 'events')

/** Schema of them, in protocol units: whole numbers and texts as they came. */
export const keptSchema = z.strictObject(
  Object.fromEntries(
    KEPT.map(([name, { struct }]) => [name, z.union([unreadSchema, reprSchema(struct)])]),
  ),
) as unknown as z.ZodType<KeptBlocks>

export const keptBlocks = (values: SnapshotValues): KeptBlocks =>
  Object.fromEntries(
    KEPT.map(([name, { struct }]) => {
      const block = values[name as Kept]
      return [name, isUnread(block) ? block : toRepr(struct, block as never)]
    }),
  ) as unknown as KeptBlocks

export const valuesOf = (kept: KeptBlocks, at: ReadAt): Pick<SnapshotValues, Kept> =>
  Object.fromEntries(
    KEPT.map(([name, { struct }]) => [name, blockValues(struct, kept[name as Kept], at)]),
  ) as unknown as Pick<SnapshotValues, Kept>

/** Raw values of an item that were outside their declared range, by field. */
export const invalidSchema = z
  .record(z.string(), z.union([z.number().int(), z.string()]))
  .optional()
  .meta({ description: 'Fields outside their declared range, with the raw value; they read null.' })

export const alarmSchema = z
  .object({
    id: z.string().meta({ description: Alarm.fields.id.doc }),
    code: z.string().nullable().meta({ description: Alarm.fields.code.doc }),
    class: z.string().nullable().meta({ description: Alarm.fields.class.doc }),
    state: z.string().nullable().meta({ description: Alarm.fields.state.doc }),
    occurredAt: deviceTimeSchema.nullable().meta({ description: Alarm.fields.occurredAt.doc }),
    detectedAt: deviceTimeSchema.nullable().meta({ description: Alarm.fields.detectedAt.doc }),
    readAt: utcSchema.meta({ description: 'When the pump said it at the earliest.' }),
    invalid: invalidSchema,
  })
  .meta({
    id: 'Alarm',
    description: `The pump's own alarm, read, not watched. ${Alarms.fields.alarms.doc}`,
  })
export type AlarmReading = z.infer<typeof alarmSchema>

export const pumpEventSchema = z
  .object({
    number: z.number().int().nullable().meta({ description: PumpEvent.fields.number.doc }),
    code: z.string().nullable().meta({ description: PumpEvent.fields.code.doc }),
    occurredAt: deviceTimeSchema.nullable().meta({ description: PumpEvent.fields.occurredAt.doc }),
    detectedAt: deviceTimeSchema.nullable().meta({ description: PumpEvent.fields.detectedAt.doc }),
    argument: z.number().int().nullable().meta({ description: PumpEvent.fields.argument.doc }),
    invalid: invalidSchema,
  })
  .meta({ id: 'PumpEvent', description: PumpEvent.doc })
export type PumpEventReading = z.infer<typeof pumpEventSchema>

/** Fields of an item that are no measurements, without the dress of a value; raws kept apart. */
function bare<K extends string>(
  item: { readonly [k in K]: Value },
  keys: readonly K[],
): { [k in K]: number | string | null } & { invalid?: Record<string, number | string> } {
  const out: Record<string, unknown> = {}
  const invalid: Record<string, number | string> = {}
  for (const key of keys) {
    const value = item[key]
    out[key] = value.value
    if (value.quality === 'invalid' && value.raw !== undefined) invalid[key] = value.raw
  }
  if (Object.keys(invalid).length > 0) out['invalid'] = invalid
  return out as ReturnType<typeof bare<K>>
}

/** By the pump's own class: a class that it does not say, or that is newer than this, may be critical. */
const CLASS_ORDER: readonly (string | null)[] = ['critical', null, 'non-critical', 'log-only']
const placeOf = ({ class: own }: Pick<AlarmReading, 'class'>) => {
  const place = CLASS_ORDER.indexOf(own)
  return place < 0 ? CLASS_ORDER.indexOf(null) : place
}

/** Alarms as every surface lists them: critical first, then as the pump does. */
export const alarmsInOrder = <A extends Pick<AlarmReading, 'class'>>(alarms: readonly A[]): A[] =>
  [...alarms].sort((a, b) => placeOf(a) - placeOf(b))

/** Names of the pump that are outside their declared form, as they came. */
export const misnamedOf = ({ identity }: SnapshotValues): z.infer<typeof invalidSchema> =>
  isUnread(identity) ? undefined : bare(identity, ['serial', 'model', 'firmware']).invalid

/** Alarms of a reading, critical first; null = they could not be read. One with a bad field is still an alarm. */
export function alarmReadings({ alarms }: SnapshotValues, readAt: string): AlarmReading[] | null {
  if (isUnread(alarms)) return null
  const all = alarms.alarms.map((item) => {
    const plain = bare(item, ['code', 'class', 'state', 'occurredAt', 'detectedAt'])
    const known = item.id.value
    return {
      id: known === null ? `${plain.code}-${plain.occurredAt}` : String(known),
      ...plain,
      readAt,
    } as AlarmReading
  })
  return alarmsInOrder(all)
}

/** Events the pump has overwritten before the oldest one it still holds; null = it does not say how many. */
function eventGap({ total, events }: Exclude<SnapshotValues['events'], Unread>): number | null {
  return total.value === null ? null : Math.max(0, total.value - events.length)
}

/** The pump's own log; no entries = it could not be read. */
export function pumpEvents({ events }: SnapshotValues) {
  if (isUnread(events)) return { total: null, overwritten: null, entries: null }
  const keys = ['number', 'code', 'occurredAt', 'detectedAt', 'argument'] as const
  const entries = events.events.map((item) => bare(item, keys) as unknown as PumpEventReading)
  return { total: events.total.value, overwritten: eventGap(events), entries }
}

export const drugSchema = z
  .object({
    name: z.string().nullable().meta({ description: Drug.fields.name.doc }),
    massUnit: z.string().nullable().meta({ description: Drug.fields.massUnit.doc }),
    ...(
      valuesSchema(Drug) as unknown as z.ZodObject<
        Record<'concentration' | 'dose24h', z.ZodType<Value<number>>>
      >
    ).pick({ concentration: true, dose24h: true }).shape,
    invalid: invalidSchema,
  })
  .meta({ id: 'Drug', description: Drug.doc })
export type DrugReading = z.infer<typeof drugSchema>

export function drugReadings({ drugs }: SnapshotValues): DrugReading[] | null {
  if (isUnread(drugs)) return null
  return drugs.drugs.map(
    (item) =>
      ({
        ...bare(item, ['name', 'massUnit']),
        concentration: item.concentration,
        dose24h: item.dose24h,
      }) as DrugReading,
  )
}
