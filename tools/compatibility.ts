// Whether clients written for one OpenAPI document can go on with another. Pure. What is sent to them
// may grow; what they send must stay taken.

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }
type Fields = { readonly [name: string]: Json }

/** `in`: what a client sends · `out`: what it gets. */
type Way = 'in' | 'out'

/** Everything in `now` that breaks what held in `before`, one sentence each. */
export function breaking(before: Json, now: Json): string[] {
  return new Comparison(before, now).run()
}

class Comparison {
  readonly #before: Fields
  readonly #now: Fields
  readonly #found: string[] = []
  /** Pairs of named schemas that are compared already. */
  readonly #seen = new Set<string>()

  constructor(before: Json, now: Json) {
    this.#before = fields(before)
    this.#now = fields(now)
  }

  run(): string[] {
    for (const [path, item] of Object.entries(fields(this.#before['paths']))) {
      const other = fields(this.#now['paths'])[path]
      if (other === undefined) this.#found.push(`${path} is gone`)
      else this.#operation(path, fields(fields(item)['get']), fields(fields(other)['get']))
    }
    for (const name of Object.keys(fields(fields(this.#before['components'])['schemas']))) {
      this.#schema(
        name,
        'out',
        { $ref: `#/components/schemas/${name}` },
        { $ref: `#/components/schemas/${name}` },
      )
    }
    return [...new Set(this.#found)]
  }

  #operation(path: string, before: Fields, now: Fields): void {
    if (before['operationId'] !== now['operationId'])
      this.#found.push(`${path} has another operationId`)
    this.#parameters(path, list(before['parameters']), list(now['parameters']))
    for (const [code, response] of Object.entries(fields(before['responses']))) {
      const other = fields(now['responses'])[code]
      if (other === undefined) {
        this.#found.push(`${path} does not answer ${code} any more`)
        continue
      }
      for (const [type, content] of Object.entries(fields(fields(response)['content']))) {
        const body = fields(fields(other)['content'])[type]
        if (body === undefined) this.#found.push(`${path} ${code} is not given as ${type} any more`)
        else
          this.#schema(`${path} ${code}`, 'out', fields(content)['schema'], fields(body)['schema'])
      }
    }
  }

  #parameters(path: string, before: readonly Json[], now: readonly Json[]): void {
    const key = (one: Json) => `${fields(one)['in']} ${fields(one)['name']}`
    for (const one of before) {
      const other = now.find((candidate) => key(candidate) === key(one))
      if (other === undefined) this.#found.push(`${path}: ${key(one)} is not taken any more`)
      else
        this.#schema(`${path}: ${key(one)}`, 'in', fields(one)['schema'], fields(other)['schema'])
    }
    for (const one of now) {
      const old = before.find((candidate) => key(candidate) === key(one))
      if (fields(one)['required'] === true && fields(old)['required'] !== true) {
        this.#found.push(`${path}: ${key(one)} is required now`)
      }
    }
  }

  #schema(where: string, way: Way, before: Json | undefined, now: Json | undefined): void {
    const names = `${way} ${fields(before)['$ref']} ${fields(now)['$ref']}`
    if (fields(before)['$ref'] !== undefined) {
      if (this.#seen.has(names)) return
      this.#seen.add(names)
    }
    const old = this.#resolve(this.#before, before)
    const young = this.#resolve(this.#now, now)
    if (Object.keys(young).length === 0 && Object.keys(old).length > 0) {
      this.#found.push(`${where} is not described any more`)
      return
    }
    for (const keyword of ['const', 'format', 'pattern'] as const) {
      if (JSON.stringify(old[keyword]) !== JSON.stringify(young[keyword])) {
        this.#found.push(`${where}: its ${keyword} has changed`)
      }
    }
    this.#types(where, way, old, young)
    this.#properties(where, way, old, young)
    if (old['items'] !== undefined) this.#schema(`${where}[]`, way, old['items'], young['items'])
    this.#alternatives(where, way, old, young)
    if (way === 'in') this.#bounds(where, old, young)
  }

  #types(where: string, way: Way, old: Fields, young: Fields): void {
    const before = types(old)
    const now = types(young)
    // Who sends must still be understood; who gets must not get what they do not know.
    const [must, may] = way === 'in' ? [before, now] : [now, before]
    const unsaid = before.length > 0 && now.length === 0
    const wrong = unsaid ? before : must.filter((type) => !may.includes(type))
    if (wrong.length > 0) this.#found.push(`${where}: its type has changed (${wrong.join(', ')})`)
    const gone = list(old['enum']).filter((one) => !list(young['enum']).includes(one))
    if (way === 'in' && old['enum'] !== undefined && gone.length > 0) {
      this.#found.push(`${where}: ${gone.map(String).join(', ')} is not taken any more`)
    }
  }

  #properties(where: string, way: Way, old: Fields, young: Fields): void {
    for (const [name, schema] of Object.entries(fields(old['properties']))) {
      const other = fields(young['properties'])[name]
      if (other === undefined) this.#found.push(`${where}.${name} is gone`)
      else this.#schema(`${where}.${name}`, way, schema, other)
    }
    const before = list(old['required'])
    const now = list(young['required'])
    if (way === 'out') {
      for (const name of before.filter((one) => !now.includes(one))) {
        this.#found.push(`${where}.${String(name)} may be missing now`)
      }
    }
  }

  /** Alternatives are compared in their order; new ones come behind. */
  #alternatives(where: string, way: Way, old: Fields, young: Fields): void {
    for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
      const now = list(young[keyword])
      for (const [i, one] of list(old[keyword]).entries()) {
        if (now[i] === undefined) this.#found.push(`${where}: an alternative is gone`)
        else this.#schema(`${where}(${i})`, way, one, now[i])
      }
    }
  }

  #bounds(where: string, old: Fields, young: Fields): void {
    const narrower =
      Number(young['minimum'] ?? -Infinity) > Number(old['minimum'] ?? -Infinity) ||
      Number(young['maximum'] ?? Infinity) < Number(old['maximum'] ?? Infinity) ||
      Number(young['maxLength'] ?? Infinity) < Number(old['maxLength'] ?? Infinity)
    if (narrower) this.#found.push(`${where}: its range has become narrower`)
  }

  #resolve(document: Fields, schema: Json | undefined): Fields {
    const ref = fields(schema)['$ref']
    if (typeof ref !== 'string') return fields(schema)
    const name = ref.split('/').at(-1) ?? ''
    return fields(fields(fields(document['components'])['schemas'])[name])
  }
}

function types(schema: Fields): readonly Json[] {
  const { type } = schema
  return type === undefined ? [] : Array.isArray(type) ? type : [type]
}

function fields(value: Json | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {}
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
