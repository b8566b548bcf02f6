// What every request to the worksheet passes before anything answers it: the host it asks for, its
// method, where it comes from, whether this browser was let in. One kind of POST exists, on one
// address, from this very page only.
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { PageLinks } from '../../access/links.ts'
import { cookieOf, opens, SECURITY_HEADERS } from '../../http/guard.ts'
import { PAPER_STYLE } from '../paper/paper-style.ts'
import { SCREEN } from './style.ts'

/** The one address that takes something. */
export const WRITE = '/worksheet'
const FORM = 'application/x-www-form-urlencoded'

export type Refusal = 'wrong-host' | 'method' | 'cross-site' | 'type' | 'not-let-in'

export class Refused extends Error {
  readonly status: number
  readonly why: Refusal

  constructor(why: Refusal) {
    super(why)
    this.why = why
    this.status = {
      'wrong-host': 421,
      method: 405,
      'cross-site': 403,
      type: 415,
      'not-let-in': 401,
    }[why]
  }
}

const hashOf = (style: string) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src ${hashOf(SCREEN)} ${hashOf(PAPER_STYLE)}`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  ...SECURITY_HEADERS,
  'content-security-policy': CSP,
  // With none at all, a browser hides the origin of our own form from us.
  'referrer-policy': 'same-origin',
}

export interface RefillGate {
  readonly links: PageLinks
  /** `host:port` as a browser may write it. */
  readonly hosts: () => readonly string[]
  readonly cookie: () => string
}

export function guardRefill(app: FastifyInstance, gate: RefillGate): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS)
    const refusal = refusalOf(request, gate)
    if (refusal === null) return done()
    if (refusal === 'method') reply.header('allow', 'GET, HEAD')
    done(new Refused(refusal))
  })
}

function refusalOf({ raw }: FastifyRequest, gate: RefillGate): Refusal | null {
  const { headers, method = '', url = '' } = raw
  const host = headers.host?.toLowerCase() ?? ''
  if (!gate.hosts().includes(host)) return 'wrong-host'
  const writes = method === 'POST' && url === WRITE
  if (!writes && method !== 'GET' && method !== 'HEAD') return 'method'
  const { origin } = headers
  const own = origin === `http://${host}`
  if (writes ? !own : origin !== undefined && !own) return 'cross-site'
  const site = headers['sec-fetch-site']
  const elsewhere = site !== undefined && site !== 'same-origin' && (writes || site !== 'none')
  if (elsewhere && !opens(headers, url)) {
    return 'cross-site'
  }
  if (writes && headers['content-type']?.toLowerCase() !== FORM) return 'type'
  if (url.startsWith('/open/')) return null
  const session = cookieOf(headers.cookie, gate.cookie())
  return session !== undefined && gate.links.session(session) ? null : 'not-let-in'
}
