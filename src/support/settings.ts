// A configuration without what somebody typed: switches, numbers and words to choose from stay, every other text is
// replaced. What may be chosen is read from the schema itself, so that a setting that is new is replaced until its
// schema lists its words.
import type { Names } from './names.ts'

/** Of a JSON Schema, what is looked at. */
export interface Shape {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Shape>>
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly format?: string
}

const PORTS = ['serial', 'hid']
const ADDRESSES = ['listen', 'url', 'tokenUrl', 'publicUrl', 'origins']
const FILES = [
  ...['cert', 'key', 'ca', 'clientCa', 'file', 'tokenFile', 'clientSecretFile', 'secretFiles'],
]

/** `schema`: of `value`, as zod gives it. */
export function settingsFor(value: unknown, schema: Shape, names: Names): unknown {
  const at = (given: Shape): Shape => {
    const name = given.$ref?.split('/').at(-1)
    return name === undefined ? given : (schema.$defs?.[name] ?? {})
  }
  /** `key`: of the nearest property around it. */
  const walk = (one: unknown, given: Shape, key: string): unknown => {
    const ways = [at(given), ...(at(given).anyOf ?? []).map(at)]
    if (typeof one === 'string') return isChoice(one, ways) ? one : replaced(one, key)
    if (Array.isArray(one)) {
      const items = ways.find((way) => way.items)?.items ?? {}
      return one.map((item) => walk(item, items, key))
    }
    if (typeof one !== 'object' || one === null) return one
    const known = Object.assign({}, ...ways.map(({ properties }) => properties)) as object
    const entries = Object.entries(one).filter(([name]) => Object.hasOwn(known, name))
    const shapes = known as Readonly<Record<string, Shape>>
    return Object.fromEntries(
      entries.map(([name, inside]) => [name, walk(inside, shapes[name] ?? {}, name)]),
    )
  }
  const replaced = (text: string, key: string): string => {
    // A zone is needed to understand every time of a report.
    if (key === 'zone') return text
    if (PORTS.includes(key)) return names.port(text)
    if (ADDRESSES.includes(key)) return names.address(text)
    return FILES.includes(key) ? names.file(text) : names.name(text)
  }
  return walk(value, schema, '')
}

const isChoice = (text: string, ways: readonly Shape[]): boolean =>
  ways.some(
    (way) =>
      way.enum?.includes(text) ||
      way.const === text ||
      way.default === text ||
      (['date', 'date-time'].includes(way.format ?? '') && !Number.isNaN(Date.parse(text))),
  )
