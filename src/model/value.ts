// A value as every surface shows it: number, unit, times, quality, and the reason when it is not
// live. Built from the protocol's field tables; the zod schemas come from the same tables.
// Browser-safe.
import * as z from 'zod'
import { MASS_UNITS } from '../../protocol/fields/drugs.ts'
import {
  type CodeField,
  codeName,
  type Field,
  type Fields,
  judge,
  type Repr,
  type ScalarField,
  type Struct,
} from '../../protocol/fields/field.ts'
import { conversion, type MassUnit } from './units.ts'

export const QUALITIES = ['current', 'stale', 'invalid', 'unavailable'] as const
export type Quality = (typeof QUALITIES)[number]

/**
 * Why a value is stale. `implant-silent`: the wand hears the implant, which has not answered within the live
 * bound. `changed`: the pump counts a change since. `contradicted`: it says something else than the reading,
 * and counts no change; that stands after a restart, too. `recorded`: it is history; what is live now, only the
 * status says.
 */
export const REASONS = [
  'session-closed',
  'wand-lost',
  'implant-lost',
  'implant-silent',
  'changed',
  'contradicted',
  'server-silent',
  'audit-failed',
  'recorded',
] as const
export type Reason = (typeof REASONS)[number]

/** Why nothing of a block was read: its bytes do not make one, the wand lists it twice, or not at all. */
export const BLOCK_FAULTS = ['block-malformed', 'block-listed-twice', 'block-missing'] as const
export type BlockFault = (typeof BLOCK_FAULTS)[number]
export const isBlockFault = (reason: string | undefined): reason is BlockFault =>
  (BLOCK_FAULTS as readonly (string | undefined)[]).includes(reason)

/** The pump's own clock, without zone, as reported: `2026-11-24T14:02:11`. */
export const deviceTimeSchema = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
  .meta({ description: "The pump's own clock, without zone, never rewritten." })
export const utcSchema = z.iso.datetime({ precision: 3 })

export interface Value<T extends number | string = number | string> {
  readonly value: T | null
  /** UCUM; null for what has no unit (names, codes, dates), and for a mass whose unit is not known. */
  readonly unit: string | null
  readonly deviceTime: string | null
  readonly receivedAt: string
  readonly quality: Quality
  /** Of a stale value; of one that is not available, if its block could not be read. */
  readonly reason?: Reason | BlockFault | undefined
  /** The integer or text as it came, when the value is invalid, or a mass without its unit. */
  readonly raw?: number | string | undefined
}

const MASSES = Object.values(MASS_UNITS)
const EPOCH_2000 = Date.UTC(2000, 0, 1)

/** Seconds since 2000-01-01 as the pump's zoneless time. */
export function deviceTimeText(seconds: number): string {
  return new Date(EPOCH_2000 + seconds * 1000).toISOString().slice(0, 19)
}

/** The way back; the text is read as zoneless. */
export function deviceTimeSeconds(text: string): number {
  return (Date.parse(`${text}Z`) - EPOCH_2000) / 1000
}

/** When and from what a set of values was read. */
export interface ReadAt {
  readonly deviceTime: string | null
  readonly receivedAt: string
}

/** What a field's raw value says, before anybody asks how old it is. */
export function toValue(
  field: ScalarField,
  raw: number | string | null,
  at: ReadAt,
  mass: MassUnit | null = null,
): Value {
  const judgement = judge(field, raw)
  const converted = field.kind === 'uint' ? conversion(field.unit, mass) : null
  const unit = converted?.unit ?? null
  const base = { unit, deviceTime: at.deviceTime, receivedAt: at.receivedAt }
  if (judgement === 'unavailable' || raw === null) {
    return { value: null, ...base, quality: 'unavailable' }
  }
  if (judgement === 'invalid') return { value: null, ...base, quality: 'invalid', raw }
  // A mass whose unit is not known is no value: a number without it would be read in some unit.
  if (field.kind === 'uint' && !converted)
    return { value: null, ...base, quality: 'unavailable', raw }
  return { value: plain(field, raw, converted?.per ?? 1), ...base, quality: 'current' }
}

function plain(field: ScalarField, raw: number | string, per: number): number | string {
  if (field.kind === 'uint') return Number(raw) / per
  if (field.kind === 'code') return codeName(field, Number(raw))
  if (field.kind === 'time') return deviceTimeText(Number(raw))
  return raw
}

type ValueOf<T> = T extends ScalarField
  ? T extends { kind: 'uint' }
    ? Value<number>
    : Value<string>
  : T extends { kind: 'list'; item: Struct<infer F> }
    ? ValuesOf<Struct<F>>[]
    : never

/** The values of a block, field by field; lists become arrays. */
export type ValuesOf<S> =
  S extends Struct<infer F> ? { readonly [K in keyof F]: ValueOf<F[K]> } : never

/** Turns a decoded block into values. Masses inside an item follow that item's `massUnit`. */
export function toValues<S extends Struct>(declared: S, repr: Repr<S>, at: ReadAt): ValuesOf<S> {
  const record = repr as Record<string, unknown>
  const mass = massOf(declared.fields, record)
  const out: Record<string, unknown> = {}
  for (const [name, field] of Object.entries<Field>(declared.fields)) {
    const raw = record[name]
    if (field.kind === 'rest') continue
    out[name] =
      field.kind === 'list'
        ? (raw as Repr<Struct>[]).map((item) => toValues(field.item, item, at))
        : toValue(field, raw as number | string | null, at, mass)
  }
  return out as ValuesOf<S>
}

