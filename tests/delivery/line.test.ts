// The connection to a destination on real sockets: clear text goes to this computer alone unless the
// configuration says so, nothing goes to whom the certificate is not of, and a line that ends is told.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createServer as createTls } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import { type Env, systemEnv, VirtualEnv } from '../../src/base/env.ts'
import { dialer, isSecure, type Line } from '../../src/delivery/line.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { certificate } from '../http/certificate.ts'
import { eventually } from './world.ts'

const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-line-'))
  open.push({ close: () => rmSync(dir, { recursive: true, force: true }) })
  return dir
}

/** What comes in, and what is done about it. */
async function listening(server: Server, met: (socket: Socket) => void = () => {}) {
  const bytes: number[] = []
  const take = (socket: Socket) => {
    open.push({ close: () => socket.destroy() })
    socket.on('error', () => {})
    socket.on('data', (chunk) => void bytes.push(...chunk))
    met(socket)
  }
  server.on(
    'connection',
    (socket) => server.listenerCount('secureConnection') === 0 && take(socket),
  )
  if (server.listenerCount('secureConnection') > 0) server.on('secureConnection', take)
  await new Promise<void>((done) => server.listen(0, '0.0.0.0', done))
  open.push(server)
  return { bytes, port: (server.address() as { port: number }).port }
}

function call(address: object, port: number, env: Env = systemEnv()) {
  const config = destinationSchema.parse({ name: 'x', port, ...address })
  const told: string[] = []
  const line: Line = dialer(
    env,
    config,
  )({
    connected: () => void told.push('connected'),
    data: (bytes) => void told.push(`data ${Buffer.from(bytes).toString()}`),
    closed: ({ code, args }) => void told.push(`closed ${args['text'] ?? code}`),
  })
  open.push(line)
  return { told, line }
}

it('is TLS to every other computer, unless clear text is asked for in as many words', async () => {
  const secure = (host: string, more: object = {}) =>
    isSecure(destinationSchema.parse({ name: 'x', port: 1, host, ...more }))
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
    expect(secure(host)).toBe(false)
  const others = [
    'emr',
    '10.0.0.1',
    '0.0.0.0',
    '127.0.0.1.example',
    'localhost.example',
    '::',
    '127.1',
  ]
  for (const host of others) {
    expect(secure(host), host).toBe(true)
    expect(secure(host, { insecure: true }), host).toBe(false)
    expect(secure(host, { insecure: true, tls: {} }), host).toBe(true)
  }
  const { bytes, port } = await listening(createServer())
  // An address that is not known to be this computer: what goes out is a TLS greeting.
  const { line } = call({ host: '0.0.0.0' }, port)
  await eventually(() => bytes[0] === 0x16, 5_000)
  line.close()
  const plain = call({ host: '0.0.0.0', insecure: true }, port)
  await eventually(() => plain.told.includes('connected'), 5_000)
})

it('sends to whom the certificate is of, and to nobody else', async () => {
  const dir = directory()
  const mine = certificate(dir, 'mine')
  const other = certificate(dir, 'other')
  const pem = { cert: readFileSync(mine.cert), key: readFileSync(mine.key) }
  const server = createTls(pem)
  server.on('secureConnection', (socket) => socket.write('hello'))
  const { bytes, port } = await listening(server)
  const known = call({ host: 'localhost', tls: { ca: mine.cert } }, port)
  await eventually(() => known.told.length === 2, 5_000)
  expect(known.told).toEqual(['connected', 'data hello'])
  known.line.send(Buffer.from('reading'))
  await eventually(() => Buffer.from(bytes).toString() === 'reading', 5_000)
  for (const tls of [{}, { ca: other.cert }, { ca: mine.cert, servername: 'emr.example' }]) {
    const { told } = call({ host: 'localhost', tls }, port)
    await eventually(() => told.length > 0, 5_000)
    expect(told.length, JSON.stringify(tls)).toBe(1)
    expect(told[0]).toMatch(
      /^closed (DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_ALTNAME_INVALID|UNABLE_TO_VERIFY)/,
    )
  }
  expect(Buffer.from(bytes).toString()).toBe('reading')
  expect(() => call({ host: 'emr', tls: { ca: join(dir, 'none.crt') } }, port)).toThrow('ENOENT')
})

it('has ended when the peer closes its half, or never answers to connecting', async () => {
  const half = await listening(createServer({ allowHalfOpen: true }), (socket) => socket.end())
  const { told } = call({ host: '127.0.0.1' }, half.port)
  await eventually(() => told.length === 2, 5_000)
  expect(told).toEqual(['connected', 'closed delivery.closed'])

  const env = new VirtualEnv()
  const mute = await listening(createServer())
  const { told: said } = call({ host: '127.0.0.1', tls: {} }, mute.port, env)
  await eventually(() => mute.bytes.length > 0, 5_000)
  await env.advance(9_000)
  await setTimeout(20)
  expect(said).toEqual([])
  await env.advance(2_000)
  await eventually(() => said.length > 0, 5_000)
  expect(said).toEqual(['closed delivery.no-connection'])
})
