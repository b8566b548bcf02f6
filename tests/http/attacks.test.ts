// What a hostile reader tried on the surface, and what came of it: kept, so that it stays so.
import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventually, raw, starter } from './world.ts'

const start = starter()
const LOG = 'simulator-1-00000000'
const LONG = process.env['WANDBRIDGE_LONG'] === '1'

describe('a request', () => {
  it('may ask anything: it is answered or refused, and never makes an error', {
    timeout: 120_000,
  }, async () => {
    const w = await start()
    for (let i = 0; i < 3; i += 1) w.records.push(w.interrogation)
    const { id } = w.pump.pump
    const names = ['after', 'from', 'to', 'limit', 'order', 'kinds', 'source', 'pump', '__proto__']
    const value = fc.oneof(
      fc.constantFrom(
        '',
        '-1',
        '0',
        '1e3',
        '0x1',
        '99999999999999999999',
        'Infinity',
        '%00',
        '%zz',
      ),
      fc.constantFrom('2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'),
      fc.constantFrom('2026-01-05T09:00:00%2B23:59', '2016-12-31T23:59:60Z', 'link,', 'device'),
      fc.constantFrom('desc', `${LOG}.1`, `${LOG}.-1`, `${LOG}.1e1`, 'simulator-2-00000000.1'),
      fc.string({ maxLength: 8 }).map(encodeURIComponent),
    )
    const query = fc
      .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 })
      .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'))
    const path = fc.constantFrom(
      ...['pumps', 'wands', `pumps/${id}`, `pumps/${id}/readings`, `pumps/${id}/interrogations`],
      ...[`pumps/${id}/interrogations/1`, `pumps/${id}/interrogations/${LOG}.1`],
      ...[`pumps/${id}/refills`, 'events', 'openapi.json'],
    )
    const accept = fc.constantFrom('application/json', 'application/x-ndjson', '*/*', '')
    await fc.assert(
      fc.asyncProperty(path, query, accept, async (where, asked, type) => {
        const abort = new AbortController()
        const reply = await fetch(`${w.url}/api/v1/${where}?${asked}`, {
          headers: { authorization: `Bearer ${w.token}`, accept: type },
          signal: abort.signal,
        })
        if (where !== 'events') await reply.arrayBuffer()
        abort.abort()
        expect([200, 400, 404, 410]).toContain(reply.status)
      }),
      { numRuns: LONG ? 5_000 : 300 },
    )
    expect(w.state.logged).toEqual([])
  })

  it('with an expectation nobody meets, or for another protocol, gets no further', async () => {
    const w = await start()
    const head = `Host: ${w.host}\r\nConnection: close\r\n`
    const odd = `GET /api/v1/pumps HTTP/1.1\r\n${head}Expect: a-miracle\r\n\r\n`
    expect(await raw(w.port, odd)).toMatch(/^HTTP\/1\.1 4\d\d /)
    const upgrade = `Host: ${w.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
    const other = await raw(w.port, `GET /api/v1/events HTTP/1.1\r\n${upgrade}\r\n`, 500)
    expect(other).toMatch(/^HTTP\/1\.1 4\d\d /)
    // The preface of HTTP/2.
    expect(await raw(w.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 500)).toMatch(/^HTTP\/1\.1 4/)
  })

  it('with one header twice is of nobody', async () => {
    const w = await start()
    const auth = `Authorization: Bearer ${w.token}\r\n`
    const head = `Host: ${w.host}\r\nConnection: close\r\n`
    const asked = (more: string) => raw(w.port, `GET /api/v1/pumps HTTP/1.1\r\n${head}${more}\r\n`)
    expect(await asked(auth)).toMatch(/^HTTP\/1\.1 200 /)
    expect(await asked(`${auth}Authorization: Bearer x\r\n`)).toMatch(/^HTTP\/1\.1 401 /)
    expect(await asked(`Authorization: Bearer x\r\n${auth}`)).toMatch(/^HTTP\/1\.1 401 /)
    const site = (name: string) => `Sec-Fetch-Site: ${name}\r\n`
    expect(await asked(`${auth}${site('same-origin')}${site('cross-site')}`)).toMatch(
      /^HTTP\/1\.1 403 /,
    )
  })

  it('waits for its turn on a connection, and many that do not are the end of it', {
    timeout: 30_000,
  }, async () => {
    const w = await start()
    const head = `Host: ${w.host}\r\nAuthorization: Bearer ${w.token}\r\n\r\n`
    const line = (path: string) => `GET ${path} HTTP/1.1\r\n${head}`
    // A few are answered in order.
    const few = await raw(w.port, line('/api/v1/pumps').repeat(10), 1_000)
    expect(few.match(/HTTP\/1\.1 200/g)).toHaveLength(10)
    for (const first of ['/api/v1/events', '/api/v1/pumps']) {
      w.state.reads = []
      const socket = connect(w.port, '127.0.0.1', () => {
        socket.write(line(first))
        for (let i = 0; i < 200; i += 1) socket.write(line('/api/v1/pumps').repeat(50))
      })
      let closed = false
      socket
        .on('error', () => {})
        .on('close', () => {
          closed = true
        })
      socket.resume()
      await eventually(() => closed, 10_000)
      expect(w.state.reads.length).toBeLessThan(20)
    }
    expect((await w.get('/api/v1/pumps')).status).toBe(200)
  })
})

describe('a walk through the log', () => {
  it('ends with whoever asked for it: coming and going leaves none behind', {
    timeout: 60_000,
  }, async () => {
    const w = await start()
    w.records.push(w.interrogation)
    let walking = 0
    const found = w.records.read.bind(w.records)
    w.records.read = async function* ({ gone } = {}) {
      walking += 1
      try {
        // A log without an end, in which something is found now and then.
        for (let i = 0; !gone?.(); i += 1) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          if (i % 50 === 49) yield* found()
        }
      } finally {
        walking -= 1
      }
    }
    const path = `/api/v1/pumps/${w.pump.pump.id}/readings?limit=10000`
    for (const accept of ['application/json', 'application/x-ndjson']) {
      for (let round = 0; round < 3; round += 1) {
        const abort = new AbortController()
        const headers = { authorization: `Bearer ${w.token}`, accept }
        const asked = Array.from({ length: 22 }, () =>
          fetch(`${w.url}${path}`, { headers, signal: abort.signal })
            .then((reply) => reply.text())
            .catch(() => ''),
        )
        await eventually(() => walking === 2, 10_000)
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(walking).toBe(2)
        abort.abort()
        await Promise.all(asked)
        await eventually(() => walking === 0, 10_000)
      }
    }
    expect(w.state.logged).toEqual([])
  })
})

describe('a connection', () => {
  it('that never says hello to TLS is ended like any other', { timeout: 30_000 }, async () => {
    const { dir } = await start()
    const [cert, key] = [join(dir, 'one.crt'), join(dir, 'one.key')]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost']
    execFileSync('openssl', ['req', '-x509', ...kind, ...files], { stdio: 'ignore' })
    const w = await start({ tls: { cert, key }, limits: { headersMs: 500 } })
    const began = performance.now()
    await raw(w.port, '', 15_000)
    expect(performance.now() - began).toBeLessThan(6_000)
    expect(w.state.logged).toEqual([])
  })
})
