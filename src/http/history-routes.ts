// The addresses of history: they find the pump, have the read recorded, and give a page of JSON or a
// stream of JSON lines. Few of them run at once: each may walk a part of the log.
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { utc } from '../base/env.ts'
import {
  interrogationReplySchema,
  readingSchema,
  readingsReplySchema,
  refillSchema,
  refillsReplySchema,
  visitSchema,
  visitsReplySchema,
} from '../model/api.ts'
import type { ApiRecord, RecordKind } from '../model/record.ts'
import { first, page, readings, refills, visits } from './history.ts'
import { HttpProblem } from './problems.ts'
import { type Known, Pumps } from './pumps.ts'
import { recorded } from './reads.ts'
import { answers, idSchema } from './reply.ts'
import { Seats } from './seats.ts'
import type { HttpSources, RecordQuery } from './sources.ts'

const LINES = 'application/x-ndjson'
/** Walks through the log at once, and those that may wait for one. */
const WALKS = 2
const WAITING = 20

const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .optional()

/** `most` items a page of JSON; JSON lines may be as long as the log. */
const rangeSchema = z.strictObject({
  from: instant.meta({ description: 'Records from this moment on; ISO 8601 with zone.' }),
  to: instant.meta({ description: 'Records before this moment; ISO 8601 with zone.' }),
  after: z.coerce
    .number()
    .int()
    .min(-1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'Cursor: `next` of the page before.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1_000)
    .meta({ description: 'Items at most.' }),
})
type Range = z.output<typeof rangeSchema>

interface Kind<T extends { readonly position: number }> {
  readonly name: 'readings' | 'interrogations' | 'refills'
  readonly kinds: readonly RecordKind[]
  readonly summary: string
  readonly description: string
  readonly operationId: string
  readonly reply: z.ZodType
  readonly line: z.ZodType
  readonly items: (records: AsyncIterable<ApiRecord>, range: Range) => AsyncGenerator<T>
  /** Whether records before the range are needed. */
  readonly fromStart?: boolean
}

const CURSOR =
  'Oldest first. `next` is the cursor of the next page; with `Accept: application/x-ndjson` every item is a line of a stream, and its `position` is the cursor.'

const KINDS = [
  {
    name: 'readings',
    kinds: ['interrogation', 'live'],
    operationId: 'listReadings',
    summary: 'What moved: reported volume and rate of every reading in a range.',
    description: CURSOR,
    reply: readingsReplySchema,
    line: readingSchema,
    items: readings,
  },
  {
    name: 'interrogations',
    kinds: ['interrogation', 'session'],
    operationId: 'listInterrogations',
    summary: 'Every interrogation in short, and whether its session was confirmed closed.',
    description: `${CURSOR} The whole of one is at its position.`,
    reply: visitsReplySchema,
    line: visitSchema,
    items: visits,
  },
  {
    name: 'refills',
    kinds: ['interrogation', 'worksheet'],
    operationId: 'listRefills',
    summary: 'Refills as the pump reports them, with the readings before and after.',
    description: `${CURSOR} What the pump was told, not what was injected.`,
    reply: refillsReplySchema,
    line: refillSchema,
    items: refills,
    fromStart: true,
  },
] as const satisfies readonly Kind<{ position: number }>[]

export function historyRoutes(app: FastifyInstance, sources: HttpSources): void {
  const { env, records } = sources
  const pumps = new Pumps(sources)
  const seats = new Seats(WALKS, WAITING)
  const config = { scope: 'history' } as const

  for (const kind of KINDS as readonly Kind<{ position: number }>[]) {
    app.get<{ Params: { id: string }; Querystring: Range }>(
      `/api/v1/pumps/:id/${kind.name}`,
      {
        config,
        schema: {
          operationId: kind.operationId,
          summary: kind.summary,
          description: kind.description,
          tags: ['history'],
          params: z.object({ id: idSchema }),
          querystring: rangeSchema,
          response: answers(kind.reply, 'A page of it.', { [LINES]: kind.line }),
        },
      },
      async (request, reply) => {
        await seats.enter(reply.raw)
        const gone = () => reply.raw.destroyed
        const pump = await pumps.find(request.params.id, gone)
        await recorded(sources, request, pump)
        const { limit } = request.query
        const found = records.read({ ...queryOf(kind, pump, request.query), gone })
        const items = kind.items(found, request.query)
        if (wantsLines(request)) return lines(reply, first(items, limit))
        const { items: taken, next } = await page(items, limit)
        const asOf = utc(env.wall())
        return { asOf, log: pump.log, pump: pump.ref, [kind.name]: taken, next }
      },
    )
  }

  app.get<{ Params: { id: string; position: number } }>(
    '/api/v1/pumps/:id/interrogations/:position',
    {
      config,
      schema: {
        operationId: 'getInterrogation',
        summary: 'One interrogation, whole, as it was recorded.',
        tags: ['history'],
        params: z.object({
          id: idSchema,
          position: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
        }),
        response: answers(interrogationReplySchema, 'The interrogation.'),
      },
    },
    async (request, reply) => {
      await seats.enter(reply.raw)
      const gone = () => reply.raw.destroyed
      const { id, position } = request.params
      const pump = await pumps.find(id, gone)
      await recorded(sources, request, pump)
      const query = { source: pump.source, pump: id, kinds: ['interrogation'] as const }
      for await (const record of records.read({ ...query, after: position - 1 })) {
        if (record.position !== position) break
        return { asOf: utc(env.wall()), interrogation: record }
      }
      throw new HttpProblem('not-found', 'There is no interrogation of this pump at this position.')
    },
  )
}

function queryOf(kind: Kind<{ position: number }>, pump: Known, range: Range): RecordQuery {
  const { from, to, after } = range
  return {
    source: pump.source,
    pump: pump.ref.id,
    kinds: kind.kinds,
    ...(to !== undefined && { to }),
    ...(from !== undefined && !kind.fromStart && { from }),
    ...(after !== undefined && !kind.fromStart && { after }),
  }
}

const wantsLines = ({ headers }: FastifyRequest) =>
  (headers.accept ?? '').split(',').some((type) => type.trim().startsWith(LINES))

/** A stream that is cut off by an error ends without its last chunk, so that nobody takes it for whole. */
function lines(reply: FastifyReply, items: AsyncIterable<object>): FastifyReply {
  async function* text(): AsyncGenerator<string> {
    for await (const item of items) yield `${JSON.stringify(item)}\n`
  }
  return reply.header('content-type', LINES).send(Readable.from(text()))
}
