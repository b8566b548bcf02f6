// `/api/v1/events`: takes a client into the hub, with what it wants and where it was.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { parseCursor } from '../feed/cursor.ts'
import { eventSchema } from '../model/api.ts'
import { RECORD_KINDS, type RecordKind } from '../model/record.ts'
import type { Hub } from './hub.ts'
import { HttpProblem } from './problems.ts'
import { recorded } from './reads.ts'
import { answers, principalOf } from './reply.ts'
import type { HttpSettings, HttpSources } from './sources.ts'
import { StreamClient, type Wish } from './stream-client.ts'

const kindsSchema = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(RECORD_KINDS)).min(1))
  .optional()
  .meta({
    description: `Records of these kinds only, separated by commas: ${RECORD_KINDS.join(', ')}.`,
  })

const querySchema = z.strictObject({
  after: z.string().max(80).optional().meta({
    description:
      'As Last-Event-ID, which counts if both are given: for a page that was loaded again.',
  }),
  pump: z.string().max(64).optional().meta({ description: 'Opaque id: events of this pump only.' }),
  kinds: kindsSchema,
})
type Query = z.output<typeof querySchema>

const DOC = `Server-sent events.

- Without \`Last-Event-ID\`: \`snapshot\`, then every record as it becomes durable. Its event name is its \`kind\`, its id is opaque: give it back to go on after it.
- With it: every record after it, then live. Where that cannot be: \`reset\` with the reason, then \`snapshot\`.
- \`worksheet\` records, which name people, are for tokens with the scope \`audit\`.
- \`status\`: what is live has changed. It has no id and does not wait for the disk.
- \`tick\`, every 5 s: the server is there. A client that hears nothing for longer shows nothing as live.
- \`bye\`: the last event, with the reason.

The payloads are the schemas SnapshotEvent, Record, StatusEvent, ResetEvent, TickEvent, ByeEvent.`

const RETRY = Buffer.from('retry: 1000\n\n')

export function eventRoutes(
  app: FastifyInstance,
  sources: HttpSources,
  settings: HttpSettings,
  hub: Hub,
): void {
  app.get<{ Querystring: Query }>(
    '/api/v1/events',
    {
      config: { scope: 'status' },
      schema: {
        operationId: 'streamEvents',
        summary: 'Everything that happens, as it happens.',
        description: DOC,
        tags: ['events'],
        querystring: querySchema,
        headers: z.object({ 'last-event-id': z.string().max(80).optional() }),
        response: answers(
          eventSchema,
          'The stream; the schema is of the data of one event.',
          'text/event-stream',
        ),
      },
    },
    async (request, reply) => {
      await recorded(sources, request, null)
      if (request.method === 'HEAD') return reply.header('content-type', 'text/event-stream').send()
      room(request, hub, settings)
      stream(request, reply)
      return reply
    },
  )

  function stream(request: FastifyRequest<{ Querystring: Query }>, reply: FastifyReply): void {
    const { access, env, reads } = sources
    reply.hijack()
    const response = reply.raw
    for (const [name, value] of Object.entries(app.surface.headers)) response.setHeader(name, value)
    response.setHeader('content-type', 'text/event-stream')
    response.setHeader('x-accel-buffering', 'no')
    // Nothing comes after a stream: its end is the end of the connection, so each event is one write,
    // without a frame of HTTP around it.
    response.shouldKeepAlive = false
    response.removeHeader('transfer-encoding')
    response.writeHead(200)
    response.write(RETRY)
    app.surface.answered(request, reply)
    const wish = wishOf(request)
    const client = new StreamClient(env, response, wish, settings.limits.clientBytes)
    const { principal } = wish
    client.onGone(access.hold(principal, (why) => hub.bye(client, why)))
    client.noted = () => void reads.read({ principal, route: '/api/v1/events', pump: null })
    void hub.add(client)
  }
}

function room(request: FastifyRequest, hub: Hub, { limits }: HttpSettings): void {
  const own = hub.held(principalOf(request).id)
  if (hub.size < limits.streams && own < limits.streamsPerToken) return
  const detail = 'So many streams are open already that there is no room for one more.'
  throw new HttpProblem('too-many-requests', detail, { 'retry-after': '5' })
}

function wishOf(request: FastifyRequest<{ Querystring: Query }>): Wish {
  const { after, pump, kinds } = request.query
  const header = request.raw.headers['last-event-id']
  const asked = typeof header === 'string' && header !== '' ? header : after
  return {
    principal: principalOf(request),
    kinds: (kinds as readonly RecordKind[] | undefined) ?? null,
    pump: pump ?? null,
    asked: asked === undefined ? null : (parseCursor(asked) ?? 'unknown'),
  }
}
