// A wand of a wholly different kind (tests/drivers/ascii) in a whole host: what it read is on the API and its stream,
// in FHIR and HL7, on the worksheet and in the audit log, and nothing of the house was changed for it.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { verify } from '../../src/audit/verify/verify.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import { decoderOf } from '../../src/drivers/decoders.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { type Host, startHost } from '../../src/host/host.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { Desk } from '../../src/refill/desk/desk.ts'
import { figuresOf } from '../../src/refill/sheet/reading.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import { eventually } from '../delivery/world.ts'
import { asciiWand } from '../drivers/ascii/driver.ts'
import { AsciiWands } from '../drivers/ascii/simulator.ts'

const env = systemEnv()
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A receiver of HL7 that takes everything. */
async function receiver() {
  const got: string[] = []
  const server = createServer((socket) => {
    const deframer = new Deframer()
    socket.on('error', () => {})
    closing.push(() => socket.destroy())
    socket.on('data', (bytes) => {
      for (const text of deframer.push(bytes)) {
        got.push(text)
        socket.write(frame(`MSH|^~\\&|R\rMSA|AA|${text.split('|')[9]}\r`))
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => server.close())
  return { got, port: (server.address() as { port: number }).port }
}

async function started() {
  const stateDir = mkdtempSync(join(tmpdir(), 'wandbridge-other-'))
  closing.push(() => rmSync(stateDir, { recursive: true, force: true }))
  const { got, port } = await receiver()
  const wands = new AsciiWands(env)
  wands.pumps.B.alarm = 1
  const hl7 = destinationSchema.parse({
    ...{ name: 'records', host: '127.0.0.1', port, testMessages: true, alarms: true },
  })
  const host: Host = await startHost(env, stateDir, async () => ({
    ...{ source: 'simulator', driver: asciiWand, policy: 'on-placement' },
    ports: [loopbackSource('desk', wands)],
    http: { host: '127.0.0.1', port: 0, tokens: false, log: () => {} },
    delivery: { destinations: { hl7: [hl7], fhir: [], webhooks: [] }, log: () => {} },
  }))
  let stopped = false
  const stop = async () => {
    if (!stopped) await host.stop('the test ends')
    stopped = true
  }
  closing.push(stop)
  const get = async (path: string) => {
    const response = await fetch(`${host.http?.url}${path}`)
    expect(response.status, path).toBe(200)
    return (await response.json()) as Record<string, never>
  }
  return { host, wands, got, stateDir, get, stop }
}

it('reaches every surface', { timeout: 60_000 }, async () => {
  const { host, wands, got, stateDir, get, stop } = await started()
  await eventually(() => host.bridge.status().pumps.length === 2, 20_000)
  await host.caughtUp()

  // The API: two wands on one port, each with its pump; units as everywhere, unknown stays unknown.
  const listed: { port: string; serial: string }[] = (await get('/api/v1/wands'))['wands'] ?? []
  expect(listed.map((wand) => [wand.port, wand.serial])).toEqual([
    ['desk#A', 'WAND-A7'],
    ['desk#B', 'WAND-B7'],
  ])
  const pumps: PumpStatus[] = (await get('/api/v1/pumps'))['pumps'] ?? []
  const of = (serial: string) => pumps.find(({ pump }) => pump.serial === serial) as PumpStatus
  const [a, b] = [of('LU-0001'), of('LU-0002')]
  expect(a.reservoir.reportedVolume).toMatchObject({ value: 12.25, unit: 'mL' })
  expect(b.infusion.rate).toMatchObject({ value: 1.2, unit: 'mL/d' })
  expect(b.infusion.drugs?.[0]).toMatchObject({ name: 'Baclofen', massUnit: 'mg' })
  expect(b.alarms?.map(({ code }) => code)).toEqual(['low-reservoir'])
  expect(a.battery.remaining).toMatchObject({ value: null, quality: 'unavailable' })
  const read: unknown[] = (await get(`/api/v1/pumps/${a.pump.id}/readings`))['readings'] ?? []
  expect(read[0]).toMatchObject({ kind: 'interrogation', source: 'simulator' })

  // The stream from which the page is drawn.
  const stream = await fetch(`${host.http?.url}/api/v1/events`)
  const reader = stream.body?.getReader()
  let text = ''
  while (!text.includes('LU-0002')) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
    expect(done).toBe(false)
    text += Buffer.from(value ?? []).toString('utf8')
  }
  await reader?.cancel()

  // FHIR.
  const devices = await get('/fhir/R4/Device?_count=100')
  expect(JSON.stringify(devices)).toContain('LU-0001')
  const found = await get(`/fhir/R4/Observation?device=${a.pump.id}&_count=100`)
  expect(JSON.stringify(found)).toContain('12.25')

  // HL7.
  await eventually(
    () => got.some((one) => one.includes('LU-0001')) && got.some((one) => one.includes('LU-0002')),
    10_000,
  )
  expect(got.find((one) => one.includes('LU-0001'))).toMatch(/\|12\.25\|/)

  // The worksheet takes a reading of it, and has the pump read again by the name of its wand.
  const desk = new Desk({
    env,
    stateDir,
    clinic: { locale: 'en-US', zone: 'UTC' },
    auth: 'terminal',
  })
  const sheet = desk.fresh()
  wands.pumps.A.near = false
  const identity = await desk.write({ sheet, step: 'identity', given: { card: 'LU-0002' } })
  expect(identity).toHaveProperty('written')
  const before = await desk.write({ sheet, step: 'before', given: {} })
  expect(before, JSON.stringify(before)).toHaveProperty('written')
  const entries = (await desk.sheet(sheet))?.steps.before?.entries
  expect(entries && figuresOf(entries)).toMatchObject({ reportedVolume: expect.anything() })

  // Stopped, the log is whole, and says the same when its bytes are decoded again.
  const log = host.auditor.head?.log
  await stop()
  const dir = join(stateDir, 'audit', String(log))
  const verdict = await verify(nodeDisk, dir, { rederive: decoderOf })
  expect(verdict).toMatchObject({ ok: true })
})
