// The worksheet's own page on its own origin: pages to read, and one form to send, which appends one
// record. It listens on this computer only.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyRequest } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { PageLinks } from '../../access/links.ts'
import type { Env } from '../../base/env.ts'
import {
  cookieOf,
  openRoute,
  plain,
  policyOf,
  type Rules,
  SECURITY_HEADERS,
} from '../../http/origin.ts'
import { HttpProblem } from '../../http/problems.ts'
import { serverOptions } from '../../http/raw.ts'
import { LIMITS } from '../../http/sources.ts'
import type { Desk } from '../desk/desk.ts'
import { PAPER_STYLE } from '../paper/paper-style.ts'
import { failures, frameOf, page, refuse } from './answers.ts'
import { sayPage } from './frame.ts'
import { readRoutes } from './read-routes.ts'
import { SCREEN } from './style.ts'
import { WRITE, writeRoutes } from './write-routes.ts'

const HOST = '127.0.0.1'
const BODY_MAX = 32_768

const hashOf = (style: string) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`

const HEADERS: Readonly<Record<string, string>> = {
  ...SECURITY_HEADERS,
  'content-security-policy': policyOf([
    "script-src 'self'",
    `style-src ${hashOf(SCREEN)} ${hashOf(PAPER_STYLE)}`,
    "form-action 'self'",
  ]),
  // With none at all, a browser hides the origin of our own form from us.
  'referrer-policy': 'same-origin',
}

export interface RefillServer {
  /** `http://127.0.0.1:8421` */
  readonly url: string
  /** A link that lets one browser in, once, for two minutes. */
  openLink(): string
  close(): Promise<void>
}

export interface RefillServerOptions {
  readonly env: Env
  readonly desk: Desk
  /** 0 = any that is free. */
  readonly port: number
  /** Where browsers that were let in are remembered over a restart; null = nowhere. */
  readonly sessions: string | null
  /** For errors nobody expected. */
  readonly log: (text: string) => void
}

/** Rejects with the system's error when the port cannot be had. */
export async function serveRefill(options: RefillServerOptions): Promise<RefillServer> {
  const { env, desk, port, log } = options
  let bound = port
  const links = new PageLinks(env, options.sessions)
  const rules: Rules = {
    hosts: () => [`127.0.0.1:${bound}`, `localhost:${bound}`],
    tls: false,
    cookie: () => `wandbridge-refill-${bound}`,
    writes: WRITE,
  }
  const app = Fastify({
    ...serverOptions(env, LIMITS),
    bodyLimit: BODY_MAX,
    // A reading may take 40 s, and the answer waits for it.
    connectionTimeout: 120_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (_error, request, reply) => {
      reply.headers(HEADERS)
      refuse(reply, desk, plain(request, rules) ?? new HttpProblem('bad-request'))
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS)
    done(plain(request, rules) ?? letIn(request.raw, links, rules) ?? undefined)
  })
  failures(app, desk, log)
  const place = (request: FastifyRequest) => placeOf(request.raw, links, rules)
  readRoutes(app, desk, place)
  writeRoutes(app, desk, place)
  openRoute(app, links, rules, (reply) => {
    const { words } = desk.context()
    return page(reply.code(404), sayPage(words.title, words.linkUsed, frameOf(desk, null)))
  })
  // Whose wands these are is marked from the first page on.
  await desk.log.refresh()
  await app.listen({ host: HOST, port })
  const address = app.server.address()
  bound = typeof address === 'object' && address ? address.port : port
  const url = `http://${HOST}:${bound}`
  return {
    url,
    openLink: () => `${url}/open/${links.create()}`,
    close: () => app.close(),
  }
}

/** Nobody reads anything here who was not let in by a link. */
function letIn({ url = '', headers }: IncomingMessage, links: PageLinks, { cookie }: Rules) {
  if (url.startsWith('/open/')) return null
  const session = cookieOf(headers.cookie, cookie())
  const known = session !== undefined && links.session(session) !== null
  return known ? null : new HttpProblem('not-authenticated')
}

/** Which browser it is: whoever signed in sits there. */
function placeOf({ headers }: IncomingMessage, links: PageLinks, { cookie }: Rules): string {
  const session = cookieOf(headers.cookie, cookie())
  return (session !== undefined && links.session(session)?.id) || ''
}
