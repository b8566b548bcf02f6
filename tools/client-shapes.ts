// Writes src/client/shapes.ts: what the schemas of the API come to, as a table in which every shape stands once.
//
//   node dist/tools/client-shapes.js            writes it
//   node dist/tools/client-shapes.js --check    exits 1 when it is out of date
import * as z from 'zod'
import type { Events, Replies, Shape } from '../src/client/checked.ts'
import * as api from '../src/model/api.ts'
import { RECORD_KINDS, recordSchema } from '../src/model/record.ts'
import { pumpStatusSchema } from '../src/model/status.ts'
import { kept, run } from './run.ts'

const FILE = 'src/client/shapes.ts'

const records = Object.fromEntries(
  RECORD_KINDS.map((kind) => [
    kind,
    recordSchema.options.find(({ shape }) => shape.kind.value === kind) as z.ZodType,
  ]),
) as { readonly [K in (typeof RECORD_KINDS)[number]]: z.ZodType }

export const EVENT_SCHEMAS: { readonly [N in keyof Events]: z.ZodType } = {
  snapshot: api.snapshotEventSchema,
  status: api.statusEventSchema,
  tick: api.tickEventSchema,
  reset: api.resetEventSchema,
  bye: api.byeEventSchema,
  ...records,
}

export const REPLY_SCHEMAS: { readonly [N in keyof Replies]: z.ZodType } = {
  wands: api.wandsReplySchema,
  pumps: api.pumpsReplySchema,
  pump: pumpStatusSchema,
  readings: api.readingsReplySchema,
  reading: api.readingSchema,
  visits: api.visitsReplySchema,
  interrogation: api.interrogationReplySchema,
  events: api.pumpEventsReplySchema,
  refills: api.refillsReplySchema,
  problem: api.problemSchema,
}

type Loose = Readonly<Record<string, unknown>>
/** What only people read of a schema, and what follows from the rest of it. */
const SILENT = [
  ...['$schema', '$defs', '$id', 'id', 'description', 'title', 'readOnly', 'default', 'format'],
  ...['propertyNames', 'required', 'type'],
]

class Table {
  readonly shapes: Shape[] = []
  readonly #places = new Map<string, number>()

  /** The place of a schema. */
  add(schema: z.ZodType): number {
    const json = z.toJSONSchema(schema, { io: 'output' }) as Loose
    return this.#place(json, (json['$defs'] ?? {}) as Readonly<Record<string, Loose>>)
  }

  #place(json: Loose, named: Readonly<Record<string, Loose>>): number {
    const at = (one: unknown) => this.#place(one as Loose, named)
    const ref = json['$ref']
    if (typeof ref === 'string') return at(named[ref.replace('#/$defs/', '')])
    const shape = shapeOf(json, at)
    const text = JSON.stringify(shape)
    const place = this.#places.get(text) ?? this.shapes.push(shape) - 1
    this.#places.set(text, place)
    return place
  }
}

function shapeOf(json: Loose, at: (one: unknown) => number): Shape {
  const { type } = json
  /** What is said of it, once nothing else is left that this does not know. */
  const only = (...names: string[]) => {
    const unknown = Object.keys(json).filter((one) => ![...SILENT, ...names].includes(one))
    if (unknown.length > 0) throw new Error(`tools/client-shapes.ts does not know ${unknown}`)
    return names.map((name) => json[name] as never)
  }
  const ways = (json['anyOf'] ?? json['oneOf']) as readonly unknown[] | undefined
  if (ways) {
    only('anyOf', 'oneOf')
    return { any: ways.map(at) }
  }
  if (Array.isArray(type)) return { any: type.map((one) => at({ ...json, type: one })) }
  if ('const' in json) return { enum: only('const') }
  if ('enum' in json) return { enum: only('enum')[0] as never }
  switch (type) {
    case 'string': {
      const [pattern, min, max] = only('pattern', 'minLength', 'maxLength')
      return { text: given({ pattern, min, max }) }
    }
    case 'integer':
    case 'number': {
      const [min, max] = only('minimum', 'maximum') as (number | undefined)[]
      const bound = (n: number | undefined) =>
        n === undefined || Math.abs(n) === Number.MAX_SAFE_INTEGER ? undefined : n
      const int = type === 'integer' || undefined
      return { number: given({ int, min: bound(min), max: bound(max) }) }
    }
    case 'array':
      return { items: at(only('items')[0]) }
    case 'object': {
      const [properties, rest] = only('properties', 'additionalProperties')
      if (!properties) return { values: at(rest) }
      const fields = Object.entries(properties).map(([name, one]) => [name, at(one)] as const)
      const required = (json['required'] ?? []) as readonly string[]
      const optional = fields.map(([name]) => name).filter((name) => !required.includes(name))
      return { fields: Object.fromEntries(fields), ...(optional.length > 0 && { optional }) }
    }
    case 'null':
    case 'boolean':
      only()
      return { type }
    case undefined:
      only()
      return { type: 'anything' }
    default:
      throw new Error(`tools/client-shapes.ts does not know the type ${type}`)
  }
}

const given = <T extends object>(all: T) =>
  Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

function text(): string {
  const table = new Table()
  const places = (schemas: Readonly<Record<string, z.ZodType>>) =>
    JSON.stringify(
      Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, table.add(one)])),
    )
  const [events, replies] = [places(EVENT_SCHEMAS), places(REPLY_SCHEMAS)]
  const lines = table.shapes.map((shape) => `  ${JSON.stringify(shape)},\n`)
  return `// Made by tools/client-shapes.ts of the schemas of the API: \`npm run generate\`.
import type { Events, Replies, Shape } from './checked.ts'

export const EVENTS: { readonly [N in keyof Events]: number } = ${events}
export const REPLIES: { readonly [N in keyof Replies]: number } = ${replies}
export const SHAPES: readonly Shape[] = [
${lines.join('')}]
`
}

await run(import.meta.url, (root, check) => kept(root, FILE, text(), check))
