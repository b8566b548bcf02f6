// The addresses of history: they find the pump, have the read recorded, and give a page of JSON or a
// stream of JSON lines. Few of them run at once: each may walk a part of the log.
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { utc } from '../base/env.ts'
import { type Cursor, parseCursor } from '../feed/cursor.ts'
import { oldVisits } from '../knowledge/old-visits.ts'
import type { VisitView } from '../knowledge/views.ts'
import {
  interrogationReplySchema,
  pumpEventsReplySchema,
  type Refill,
  readingsReplySchema,
  refillsReplySchema,
  type Visit,
  visitsReplySchema,
} from '../model/api.ts'
import { type PatientId, patientKey, samePeople } from '../model/owner.ts'
import { withoutPeople } from '../model/people.ts'
import {
  type EventCursor,
  first,
  loggedEvents,
  page,
  parseEventCursor,
  readings,
} from './history.ts'
import { HttpProblem } from './problems.ts'
import { knownPump } from './pumps.ts'
import { recorded } from './reads.ts'
import { answers, idSchema, principalOf } from './reply.ts'
import { Seats } from './seats.ts'
import type { HttpSources } from './sources.ts'

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
  after: z.string().max(80).optional().meta({ description: 'Cursor: `next` of the page before.' }),
  order: z.enum(['asc', 'desc']).default('asc').meta({
    description: '`desc`: newest first, so that a limit gives the newest.',
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1_000)
    .meta({ description: 'Items at most.' }),
})
const patient = z.string().min(1).max(320).optional().meta({
  description:
    'SYSTEM|VALUE or VALUE: only what belonged to this patient when it was read, under whichever identifier.',
})
const ownedSchema = rangeSchema.extend({ patient })
type Range = z.output<typeof rangeSchema> & { readonly patient?: string | undefined }

interface Item {
  readonly id: string
}

/** Where the items of an address come from, in the order and the range that were asked for. */
type Items = (asked: Asked) => AsyncIterable<Item>
interface Asked {
  readonly pump: string
  readonly serial: string
  readonly range: Range
  readonly after: Cursor | null
  readonly gone: () => boolean
  /** Whether who asks may read what people wrote down, and their names. */
  readonly people: boolean
  /** Null = of whomever. */
  readonly whose: ((owner: PatientId | null) => boolean) | null
}

interface Kind {
  readonly name: 'readings' | 'interrogations' | 'refills' | 'events'
  readonly summary: string
  readonly description: string
  readonly operationId: string
  readonly reply: z.ZodType
}

const CURSOR =
  'Oldest first, or with `order=desc` newest first. `next` is the cursor of the next page; with `Accept: application/x-ndjson` there is no page: every item is a line of a stream, and its `id` is the cursor.'

const KINDS = [
  {
    name: 'readings',
    operationId: 'listReadings',
    summary: 'What moved: reported volume and rate of every reading in a range.',
    description: CURSOR,
    reply: readingsReplySchema,
  },
  {
    name: 'interrogations',
    operationId: 'listInterrogations',
    summary: 'Every interrogation in short, and whether its session was confirmed closed.',
    description: `${CURSOR} The whole of one is at its id.`,
    reply: visitsReplySchema,
  },
  {
    name: 'refills',
    operationId: 'listRefills',
    summary: 'Refills as the pump reports them, with the readings before and after.',
    description: `${CURSOR} What the pump was told, not what was injected. Names of people and their own words among the worksheets are for tokens with the scope audit.`,
    reply: refillsReplySchema,
  },
  {
    name: 'events',
    operationId: 'listLoggedEvents',
    summary: 'What the pump has logged itself: alarms that came and went, stalls, boluses.',
    description: `${CURSOR} Each event once, from the reading that first had it; nobody watched the pump in between. What the pump held at its first reading is in that interrogation.`,
    reply: pumpEventsReplySchema,
  },
] as const satisfies readonly Kind[]

/** Without what people wrote down, and their names. */
const impersonal = (refill: Refill): Refill => ({
  ...refill,
  worksheets: refill.worksheets.map(withoutPeople),
})

