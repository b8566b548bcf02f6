// Nothing but reading exists: no other method succeeds on any address, and none can be registered.
import { METHODS, request } from 'node:http'
import fc from 'fast-check'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { onlyReading } from '../../src/http/app.ts'
import { document } from './contract.ts'
import { raw, starter, type World } from './world.ts'

const start = starter()

interface Answer {
  readonly status: number
  readonly allow: string | undefined
}

/** As node sends it: any method it knows, and any path. */
function ask(w: World, method: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${w.token}`, host: w.host }
    const asked = request({ host: '127.0.0.1', port: w.port, method, path, headers }, (reply) => {
      const { statusCode: status = 0, headers } = reply
      // A stream would never end.
      reply.destroy()
      resolve({ status, allow: headers.allow })
    })
    asked.on('error', reject)
    // A proxy's way to answer CONNECT.
    asked.on('connect', (reply, socket) => {
      socket.destroy()
      resolve({ status: reply.statusCode ?? 0, allow: reply.headers.allow })
    })
    asked.end()
  })
}

const OTHERS = METHODS.filter((method) => method !== 'GET' && method !== 'HEAD')

async function refusedEverywhere(w: World, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    for (const method of OTHERS) {
      const { status, allow } = await ask(w, method, path)
      expect({ method, path, status, allow }).toEqual({
        method,
        path,
        status: 405,
        allow: 'GET, HEAD',
      })
    }
  }
}

describe('methods', () => {
  it('other than GET and HEAD are refused on every address of the document and beside it', {
    timeout: 60_000,
  }, async () => {
    const log = 'simulator-1-00000000'
    const audit = {
      head: () => ({ log, size: 1, checkpoint: 'a checkpoint', cosigned: 'a note' }),
      tile: async () => null,
      entries: async () => null,
      keyChanges: async () => [],
    }
    const w = await start({ audit })
    const known = Object.keys(document.paths).map((path) =>
      path.replace('{id}', w.pump.pump.id).replace('{record}', `${log}.0`).replace('{log}', log),
    )
    w.records.push(w.interrogation)
    await refusedEverywhere(w, [
      ...known,
      '/',
      '/open/x',
      '/api/v1/openapi.json',
      '/nowhere',
      '/%zz',
      '*',
    ])
    for (const path of [...known, '/', '/api/v1/openapi.json']) {
      expect([path, (await ask(w, 'GET', path)).status]).toEqual([path, 200])
      expect([path, (await ask(w, 'HEAD', path)).status]).toEqual([path, 200])
    }
  })

  const runs = process.env['WANDBRIDGE_LONG'] === '1' ? 10_000 : 300
  it(`other than GET and HEAD never succeed on ${runs} random paths`, {
    timeout: 120_000,
  }, async () => {
    const w = await start()
    const segment = fc.oneof(
      fc.constantFrom(
        'api',
        'v1',
        'pumps',
        'wands',
        'events',
        '..',
        '.',
        '%2e%2e',
        'open',
        'metrics',
      ),
      fc.constant(w.pump.pump.id),
      fc.webPath(),
      fc.stringMatching(/^[!-~]{0,12}$/),
    )
    const path = fc
      .array(segment, { maxLength: 6 })
      .map((parts) => `/${parts.join('/')}`.replace(/[^!-~]|[#\\"<>^`{|}]/g, '-'))
    const method = fc.constantFrom(...OTHERS)
    await fc.assert(
      fc.asyncProperty(path, method, async (where, how) => {
        const { status, allow } = await ask(w, how, where)
        expect([status, allow]).toEqual([405, 'GET, HEAD'])
        // And reading says what it is, or that there is nothing.
        const { status: read } = await ask(w, 'GET', where)
        expect([200, 303, 400, 404]).toContain(read)
      }),
      { numRuns: runs },
    )
  })

  it('that node does not know, and CONNECT, are no way in either', async () => {
    const w = await start()
    const auth = `Host: ${w.host}\r\nAuthorization: Bearer ${w.token}\r\n\r\n`
    for (const line of ['BREW /api/v1/pumps', 'get /api/v1/pumps', 'GETT /api/v1/pumps', 'P /']) {
      const reply = await raw(w.port, `${line} HTTP/1.1\r\n${auth}`)
      expect([line, reply.slice(0, 13)]).toEqual([line, 'HTTP/1.1 405 '])
      expect(reply).toContain('\r\nallow: GET, HEAD\r\n')
    }
    expect(await raw(w.port, `\x16\x03\x01 ${auth}`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(w.port, `CONNECT ${w.host} HTTP/1.1\r\n${auth}`)).toMatch(/^HTTP\/1\.1 405 /)
  })

  it('cannot be registered', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const) {
      const app = Fastify()
      onlyReading(app)
      expect(() => app.route({ method, url: '/x', handler: () => 1 })).toThrow('only reads')
      expect(() => app.route({ method: ['GET', method], url: '/y', handler: () => 1 })).toThrow(
        method,
      )
    }
    const app = Fastify()
    onlyReading(app)
    expect(() => app.all('/z', () => 1)).toThrow('only reads')
    app.get('/ok', () => 1)
  })
})
