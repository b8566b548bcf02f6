// 1,428 hostile requests and 24 ways to hide a second request in a first one: each is answered or refused,
// none makes an error, none gets at a pump without a token, and what was hidden is never found.
import { describe, expect, it } from 'vitest'
import { raw, starter, type World } from './world.ts'

const start = starter()
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
/** In the gate every so many of them. */
const EVERY = LONG ? 1 : 9

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND'],
  ...['PURGE', 'LOCK', 'SEARCH', 'get', 'QUERY', 'LINK', 'G\u00cbT'],
]
const PATHS = [
  ...['/', '/healthz', '/api/v1/pumps', '/api/v1/events', '/api/v1/openapi.json', '/metrics'],
  ...['/fhir/R4/metadata', '/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/api/v1/pumps/%00'],
  ...['//evil.example/', 'http://evil.example/api/v1/pumps', '*', `/${'a'.repeat(4_000)}`],
]
const HEADS = [
  '',
  'Authorization: Bearer wb_0000_0000\r\n',
  'Cookie: wandbridge=x; wandbridge=y\r\nX-Forwarded-For: 127.0.0.1\r\n',
  'Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n',
  'X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /api/v1/pumps\r\n',
  'Accept: \u0000\r\nRange: bytes=0-,0-,0-\r\n',
]

interface Hostile {
  readonly method: string
  readonly path: string
  readonly head: string
}
const REQUESTS: readonly Hostile[] = METHODS.flatMap((method) =>
  PATHS.flatMap((path) => HEADS.map((head) => ({ method, path, head }))),
)

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, s]) => s)

describe('a hostile request', () => {
  it('is one of 1,428', () => expect(REQUESTS).toHaveLength(1_428))

  it('is answered or refused, makes no error, and shows no pump', {
    timeout: 600_000,
  }, async () => {
    const w = await start()
    w.records.push(w.interrogation)
    const asked = REQUESTS.filter((_, i) => i % EVERY === 0)
    const one = async ({ method, path, head }: Hostile) => {
      const text = `${method} ${path} HTTP/1.1\r\nHost: ${w.host}\r\nConnection: close\r\n${head}\r\n`
      const reply = await raw(w.port, Buffer.from(text, 'latin1'))
      const what = `${method} ${path.slice(0, 40)} ${head}`
      const [status = 'none'] = statuses(reply)
      expect(Number(status) < 500 || status === 'none', `${what}: ${status}`).toBe(true)
      expect(reply, what).not.toContain(w.pump.pump.serial)
      if (status === '200') expect(['GET', 'HEAD']).toContain(method)
    }
    for (let i = 0; i < asked.length; i += 16) await Promise.all(asked.slice(i, i + 16).map(one))
    expect(w.state.logged).toEqual([])
    expect((await w.get('/api/v1/pumps')).status).toBe(200)
  })
})

/** What is hidden: a request that would be answered 404, and so be seen. */
const hidden = (w: World) => `GET /hidden HTTP/1.1\r\nHost: ${w.host}\r\n\r\n`

/** Heads of the first request, with its body; `%` stands for what is hidden, `#` for its length in hex. */
const SMUGGLED: Readonly<Record<string, string>> = {
  'a length of 0 before chunks':
    'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%',
  'a length of 4 before chunks':
    'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n#\r\n%\r\n0\r\n\r\n',
  'chunks before a length': 'Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n%',
  'two lengths': 'Content-Length: 0\r\nContent-Length: 44\r\n\r\n%',
  'two lengths in one header': 'Content-Length: 0, 44\r\n\r\n%',
  'a length with a sign': 'Content-Length: +0\r\n\r\n%',
  'a negative length': 'Content-Length: -1\r\n\r\n%',
  'a length in hexadecimal': 'Content-Length: 0x0\r\n\r\n%',
  'a length with a blank in it': 'Content-Length: 0 0\r\n\r\n%',
  'a blank before the colon': 'Content-Length : 0\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n%',
  'a tab before chunked': 'Transfer-Encoding:\tchunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n%',
  xchunked: 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n%',
  'chunked twice': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%',
  'chunked, identity': 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n%',
  'identity, chunked': 'Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n%',
  'chunked in capitals': 'Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n%',
  'chunked in quotes': 'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n%',
  'a vertical tab before chunked': 'Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n%',
  'a folded header': 'Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n%',
  'a header hidden by a bare CR': 'X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%',
  'a header hidden by a bare LF': 'X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%',
  'a chunk with an extension without end': 'Transfer-Encoding: chunked\r\n\r\n0;\n\r\n%',
  'a chunk whose length lies': 'Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n%',
  'a trailer that is a request': 'Transfer-Encoding: chunked\r\n\r\n0\r\n%',
}

describe('a request that is hidden in another', () => {
  it('is tried in 24 ways', () => expect(Object.keys(SMUGGLED)).toHaveLength(24))

  it.each(Object.entries(SMUGGLED))('by %s is never answered', async (_, tail) => {
    const w = await start()
    const second = hidden(w)
    const body = tail.replace('#', second.length.toString(16)).replace('%', second)
    const auth = `Authorization: Bearer ${w.token}\r\n`
    const text = `GET /healthz HTTP/1.1\r\nHost: ${w.host}\r\n${auth}${body}`
    const reply = await raw(w.port, Buffer.from(text, 'latin1'), 1_500)
    // At most the parser says that what is left makes no sense; nobody looked for its address.
    expect(['', '400'], reply).toContain(statuses(reply).slice(1).join())
    expect(reply).not.toMatch(/ 40[14] /)
    expect(w.state.logged).toEqual([])
  })
})
