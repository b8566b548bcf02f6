// The OpenAPI 3.1 document, made from the routes and the schemas they use.
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as api from '../model/api.ts'
import { interrogationRecordSchema, pumpRefSchema, recordSchema } from '../model/record.ts'
import { pumpStatusSchema } from '../model/status.ts'

/** Schemas that stand in `components` under their own names, the payloads of events among them. */
const NAMED = [
  pumpStatusSchema,
  pumpRefSchema,
  recordSchema,
  ...recordSchema.options,
  interrogationRecordSchema,
  api.wandsReplySchema,
  api.pumpsReplySchema,
  api.readingSchema,
  api.readingsReplySchema,
  api.visitSchema,
  api.visitsReplySchema,
  api.interrogationReplySchema,
  api.refillSchema,
  api.refillsReplySchema,
  api.snapshotEventSchema,
  api.livenessSchema,
  api.statusEventSchema,
  api.resetEventSchema,
  api.tickEventSchema,
  api.byeEventSchema,
  api.healthSchema,
  api.problemSchema,
] as const

const DESCRIPTION = `What a bridge knows of the pumps it reads, for clinic software. It only reads: GET and HEAD exist, nothing else, and no request makes the bridge read a pump.

Every value carries its unit (UCUM), the pump's own time without zone, the time it was received (UTC), its quality and, when it is not live, the reason. \`asOf\` says which moment a reply is of: ages are to be counted on from there by a clock that does not jump.

Not a medical device, not for patient care. It does not watch a pump and raises no alarm of its own. \`source\` says whether readings come from a device, a simulator or a replay.

Within v1, fields, kinds of records, codes and addresses are added, never removed or changed: clients leave aside what they do not know.`

export async function describe(app: FastifyInstance, version: string): Promise<void> {
  const schemaRegistry = z.registry<{ id?: string | undefined }>()
  for (const schema of new Set<z.ZodType>(NAMED)) {
    const id = z.globalRegistry.get(schema)?.id
    if (id === undefined) throw new Error('a schema of the API has no name')
    schemaRegistry.add(schema, { ...z.globalRegistry.get(schema), id })
  }
  const options = {
    schemaRegistry,
    zodToJsonConfig: {
      // Fields are added within v1: nobody may rely on there being no others.
      override: ({ jsonSchema }: { jsonSchema: { additionalProperties?: unknown } }) => {
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
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
        { name: 'service', description: 'The bridge itself.' },
      ],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'Made with `wandbridge token create`.',
          },
          page: {
            type: 'apiKey',
            in: 'cookie',
            name: 'wandbridge-8420',
            description: 'The page of this bridge, opened with `wandbridge open`.',
          },
        },
      },
    },
    transform: createJsonSchemaTransform(options),
    transformObject: createJsonSchemaTransformObject(options),
  })
}
