// Pages of other origins, where the configuration names them: their browsers may read the API and FHIR with a
// token. They never have the session of this bridge's own page, and OPTIONS is answered for them alone; it is
// the browser's question whether it may ask, and reads nothing.
import type { IncomingMessage } from 'node:http'

const READABLE = /^\/(api|fhir)\//
/** What a client may send besides what every browser may. */
const SENT = 'authorization, if-none-match, last-event-id, prefer'
const SHOWN = 'etag, last-modified, retry-after, www-authenticate'

/** The named origin that a request comes from; null = it comes from none. */
export function foreign(
  { headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>,
  origins: readonly string[] = [],
): string | null {
  const { origin } = headers
  return origin !== undefined && origins.includes(origin) && READABLE.test(url) ? origin : null
}

/** What lets that page see the answer. */
export const corsHeaders = (origin: string): Readonly<Record<string, string>> => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': SHOWN,
  vary: 'Origin',
})

/** The answer to a preflight; null = it is none, and OPTIONS is as little known as POST. */
export function preflight({
  method,
  headers,
}: Pick<IncomingMessage, 'method' | 'headers'>): Readonly<Record<string, string>> | null {
  const wanted = headers['access-control-request-method']
  if (method !== 'OPTIONS' || (wanted !== 'GET' && wanted !== 'HEAD')) return null
  return {
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': SENT,
    'access-control-max-age': '600',
    // From a page in the open to a computer of the house: the browser asks that, too.
    ...(headers['access-control-request-private-network'] === 'true' && {
      'access-control-allow-private-network': 'true',
    }),
  }
}
