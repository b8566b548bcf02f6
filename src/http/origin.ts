// What can be said of a request without knowing who sends it, by the same rules on every server of this
// program: the host it asks for, its method, its body, where it comes from. And what every reply carries, and
// the link that lets one browser in.
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import type { PageLinks } from '../access/links.ts'
import { looksLikeToken } from '../access/token.ts'
import { foreign } from './cors.ts'
import { HttpProblem } from './problems.ts'
import { type Outside, reached } from './reached.ts'

export interface Rules extends Outside {
  /** `host:port` as a client may write it in `Host`, lower case. */
  readonly hosts: () => readonly string[]
  /** Name of the page's cookie. */
  readonly cookie: () => string
  /** The one address that takes a POST, from a page of its own; none = nothing does. */
  readonly writes?: string
  /** Origins whose pages may read with a token; none = none may. */
  readonly origins?: readonly string[]
}

const METHODS = 'GET, HEAD'

/** They say nothing of any pump, and are asked by whoever watches programs, by the address of this computer. */
const OPEN = /^\/(healthz|readyz)$/
const isAddress = (host: string) =>
  isIP(host.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')) !== 0

/** What a page may load and send: nothing but what `more` says. */
export const policyOf = (more: readonly string[]) =>
  ["default-src 'none'", ...more, "base-uri 'none'", "frame-ancestors 'none'"].join('; ')

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': policyOf([
    ...['script', 'style', 'img', 'font', 'connect'].map((what) => `${what}-src 'self'`),
    "form-action 'none'",
  ]),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** On every reply. */
export function headersOf({ tls, proxied }: Rules): Readonly<Record<string, string>> {
  const only = { 'strict-transport-security': 'max-age=31536000' }
  const https = tls || proxied?.publicUrl?.protocol === 'https:'
  return https ? { ...SECURITY_HEADERS, ...only } : SECURITY_HEADERS
}

/** What can be said of a request without knowing who sends it. */
export function plain({ raw }: FastifyRequest, rules: Rules): HttpProblem | null {
  const { headers, method, url = '' } = raw
  const { host, origin: here } = reached(raw, rules)
  if (!rules.hosts().includes(host) && !(OPEN.test(url) && isAddress(host))) {
    return new HttpProblem('wrong-host')
  }
  const writes = method === 'POST' && url === rules.writes
  if (!writes && method !== 'GET' && method !== 'HEAD') {
    return new HttpProblem('read-only', undefined, { allow: METHODS })
  }
  const body =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  if (body && !writes) {
    return new HttpProblem('body-not-taken', undefined, { connection: 'close' })
  }
  if (!url.startsWith('/')) return new HttpProblem('bad-request')
  if (looksLikeToken(url)) return new HttpProblem('token-in-address')
  if (foreign(raw, rules.origins) !== null) return null
  const site = headers['sec-fetch-site']
  const ours = site === undefined || site === 'same-origin' || (site === 'none' && !writes)
  const { origin } = headers
  const own = origin === here
  if (!ours && (writes || !opens(headers, url))) return new HttpProblem('cross-site')
  if (writes ? !own : origin !== undefined && !own) return new HttpProblem('cross-site')
  return null
}

/**
 * Whether a person follows a link in the window itself: one that lets a browser in, which may come from a
 * file, and any between the pages of this computer, which are of one site. What asks without being seen,
 * and whatever is drawn inside another page, stays refused.
 */
function opens(headers: IncomingHttpHeaders, url: string): boolean {
  if (headers['sec-fetch-mode'] !== 'navigate') return false
  const alone =
    headers['sec-fetch-dest'] === 'document' && headers['sec-fetch-site'] === 'same-site'
  return url.startsWith('/open/') || alone
}

/**
 * Leads from such a link to the page by a document of our own. A redirect would still count as sent by
 * the other site, and the browser would not show the cookie that it was just given.
 */
const INSIDE = '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>…</title>'

/** The value of a cookie; undefined when it is not there. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

/** `/open/CODE`: a link that was made for one browser gives it a session, once. */
export function openRoute(
  app: FastifyInstance,
  links: PageLinks,
  rules: Rules,
  used: (reply: FastifyReply) => FastifyReply,
): void {
  const schema = { hide: true, params: z.object({ code: z.string().max(64) }) }
  app.get<{ Params: { code: string } }>('/open/:code', { schema }, async (request, reply) => {
    // A preview of a link must not use it up.
    if (request.method === 'HEAD') return reply.code(200).send()
    const secret = await links.redeem(request.params.code)
    if (secret === null) return used(reply)
    const secure = reached(request.raw, rules).secure ? '; Secure' : ''
    const cookie = `${rules.cookie()}=${secret}; Path=/; HttpOnly; SameSite=Strict${secure}`
    reply.header('set-cookie', cookie)
    if (request.headers['sec-fetch-site'] !== 'cross-site') return reply.redirect('/', 303)
    return reply.header('content-type', 'text/html; charset=utf-8').send(INSIDE)
  })
}
