// Another surface below a prefix of this server: it gives its addresses and its answers, and knows
// nothing of the server; who may ask, how often, and that every read is recorded is decided here.
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Scope } from '../access/token.ts'
import type { Problem } from '../model/api.ts'
import type { SurfaceAnswer, SurfaceRequest } from '../model/surface.ts'
import { reached } from './reached.ts'
import { recorded } from './reads.ts'
import { Seats } from './seats.ts'
import type { HttpSettings, HttpSources } from './sources.ts'

export interface Mount {
  /** `/fhir/R4` */
  readonly prefix: string
  readonly scope: Scope
  /** `open`: anybody may ask; it says nothing of any pump. */
  readonly routes: readonly { readonly path: string; readonly open: boolean }[]
  answer(request: SurfaceRequest): Promise<SurfaceAnswer>
  /** How a problem is said below the prefix. */
  failure(problem: Problem): SurfaceAnswer
}

/** Searches and reads at once, and those that may wait: each may walk a part of the log. */
const WALKS = 2
const WAITING = 50

export function mountRoutes(
  app: FastifyInstance,
  sources: Pick<HttpSources, 'env' | 'reads'>,
  settings: HttpSettings,
  { prefix, scope, routes, answer }: Mount,
): void {
  const seats = new Seats(WALKS, WAITING)
  for (const { path, open } of routes) {
    const config = open ? {} : { scope }
    app.get(`${prefix}${path}`, { config, schema: { hide: true } }, async (request, reply) => {
      if (!open) await seats.enter(reply.raw)
      const { url = '', headers } = request.raw
      const cut = url.indexOf('?')
      const whole = cut < 0 ? url : url.slice(0, cut)
      const said = await answer({
        path: decodeURIComponent(whole.slice(prefix.length)),
        query: new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1)),
        headers,
        base: `${reached(request.raw, settings).origin}${prefix}`,
        gone: () => reply.raw.destroyed,
        recorded: async (pump) => recorded(sources, request, pump),
      })
      return send(reply, said)
    })
  }
}

export function send(reply: FastifyReply, { status, headers, body }: SurfaceAnswer): FastifyReply {
  reply.code(status).headers(headers)
  return status === 304 ? reply.send() : reply.send(body)
}

/** The mount an address is of. */
export const mountOf = (mounts: readonly Mount[], url: string) =>
  mounts.find(
    ({ prefix }) =>
      url === prefix || (/^[/?]/.test(url.slice(prefix.length)) && url.startsWith(prefix)),
  )
