// Status: wands and pumps as they stand. A reply is encoded once for everybody who asks in the same
// moment; it says itself of which moment it is.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { pumpsReplySchema, wandsReplySchema } from '../model/api.ts'
import { type BridgeStatus, pumpStatusSchema } from '../model/status.ts'
import { HttpProblem } from './problems.ts'
import { type OfPump, recorded } from './reads.ts'
import { answers, idSchema, type Made, madeOf, sendMade } from './reply.ts'
import type { HttpSources } from './sources.ts'

/** How long one encoding serves everybody. Far below what anybody notices, and said in `asOf`. */
const SAME_MOMENT_MS = 20

const WANDS = Symbol('wands')
const PUMPS = Symbol('pumps')

export function statusRoutes(app: FastifyInstance, sources: HttpSources): void {
  const { env, status } = sources
  const cache = new Map<string | symbol, Said>()
  let taken: BridgeStatus | null = null
  let takenAt = Number.NEGATIVE_INFINITY
  status.urgent$.subscribe(() => {
    taken = null
  })

  function now(): BridgeStatus {
    const at = env.monotonic()
    if (taken === null || at - takenAt > SAME_MOMENT_MS) {
      cache.clear()
      taken = status.status()
      takenAt = at
    }
    return taken
  }

  /** What is said at one moment of what was asked for, a pump's id or a whole list; encoded once. */
  function said(what: string | symbol, make: (status: BridgeStatus) => Said): Said {
    const current = now()
    const known = cache.get(what)
    if (known) return known
    const made = make(current)
    cache.set(what, made)
    return made
  }

  const config = { scope: 'status' } as const
  /** Sends what `make` gives once the read is recorded, which mostly it is already. */
  function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    what: string | symbol,
    make: (status: BridgeStatus) => Said,
  ): FastifyReply | Promise<FastifyReply> {
    const send = ({ made }: Said) => {
      if (made) return sendMade(request, reply, made)
      throw new HttpProblem('not-found', 'No pump of this id is in the log of this bridge.')
    }
    const first = said(what, make)
    const wait = recorded(sources, request, first.pump)
    return wait ? wait.then(() => send(said(what, make))) : send(first)
  }
  const whole = (value: object): Said => ({ pump: null, made: madeOf(value, app) })
  app.get(
    '/api/v1/wands',
    {
      config,
      schema: {
        operationId: 'listWands',
        summary: 'Every wand, its link, its contact and its session, as they stand.',
        tags: ['status'],
        response: answers(wandsReplySchema, 'The wands.'),
      },
    },
    (request, reply) =>
      answer(request, reply, WANDS, ({ asOf, wands, audit }) =>
        whole({
          asOf,
          wands,
          audit,
          destinations: sources.destinations?.() ?? [],
          patients: sources.patients?.() ?? null,
        }),
      ),
  )
  app.get(
    '/api/v1/pumps',
    {
      config,
      schema: {
        operationId: 'listPumps',
        summary: 'Every pump that was read since the log began, with its newest reading.',
        tags: ['status'],
        response: answers(pumpsReplySchema, 'The pumps.'),
      },
    },
    (request, reply) =>
      answer(request, reply, PUMPS, ({ asOf, pumps, audit }) => whole({ asOf, pumps, audit })),
  )
  app.get<{ Params: { id: string } }>(
    '/api/v1/pumps/:id',
    {
      config,
      schema: {
        operationId: 'getPump',
        summary: 'One pump: what it reported, how old that is, whether it is live and why not.',
        description:
          'Nothing here reads the pump: that takes the wand, held in place. A value that is not live says so; a missing one is said to be missing.',
        tags: ['status'],
        params: z.object({ id: idSchema }),
        response: answers(pumpStatusSchema, 'The pump.'),
      },
    },
    (request, reply) => {
      const { id } = request.params
      return answer(request, reply, id, ({ pumps }) => {
        const found = pumps.find(({ pump }) => pump.id === id)
        return found ? { pump: found.pump, made: madeOf(found, app) } : UNKNOWN
      })
    },
  )
}

/** A reply, and the pump it is about. */
interface Said {
  readonly pump: OfPump | null
  /** Null = there is no such pump. */
  readonly made: Made | null
}
const UNKNOWN: Said = { pump: null, made: null }