/** What stands for a block of which nothing could be read: each value says why, a list is null. */
export function unreadValues(
  declared: Struct,
  reason: BlockFault,
  at: ReadAt,
): Record<string, Value | null> {
  const value = (field: ScalarField): Value => ({ ...toValue(field, null, at), reason })
  return Object.fromEntries(
    Object.entries<Field>(declared.fields).flatMap(([name, field]) =>
      field.kind === 'rest' ? [] : [[name, field.kind === 'list' ? null : value(field)]],
    ),
  )
}

function massOf(fields: Fields, record: Record<string, unknown>): MassUnit | null {
  if (!fields['massUnit']) return null
  return (MASS_UNITS as Readonly<Record<number, MassUnit>>)[Number(record['massUnit'])] ?? null
}

/** The way back: what the pump sent, from what a value says. */
function toRaw(field: ScalarField, { value, unit, raw }: Value): number | string | null {
  if (value === null) return raw ?? null
  if (field.kind === 'uint') {
    const mass = unit?.startsWith('ug/') ? 'mcg' : 'mg'
    return Math.round(Number(value) * (conversion(field.unit, mass)?.per ?? 1))
  }
  if (field.kind === 'time') return deviceTimeSeconds(String(value))
  if (field.kind === 'text') return value
  const known = Object.entries(field.names).find(([, name]) => name === value)
  return Number(known ? known[0] : /^unknown\((\d+)\)$/.exec(String(value))?.[1])
}

/** Turns values into what the pump sent, in protocol units. */
export function toRepr<S extends Struct>(declared: S, values: ValuesOf<S>): Repr<S> {
  const given = values as Record<string, unknown>
  const out: Record<string, unknown> = {}
  for (const [name, field] of Object.entries<Field>(declared.fields)) {
    if (field.kind === 'rest') continue
    out[name] =
      field.kind === 'list'
        ? (given[name] as ValuesOf<Struct>[]).map((item) => toRepr(field.item, item))
        : toRaw(field, given[name] as Value)
  }
  return out as Repr<S>
}

/** zod schema of what the pump sent, in protocol units; null = it did not say. */
export function reprSchema<S extends Struct>(declared: S): z.ZodType<Repr<S>> {
  const shape: Record<string, z.ZodType> = {}
  for (const [name, field] of Object.entries<Field>(declared.fields)) {
    if (field.kind === 'rest') continue
    if (field.kind === 'list') shape[name] = z.array(reprSchema(field.item))
    // A field that is newer than the record was not said in it.
    else {
      const said: z.ZodType = field.kind === 'text' ? z.string() : z.number().int()
      shape[name] = said.nullable().default(null)
    }
  }
  return z.strictObject(shape) as unknown as z.ZodType<Repr<S>>
}

const common = {
  deviceTime: deviceTimeSchema.nullable(),
  receivedAt: utcSchema,
  quality: z.enum(QUALITIES),
  reason: z.enum([...REASONS, ...BLOCK_FAULTS]).optional(),
  raw: z.union([z.number().int(), z.string()]).optional(),
}

function codeDoc(field: CodeField): string {
  return `${field.doc} One of ${Object.values(field.names).join(', ')}; anything newer comes as unknown(n).`
}

/** zod schema of one field's value. */
export function valueSchema(field: ScalarField): z.ZodType<Value> {
  if (field.kind === 'uint') {
    const plain = conversion(field.unit, null)
    const [mg, mcg] = MASSES.map((mass) => conversion(field.unit, mass)?.unit ?? '1')
    const units = plain
      ? z.literal(plain.unit)
      : z
          .enum([mg ?? '1', mcg ?? '1'])
          .nullable()
          .meta({
            description: 'Null = the pump does not say its mass unit: no number is given then.',
          })
    const per = plain?.per ?? conversion(field.unit, 'mcg')?.per ?? 1
    return z
      .object({
        value: z
          .number()
          .min(0)
          .max(field.max / per)
          .nullable(),
        unit: units,
        ...common,
      })
      .meta({ description: field.doc })
  }
  const text =
    field.kind === 'time'
      ? deviceTimeSchema
      : field.kind === 'text'
        ? z.string().regex(field.pattern)
        : z.string()
  return z
    .object({ value: text.nullable(), unit: z.null(), ...common })
    .meta({ description: field.kind === 'code' ? codeDoc(field) : field.doc })
}

/** zod schema of a block's values. */
export function valuesSchema<S extends Struct>(declared: S): z.ZodType<ValuesOf<S>> {
  const shape: Record<string, z.ZodType> = {}
  for (const [name, field] of Object.entries<Field>(declared.fields)) {
    if (field.kind === 'rest') continue
    shape[name] =
      field.kind === 'list'
        ? z.array(valuesSchema(field.item)).meta({ description: field.doc })
        : valueSchema(field)
  }
  return z.object(shape).meta({ description: declared.doc }) as unknown as z.ZodType<ValuesOf<S>>
}
