// Behind a proxy that ends TLS, and for pages of other origins: links go where the client came from, cookies and
// sessions stay this bridge's own page's, and nothing that anybody may send is believed. The proxies are
// nginx and Caddy, as docs/reverse-proxy.md configures them.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get as httpsGet } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { configSchema } from '../../src/host/config.ts'
import { certificate } from './certificate.ts'
import { eventually, raw, starter, type World } from './world.ts'

const start = starter()
const PUBLIC = 'https://pumps.example'
const base = { prefix: '/fhir/R4', scope: 'fhir' } as const
/** A surface that says how it was reached. */
const mounts = () => [
  {
    ...base,
    routes: [{ path: '/Device', open: false }],
    answer: async (request: { base: string }) => ({ status: 200, headers: {}, body: request.base }),
    failure: ({ status }: { status: number }) => ({ status, headers: {}, body: 'failed' }),
  },
]

/** `Host` and whatever else, as a client or a proxy may send it. */
async function ask(w: World, path: string, headers: Record<string, string>, method = 'GET') {
  const all = { Host: w.host, Connection: 'close', Authorization: `Bearer ${w.token}`, ...headers }
  const lines = Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`)
  const said = await raw(w.port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const [head = '', body = ''] = said.split('\r\n\r\n')
  const [status = '', ...rest] = head.split('\r\n')
  const pairs = rest.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])
  return {
    status: Number(status.split(' ')[1]),
    headers: Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value])),
    body,
  }
}

describe('links', () => {
  it('go to the public address when the client came by it, and to this one when it did not', async () => {
    const w = await start({ mounts, publicUrl: PUBLIC })
    expect((await ask(w, '/fhir/R4/Device', { Host: 'pumps.example' })).body).toBe(
      `${PUBLIC}/fhir/R4`,
    )
    expect((await ask(w, '/fhir/R4/Device', {})).body).toBe(`http://${w.host}/fhir/R4`)
    expect((await ask(w, '/fhir/R4/Device', { Host: 'other.example' })).status).toBe(421)
    expect(w.server.openLink()).toMatch(/^https:\/\/pumps\.example\/open\/[0-9a-f]{40}$/)
    const { headers } = await ask(w, new URL(w.server.openLink()).pathname, {
      Host: 'pumps.example',
      'Sec-Fetch-Site': 'none',
      Origin: '',
    })
    expect(headers['set-cookie']).toContain('; Secure')
    expect(headers['strict-transport-security']).toBeDefined()
    // The page's own requests, seen from where it stands.
    const own = { Host: 'pumps.example', Origin: PUBLIC, 'Sec-Fetch-Site': 'same-origin' }
    expect((await ask(w, '/api/v1/pumps', own)).status).toBe(200)
    expect((await ask(w, '/api/v1/pumps', { ...own, Origin: 'http://pumps.example' })).status).toBe(
      403,
    )
  })

  it('follow what a trusted proxy says, its last word only, and nobody else', async () => {
    const told = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'pumps.example' }
    for (const trustedProxies of [['127.0.0.1'], ['127.0.0.0/8'], ['::1', '127.0.0.1/32']]) {
      const w = await start({ mounts, trustedProxies, hosts: ['pumps.example'] })
      const said = await ask(w, '/fhir/R4/Device', told)
      expect(said.body).toBe(`${PUBLIC}/fhir/R4`)
      const twice = {
        'X-Forwarded-Proto': 'http, https',
        'X-Forwarded-Host': 'evil.example, pumps.example',
      }
      expect((await ask(w, '/fhir/R4/Device', twice)).body).toBe(`${PUBLIC}/fhir/R4`)
      const evil = { ...told, 'X-Forwarded-Host': 'evil.example' }
      expect((await ask(w, '/fhir/R4/Device', evil)).status).toBe(421)
    }
    for (const trustedProxies of [[], ['10.0.0.0/8'], ['::1']]) {
      const w = await start({ mounts, trustedProxies, hosts: ['pumps.example'] })
      expect((await ask(w, '/fhir/R4/Device', told)).body).toBe(`http://${w.host}/fhir/R4`)
    }
  })

  it('are configured with an address that can be one', () => {
    const given = (http: object) => configSchema.safeParse({ http }).success
    expect(given({ publicUrl: PUBLIC, trustedProxies: ['10.1.2.3', 'fd00::/8'] })).toBe(true)
    expect(given({ publicUrl: `${PUBLIC}/` })).toBe(true)
    for (const bad of [
      { publicUrl: `${PUBLIC}/path` },
      { publicUrl: 'pumps.example' },
      { trustedProxies: ['proxy.example'] },
      { trustedProxies: ['10.0.0.0/33'] },
      { origins: ['*'] },
      { origins: ['https://emr.example/app'] },
    ]) {
      expect([bad, given(bad)]).toEqual([bad, false])
    }
  })
})

