// Holds replies to the committed OpenAPI document: the status, the media type and the body must stand
// in it, and nothing that does not.
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

interface Document {
  readonly paths: Record<string, { get: { responses: Record<string, Response_> } }>
  readonly components: { readonly schemas: Record<string, object> }
}
interface Response_ {
  readonly content?: Record<string, { schema: object }>
}

export const document = JSON.parse(
  readFileSync(new URL('../../src/http/openapi.json', import.meta.url), 'utf8'),
) as Document

/** Addresses as the document has them, most particular first. */
const PATHS = Object.keys(document.paths)
  .map((path) => ({ path, like: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) }))
  .sort((a, b) => b.path.split('/').length - a.path.split('/').length)

const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addSchema(closed(document), 'openapi')

/** The document with every object closed: a field that is not described is found. */
function closed(value: unknown): object {
  const walk = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(walk)
    if (typeof one !== 'object' || one === null) return one
    const fields = Object.fromEntries(Object.entries(one).map(([k, v]) => [k, walk(v)]))
    const plain = fields['type'] === 'object' && 'properties' in fields
    return plain && !('additionalProperties' in fields)
      ? { ...fields, additionalProperties: false }
      : fields
  }
  return walk(value) as object
}

const compiled = new Map<string, ValidateFunction>()

/** A validator of a named schema. */
export function schema(name: string): ValidateFunction {
  const known = compiled.get(name) ?? ajv.compile({ $ref: `openapi#/components/schemas/${name}` })
  compiled.set(name, known)
  return known
}

/** Throws when `body` is not what the schema says. */
export function check(name: string, body: unknown): void {
  const validate = schema(name)
  if (!validate(body)) throw new Error(`not a ${name}: ${ajv.errorsText(validate.errors)}`)
}

/** Throws when a reply is not what the document says of its address. */
export async function checkReply(path: string, reply: Response): Promise<void> {
  const found = PATHS.find(({ like }) => like.test(path.split('?')[0] ?? ''))
  const type = reply.headers.get('content-type')?.split(';')[0] ?? ''
  const text = await reply.text()
  if (!found) {
    // What is not there, and the page link, answer with problems only.
    if (reply.status >= 400) check('Problem', JSON.parse(text))
    return
  }
  const { responses } = document.paths[found.path]?.get ?? { responses: {} }
  const code = String(reply.status)
  const key = code in responses ? code : 'default'
  // Lines are the items of the page that the document has.
  const lines = type === 'application/x-ndjson'
  const content = responses[key]?.content?.[lines ? 'application/json' : type]
  if (!content) throw new Error(`${found.path} answers ${code} as ${type}: not in the document`)
  const name = (content.schema as { $ref?: string }).$ref?.split('/').at(-1)
  if (name === undefined) return
  if (!lines) return check(name, JSON.parse(text))
  for (const line of text.split('\n').slice(0, -1)) check(name.replace(/s$/, ''), JSON.parse(line))
}
