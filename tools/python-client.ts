// Writes clients/python/wandbridge/api.py from the OpenAPI document: its schemas as typed dictionaries, its addresses as
// methods. What moves bytes and resumes the stream is written by hand beside it, in client.py.
//
//   node dist/tools/python-client.js            writes it
//   node dist/tools/python-client.js --check    exits 1 when it is out of date
import {
  documentIn,
  type OpenApi,
  type Operation,
  type Parameter,
  type Schema,
} from './openapi-document.ts'
import { kept, run } from './run.ts'

const FILE = 'clients/python/wandbridge/api.py'

const KEYWORDS = ['class', 'from', 'import', 'is', 'in', 'not', 'or', 'and', 'def', 'with', 'as']
const PLAIN: Readonly<Record<string, string>> = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  null: 'None',
}
/** What a value of a unit is called. */
const UNITS: Readonly<Record<string, string>> = {
  ...{ mL: 'Millilitres', 'mL/d': 'MillilitresPerDay', '1': 'Count', '%': 'Percent' },
  ...{ min: 'Minutes', s: 'Seconds', mm: 'Millimetres', mV: 'Millivolts' },
  ...{ 'mg/mL': 'Concentration', 'mg/d': 'DosePerDay' },
}

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)
const snake = (name: string) => name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`)
const literal = (values: readonly unknown[]) =>
  values.length === 1 && values[0] === null ? 'None' : `Literal[${values.map(python).join(', ')}]`
const python = (value: unknown) =>
  value === null
    ? 'None'
    : value === true
      ? 'True'
      : value === false
        ? 'False'
        : JSON.stringify(value)
/** A text between three quotes, on as many lines as it has. */
const docstring = (text: string, indent: string) =>
  `${indent}"""${text
    .replaceAll('\\', '\\\\')
    .replaceAll('"""', "'''")
    .split('\n')
    .join(`\n${indent}`)
    .replace(/[ \t]+$/gm, '')}"""\n`

/** Typed dictionaries in the order in which they are needed. */
class Types {
  readonly lines: string[] = []
  readonly #document: OpenApi
  readonly #done = new Set<string>()
  /** Names by what they stand for: two places with the same fields have one type. */
  readonly #known = new Map<string, string>()

  constructor(document: OpenApi) {
    this.#document = document
  }

  /** The type of a schema as Python writes it; `place` names what has no name of its own. */
  of(schema: Schema, place: string): string {
    if (schema.$ref !== undefined) return this.named(schema.$ref.split('/').at(-1) ?? '')
    const ways = schema.anyOf ?? schema.oneOf
    if (ways) return joined(ways.map((one) => this.of(one, place)))
    if ('const' in schema) return literal([schema.const])
    if (schema.enum) return literal(schema.enum)
    if (Array.isArray(schema.type)) {
      return joined(schema.type.map((type) => this.of({ ...schema, type }, place)))
    }
    if (schema.type === 'array') return `list[${this.of(schema.items ?? {}, place)}]`
    if (schema.type !== 'object') return PLAIN[String(schema.type)] ?? 'object'
    if (schema.properties) return this.#dictionary(schema, place)
    const rest = schema.additionalProperties
    return `dict[str, ${typeof rest === 'object' ? this.of(rest, place) : 'object'}]`
  }

  /** A schema of the document. */
  named(name: string): string {
    if (this.#done.has(name)) return name
    this.#done.add(name)
    const schema = this.#document.components.schemas[name]
    if (!schema) throw new Error(`the document has no ${name}`)
    if (schema.properties) this.#write(name, this.#fields(schema, name), schema.description)
    else {
      const type = this.of(schema, name)
      this.lines.push(`${name}: TypeAlias = ${type}\n`)
    }
    return name
  }

  #dictionary(schema: Schema, place: string): string {
    const { unit, quality } = schema.properties ?? {}
    const fields = this.#fields(schema, place)
    const text = JSON.stringify(fields.map(({ key, type }) => [key, type]))
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const name = unit && quality ? valueName(unit) : place
    if (this.#done.has(name)) throw new Error(`two types would be called ${name}`)
    this.#done.add(name)
    this.#known.set(text, name)
    const description = unit && quality ? 'A value with its quality.' : schema.description
    this.#write(name, fields, description)
    return name
  }

  #fields(schema: Schema, place: string): Field[] {
    return Object.entries(schema.properties ?? {}).map(([key, one]) => {
      const type = this.of(one, `${place}${capital(key)}`)
      const there = schema.required?.includes(key)
      return { key, type: there ? type : `NotRequired[${type}]`, said: one.description }
    })
  }

  #write(name: string, fields: readonly Field[], description: string | undefined): void {
    // A field with the name of a keyword can be written in this form alone.
    if (fields.some(({ key }) => KEYWORDS.includes(key))) {
      const rows = fields.map(({ key, type }) => `        ${JSON.stringify(key)}: ${type},\n`)
      this.lines.push(`${name} = TypedDict(\n    "${name}",\n    {\n${rows.join('')}    },\n)\n`)
      return
    }
    const rows = fields.map(
      ({ key, type, said }) =>
        `    ${key}: ${type}\n${said === undefined ? '' : docstring(said, '    ')}`,
    )
    const said = description === undefined ? '' : `${docstring(description, '    ')}\n`
    this.lines.push(`class ${name}(TypedDict):\n${said}${rows.join('') || '    pass\n'}`)
  }
}

interface Field {
  readonly key: string
  readonly type: string
  readonly said: string | undefined
}

function valueName(unit: Schema): string {
  const said = [unit, ...(unit.anyOf ?? [])].flatMap(({ const: one, enum: some }) => [
    ...(one === undefined ? [] : [one]),
    ...(some ?? []),
  ])
  return `${said.length === 0 ? 'Text' : (UNITS[String(said[0])] ?? capital(String(said[0])))}Value`
}

const joined = (types: readonly string[]) => [...new Set(types)].join(' | ')

/** One method an address; the stream of events has its own, by hand. */
function method(path: string, { operationId, ...said }: Operation, types: Types): string {
  const [[type = '', { schema = {} } = {}] = []] = Object.entries(
    said.responses['200']?.content ?? {},
  )
  if (type === 'text/event-stream') return ''
  const all = (said.parameters ?? []).filter((one) => one.in !== 'header')
  const argument = ({ name }: Parameter) => (KEYWORDS.includes(name) ? `${name}_` : snake(name))
  const inPath = all.filter((one) => one.in === 'path')
  const inQuery = all.filter((one) => one.in === 'query')
  const given = [
    'self',
    ...inPath.map((one) => `${argument(one)}: str`),
    ...(inQuery.length > 0 ? ['*'] : []),
    ...inQuery.map((one) => `${argument(one)}: ${types.of(one.schema, '')} | None = None`),
  ]
  const text = type !== 'application/json'
  const reply = text ? 'str' : types.of(schema, capital(operationId))
  const address = `f"${inPath.reduce((made, one) => made.replace(`{${one.name}}`, `{_part(${argument(one)})}`), path)}"`
  const query = `{${inQuery.map((one) => `${JSON.stringify(one.name)}: ${argument(one)}`).join(', ')}}`
  const told = [
    `${said.summary ?? ''}${said.description === undefined ? '' : `\n\n${said.description}`}`,
    ...inQuery
      .filter((one) => one.description !== undefined)
      .map((one) => `\`${argument(one)}\`: ${one.description}`),
  ].join('\n\n')
  const ask = `self._${text ? 'text' : 'json'}(${address}, ${query})`
  return `
    def ${snake(operationId)}(${given.join(', ')}) -> ${reply}:
${docstring(told, '        ')}        return ${text ? ask : `cast(${reply}, ${ask})`}
`
}

export function pythonOf(document: OpenApi): string {
  const types = new Types(document)
  for (const name of Object.keys(document.components.schemas)) types.named(name)
  const methods = Object.entries(document.paths).map(([path, { get }]) => method(path, get, types))
  return `# Made by tools/python-client.ts of src/http/openapi.json: \`npm run generate\`.
"""The API of a bridge as types and methods."""
from __future__ import annotations

from typing import Literal, Mapping, NotRequired, TypeAlias, TypedDict, cast
from urllib.parse import quote

Query = Mapping[str, "str | int | None"]


def _part(text: str) -> str:
    return quote(text, safe="")


${types.lines.join('\n\n')}

class Operations:
    """Every address of the API but the stream of events."""

    def _json(self, path: str, query: Query) -> object:
        raise NotImplementedError

    def _text(self, path: str, query: Query) -> str:
        raise NotImplementedError
${methods.join('')}`
}

await run(import.meta.url, (root, check) => kept(root, FILE, pythonOf(documentIn(root)), check))
