// What every request passes before anything answers it, on every address, known or not: the host it
// asks for, its method, where it comes from, who sends it, how often. Everything is refused here that
// is refused at all.
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Principal, Refusal } from '../access/access.ts'
import type { Scope } from '../access/token.ts'
import { sleep } from '../base/env.ts'
import type { Connections } from './connections.ts'
import { corsHeaders, foreign, preflight } from './cors.ts'
import { cookieOf, plain } from './origin.ts'
import { HttpProblem, type ProblemName } from './problems.ts'
import { RateLimit } from './rate.ts'
import { reached } from './reached.ts'
import type { HttpSettings, HttpSources } from './sources.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token needs for it; not set = anybody may ask. */
    scope?: Scope
  }
  interface FastifyRequest {
    principal: Principal | null
    /** The address as it was registered, in the words of OpenAPI: never its parameters. */
    route: string
    /** Monotonic, in ms. */
    arrived: number
  }
}

const REFUSALS: Readonly<Record<Refusal, ProblemName>> = {
  none: 'not-authenticated',
  malformed: 'token-unknown',
  unknown: 'token-unknown',
  'other-source': 'token-of-another-bridge',
  expired: 'token-expired',
  revoked: 'token-revoked',
}

/** So many refusals a second are answered at once; more wait, so that a flood of them is slow. */
const REFUSALS_AT_ONCE = { perSecond: 50, burst: 100 }
const REFUSAL_WAIT_MS = 1_000

export function guard(
  app: FastifyInstance,
  sources: Pick<HttpSources, 'env' | 'access' | 'reads'>,
  settings: HttpSettings,
  connections: Connections,
): void {
  const { env } = sources
  const rate = new RateLimit(settings.limits)
  const refusals = new RateLimit(REFUSALS_AT_ONCE)
  app.decorateRequest('principal', null)
  app.decorateRequest('route', 'unknown')
  app.decorateRequest('arrived', 0)
  const routeOf = routes()
  app.addHook('onRequest', (request, reply, done) => {
    request.arrived = env.monotonic()
    const other = foreign(request.raw, settings.origins)
    if (other !== null) {
      // On the raw reply, because streams and ready-made replies go past the framework.
      for (const [name, value] of Object.entries(corsHeaders(other)))
        reply.raw.setHeader(name, value)
      const allowed = preflight(request.raw)
      if (allowed && settings.hosts().includes(reached(request.raw, settings).host)) {
        void reply.code(204).headers(allowed).send()
        return
      }
    }
    if (reply.raw.socket === null && connections.ahead(socketOf(request))) return
    // Made anew whenever somebody looks: looked at once.
    const { url, config } = request.routeOptions
    request.route = routeOf(url)
    const judged = () =>
      plain(request, settings) ??
      admitted(request, config?.scope, sources, settings) ??
      paced(request, rate)
    const settle = (problem: HttpProblem | null) => {
      if (problem === null) {
        if (request.principal) connections.know(socketOf(request), request.principal.id)
        return done()
      }
      if (problem.problem.status === 405) return done(problem)
      if (problem.problem.status === 401) {
        reply.header('www-authenticate', [...(settings.challenge ?? ['Bearer realm="wandbridge"'])])
      }
      sources.reads.refused()
      const wait = refusals.take('all', env.monotonic()) > 0
      if (!wait) return done(problem)
      void sleep(env, REFUSAL_WAIT_MS).then(() => done(problem))
    }
    // A script makes a token and uses it at once, and one that was revoked this moment is good no more.
    const shows = config?.scope !== undefined && request.raw.headers.authorization !== undefined
    const waited = () => {
      // Nobody waits for the answer on a connection that was ended meanwhile.
      if (!socketOf(request).destroyed) settle(judged())
    }
    if (shows) void sources.access.looked().then(waited)
    else settle(judged())
  })

  function paced(request: FastifyRequest, rate: RateLimit): HttpProblem | null {
    const { principal } = request
    if (!principal) return null
    const wait = rate.take(principal.id, request.arrived)
    if (wait === 0) return null
    const after = String(Math.ceil(wait / 1_000))
    return new HttpProblem('too-many-requests', undefined, { 'retry-after': after })
  }
}

function routes(): (url: string | undefined) => string {
  const known = new Map<string, string>()
  return (url = 'unknown') => {
    const route = known.get(url) ?? url.replace(/:(\w+)/g, '{$1}')
    known.set(url, route)
    return route
  }
}

/** The socket as the server accepted it: below TLS, if there is TLS. */
function socketOf({ raw: { socket } }: FastifyRequest): Socket {
  return (socket as Socket & { _parent?: Socket })._parent ?? socket
}

/** Who sends it, and whether they may. */
function admitted(
  request: FastifyRequest,
  scope: Scope | undefined,
  { access }: Pick<HttpSources, 'access'>,
  settings: HttpSettings,
): HttpProblem | null {
  if (scope === undefined) return null
  const { authorization, cookie } = request.raw.headers
  // The session is this bridge's own page's, and no other's.
  const session =
    foreign(request.raw, settings.origins) === null
      ? cookieOf(cookie, settings.cookie())
      : undefined
  const found = access.authenticate(authorization, session)
  if (typeof found === 'string') return new HttpProblem(REFUSALS[found])
  if (!found.scopes.includes(scope)) {
    return new HttpProblem('scope-missing', `This address needs the scope ${scope}.`)
  }
  request.principal = found
  return null
}
