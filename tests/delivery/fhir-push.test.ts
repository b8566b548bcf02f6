// FHIR transactions against a server that is strict about them: each is created once, whatever becomes of the
// answer; what the server says of one that it refuses is told; a token is asked for when it is needed.
import { createServer } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { needsJudges } from '../fhir/oracle.ts'
import { destinationSaid } from '../words/said.ts'
import { type R4Options, r4Server } from './r4-server.ts'
import { atEnd, closeAll, fileOf, sending } from './senders.ts'
import { eventually } from './world.ts'

afterEach(closeAll)

async function server(options?: R4Options) {
  const made = await r4Server(options)
  atEnd(() => made.close())
  return made
}

async function pushing(url: string, more: object = {}) {
  const bridge = await sending({ fhir: [{ name: 'ehr', url, testMessages: true, ...more }] })
  await eventually(() => bridge.of('ehr')?.state === 'idle', 10_000)
  return bridge
}

it('a reading is one valid transaction, and what is there already is not created again', async (test) => {
  needsJudges(test)
  const ehr = await server()
  const bridge = await pushing(ehr.url)
  await bridge.read(1)
  await eventually(() => bridge.of('ehr')?.sent === 1, 20_000)
  const first = [...ehr.store]
  const of = (type: string, all = [...ehr.store]) =>
    all.filter((key) => key.startsWith(`${type} `)).length
  expect(of('DiagnosticReport')).toBe(1)
  expect(of('Observation')).toBeGreaterThan(20)
  expect(of('Device')).toBeGreaterThan(2)
  await bridge.read(1)
  await eventually(() => bridge.of('ehr')?.sent === 2, 20_000)
  expect(of('DiagnosticReport')).toBe(2)
  expect(of('Device')).toBe(of('Device', first))
  expect(ehr.requests.map(({ type }) => type)).toEqual(Array(2).fill('application/fhir+json'))
}, 60_000)

it('every reading is created once and in order, whatever becomes of the answers', async () => {
  const deeds = ['ok', 'lost', 'drop', 'slow', 'html', 'short', 500, 503, 429, 408, 502] as const
  const ehr = await server({
    // Every other request goes well, so that nothing is tried for too long.
    deed: (n) => (n % 2 === 0 ? (deeds[(n / 2) % deeds.length] ?? 'ok') : 'ok'),
    slowMs: 1_500,
    retryAfter: '0',
  })
  const bridge = await pushing(ehr.url)
  const positions = await bridge.read(25)
  await eventually(() => bridge.of('ehr')?.sent === 25, 60_000)
  expect(ehr.order.map((control) => Number(control.split('/')[1]))).toEqual(positions)
  expect(new Set(ehr.requests.map(({ deed }) => deed)).size).toBe(deeds.length)
  expect(bridge.of('ehr')).toMatchObject({ parked: 0, kind: 'fhir' })
}, 90_000)

it('what it will never take is set aside, in the words of its OperationOutcome, and the rest goes on', async () => {
  const ehr = await server({ poison: (control) => control.endsWith('/4') })
  const bridge = await pushing(ehr.url)
  const positions = await bridge.read(6)
  expect(positions).toContain(4)
  await eventually(() => bridge.delivery().idle, 20_000)
  expect(bridge.of('ehr')).toMatchObject({ sent: 5, parked: 1 })
  expect(bridge.of('ehr')?.aside[0]).toMatchObject({
    position: 4,
    code: '422',
    text: expect.stringMatching(/^error processing no rule allows \S+\/4$/),
  })
}, 60_000)

it('an error of the server is tried so often, then set aside; what only says no to all is not', async () => {
  const ehr = await server({ deed: (_, control) => (control.endsWith('/3') ? 500 : 'ok') })
  const bridge = await pushing(ehr.url, { attempts: 3 })
  await bridge.read(5)
  await eventually(() => bridge.delivery().idle, 20_000)
  expect(bridge.of('ehr')).toMatchObject({ sent: 4, aside: [{ position: 3, attempts: 3 }] })

  const closed = await server({ authorization: () => 'Bearer of good news' })
  const other = await pushing(closed.url)
  await other.read(2)
  await eventually(() => closed.requests.length > 12, 20_000)
  // Between two tries: while one is under way it is sending.
  await eventually(() => other.of('ehr')?.state === 'waiting', 5_000)
  expect(other.of('ehr')?.parked).toBe(0)
  expect(destinationSaid(other.of('ehr'))).toContain('401 error processing who are you?')
}, 60_000)

it('client credentials: one token for many, another one when it is not taken, and its refusal told', async () => {
  let issued = 0
  let secret = `Basic ${Buffer.from('clinic:s%3As%26%2B').toString('base64')}`
  const asked: string[] = []
  const tokens = createServer((request, response) => {
    request.on('data', (chunk) => asked.push(String(chunk)))
    request.on('end', () => {
      if (request.headers.authorization !== secret) {
        return response.writeHead(401).end('{"error":"invalid_client","error_description":"no"}')
      }
      issued += 1
      const body = { access_token: `t${issued}`, token_type: 'Bearer', expires_in: 3600 }
      return response.end(JSON.stringify(body))
    })
  })
  await new Promise<void>((go) => tokens.listen(0, '127.0.0.1', go))
  atEnd(() => {
    tokens.close()
    tokens.closeAllConnections()
  })
  let good = 't1'
  const ehr = await server({ authorization: () => `Bearer ${good}` })
  const { port } = tokens.address() as { port: number }
  const bridge = await pushing(ehr.url, {
    auth: {
      tokenUrl: `http://127.0.0.1:${port}/token`,
      clientId: 'clinic',
      clientSecretFile: fileOf('s:s&+\n'),
      scope: 'system/*.c',
    },
  })
  await bridge.read(3)
  await eventually(() => bridge.of('ehr')?.sent === 3, 20_000)
  expect(issued).toBe(1)
  expect(asked[0]).toBe('grant_type=client_credentials&scope=system%2F*.c')
  // It was withdrawn: one more is asked for, and the same message goes with it.
  good = 't2'
  await bridge.read(2)
  await eventually(() => bridge.of('ehr')?.sent === 5, 20_000)
  expect(issued).toBe(2)
  secret = 'Basic of another client'
  good = 't3'
  await bridge.read(1)
  await eventually(() => destinationSaid(bridge.of('ehr')).includes('no token'), 20_000)
  expect(destinationSaid(bridge.of('ehr'))).toContain('no token: 401 invalid_client no')
  expect(bridge.of('ehr')).toMatchObject({ parked: 0, waiting: 1 })
}, 60_000)
