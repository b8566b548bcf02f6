// One server for many surfaces: the token that a request shows says whose surface answers it, and each
// surface knows its own logs and its own tokens only. What shows another token, or none, is answered here:
// the overview of all, for tokens that are for all. A browser shows a token as the password that it is asked for, so
// that it is let in by every replica alike, and nothing is kept of it here.
import type {
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  ServerResponse,
} from 'node:http'
import Fastify, { type FastifyServerOptions } from 'fastify'
import { Registry } from 'prom-client'
import type { Access } from '../access/access.ts'
import { parseBearer } from '../access/token.ts'
import type { Env } from '../base/env.ts'
import type { Overview } from '../model/fleet.ts'
import { guarded, type HttpApp, makeApp } from './app.ts'
import { countersText } from './metrics.ts'
import { type Mount, mountRoutes } from './mount.ts'
import { headersOf } from './origin.ts'
import { type PageFile, pageRoutes } from './page.ts'
import { HttpProblem } from './problems.ts'
import { recorded } from './reads.ts'
import { type HttpServer, type ListenOptions, listenWith } from './server.ts'
import type { Counter, HttpSettings, HttpSources, ReadLog } from './sources.ts'

export interface DoorSources {
  readonly env: Env
  /** Who may see the overview. */
  readonly access: Access
  readonly reads: ReadLog
  overview(): Overview
  /** Its pages, and their files. */
  readonly mounts: readonly Mount[]
  readonly page: readonly PageFile[]
  /** Null = it can be read; else why it cannot. */
  notReady(): string | null
  counters(): readonly Counter[]
  /** Whose surface a token, by its id, is for; null = of none. Known before the first request of a second. */
  ownerOf(token: string): string | null
  surfaceOf(owner: string): HttpSources
  log(text: string): void
}

export function listenForMany(sources: DoorSources, options: ListenOptions): Promise<HttpServer> {
  return listenWith(sources, options, (settings, own) => makeDoor(sources, settings, own))
}

async function makeDoor(
  sources: DoorSources,
  listening: HttpSettings,
  options: FastifyServerOptions,
): Promise<HttpApp> {
  const settings = { ...listening, challenge: CHALLENGE }
  const headers = headersOf(settings)
  const fastify = Fastify({ ...options, return503OnClosing: false })
  const end = guarded(fastify, sources, settings)
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers(headers)
    done(null, payload)
  })
  const config = { scope: 'status' } as const
  fastify.get('/api/v1/fleet', { config }, async (request) => {
    await recorded(sources, request, null)
    return sources.overview()
  })
  fastify.get('/healthz', () => ({ ok: true }))
  fastify.get('/readyz', (_request, reply) => {
    const why = sources.notReady()
    return reply.code(why === null ? 200 : 503).send({ ok: why === null, sentence: why ?? '' })
  })
  fastify.get('/metrics', { config: { scope: 'metrics' } }, async (_request, reply) => {
    reply.header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
    return countersText(sources.counters())
  })
  pageRoutes(fastify, sources.page)
  for (const mount of sources.mounts) mountRoutes(fastify, sources, settings, mount)
  // Everything else is some site's own: whoever shows no token learns no more than that.
  fastify.get('/*', { config }, () => {
    throw new HttpProblem(
      'not-found',
      'This token is for the overview and the pages of all sites: /api/v1/fleet and /fleet.',
    )
  })
  await fastify.ready()
  const surfaces = new Map<string, Promise<Surface>>()
  divert(fastify.server, (request) => {
    asBearer(request.headers)
    const id = parseBearer(request.headers.authorization ?? '')?.id
    const owner = id === undefined ? null : sources.ownerOf(id)
    if (owner === null) return null
    const known = surfaces.get(owner)
    if (known) return known
    const made = surface(sources.surfaceOf(owner), settings)
    surfaces.set(owner, made)
    // What could not be made is made again for the next request.
    made.catch(() => surfaces.delete(owner))
    return made
  })
  return {
    fastify,
    async close() {
      const all = await Promise.allSettled(surfaces.values())
      for (const one of all) if (one.status === 'fulfilled') await one.value.app.close()
      await end()
    },
  }
}

/** A line each: a browser takes no notice of what follows on one that it does not know. */
const CHALLENGE = ['Bearer realm="wandbridge"', 'Basic realm="wandbridge", charset="UTF-8"']

/** The password that a browser was given is a token; the name beside it says nothing. */
function asBearer(headers: IncomingHttpHeaders): void {
  const [, text] = /^Basic +([\w+/]+=*)$/i.exec(headers.authorization ?? '') ?? []
  if (text === undefined) return
  const said = Buffer.from(text, 'base64').toString()
  headers.authorization = `Bearer ${said.slice(said.indexOf(':') + 1)}`
}

interface Surface {
  readonly app: HttpApp
  readonly answer: RequestListener
}

/** A surface that listens nowhere: requests are handed to it. */
async function surface(sources: HttpSources, settings: HttpSettings): Promise<Surface> {
  const app = await makeApp(sources, settings)
  const { fastify } = app
  return { app, answer: (request, reply) => fastify.routing(request, reply) }
}

/** Requests for which there is somebody else to answer them do not reach the server's own listener. */
function divert(
  server: HttpApp['fastify']['server'],
  other: (request: IncomingMessage) => Promise<Surface> | null,
): void {
  const own = server.listeners('request') as RequestListener[]
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, reply: ServerResponse) => {
    const found = other(request)
    if (found === null) for (const one of own) one(request, reply as never)
    else
      found.then(
        ({ answer }) => answer(request, reply as never),
        () => reply.destroy(),
      )
  })
}