describe('a page of another origin', () => {
  const EMR = 'https://emr.example'
  const cross = { Origin: EMR, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' }
  const asks = { ...cross, Authorization: '', 'Access-Control-Request-Method': 'GET' }

  it('that is named may read with a token: API, stream and FHIR, and is told so beforehand', async () => {
    const w = await start({ mounts, origins: [EMR] })
    for (const path of ['/api/v1/pumps', '/fhir/R4/Device', '/api/v1/openapi.json']) {
      const before = await ask(w, path, asks, 'OPTIONS')
      expect(before.status).toBe(204)
      expect(before.headers).toMatchObject({
        'access-control-allow-origin': EMR,
        'access-control-allow-methods': 'GET, HEAD',
        vary: 'Origin',
      })
      expect(before.headers['access-control-allow-headers']).toContain('authorization')
      const said = await ask(w, path, cross)
      expect(said.status).toBe(200)
      expect(said.headers).toMatchObject({ 'access-control-allow-origin': EMR, vary: 'Origin' })
      expect(said.headers['access-control-allow-credentials']).toBeUndefined()
    }
    // A refusal can be read, too, and the stream.
    const refused = await ask(w, '/api/v1/pumps', { ...cross, Authorization: 'Bearer x' })
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, EMR])
    const controller = new AbortController()
    const stream = await fetch(`${w.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${w.token}`, origin: EMR },
      signal: controller.signal,
    })
    expect(stream.headers.get('access-control-allow-origin')).toBe(EMR)
    controller.abort()
  })

  it('never has the session of the page, and is given nothing but API and FHIR', async () => {
    const w = await start({ mounts, origins: [EMR] })
    const link = new URL(w.server.openLink()).pathname
    const opened = await ask(w, link, { Authorization: '' })
    const cookie = String(opened.headers['set-cookie']).split(';')[0] ?? ''
    const own = await ask(w, '/api/v1/pumps', { Authorization: '', Cookie: cookie })
    expect(own.status).toBe(200)
    const site = { ...cross, 'Sec-Fetch-Site': 'same-site', Authorization: '', Cookie: cookie }
    expect((await ask(w, '/api/v1/pumps', site)).status).toBe(401)
    for (const path of ['/', '/healthz', '/metrics', new URL(w.server.openLink()).pathname]) {
      const said = await ask(w, path, cross)
      expect([path, said.status]).toEqual([path, 403])
      expect(said.headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  it('that is not named is refused, and OPTIONS is as little known as any other method', async () => {
    const w = await start({ mounts, origins: [EMR] })
    const other = 'https://emr.example.evil.example'
    for (const origin of [other, 'null', 'http://emr.example', `${EMR}:8443`]) {
      const said = await ask(w, '/api/v1/pumps', { ...cross, Origin: origin })
      expect([origin, said.status]).toEqual([origin, 403])
      expect(said.headers['access-control-allow-origin']).toBeUndefined()
      const before = await ask(w, '/api/v1/pumps', { ...asks, Origin: origin }, 'OPTIONS')
      expect([origin, before.status]).toEqual([origin, 405])
    }
    for (const headers of [
      { Origin: '' },
      cross,
      { ...asks, 'Access-Control-Request-Method': 'POST' },
      { ...asks, 'Access-Control-Request-Method': 'DELETE' },
    ]) {
      expect((await ask(w, '/api/v1/pumps', headers, 'OPTIONS')).status).toBe(405)
    }
    expect((await ask(w, '/nowhere', asks, 'OPTIONS')).status).toBe(405)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect((await ask(w, '/api/v1/pumps', cross, method)).status).toBe(405)
    }
    const wrong = await ask(w, '/api/v1/pumps', { ...asks, Host: 'evil.example' }, 'OPTIONS')
    expect(wrong.status).toBe(421)
  })
})

it('health and readiness are told to whoever asks by an address, and nothing else is', async () => {
  const w = await start()
  for (const host of ['10.1.2.3', '10.1.2.3:8420', '[fd00::1]:8420', '[::1]']) {
    for (const path of ['/healthz', '/readyz']) {
      expect([host, (await ask(w, path, { Host: host, Authorization: '' })).status]).toEqual([
        host,
        200,
      ])
    }
    for (const path of ['/api/v1/pumps', '/metrics', '/', '/healthz/x', '/healthz?x=/api']) {
      expect([host, path, (await ask(w, path, { Host: host })).status]).toEqual([host, path, 421])
    }
  }
  for (const host of ['evil.example', '10.1.2.3.evil.example', '1.2.3', 'user@10.1.2.3', '']) {
    const text = `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    expect([host, (await raw(w.port, text)).slice(9, 12)]).toEqual([host, '421'])
  }
})

interface Behind {
  readonly dir: string
  readonly port: number
  /** Where the bridge listens. */
  readonly host: string
  readonly cert: string
  readonly key: string
}
const doc = readFileSync(new URL('../../docs/reverse-proxy.md', import.meta.url), 'utf8')
/** What the document shows of a proxy, for an address and a certificate of the test. */
const shown = (pattern: RegExp, { host }: Behind) =>
  (pattern.exec(doc)?.[1] ?? '').replaceAll('127.0.0.1:8420', host)

const PROXIES = {
  nginx(behind: Behind): ChildProcess {
    const { dir, port, cert, key } = behind
    const own = shown(/```nginx\n([\s\S]*?)```/, behind)
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
      .replace('/etc/ssl/pumps.example.pem', cert)
      .replace('/etc/ssl/private/pumps.example.key', key)
      .replaceAll('pumps.example', 'localhost')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((what) => `${what}_temp_path ${dir}/${what};`)
      .join('\n')
    const conf = `daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
events {}
http { access_log off; ${temporary}
${own}
}`
    writeFileSync(join(dir, 'nginx.conf'), conf)
    execFileSync('nginx', ['-t', '-q', '-c', join(dir, 'nginx.conf')])
    return spawn('nginx', ['-c', join(dir, 'nginx.conf')], { stdio: 'inherit' })
  },
  caddy(behind: Behind): ChildProcess {
    const { dir, port, cert, key } = behind
    const site = `https://localhost:${port} {\n  bind 127.0.0.1\n  tls ${cert} ${key}`
    const own = shown(/```caddy\n([\s\S]*?)```/, behind).replace('pumps.example {', site)
    const config = join(dir, 'Caddyfile')
    writeFileSync(config, `{\n  admin off\n  auto_https disable_redirects\n}\n${own}`)
    const env = { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir }
    const asked = ['run', '--adapter', 'caddyfile', '--config', config]
    return spawn('caddy', asked, { stdio: ['ignore', 'ignore', 'ignore'], env })
  },
} as const

describe.each(['nginx', 'caddy'] as const)('%s', (name) => {
  const running: ChildProcess[] = []
  afterEach(async () => {
    for (const one of running.splice(0)) {
      const ended = new Promise((resolve) => one.once('exit', resolve))
      one.kill('SIGTERM')
      await ended
    }
  })
  const has = spawnSync(name, [name === 'nginx' ? '-v' : 'version']).status === 0

  it('as it is documented serves API, FHIR links, page and stream over TLS', async ({ skip }) => {
    skip(!has && process.env['CI'] !== 'true', `${name} is not installed`)
    expect(has).toBe(true)
    const dir = mkdtempSync(join(tmpdir(), `wandbridge-${name}-`))
    const port = await free()
    const host = `localhost:${port}`
    const w = await start({ mounts, publicUrl: `https://${host}` })
    const { cert, key } = certificate(dir, 'proxy')
    running.push(PROXIES[name]({ dir, port, host: w.host, cert, key }))
    const ca = readFileSync(cert)
    const auth = { authorization: `Bearer ${w.token}` }
    const get = (path: string, headers: Record<string, string> = auth) =>
      new Promise<{ status: number; body: string; headers: Record<string, unknown> }>(
        (resolve, reject) => {
          const options = { ca, headers, host: 'localhost', port, path }
          httpsGet(options, (reply) => {
            let body = ''
            reply.setEncoding('utf8').on('data', (text: string) => {
              body += text
            })
            reply.on('end', () =>
              resolve({ status: reply.statusCode ?? 0, body, headers: reply.headers }),
            )
          }).on('error', reject)
        },
      )
    let up = false
    await eventually(() => {
      if (!up)
        void get('/healthz').then(
          () => (up = true),
          () => {},
        )
      return up
    }, 20_000)
    expect((await get('/fhir/R4/Device')).body).toBe(`https://${host}/fhir/R4`)
    expect((await get('/api/v1/pumps')).status).toBe(200)
    const opened = await get(new URL(w.server.openLink()).pathname, {})
    const [cookie = ''] = opened.headers['set-cookie'] as string[]
    expect(cookie).toContain('; Secure')
    const page = { cookie: cookie.split(';')[0] ?? '', origin: `https://${host}` }
    expect((await get('/api/v1/pumps', page)).status).toBe(200)
    // What is an event here is one there at once: nothing is held back.
    const events: string[] = []
    const stream = httpsGet({ ca, headers: auth, host: 'localhost', port, path: '/api/v1/events' })
    stream.on('response', (reply) => {
      reply.setEncoding('utf8').on('data', (text: string) => void events.push(text))
    })
    await eventually(() => events.join('').includes('event: snapshot'), 5_000)
    w.records.push(w.interrogation)
    await eventually(() => events.join('').includes('event: interrogation'), 3_000)
    stream.destroy()
    rmSync(dir, { recursive: true, force: true })
  }, 60_000)
})

const free = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
