// The OpenAPI 3.1 document, made from the routes and the schemas they use.
import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger'
import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from 'fastify-type-provider-zod'
import * as z from 'zod'
import { PAGE_SCOPES } from '../access/links.ts'
import { SCOPES, type Scope } from '../access/token.ts'
import * as api from '../model/api.ts'
import { recordSchema } from '../model/record.ts'
import { problemList } from './problems.ts'

/** Schemas that stand in `components`, and with them every named one inside: the payloads of events. */
const NAMED: readonly unknown[] = [recordSchema, ...Object.values(api)]

/** Every schema that has a name, inside `schema` and itself. */
function* named(schema: unknown): Generator<z.ZodType> {
  if (!(schema instanceof z.ZodType)) return
  if (z.globalRegistry.get(schema)?.id !== undefined) yield schema
  if (schema instanceof z.ZodObject)
    for (const one of Object.values(schema.shape)) yield* named(one)
  if (schema instanceof z.ZodArray) yield* named(schema.element)
  if (schema instanceof z.ZodUnion) for (const one of schema.options) yield* named(one)
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    yield* named(schema.unwrap())
}

const DESCRIPTION = `What a bridge knows of the pumps it reads, for clinic software. It only reads: GET and HEAD exist, nothing else, and no request makes the bridge read a pump.

Every value carries its unit (UCUM), the pump's own time without zone, the time it was received (UTC), its quality and, when it is not live, the reason. \`asOf\` says which moment a reply is of: ages are to be counted on from there by a clock that does not jump.

Not a medical device, not for patient care. It does not watch a pump and raises no alarm of its own. \`source\` says whether readings come from a device, a simulator or a replay.

Within v1, fields, kinds of records, codes and addresses are added, never removed or changed: clients leave aside what they do not know.

Problems (RFC 9457), by \`type\`:

${problemList()}`

interface Overridden {
  readonly zodSchema: unknown
  readonly jsonSchema: Record<string, unknown>
}

const TOO_MANY = {
  description: 'This token asks too often, or too many others read now. Nothing was read.',
  headers: {
    'retry-after': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
  },
  content: {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  },
}

const WRONG_HOST = {
  description: 'Another host was asked for.',
  content: TOO_MANY.content,
}

/** What a token needs, and whether the page of this bridge may ask. */
function securityOf(scope: Scope): Readonly<Record<string, readonly string[]>>[] {
  return [{ token: [scope] }, ...(PAGE_SCOPES.includes(scope) ? [{ page: [] }] : [])]
}

/** Each address says its scope, and that it may be asked too often. */
function withScopes(transform: SwaggerTransform): SwaggerTransform {
  return (asked) => {
    const made = transform(asked)
    const { scope } = (asked.route as { config?: FastifyContextConfig }).config ?? {}
    if (scope === undefined) return made
    const description = [made.schema?.description, `Scope: \`${scope}\`.`]
    const schema = {
      ...made.schema,
      description: description.filter((one) => one !== undefined).join('\n\n'),
      security: securityOf(scope),
    }
    return { ...made, schema }
  }
}

/** Nothing but queries is ever sent to this surface: the forms of schemas as input are left out. */
function onlyOutput(transform: SwaggerTransformObject): SwaggerTransformObject {
  return (document) => {
    const made = transform(document)
    const { schemas = {} } = ('components' in made && made.components) || {}
    for (const name of Object.keys(schemas)) if (name.endsWith('Input')) delete schemas[name]
    const { paths = {} } = 'paths' in made ? made : {}
    for (const { get } of Object.values(paths) as {
      get?: { security?: object[]; responses: object }
    }[]) {
      if (!get?.security) continue
      Object.assign(
        get.responses,
        get.security.length > 0 ? { 429: TOO_MANY } : { 421: WRONG_HOST },
      )
    }
    return made
  }
}

export async function describe(app: FastifyInstance, version: string): Promise<void> {
  const schemaRegistry = z.registry<{ id?: string | undefined }>()
  for (const schema of new Set(NAMED.flatMap((one) => [...named(one)]))) {
    const { id, ...meta } = z.globalRegistry.get(schema) ?? {}
    if (typeof id === 'string') schemaRegistry.add(schema, { id, ...meta })
  }
  const options = {
    schemaRegistry,
    zodToJsonConfig: {
      override: ({ zodSchema, jsonSchema }: Overridden) => {
        // Fields are added within v1: nobody may rely on there being no others.
        if (jsonSchema['additionalProperties'] === false) delete jsonSchema['additionalProperties']
        // The format says it, and the pattern needs a page.
        if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern']
        const description = z.globalRegistry.get(zodSchema as z.ZodType)?.description
        if (description !== undefined) jsonSchema['description'] = description
      },
    },
  }
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'wandbridge',
        version,
        summary: 'Readings of implanted intrathecal pumps, read-only.',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: 'http://127.0.0.1:8420', description: 'The bridge of this computer.' }],
      security: [{ token: [] }, { page: [] }],
      tags: [
        { name: 'status', description: 'What is known now.' },
        { name: 'history', description: 'What was recorded.' },
        { name: 'events', description: 'What happens.' },
        { name: 'audit', description: 'The audit log, for whoever checks it.' },
        { name: 'service', description: 'The bridge itself.' },
      ],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: `Made with \`wandbridge token create --scope SCOPES\`. Each address says which scope it needs: ${SCOPES.join(', ')}.`,
          },
          page: {
            type: 'apiKey',
            in: 'cookie',
            name: 'wandbridge-8420',
            description:
              'The page of this bridge, opened with `wandbridge open`. The name ends with the port the bridge listens on.',
          },
        },
      },
    },
    transform: withScopes(createJsonSchemaTransform(options)),
    transformObject: onlyOutput(createJsonSchemaTransformObject(options)),
  })
}