export function historyRoutes(app: FastifyInstance, sources: HttpSources): void {
  const { env, feed, knowledge } = sources
  const seats = new Seats(WALKS, WAITING)
  const config = { scope: 'history' } as const
  const items: Readonly<Record<Kind['name'], Items>> = {
    readings: ({ pump, serial, range: { from, to, order }, after, gone, whose }) => {
      const place =
        after && (order === 'asc' ? { after: after.position } : { before: after.position })
      const kinds = ['interrogation', 'live'] as const
      const all = feed.read({ pump, serial, kinds, from, to, order, gone, ...place })
      return readings(whose ? of(all, (one) => whose(one.record.owner ?? null)) : all)
    },
    interrogations: visits,
    events: ({ pump, serial, range: { from, to, order }, after, gone, whose }) => {
      // The record of the cursor itself may hold more.
      const place =
        after &&
        (order === 'asc'
          ? { after: Math.max(-1, after.position - 1) }
          : { before: after.position + 1 })
      const found = feed.read({
        ...{ pump, serial, kinds: ['pump-events'], from, to, order, gone },
        ...place,
      })
      const theirs = whose ? of(found, (one) => whose(one.record.owner ?? null)) : found
      return loggedEvents(theirs, order, after as EventCursor | null)
    },
    refills: ({ pump, range: { from, to, order }, after, people }) => {
      const { items } = knowledge.refills(pump, { from, to, order, after: after?.position })
      return listed(people ? items : items.map(impersonal))
    },
  }

  function visits({ whose, ...asked }: Asked) {
    const all = everyVisit(asked)
    return whose ? of(all, ({ owner }) => whose(owner)) : all
  }

  async function* everyVisit({
    pump,
    serial,
    range: { from, to, order },
    after,
    gone,
  }: Omit<Asked, 'whose' | 'people'>) {
    const query = { from, to, order, after: after?.position }
    const { items: known, since } = knowledge.visits(pump, query)
    const older = oldVisits(feed, pump, { ...query, serial, before: since, gone })
    if (order === 'asc' && since > 0) for await (const one of older) yield visit(one)
    for (const one of known) yield visit(one)
    if (order === 'desc' && since > 0) for await (const one of older) yield visit(one)
  }

  async function* listed<T>(all: readonly T[]) {
    yield* all
  }

  for (const kind of KINDS) {
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
          querystring: kind.name === 'refills' ? rangeSchema : ownedSchema,
          response: answers(kind.reply, 'A page of it.'),
        },
      },
      async (request, reply) => {
        await seats.enter(reply.raw)
        const range = request.query
        const pump = knownPump(sources, request.params.id)
        const after = place(range.after, kind.name === 'events' ? parseEventCursor : parseCursor)
        await recorded(sources, request, pump)
        const gone = () => reply.raw.destroyed
        const people = principalOf(request).scopes.includes('audit')
        const whose = range.patient === undefined ? null : owners(range.patient)
        const { id, serial } = pump
        const found = items[kind.name]({ pump: id, serial, range, after, gone, people, whose })
        if (wantsLines(request)) return lines(reply, first(found, range.limit))
        const { items: taken, more } = await page(found, range.limit)
        const next = more ? (taken.at(-1)?.id ?? null) : null
        const log = feed.head()?.log ?? null
        return { asOf: utc(env.wall()), log, pump: { id, serial }, [kind.name]: taken, next }
      },
    )
  }

  /** Whether something is of a patient, under whichever identifier. */
  function owners(text: string): (owner: PatientId | null) => boolean {
    const bar = text.lastIndexOf('|')
    const [system, value] = bar < 0 ? [null, text] : [text.slice(0, bar), text.slice(bar + 1)]
    const named = (one: PatientId) =>
      one.value === value && (system === null || one.system === system)
    const keys = new Set(samePeople(knowledge.owners(), named).map(patientKey))
    return (owner) => owner !== null && (named(owner) || keys.has(patientKey(owner)))
  }

  /** A cursor belongs to one log: in another one it would name other records. */
  function place(text: string | undefined, parse: (text: string) => Cursor | null): Cursor | null {
    if (text === undefined) return null
    const cursor = parse(text)
    if (!cursor) throw new HttpProblem('bad-request', 'after: it is no cursor of this address.')
    if (cursor.log !== feed.head()?.log) throw new HttpProblem('cursor-gone')
    return cursor
  }

  app.get<{ Params: { id: string; record: string } }>(
    '/api/v1/pumps/:id/interrogations/:record',
    {
      config,
      schema: {
        operationId: 'getInterrogation',
        summary: 'One interrogation, whole, as it was recorded.',
        tags: ['history'],
        params: z.object({
          id: idSchema,
          record: z.string().max(80).meta({ description: 'Its `id`, from the list.' }),
        }),
        response: answers(interrogationReplySchema, 'The interrogation.'),
      },
    },
    async (request, reply) => {
      await seats.enter(reply.raw)
      const pump = knownPump(sources, request.params.id)
      await recorded(sources, request, pump)
      const cursor = parseCursor(request.params.record)
      if (cursor && cursor.log === feed.head()?.log) {
        const { position } = cursor
        const one = { after: position - 1, before: position + 1 }
        for await (const record of feed.read({ pump: pump.id, kinds: ['interrogation'], ...one })) {
          return { asOf: utc(env.wall()), interrogation: record.api() }
        }
      }
      throw new HttpProblem('not-found', 'There is no interrogation of this pump with this id.')
    },
  )
}

async function* of<T>(all: AsyncIterable<T>, good: (one: T) => boolean): AsyncGenerator<T> {
  for await (const one of all) if (good(one)) yield one
}

/** What the API gives of it: the counts of the pump's own events are for the surfaces inside. */
const visit = ({ events: _, ...given }: VisitView): Visit => given

const wantsLines = ({ headers }: FastifyRequest) =>
  (headers.accept ?? '').split(',').some((type) => type.trim().startsWith(LINES))

/** A stream that is cut off by an error ends without its last chunk, so that nobody takes it for whole. */
function lines(reply: FastifyReply, items: AsyncIterable<object>): FastifyReply {
  async function* text(): AsyncGenerator<string> {
    for await (const item of items) yield `${JSON.stringify(item)}\n`
  }
  return reply.header('content-type', LINES).send(Readable.from(text()))
}
