// Status: wands and pumps as they stand. A reply is encoded once for everybody who asks in the same
// moment; it says itself of which moment it is.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { pumpsReplySchema, wandsReplySchema } from '../model/api.ts'
import { type BridgeStatus, type PumpStatus, pumpStatusSchema } from '../model/status.ts'
import { HttpProblem } from './problems.ts'
import { recorded } from './reads.ts'
import { answers, idSchema, type Made, madeOf, sendMade } from './reply.ts'
import type { HttpSources } from './sources.ts'

/** How long one encoding serves everybody. Far below what anybody notices, and said in `asOf`. */
const SAME_MOMENT_MS = 20

export function statusRoutes(app: FastifyInstance, sources: HttpSources): void {
  const { env, status } = sources
  const cache = new Map<string, Made>()
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

  /** One encoding per moment and kind of reply. */
  function encoded(what: string, make: (status: BridgeStatus) => object): Made {
    const current = now()
    const known = cache.get(what)
    if (known) return known
    const made = madeOf(make(current), app)
    cache.set(what, made)
    return made
  }

  const config = { scope: 'status' } as const
  /** Sends what `make` gives once the read is recorded, which mostly it is already. */
  function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    pump: PumpStatus | null,
    make: () => Made,
  ): FastifyReply | Promise<FastifyReply> {
    const wait = recorded(sources, request, pump?.pump ?? null)
    return wait
      ? wait.then(() => sendMade(request, reply, make()))
      : sendMade(request, reply, make())
  }
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
      answer(request, reply, null, () =>
        encoded('wands', ({ asOf, wands, audit }) => ({
          asOf,
          wands,
          audit,
          destinations: sources.destinations?.() ?? [],
          patients: sources.patients?.() ?? null,
        })),
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
      answer(request, reply, null, () =>
        encoded('pumps', ({ asOf, pumps, audit }) => ({ asOf, pumps, audit })),
      ),
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
      const own = ({ pump }: PumpStatus) => pump.id === id
      return answer(request, reply, now().pumps.find(own) ?? null, () =>
        encoded(`pump ${id}`, ({ pumps }) => {
          const found = pumps.find(own)
          if (found) return found
          throw new HttpProblem('not-found', 'No pump of this id is in the log of this bridge.')
        }),
      )
    },
  )
}
