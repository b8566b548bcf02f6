// The whole host over HID reports: bridge, link and hid.ts as they are, node-hid faked at its edge, the
// simulator's wand behind it. Reports are dropped, reordered, repeated and damaged; the accounts are
// kept in reports.
import { describe, expect, it } from 'vitest'
import { REPORT_SIZE } from '../../protocol/framing/hid-report.ts'
import { startSimulator } from '../../simulator/index.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { decoderOf } from '../../src/drivers/decoders.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import { hidSource } from '../../src/transport/hid.ts'
import { fixedIn } from '../bridge/blocks.ts'
import { FakeHid, fakeDriver, type UnplugHabit } from './fake-hid.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const ROUNDS = LONG ? 200 : 8
const free = async () => ({ release() {} })

async function hidRig(seed: number, habit: UnplugHabit = 'read-error') {
  const env = new VirtualEnv({ seed })
  const simulator = await startSimulator({ env, seed })
  const [wand] = simulator.wands
  if (!wand) throw new Error('no wand')
  const fake = fakeDriver(() => {
    if (!wand.paths.report.plugged) throw new Error('No such device')
    const hid = new FakeHid(wand.paths.report)
    hid.habit = habit
    return hid
  })
  const source = hidSource('hid', { env, driver: fake.driver, lock: free })
  const bridge = new Bridge({
    env,
    driver: openWand,
    source: 'simulator',
    ports: [source],
    policy: 'continuous',
  })
  const events: BridgeEvent[] = []
  bridge.events$.subscribe((event) => void events.push(event))
  bridge.start()
  const pump = () => bridge.status().pumps[0]
  return {
    env,
    simulator,
    bridge,
    events,
    opened: fake.opened,
    pump,
    received: () => fake.opened.reduce((sum, hid) => sum + hid.delivered, 0),
    counters: () => bridge.counters()['hid'],
    readings: () => events.filter((e) => e.kind === 'reading'),
    async command(command: object) {
      const { ok, message } = await simulator.command(command)
      if (!ok) throw new Error(message)
    },
    async until(done: () => boolean, ms: number) {
      const began = env.monotonic()
      if (!(await env.until(done, ms))) throw new Error(`not within ${ms} ms`)
      return env.monotonic() - began
    },
    async stop() {
      let done = false
      const stopping = bridge.stop().then(() => {
        done = true
      })
      await env.until(() => done, 5_000)
      await stopping
      await simulator.stop()
    },
  }
}

type Rig = Awaited<ReturnType<typeof hidRig>>
const current = (r: Rig) => () => r.pump()?.quality === 'current'
const stale = (r: Rig) => () => r.pump()?.quality === 'stale'

/** No value that the wand has not sent: each is derived again, and what cannot move has not. */
function expectTrue(r: Rig): void {
  const readings = r.readings()
  expect(readings.length).toBeGreaterThan(0)
  for (const { evidence, pump, clock } of readings) {
    expect(decoderOf(evidence.decoder)?.decode('interrogation', evidence.pdus)).toEqual({
      said: evidence.body,
      pump: pump.serial,
      model: pump.model,
      deviceTime: clock.deviceTime,
    })
  }
  expect(new Set(readings.map(fixedIn)).size).toBe(1)
}

/** Reports in = reports of PDUs accepted + refused + held. */
function expectAccounts(r: Rig, received: number): void {
  const counters = r.counters()
  if (!counters) throw new Error('no counters')
  const refused = Object.values(counters.discarded).reduce((sum, c) => sum + c.bytes, 0)
  expect(counters.bytesIn / REPORT_SIZE).toBe(received)
  expect((counters.accepted.bytes + refused + counters.held) / REPORT_SIZE).toBe(received)
}

describe('over HID', () => {
  it('reads a pump as over any port, and closes confirmed', async () => {
    const r = await hidRig(1)
    await r.until(current(r), 30_000)
    expectTrue(r)
    await r.stop()
    expect(r.events.filter((e) => e.kind === 'session-end').at(-1)?.how).toBe('confirmed')
    expectAccounts(r, r.received())
    expect(r.counters()?.discarded).toEqual({})
    expect(r.opened.every((hid) => hid.closed)).toBe(true)
  })

  it.each<UnplugHabit>(['read-error', 'write-error', 'silent'])(
    'is stale within one second of the plug, and current again: %s',
    async (habit) => {
      const r = await hidRig(2, habit)
      await r.until(current(r), 30_000)
      for (let i = 0; i < ROUNDS; i += 1) {
        await r.env.advance(37 * i)
        await r.until(current(r), 60_000)
        await r.command({ do: 'unplug' })
        expect(await r.until(stale(r), 1_100)).toBeLessThanOrEqual(1_000)
        await r.env.advance(500)
        await r.command({ do: 'plug' })
        await r.until(current(r), 60_000)
      }
      await r.stop()
      expect(r.opened.length).toBeGreaterThan(ROUNDS)
      expect(r.opened.every((hid) => hid.closed)).toBe(true)
      expectTrue(r)
    },
  )

  it.each(Array.from({ length: LONG ? 60 : 6 }, (_, i) => i + 1))(
    'keeps its accounts in reports through drops, repeats and damage, seed %i',
    async (seed) => {
      const r = await hidRig(seed)
      await r.until(current(r), 30_000)
      const faults = { drop: 0.05, duplicate: 0.1, late: 0.03, flip: 0.0005, garbage: 0.05 }
      await r.command({ do: 'noise', faults })
      await r.env.advance(60_000)
      const { 'out-of-sequence': lost, repeated, noise } = r.counters()?.discarded ?? {}
      expect([lost, repeated, noise].every((count) => (count?.frames ?? 0) > 0)).toBe(true)
      expect(r.counters()?.retries).toBeGreaterThan(0)
      await r.command({ do: 'noise', level: 'none' })
      await r.until(current(r), 60_000)
      expectTrue(r)
      await r.stop()
      expectAccounts(r, r.received())
      expect(r.counters()?.held).toBe(0)
    },
  )

  it('loses what a slow reader lets the system drop, counts it and asks again', async () => {
    const r = await hidRig(3)
    await r.until(current(r), 30_000)
    for (let i = 0; i < 10; i += 1) {
      const hid = r.opened.at(-1)
      hid?.sleep()
      // Somebody floods the queue while the program stands still: 64 are kept, the rest is gone.
      for (let n = 0; n < 70; n += 1) hid?.arrive(new Uint8Array(REPORT_SIZE).fill(n))
      await r.env.advance(150)
      expect(hid?.dropped).toBeGreaterThan(0)
      hid?.wake()
      await r.until(current(r), 60_000)
    }
    expect(r.counters()?.retries).toBeGreaterThan(0)
    expectTrue(r)
    await r.stop()
    expectAccounts(r, r.received())
    expect(r.counters()?.discarded.noise?.frames).toBeGreaterThan(600)
  })
})
