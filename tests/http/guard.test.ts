// Who is refused: on every address, with a problem that says what to do, and without a trace of the
// token in it.
import { readFileSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { TokenStore } from '../../src/access/store.ts'
import { newToken, SCOPES } from '../../src/access/token.ts'
import { systemEnv } from '../../src/base/env.ts'
import { ListenError } from '../../src/http/listen-error.ts'
import { problemSchema } from '../../src/model/api.ts'
import { WORDS } from '../../src/words/words.ts'
import { certificate } from './certificate.ts'
import { document } from './contract.ts'
import { eventually, raw, starter, type World, world } from './world.ts'

const start = starter()

const SCOPED = ['/api/v1/wands', '/api/v1/pumps', '/api/v1/pumps/ID', '/api/v1/events']
const HISTORY = [
  'readings',
  'interrogations',
  'refills',
  'interrogations/simulator-1-00000000.0',
].map((what) => `/api/v1/pumps/ID/${what}`)

async function problem(reply: Response): Promise<string> {
  expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  const body = problemSchema.parse(await reply.json())
  expect(body.status).toBe(reply.status)
  expect(JSON.stringify(body)).not.toMatch(/wb_[0-9a-f]/)
  return body.type.replace('urn:wandbridge:problem:', '')
}

const ask = (w: World, path: string, headers: Record<string, string>) =>
  fetch(`${w.url}${path.replace('ID', w.pump.pump.id)}`, { headers })

describe('a token', () => {
  it('is needed wherever something of a pump, or of the bridge, is said', async () => {
    const w = await start()
    for (const path of [...SCOPED, ...HISTORY, '/metrics']) {
      const reply = await ask(w, path, {})
      expect([path, await problem(reply)]).toEqual([path, 'not-authenticated'])
      expect(reply.headers.get('www-authenticate')).toBe('Bearer realm="wandbridge"')
    }
    const open = Object.keys(document.paths).filter((path) => !path.startsWith('/api'))
    expect(open.sort()).toEqual(['/healthz', '/metrics', '/readyz'])
    expect((await ask(w, '/healthz', {})).status).toBe(200)
    expect(w.state.reads).toEqual([])
    expect(w.state.refused).toBe(SCOPED.length + HISTORY.length + 1)
  })

  it('that another process made this moment reads, and one it revoked this moment does not', async () => {
    const w = await start()
    const other = new TokenStore(w.env, w.dir, 'simulator')
    for (let n = 0; n < 20; n += 1) {
      const { text, token } = await other.create({ label: 'new', scopes: SCOPES, lifeMs: null })
      const headers = { authorization: `Bearer ${text}` }
      // Others ask all the time: their looks may have begun too early to see it.
      const others = [1, 2, 3].map(() => w.get('/api/v1/wands'))
      expect((await ask(w, '/api/v1/pumps', headers)).status).toBe(200)
      void w.get('/api/v1/wands')
      await other.revoke(token.id)
      expect(await problem(await ask(w, '/api/v1/pumps', headers))).toBe('token-revoked')
      await Promise.all(others)
    }
  })

  it('is refused when unknown, malformed, expired, revoked, or in the address', async () => {
    const w = await start()
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
    const foreign = newToken(systemEnv(), { label: '', scopes: ['status'], lifeMs: null }).text
    expect(await problem(await ask(w, '/api/v1/pumps', bearer(foreign)))).toBe('token-unknown')
    expect(await problem(await ask(w, '/api/v1/pumps', bearer('x')))).toBe('token-unknown')
    const old = w.tokens.lend({ label: '', scopes: ['status'], lifeMs: -1 }).text
    expect(await problem(await ask(w, '/api/v1/pumps', bearer(old)))).toBe('token-expired')
    const kept = await w.tokens.create({ label: '', scopes: ['status'], lifeMs: null })
    expect((await ask(w, '/api/v1/pumps', bearer(kept.text))).status).toBe(200)
    await w.tokens.revoke(kept.token.id)
    expect(await problem(await ask(w, '/api/v1/pumps', bearer(kept.text)))).toBe('token-revoked')
    for (const path of [`?token=${w.token}`, `?access_token=${w.token}`, `/${w.token}`]) {
      const reply = await w.get(`/api/v1/pumps${path}`)
      expect(await problem(reply)).toBe('token-in-address')
    }
  })

  it('opens what its scopes say, and nothing else', async () => {
    const w = await start()
    w.records.push(w.interrogation)
    const status = { authorization: `Bearer ${w.tokenFor(['status']).text}` }
    const history = { authorization: `Bearer ${w.tokenFor(['history']).text}` }
    const metrics = { authorization: `Bearer ${w.tokenFor(['metrics']).text}` }
    const codes = async (paths: string[], headers: Record<string, string>) => {
      const all = []
      for (const path of paths) {
        const reply = await ask(w, path, headers)
        void reply.body?.cancel()
        all.push(reply.status)
      }
      return [...new Set(all)]
    }
    expect(await codes(SCOPED, status)).toEqual([200])
    expect(await codes([...HISTORY, '/metrics'], status)).toEqual([403])
    expect(await codes(HISTORY, history)).toEqual([200])
    expect(await codes([...SCOPED, '/metrics'], history)).toEqual([403])
    expect(await codes(['/metrics'], metrics)).toEqual([200])
    expect(await problem(await ask(w, '/metrics', status))).toBe('scope-missing')
  })

  it('for another kind of bridge is refused, and it is said that it is one', async () => {
    const w = await start()
    const other = { authorization: `Bearer ${w.tokenFor(undefined, { source: 'device' }).text}` }
    w.records.push(w.interrogation)
    for (const path of ['/api/v1/pumps', '/api/v1/pumps/ID', '/api/v1/events', ...HISTORY]) {
      const reply = await ask(w, path, other)
      expect(reply.status).toBe(401)
      expect(await problem(reply)).toBe('token-of-another-bridge')
    }
  })

  it('may ask so often, and is told when again', async () => {
    const w = await start({ limits: { perSecond: 1, burst: 3 } })
    const codes = []
    for (let i = 0; i < 4; i += 1) codes.push((await w.get('/api/v1/wands')).status)
    expect(codes).toEqual([200, 200, 200, 429])
    const reply = await w.get('/api/v1/wands')
    expect(reply.headers.get('retry-after')).toBe('1')
    expect(await problem(reply)).toBe('too-many-requests')
    // Others are not kept from asking.
    const other = { authorization: `Bearer ${w.tokenFor().text}` }
    expect((await ask(w, '/api/v1/wands', other)).status).toBe(200)
  })
})

describe('a read', () => {
  it('is recorded before it is answered, by class of address and serial', async () => {
    const w = await start()
    w.records.push(w.interrogation)
    await w.get(`/api/v1/pumps/${w.pump.pump.id}`)
    await w.get(`/api/v1/pumps/${w.pump.pump.id}/readings?limit=5`)
    await w.get('/api/v1/pumps')
    const id = w.token.split('_')[1]
    expect(w.state.reads).toEqual([
      `${id} /api/v1/pumps/{id} SIM-0001`,
      `${id} /api/v1/pumps/{id}/readings SIM-0001`,
      `${id} /api/v1/pumps null`,
    ])
  })

  it.each([
    ['fails', async () => false],
    ['hangs', () => new Promise<boolean>(() => {})],
  ])(
    'that cannot be recorded because the log %s is not answered, within a second',
    async (_, how) => {
      const w = await start()
      w.state.recorded = how
      for (const path of SCOPED) {
        const began = performance.now()
        const reply = await w.get(path.replace('ID', w.pump.pump.id))
        expect(performance.now() - began).toBeLessThan(1_000)
        const body = problemSchema.parse(await reply.json())
        expect(body).toMatchObject({ status: 503, quality: 'stale', reason: 'audit-failed' })
      }
      expect((await w.get('/healthz')).status).toBe(200)
    },
  )
})

describe('a request', () => {
  it('for another host is refused on every address', async () => {
    const w = await start()
    const auth = `Authorization: Bearer ${w.token}\r\n`
    const hosts = [
      'evil.example',
      `evil.example:${w.port}`,
      '127.0.0.1',
      `127.0.0.1:${w.port + 1}`,
      `127.0.0.1:${w.port}.evil.example`,
      `127.1:${w.port}`,
      `user@127.0.0.1:${w.port}`,
      '',
    ]
    for (const host of hosts) {
      for (const path of ['/api/v1/pumps', '/healthz', '/nowhere', '/open/x']) {
        // Whether the bridge runs is told by its address, too.
        if (path === '/healthz' && /^127\.0\.0\.1(:\d+)?$/.test(host)) continue
        const said = await raw(
          w.port,
          `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${auth}\r\n`,
        )
        expect([host, path, said.slice(0, 12)]).toEqual([host, path, 'HTTP/1.1 421'])
      }
    }
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      const said = await raw(
        w.port,
        `GET /healthz HTTP/1.1\r\nHost: ${name}:${w.port}\r\nConnection: close\r\n\r\n`,
      )
      expect(said).toMatch(/^HTTP\/1\.1 200 /)
    }
    // None, two, or one in the address.
    for (const two of [
      ['evil.example', w.host],
      [w.host, 'evil.example'],
      [w.host, w.host],
    ]) {
      const said = await raw(
        w.port,
        `GET /api/v1/pumps HTTP/1.1\r\n${two.map((name) => `Host: ${name}\r\n`).join('')}Connection: close\r\n${auth}\r\n`,
      )
      expect([two, said.slice(0, 12)]).toEqual([two, 'HTTP/1.1 421'])
    }
    const none = await raw(w.port, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect(none).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(w.port, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /)
    const own = `Host: ${w.host}\r\nConnection: close\r\n`
    const absolute = await raw(w.port, `GET http://evil.example/healthz HTTP/1.1\r\n${own}\r\n`)
    expect(absolute).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('of another web site is refused, and nobody is given CORS', async () => {
    const w = await start()
    const auth = { authorization: `Bearer ${w.token}` }
    for (const site of ['cross-site', 'same-site', 'nonsense']) {
      const reply = await raw(
        w.port,
        `GET /api/v1/pumps HTTP/1.1\r\nHost: ${w.host}\r\nConnection: close\r\nSec-Fetch-Site: ${site}\r\nAuthorization: Bearer ${w.token}\r\n\r\n`,
      )
      expect(reply).toContain('urn:wandbridge:problem:cross-site')
    }
    // A link that a person follows from a page of the same computer is not another site's request.
    const followed = (site: string, dest: string) =>
      raw(
        w.port,
        `GET /healthz HTTP/1.1\r\nHost: ${w.host}\r\nConnection: close\r\nSec-Fetch-Site: ${site}\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: ${dest}\r\n\r\n`,
      )
    expect(await followed('same-site', 'document')).toMatch(/^HTTP\/1\.1 200 /)
    for (const [site, dest] of [
      ['same-site', 'iframe'],
      ['cross-site', 'document'],
    ] as const) {
      expect(await followed(site, dest)).toContain('urn:wandbridge:problem:cross-site')
    }
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${w.port + 1}`]) {
      const reply = await raw(
        w.port,
        `GET /healthz HTTP/1.1\r\nHost: ${w.host}\r\nConnection: close\r\nOrigin: ${origin}\r\n\r\n`,
      )
      expect(reply).toContain('urn:wandbridge:problem:cross-site')
      expect(reply.toLowerCase()).not.toContain('access-control')
    }
    const same = await ask(w, '/api/v1/pumps', auth)
    expect([...same.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('has no body, and its parameters are those of its address', async () => {
    const w = await start()
    const head = `Host: ${w.host}\r\nConnection: close\r\nAuthorization: Bearer ${w.token}\r\n`
    const sized = `GET /api/v1/pumps HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nhello`
    expect(await raw(w.port, sized)).toMatch(/^HTTP\/1\.1 413 /)
    const chunked = `GET /healthz HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`
    expect(await raw(w.port, chunked)).toMatch(/^HTTP\/1\.1 413 /)
    // Two lengths, one hidden behind the other: no second request is found in the first.
    const smuggled = `GET /healthz HTTP/1.1\r\n${head}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\n${head}\r\n`
    expect((await raw(w.port, smuggled)).match(/HTTP\/1\.1 /g)).toHaveLength(1)
    const path = `/api/v1/pumps/${w.pump.pump.id}/readings`
    for (const query of [
      'read=1',
      'limit=0',
      'limit=x',
      'from=yesterday',
      'after=-2',
      'limit=1&limit=2',
    ]) {
      expect([query, await problem(await w.get(`${path}?${query}`))]).toEqual([
        query,
        'bad-request',
      ])
    }
  })

  it('is answered with headers that let nothing be framed, sniffed, stored or run', async () => {
    const w = await start()
    for (const path of [
      '/api/v1/pumps',
      '/nowhere',
      '/%zz',
      '/',
      '/api/v1/openapi.json',
      '/metrics',
    ]) {
      const { headers } = await fetch(`${w.url}${path}`)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none';.*frame-ancestors 'none'$/,
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('server')).toBeNull()
      expect(headers.get('x-powered-by')).toBeNull()
    }
  })

  it('cannot walk around in paths', async () => {
    const w = await start()
    const { id } = w.pump.pump
    const tricks = [
      '/api/v1/pumps/../../../etc/passwd',
      '/api/v1/pumps/%2e%2e%2fwands',
      `/api/v1/pumps/${id}/`,
      `/api/v1/pumps/${id}%00`,
      `/api/v1/pumps/${id.toUpperCase()}`,
      '//api/v1/pumps',
      '/api/v1/pumps;x=1',
      '/API/V1/PUMPS',
      `/api/v1/pumps/${'a'.repeat(5_000)}`,
      '/api/v1/pumps/__proto__',
      '/api/v1/pumps/constructor/readings',
    ]
    for (const path of tricks) {
      const said = await raw(
        w.port,
        `GET ${path} HTTP/1.1\r\nHost: ${w.host}\r\nConnection: close\r\nAuthorization: Bearer ${w.token}\r\n\r\n`,
      )
      expect([path, said.slice(0, 10)]).toEqual([path, 'HTTP/1.1 4'])
    }
  })
})

describe('a page link', () => {
  it('gives one browser a cookie that no other site and no script can use', async () => {
    const w = await start()
    const link = w.server.openLink()
    expect(link).toMatch(new RegExp(`^${w.url}/open/[0-9a-f]{40}$`))
    const path = new URL(link).pathname
    expect((await ask(w, path, {})).status).toBe(200)
    const head = await fetch(link, { method: 'HEAD', redirect: 'manual' })
    expect([head.status, head.headers.get('set-cookie')]).toEqual([200, null])
    const fresh = w.server.openLink()
    const first = await fetch(fresh, { redirect: 'manual' })
    expect([first.status, first.headers.get('location')]).toEqual([303, '/'])
    const cookie = first.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      new RegExp(`^wandbridge-${w.port}=[0-9a-f]{40}; Path=/; HttpOnly; SameSite=Strict$`),
    )
    expect((await fetch(fresh, { redirect: 'manual' })).status).toBe(404)
    const [pair = ''] = cookie.split(';')
    // A browser is shown a page that says so, or, where it is in already, the page itself.
    const again = (more: Record<string, string>) =>
      fetch(fresh, { redirect: 'manual', headers: { accept: 'text/html', ...more } })
    const used = await again({})
    expect([used.status, used.headers.get('content-type')]).toEqual([
      404,
      'text/html; charset=utf-8',
    ])
    const told = await used.text()
    expect(told).toContain(WORDS['en-US'].page.linkUsed.title)
    expect(told).toContain('<html lang="en-US">')
    const inside = await again({ cookie: pair })
    expect([inside.status, inside.headers.get('location')]).toEqual([303, '/'])
    expect((await ask(w, '/api/v1/pumps', { cookie: `a=b; ${pair}` })).status).toBe(200)
    expect((await ask(w, '/metrics', { cookie: pair })).status).toBe(403)
    expect(
      (await ask(w, '/api/v1/pumps', { cookie: pair, origin: 'http://evil.example' })).status,
    ).toBe(403)
    const [, secret = ''] = pair.split('=')
    expect((await ask(w, '/api/v1/pumps', { cookie: `wandbridge-1=${secret}` })).status).toBe(401)
    expect(w.state.reads.at(-1)).toMatch(/^page-[0-9a-f]{8} /)
  })
})

describe('TLS', () => {
  const get = (w: World, ca: string, more: object = {}) =>
    new Promise<number>((resolve, reject) => {
      const headers = { host: w.host, authorization: `Bearer ${w.token}` }
      const options = {
        host: '127.0.0.1',
        port: w.port,
        path: '/api/v1/pumps',
        headers,
        agent: false,
      }
      const asked = httpsRequest(
        { ...options, ca, servername: 'localhost', ...more } as object,
        (r) => {
          r.resume()
          resolve(r.statusCode ?? 0)
        },
      )
      asked.on('error', reject)
      asked.end()
    })

  it('is needed beyond this computer', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
      await expect(world({ host })).rejects.toThrow(ListenError)
      await expect(world({ host })).rejects.toThrow('clear text')
    }
  })

  it('is 1.2 or newer, follows its files, and asks for client certificates when told', {
    timeout: 30_000,
  }, async () => {
    const { dir } = await start()
    const first = certificate(dir, 'first')
    const files = { cert: join(dir, 'used.crt'), key: join(dir, 'used.key') }
    const use = ({ cert, key }: typeof files) => {
      writeFileSync(files.key, readFileSync(key))
      writeFileSync(files.cert, readFileSync(cert))
    }
    use(first)
    const client = certificate(dir, 'client', 'clinic')
    const w = await start({ tls: files })
    expect(w.url).toMatch(/^https:/)
    const ca = readFileSync(first.cert, 'utf8')
    expect(await get(w, ca)).toBe(200)
    expect(await get(w, ca, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).toBe(200)
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(get(w, ca, old)).rejects.toThrow()
    // Clear text on the port gets nothing.
    expect(await raw(w.port, `GET /healthz HTTP/1.1\r\nHost: ${w.host}\r\n\r\n`)).not.toContain(
      '200',
    )

    const second = certificate(dir, 'second')
    writeFileSync(files.cert, 'not a certificate')
    await eventually(() => w.state.logged.some((line) => line.includes('stays in use')), 10_000)
    expect(await get(w, ca)).toBe(200)
    use(second)
    await eventually(() => w.state.logged.some((line) => line.includes('read again')), 10_000)
    expect(await get(w, readFileSync(second.cert, 'utf8'))).toBe(200)
    await expect(get(w, ca)).rejects.toThrow()

    const asking = await start({ tls: { ...first, clientCa: client.cert } })
    await expect(get(asking, ca)).rejects.toThrow()
    const shown = { cert: readFileSync(client.cert), key: readFileSync(client.key) }
    expect(await get(asking, ca, shown)).toBe(200)
    const cookie = await new Promise<string>((resolve, reject) => {
      const { pathname } = new URL(w.server.openLink())
      const socket = tlsConnect(
        { port: w.port, host: '127.0.0.1', rejectUnauthorized: false },
        () =>
          socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${w.host}\r\nConnection: close\r\n\r\n`),
      )
      let text = ''
      socket.on('data', (more) => {
        text += more
      })
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
    expect(cookie).toContain('SameSite=Strict; Secure')
    expect(cookie.toLowerCase()).toContain('strict-transport-security: max-age=')
  })

  it('says what is wrong with its files', async () => {
    const { dir } = await start()
    const missing = { cert: join(dir, 'none.crt'), key: join(dir, 'none.key') }
    await expect(world({ tls: missing })).rejects.toThrow('http.tls')
  })
})
