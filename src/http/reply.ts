// What the routes have in common: how a reply goes out, and how it stands in the OpenAPI document.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import type { Principal } from '../access/access.ts'
import { problemSchema } from '../model/api.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What is the same for every reply. */
    surface: {
      readonly headers: Readonly<Record<string, string>>
      /** The same for JSON, as names and values in turn. */
      readonly jsonHead: string[]
      answered(request: FastifyRequest, reply: FastifyReply): void
    }
  }
}

export const JSON_TYPE = 'application/json; charset=utf-8'
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

export const idSchema = z.string().max(64).meta({
  description: 'Opaque id of a pump, from /api/v1/pumps.',
})

/** A reply that is made once and sent to many. */
export interface Made {
  readonly head: string[]
  readonly bytes: Buffer
}

export function madeOf(value: object, { surface }: FastifyInstance): Made {
  const bytes = Buffer.from(JSON.stringify(value))
  return { head: [...surface.jsonHead, 'content-length', String(bytes.length)], bytes }
}

/** Sends it, past everything that makes bytes of objects. */
export function sendMade(request: FastifyRequest, reply: FastifyReply, made: Made): FastifyReply {
  const { raw } = reply.hijack()
  raw.writeHead(200, made.head)
  raw.end(request.method === 'HEAD' ? undefined : made.bytes)
  request.server.surface.answered(request, reply)
  return reply
}

/** Who asks; only on addresses that need a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error('this address has no scope')
  return request.principal
}

/** The responses of an address for its schema: the good one, and what every address may say. */
export function answers(schema: z.ZodType, description: string, type = 'application/json') {
  // One media type: of two, generators of clients take the first, or make one type of both.
  const content = { [type]: { schema } }
  return {
    200: { description, content },
    // Ranges, such as 4XX, are more than some generators know.
    default: {
      description:
        'The request was refused, or the bridge could not answer: nothing was read or changed, and what is shown is not live.',
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  }
}
