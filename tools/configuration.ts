// The tables of docs/configuration.md: every setting as its schema has it, and whether it is used when the
// configuration is read again.
import * as z from 'zod'
import { configSchema } from '../src/host/config.ts'
import { SETTINGS } from '../src/host/reload-table.ts'
import { cell, table } from './markdown.ts'

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
}

/** A setting by its path, `[]` where a list has many. */
interface Setting {
  readonly path: string
  readonly schema: Schema
  readonly required: boolean
}

const { $defs = {} } = z.toJSONSchema(configSchema, {
  io: 'input',
  unrepresentable: 'any',
}) as Schema
/** It has an id, and so its schema is among the definitions. */
const root = $defs['Config'] ?? {}

const whole = (schema: Schema): Schema => {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : { ...$defs[name], ...schema }
}

function* settingsIn(path: string, given: Schema, required: boolean): Generator<Setting> {
  const schema = whole(given)
  const all = schema.anyOf ?? schema.oneOf
  if (path !== '') yield { path, schema, required }
  if (all?.some((one) => whole(one).properties)) yield* anyOf(path, all.map(whole))
  else yield* inside(path, schema)
}

/** Each setting once; where there are several forms, what must be given stands with the section. */
function* anyOf(path: string, all: readonly Schema[]): Generator<Setting> {
  const several = formsOf(all).length > 1
  const settings = all.flatMap((one) => [...inside(path, one)])
  const byPath = new Map(settings.map((one) => [one.path, one]))
  for (const one of byPath.values()) yield several ? { ...one, required: false } : one
}

/** What must be given in each of the forms that a section can have. */
const formsOf = (all: readonly Schema[]): readonly string[] =>
  all.flatMap(({ required = [], properties }) =>
    properties ? [required.map((key) => `\`${key}\``).join(', ')] : [],
  )

function* inside(path: string, schema: Schema): Generator<Setting> {
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const required = schema.required?.includes(key) ?? false
    yield* settingsIn(path === '' ? key : `${path}.${key}`, inner, required)
  }
  if (schema.items) {
    const [, ...rest] = [...settingsIn(`${path}[]`, schema.items, false)]
    yield* rest
  }
}

function kindOf(given: Schema): string {
  const schema = whole(given)
  const { const: only } = schema
  if (only !== undefined) return `\`${only}\``
  if (schema.enum) return schema.enum.map((one) => `\`${one}\``).join(', ')
  const several = schema.anyOf ?? schema.oneOf
  if (several) {
    const kinds = [...new Set(several.map(kindOf))].join(' or ')
    const forms = formsOf(several.map(whole))
    return forms.length > 1 ? `${kinds}; one of: ${forms.join(' – or – ')}` : kinds
  }
  if (schema.items) return `list of ${kindOf(schema.items)}`
  if (schema.type === 'object') return 'section'
  if (schema.type === 'boolean') return '`true`, `false`'
  if (schema.type === 'integer' || schema.type === 'number') return numbers(schema)
  return schema.format === 'uri' ? 'address' : 'text'
}

function numbers({ type, minimum, exclusiveMinimum, maximum = 0 }: Schema): string {
  const kind = type === 'integer' ? 'whole number' : 'number'
  const low = minimum ?? exclusiveMinimum
  const from =
    low === undefined || low < -1e9 ? '' : minimum === undefined ? ` over ${low}` : ` from ${low}`
  return `${kind}${from}${maximum > 0 && maximum < 1e9 ? ` to ${maximum}` : ''}`
}

function defaultOf({ schema, required }: Setting): string {
  const { default: value } = schema
  if (required) return 'must be given'
  if (value === undefined || (typeof value === 'object' && !Array.isArray(value))) return ''
  return Array.isArray(value) && value.length === 0 ? 'none' : `\`${JSON.stringify(value)}\``
}

/** What a reload of the configuration makes of a change. */
function changed({ path }: Setting): string {
  const [own] = SETTINGS.filter(
    ({ key }) => `${path}.`.startsWith(`${key}.`) || path.startsWith(`${key}[`),
  )
  if (!own) return ''
  if (own.parts.length === 0) return 'restart'
  return own.only ? `in use ${own.only.said}; else restart` : 'in use'
}

/** One table a section; what is no section stands in the first. */
export function configuration(): string {
  const all = [...settingsIn('', root, false)]
  const tops = Object.keys(root.properties ?? {})
  const insideOf = (top: string) =>
    all.filter(({ path }) => path.startsWith(`${top}.`) || path.startsWith(`${top}[`))
  const alone = tops.filter((top) => insideOf(top).length === 0)
  const settings = (of: readonly Setting[]) =>
    table(
      ['setting', 'what', 'default', 'a change', 'meaning'],
      of.map((one) => [
        `\`${one.path}\``,
        ...[kindOf(one.schema), defaultOf(one), changed(one), one.schema.description ?? ''].map(
          cell,
        ),
      ]),
    )
  const sections = tops
    .filter((top) => !alone.includes(top))
    .flatMap((top) => {
      const own = all.find(({ path }) => path === top)
      return [
        '',
        `### \`${top}\``,
        '',
        ...(own?.schema.description ? [own.schema.description, ''] : []),
        settings(insideOf(top)),
      ]
    })
  return [settings(all.filter(({ path }) => alone.includes(path))), ...sections].join('\n')
}
