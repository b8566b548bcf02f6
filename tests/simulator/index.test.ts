// The simulator as others start it: every scenario read over a loopback path, twice the same; its
// time; several wands; and that nothing is left when it stops.
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../protocol/codec/crc32.ts'
import { Code } from '../../protocol/codec/pdu.ts'
import { parse } from '../../protocol/codec/struct.ts'
import { BLOCK_NAMES, BLOCKS } from '../../protocol/fields/blocks.ts'
import { MESSAGES } from '../../protocol/messages/index.ts'
import {
  type Simulator,
  SimulatorError,
  scenarioNames,
  startSimulator,
} from '../../simulator/index.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { TestHost } from './host.ts'
import { fakeWorld } from './world.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'

function wandOf(simulator: Simulator, i = 0) {
  const wand = simulator.wands[i]
  if (!wand) throw new Error('no wand')
  return wand
}

/** One whole reading: what came of each step, and the blocks if all is well. */
async function reading(host: TestHost) {
  const codes: (number | undefined)[] = [(await host.open())?.code]
  if (codes[0] !== Code.OK) return { codes, blocks: null, close: null }
  const read = await host.work('INTERROGATE')
  codes.push(read?.code)
  const blocks = read?.code === Code.OK ? await pieces(host, read.payload) : null
  const closed = await host.work('CLOSE')
  codes.push(closed?.code)
  const close =
    closed?.code === Code.OK ? parse(MESSAGES.CLOSE.reply, closed.payload)?.result : null
  return { codes, blocks, close }
}

async function pieces(host: TestHost, payload: Uint8Array) {
  const snapshot = parse(MESSAGES.INTERROGATE.reply, payload)?.snapshot ?? 0
  const reply = await host.ask(host.request('SNAPSHOT', { snapshot }))
  const directory = parse(MESSAGES.SNAPSHOT.reply, reply?.payload ?? new Uint8Array(0))
  const all: number[] = []
  const blocks: Record<string, unknown> = {}
  for (const { block, length } of directory?.blocks ?? []) {
    const bytes: number[] = []
    while (bytes.length < (length ?? 0)) {
      const fields = { snapshot, block, offset: bytes.length }
      const piece = await host.ask(host.request('BLOCK', fields))
      bytes.push(...(parse(MESSAGES.BLOCK.reply, piece?.payload ?? new Uint8Array(0))?.data ?? []))
    }
    all.push(...bytes)
    const name = BLOCK_NAMES[block ?? 0]
    if (name) blocks[name] = parse(BLOCKS[name].struct, Uint8Array.from(bytes))
  }
  expect(crc32(Uint8Array.from(all))).toBe(directory?.crc)
  return blocks
}

async function run(scenario: string, seed: number, framing: 'line' | 'report' = 'line') {
  const env = new VirtualEnv({ seed })
  const simulator = await startSimulator({ scenario, seed, env })
  const host = new TestHost(env, wandOf(simulator).paths[framing])
  const first = await reading(host)
  const advanced = await simulator.command({ do: 'advance', days: 7 })
  const second = await reading(host)
  const truth = wandOf(simulator).truth()
  await simulator.stop()
  return { first, second, advanced, truth, heard: Buffer.from(host.heard) }
}

describe('every scenario', () => {
  it.each(scenarioNames())(
    '%s is read over both paths, and is the same from the same seed',
    async (scenario) => {
      const a = await run(scenario, 5)
      const b = await run(scenario, 5)
      expect(Buffer.compare(a.heard, b.heard)).toBe(0)
      expect(a.truth).toEqual(b.truth)
      expect(a.advanced.ok).toBe(true)
      expect(a.first.codes[0]).toBe(Code.OK)
      expect(a.heard.length).toBeGreaterThan(500)
      const c = await run(scenario, 5, 'report')
      expect(c.first.codes).toEqual(a.first.codes)
      if (a.first.blocks) expect(Object.keys(a.first.blocks)).toEqual(Object.keys(BLOCKS))
      expect(a.first.close).toBe(scenario === 'mri-stuck-session' ? 0 : 1)
    },
  )
})

