// Several destinations of one bridge: one that is down, one that never answers and one whose place cannot
// be read cost the one that is well nothing, and each is shown as it is.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import { Feed } from '../../src/feed/feed.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { addressees, startDelivery } from '../../src/host/delivery-host.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { WORDS } from '../../src/words/words.ts'
import { eventually } from '../delivery/world.ts'
import { destinationSaid } from '../words/said.ts'
import { recordedReading } from './readings.ts'

const env = systemEnv()
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function listening(met: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    met(socket)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

it('a destination that is ill costs the others nothing', { timeout: 60_000 }, async () => {
  const got: string[] = []
  const well = await listening((socket) => {
    const deframer = new Deframer()
    socket.on('data', (bytes) => {
      for (const text of deframer.push(bytes)) {
        const control = text.split('|')[9] ?? ''
        got.push(control)
        socket.write(frame(`MSH|^~\\&|R\rMSA|AA|${control}\r`))
      }
    })
  })
  // It takes everything, and floods whoever sends with what is no reply.
  const loud = await listening((socket) => {
    const flood = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x0b)));
    }
    socket.on('data', flood).on('drain', flood)
  })
  const gone = await listening(() => {})
  await closing.pop()?.()

  const stateDir = mkdtempSync(join(tmpdir(), 'wandbridge-hl7-'))
  closing.push(() => rmSync(stateDir, { recursive: true, force: true }))
  mkdirSync(join(stateDir, 'delivery'))
  writeFileSync(join(stateDir, 'delivery/torn.json'), '{"v":1,')
  const source = 'simulator'
  const auditor = new Auditor({ env, stateDir, source, settings: {}, boot: 'test' })
  closing.push(() => auditor.close('test'))
  const { disk, dir, commits$: wake$ } = auditor
  const feed = new Feed({ env, disk, dir, source, head: () => auditor.head, wake$ })
  const configs = Object.entries({ well, loud, gone, torn: well }).map(([name, port]) =>
    destinationSchema.parse({ name, host: '127.0.0.1', port, testMessages: true }),
  )
  const all = addressees({ hl7: configs, fhir: [], webhooks: [] }, WORDS['en-US'])
  const hl7 = startDelivery(env, stateDir, { auditor, feed }, all, () => {})
  closing.push(() => hl7.close())
  const of = (name: string) => hl7.status().find((one) => one.name === name)
  await eventually(() => of('well')?.state === 'idle', 10_000)
  const reading = await recordedReading()
  for (let i = 0; i < 50; i += 1) void auditor.append(reading)
  await eventually(() => got.length === 50, 20_000)
  expect(new Set(got).size).toBe(50)
  await eventually(() => of('well')?.state === 'idle', 10_000)
  expect(of('gone')).toMatchObject({ state: 'waiting', waiting: 50 })
  expect(destinationSaid(of('gone'))).toContain('ECONNREFUSED')
  // It is connected to again and again: between two times it waits, and says why.
  const loudly = () => destinationSaid(of('loud')).includes('it sends what is no reply')
  await eventually(() => of('loud')?.state === 'waiting' && loudly(), 20_000)
  expect(of('loud')).toMatchObject({ waiting: 50, sent: 0 })
  expect(of('torn')).toMatchObject({ state: 'failed', sent: 0 })
  expect(of('gone')?.lagMs).toBeGreaterThan(0)
  const lag = hl7.counters().find(({ name }) => name === 'delivery_lag_seconds')
  expect(lag?.values.map(({ labels }) => labels?.['destination'])).toEqual(
    configs.map((one) => one.name),
  )
  await hl7.close()
  closing.pop()
  expect(readFileSync(join(stateDir, 'delivery/torn.json'), 'utf8')).toBe('{"v":1,')
  const kept = JSON.parse(readFileSync(join(stateDir, 'delivery/well.json'), 'utf8')) as object
  expect(kept).toMatchObject({ place: { log: auditor.head?.log } })
})
