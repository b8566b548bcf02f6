// The HTTP surface, made by one function from what it is given. It can register GET only (HEAD comes
// with it): another method is an error at start, and every request with one is refused on every
// address.
import { parse } from 'node:querystring'
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import type { Problem } from '../model/api.ts'
import { Connections } from './connections.ts'
import { eventRoutes } from './events.ts'
import { guard } from './guard.ts'
import { historyRoutes } from './history-routes.ts'
import { Hub } from './hub.ts'
import { metricsOf } from './metrics.ts'
import { mountOf, mountRoutes, send } from './mount.ts'
import { describe } from './openapi.ts'
import { headersOf, plain } from './origin.ts'
import { pageRoutes } from './page.ts'
import { HttpProblem } from './problems.ts'
import { JSON_TYPE, type Made, madeOf, PROBLEM_TYPE, sendMade } from './reply.ts'
import { serviceRoutes } from './service.ts'
import type { HttpSettings, HttpSources } from './sources.ts'
import { statusRoutes } from './status.ts'
import { tileRoutes } from './tile-routes.ts'

const CLOSE_MS = 1_000

export interface HttpApp {
  readonly fastify: FastifyInstance
  /** Says goodbye to the streams; the server itself is closed by whoever listens. */
  close(): Promise<void>
}

export async function makeApp(
  sources: HttpSources,
  settings: HttpSettings,
  options: FastifyServerOptions = {},
): Promise<HttpApp> {
  const headers = headersOf(settings)
  const fastify = Fastify({
    ...options,
    // Who is connected is told goodbye and served to the end.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 100, querystringParser: given },
    frameworkErrors: (error, request, reply) => {
      reply.headers(headers)
      answer(request, reply, sources, plain(request, settings) ?? problemOf(error))
    },
  })
  const hub: Hub = new Hub(sources, (reason) => metrics.sentAway(reason))
  const metrics = metricsOf(sources, () => hub.size)
  const end = guarded(fastify, sources, settings)
  const answered = (request: FastifyRequest, reply: FastifyReply) =>
    metrics.answered(
      request.route,
      reply.raw.statusCode,
      (sources.env.monotonic() - request.arrived) / 1_000,
    )
  const jsonHead = Object.entries({ ...headers, 'content-type': JSON_TYPE }).flat()
  fastify.decorate('surface', { headers, jsonHead, answered })
  fastify.addHook('onSend', (request, reply, payload, done) => {
    reply.headers(headers)
    answered(request, reply)
    done(null, payload)
  })
  await describe(fastify, sources.version)
  await fastify.register(async (app) => {
    statusRoutes(app, sources)
    historyRoutes(app, sources)
    eventRoutes(app, sources, settings, hub)
    tileRoutes(app, sources)
    serviceRoutes(app, sources, settings, metrics)
    pageRoutes(app, sources.page ?? [])
    for (const mount of sources.mounts ?? []) mountRoutes(app, sources, settings, mount)
    let document: Made | null = null
    app.get('/api/v1/openapi.json', { schema: { hide: true } }, (request, reply) => {
      document ??= madeOf(fastify.swagger(), app)
      return sendMade(request, reply, document)
    })
  })
  await fastify.ready()
  return {
    fastify,
    async close() {
      hub.close()
      await end()
    },
  }
}

/** What holds for every server of ours, before it has any route. Returns the way to end it. */
export function guarded(
  fastify: FastifyInstance,
  sources: Pick<HttpSources, 'env' | 'access' | 'reads' | 'log' | 'mounts'>,
  settings: HttpSettings,
): () => Promise<void> {
  const connections = new Connections(fastify.server, settings.limits.connections)
  onlyReading(fastify)
  fastify.setValidatorCompiler(validatorCompiler)
  fastify.setSerializerCompiler(() => (data) => JSON.stringify(data))
  failures(fastify, sources)
  guard(fastify, sources, settings, connections)
  return async () => {
    // Who is being answered has a moment; who only holds a connection is not waited for.
    const cancel = sources.env.after(CLOSE_MS, () => connections.end())
    await fastify.close()
    cancel()
  }
}

/** A parameter without a value is not given: no `after=` is mistaken for the position 0. */
function given(text: string): Record<string, unknown> {
  if (text === '') return {}
  return Object.fromEntries(Object.entries(parse(text)).filter(([, value]) => value !== ''))
}

/** The registrar: it takes GET and HEAD, and throws at anything else. */
export function onlyReading(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      if (one !== 'GET' && one !== 'HEAD') throw new Error(`${one} ${url}: this surface only reads`)
    }
  })
}

function failures(fastify: FastifyInstance, sources: Pick<HttpSources, 'log' | 'mounts'>): void {
  fastify.setNotFoundHandler(() => {
    throw new HttpProblem('not-found')
  })
  fastify.setErrorHandler((error: unknown, request, reply) => {
    const failure = problemOf(error)
    if (failure.problem.status === 500) sources.log(`HTTP: ${String((error as Error).stack)}`)
    answer(request, reply, sources, failure)
  })
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { mounts = [] }: Pick<HttpSources, 'mounts'>,
  { problem, headers }: HttpProblem,
): void {
  const mount = mountOf(mounts, request.raw.url ?? '')
  if (mount) return void send(reply.headers(headers), mount.failure(problem))
  reply.code(problem.status).headers(headers).header('content-type', PROBLEM_TYPE)
  reply.send(problemText(problem))
}

export const problemText = (problem: Problem) => JSON.stringify(problem)

function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  const { validation, statusCode, message } = error as Partial<
    Error & {
      validation: readonly { instancePath: string; message?: string }[]
      statusCode: number
    }
  >
  if (validation) {
    const said = validation.map(({ instancePath, message: text }) =>
      `${instancePath.replace(/^\//, '').replaceAll('/', '.')} ${text ?? ''}`.trim(),
    )
    return new HttpProblem('bad-request', `Not right: ${said.join('; ').slice(0, 500)}.`)
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem('bad-request', message)
  }
  return new HttpProblem('internal')
}