describe('its time', () => {
  const pump = { serial: 'SIM-0042', model: 'SIM-20' as const, volume: 15_000_000 }
  const plain = { title: 'A test', description: 'A test.', pumps: [pump] }

  it('lets the pump alone live faster', async () => {
    const env = new VirtualEnv()
    const simulator = await startSimulator({ scenario: plain, env, speed: 86_400 })
    const host = new TestHost(env, wandOf(simulator).paths.line)
    await host.open()
    const live = async () => {
      const got = await host.work('LIVE')
      return parse(MESSAGES.LIVE.reply, got?.payload ?? new Uint8Array(0))
    }
    const before = await live()
    const began = env.monotonic()
    await env.advance(3000)
    const after = await live()
    const days = ((after?.deviceTime ?? 0) - (before?.deviceTime ?? 0)) / 86_400
    const seconds = (env.monotonic() - began) / 1000
    expect(days).toBeGreaterThan(seconds - 1)
    expect(days).toBeLessThan(seconds + 1)
    expect((before?.reportedVolume ?? 0) - (after?.reportedVolume ?? 0)).toBeGreaterThan(700_000)
    const hello = await host.ask(host.request('HELLO'))
    expect(parse(MESSAGES.HELLO.reply, hello?.payload ?? new Uint8Array(0))).toMatchObject({
      leaseMs: 5000,
      lastEnd: 5,
    })
    await simulator.stop()
  })

  it('takes the steps of a timeline at their time, whether it passes or is skipped', async () => {
    const timeline = [
      { at: '10 s', do: 'lift' },
      { at: '2 h', do: 'place' },
      { at: '1 d', do: 'drain', volume: 1_000_000 },
    ]
    const env = new VirtualEnv()
    const simulator = await startSimulator({ scenario: { ...plain, timeline }, env })
    const host = new TestHost(env, wandOf(simulator).paths.line)
    await host.ask(host.request('HELLO'))
    const position = async () => {
      const got = await host.ask(host.request('PING'))
      return parse(MESSAGES.PING.reply, got?.payload ?? new Uint8Array(0))?.position
    }
    expect(await position()).toBe(1)
    await env.advance(9500)
    expect(await position()).toBe(1)
    await env.advance(500)
    expect(await position()).toBe(0)
    await simulator.command({ do: 'advance', hours: 1 })
    expect(await position()).toBe(0)
    await simulator.command({ do: 'advance', hours: 1 })
    expect(await position()).toBe(1)
    const before = wandOf(simulator).truth()
    await simulator.command({ do: 'advance', days: 1 })
    const after = wandOf(simulator).truth()
    const gone = (before?.actualVolume ?? 0) - (after?.actualVolume ?? 0)
    expect(gone).toBeGreaterThan(1_200_000)
    expect(gone).toBeLessThan(1_350_000)
    await simulator.stop()
  })

  it('runs 90 days of a pump in seconds', async () => {
    const began = performance.now()
    const env = new VirtualEnv()
    const simulator = await startSimulator({ env })
    for (let day = 0; day < 90; day += 1) {
      await simulator.command({ do: 'advance', days: 1 })
      const host = new TestHost(env, wandOf(simulator).paths.line, day + 1)
      expect((await reading(host)).codes).toEqual([Code.OK, Code.OK, Code.OK])
    }
    await simulator.stop()
    expect(performance.now() - began).toBeLessThan(30_000)
  }, 60_000)
})

describe('starting and stopping', () => {
  it('says what is wrong with a scenario', async () => {
    const failing = startSimulator({ scenario: 'no-such' })
    await expect(failing).rejects.toThrow(SimulatorError)
    await expect(failing).rejects.toMatchObject({
      reason: 'scenario',
      message: expect.stringContaining('normal-refill'),
    })
    const bad = startSimulator({ scenario: { title: '', description: 'x', pumps: [] } })
    await expect(bad).rejects.toMatchObject({
      reason: 'scenario',
      message: expect.stringContaining('title'),
    })
  })

  it('gives every wand a pump of its own', async () => {
    const env = new VirtualEnv()
    const simulator = await startSimulator({ env, wands: 5 })
    expect(new Set(simulator.wands.map((wand) => wand.serial)).size).toBe(5)
    expect(new Set(simulator.wands.map((wand) => wand.implantSerial)).size).toBe(5)
    for (const wand of simulator.wands) expect(wand.implantSerial).toMatch(/^[A-Z0-9-]{1,16}$/)
    await simulator.stop()
  })

  it('leaves no timer behind', async () => {
    const env = new VirtualEnv()
    const waiting = new Set<symbol>()
    const counting = {
      wall: () => env.wall(),
      monotonic: () => env.monotonic(),
      random: (n: number) => env.random(n),
      after(ms: number, fn: () => void) {
        const mark = Symbol(String(ms))
        waiting.add(mark)
        const cancel = env.after(ms, () => {
          waiting.delete(mark)
          fn()
        })
        return () => {
          waiting.delete(mark)
          cancel()
        }
      },
    }
    const simulator = await startSimulator({ env: counting, world: fakeWorld() })
    await simulator.command({
      do: 'noise',
      level: 'high',
      faults: { late: 1, merge: 1, drop: 0 },
      air: 'none',
    })
    const host = new TestHost(env, wandOf(simulator).paths.line)
    host.send(host.request('HELLO'))
    await env.advance(1500)
    host.send(host.request('OPEN'))
    await env.advance(700)
    expect(waiting.size).toBeGreaterThan(0)
    await simulator.stop()
    await simulator.stop()
    expect([...waiting].map(String)).toEqual([])
  })

  it('carries 64 wands at four reads a second, none of them lost', async () => {
    const seconds = LONG ? 600 : 5
    const env = new VirtualEnv()
    const simulator = await startSimulator({ env, wands: 64 })
    const hosts = simulator.wands.map((wand, i) => new TestHost(env, wand.paths.line, i + 1))
    let reads = 0
    await Promise.all([
      env.advance(seconds * 1000 + 5000),
      ...hosts.map(async (host) => {
        const until = () => env.monotonic() < seconds * 1000
        const wait = (ms: number) => new Promise<void>((resolve) => void env.after(ms, resolve))
        const ask = async (name: 'HELLO' | 'OPEN' | 'LIVE') => {
          const pdu = host.request(name)
          for (let tries = 0; tries < 60; tries += 1) {
            host.send(pdu)
            await wait(60)
            const got = host.replies.at(-1)
            host.heard.length = 0
            if (got && got.code !== Code.PENDING) return got
          }
          throw new Error('no answer')
        }
        await ask('HELLO')
        host.session = (await ask('OPEN')).session
        while (until()) {
          expect((await ask('LIVE')).code).toBe(Code.OK)
          reads += 1
          host.replies.length = 0
        }
      }),
    ])
    expect(reads).toBeGreaterThan(64 * 3.5 * (seconds - 2))
    await simulator.stop()
  }, 700_000)
})
