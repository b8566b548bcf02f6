// The cable: bytes are conserved, the same seed gives the same bytes, and nothing that it does can
// make the wand act twice or the host believe what the wand did not say.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Code } from '../../../protocol/codec/pdu.ts'
import { LINES } from '../../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../../protocol/framing/report-stream.ts'
import type { Cable } from '../../../simulator/cable/cable.ts'
import { FAULTS } from '../../../simulator/cable/faults.ts'
import { Wire } from '../../../simulator/cable/wire.ts'
import { startSimulator } from '../../../simulator/index.ts'
import { VirtualEnv } from '../../../src/base/env.ts'
import { TestHost } from '../host.ts'
import { fakeWorld } from '../world.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'

function wire(env: VirtualEnv, framing: 'line' | 'report', faults = FAULTS.none, seed = 3) {
  const out: { at: number; bytes: number[] }[] = []
  const made = new Wire({
    env,
    seed,
    framing: framing === 'line' ? LINES : REPORTS,
    faults: () => faults,
    deliver: (bytes) => void out.push({ at: env.monotonic(), bytes: [...bytes] }),
  })
  return { wire: made, out }
}

describe('a wire', () => {
  it('is as fast as 115200 baud and no faster', async () => {
    const env = new VirtualEnv()
    const { wire: w, out } = wire(env, 'line')
    for (let i = 0; i < 10; i += 1) w.send(new Uint8Array(1152).fill(i), 1)
    await env.advance(999.9)
    expect(out).toHaveLength(9)
    await env.advance(1)
    expect(out).toHaveLength(10)
    expect(out.map((o) => o.at)).toEqual(out.map((_, i) => expect.closeTo((i + 1) * 100, 6)))
  })

  it('conserves bytes at every moment, whatever goes wrong, and delivers all without faults', async () => {
    const faults = fc.record(
      Object.fromEntries(
        Object.keys(FAULTS.none).map((name) => [name, fc.constantFrom(0, 0.1, 0.5, 1)]),
      ),
    )
    const frames = fc.array(
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 600 }), fc.integer({ min: 0, max: 60 })),
      { maxLength: 30 },
    )
    await fc.assert(
      fc.asyncProperty(
        faults,
        frames,
        fc.integer(),
        fc.option(fc.integer({ min: 0, max: 400 })),
        async (given, sent, seed, cutAt) => {
          const env = new VirtualEnv()
          const { wire: w, out } = wire(env, 'line', given as unknown as typeof FAULTS.none, seed)
          const holds = () => {
            const c = w.counters
            expect(c.sent + c.added).toBe(c.delivered + c.lost + w.inFlight)
            expect(out.reduce((sum, o) => sum + o.bytes.length, 0)).toBe(c.delivered)
          }
          if (cutAt !== null) env.after(cutAt, () => w.cut())
          for (const [bytes, gap] of sent) {
            w.send(bytes, 1)
            holds()
            await env.advance(gap)
            holds()
          }
          await env.advance(30_000)
          holds()
          expect(w.inFlight).toBe(0)
          if (cutAt === null && Object.values(given).every((chance) => chance === 0)) {
            expect(out.flatMap((o) => o.bytes)).toEqual(sent.flatMap(([bytes]) => [...bytes]))
          }
        },
      ),
      { numRuns: LONG ? 1000 : 60 },
    )
  })

  it('splits and merges without touching a byte', async () => {
    const env = new VirtualEnv()
    const { wire: w, out } = wire(env, 'line', { ...FAULTS.none, split: 1, merge: 0.5 })
    const sent = Array.from({ length: 200 }, (_, i) => new Uint8Array(40).fill(i))
    for (const frame of sent) w.send(frame, 1)
    await env.advance(5000)
    expect(out.flatMap((o) => o.bytes)).toEqual(sent.flatMap((frame) => [...frame]))
    expect(out.some((o) => o.bytes.length > 40)).toBe(true)
    expect(out.some((o) => o.bytes.length < 40)).toBe(true)
  })

  it('keeps reports whole', async () => {
    const env = new VirtualEnv()
    const { wire: w, out } = wire(env, 'report', {
      ...FAULTS.none,
      split: 1,
      merge: 1,
      duplicate: 0.5,
    })
    for (let i = 0; i < 50; i += 1) w.send(new Uint8Array(64).fill(i), 1)
    await env.advance(1000)
    expect(out.every((o) => o.bytes.length === 64)).toBe(true)
    expect(out.length).toBeGreaterThan(60)
  })
})

describe('the plug', () => {
  it('delivers what has passed and nothing of what has not', async () => {
    const env = new VirtualEnv()
    const sim = await startSimulator({ env, world: fakeWorld() })
    const host = new TestHost(env, (sim.wands[0] as (typeof sim.wands)[0]).paths.line)
    host.send(host.request('HELLO'))
    // The request takes 3.7 ms, the reply of 163 bytes 14 ms.
    await env.advance(10)
    await sim.command({ do: 'unplug' })
    expect(host.unplugged).toBe(true)
    expect(host.heard.length).toBeGreaterThan(10)
    expect(host.heard.length).toBeLessThan(163)
    await env.advance(1000)
    expect(host.replies).toHaveLength(0)
    expect(() => new TestHost(env, (sim.wands[0] as (typeof sim.wands)[0]).paths.line)).toThrow(
      'unplugged',
    )
    await sim.command({ do: 'plug' })
    const again = new TestHost(env, (sim.wands[0] as (typeof sim.wands)[0]).paths.line, 2)
    expect((await again.ask(again.request('HELLO')))?.code).toBe(Code.OK)
    await sim.stop()
  })

  it.each(['line', 'report'] as const)(
    'hands an earlier opener’s bytes to the next one over %s if told to',
    async (framing) => {
      for (const leftovers of [0, 1]) {
        const env = new VirtualEnv()
        const sim = await startSimulator({ env, world: fakeWorld() })
        const [wand] = sim.wands
        const path = wand?.paths[framing] as Cable
        await sim.command({ do: 'noise', faults: { leftovers } })
        const first = new TestHost(env, path, 1)
        first.send(first.request('HELLO'))
        await env.advance(0.5)
        first.release()
        await env.advance(200)
        const second = new TestHost(env, path, 2)
        await env.advance(50)
        expect(second.replies.map((r) => r.link)).toEqual(leftovers ? [1] : [])
        expect((await second.ask(second.request('HELLO')))?.link).toBe(2)
        await sim.stop()
      }
    },
  )
})

async function soak(
  framing: 'line' | 'report',
  level: 'none' | 'low' | 'high',
  seed: number,
  minutes: number,
) {
  const env = new VirtualEnv({ seed })
  const world = fakeWorld()
  const sim = await startSimulator({ env, seed, world })
  const [wand] = sim.wands
  const path = wand?.paths[framing] as Cable
  await sim.command({ do: 'noise', level, air: 'low' })
  const heard: number[] = []
  const outcomes: Record<string, number> = {}
  let host = new TestHost(env, path, 1)
  let opens = 0
  for (let link = 2; env.monotonic() < minutes * 60_000; link += 1) {
    const opened = await host.open()
    opens += 1
    const steps = opened?.code === Code.OK ? (['INTERROGATE', 'LIVE', 'CLOSE'] as const) : []
    for (const step of steps) {
      const got = await host.work(step)
      outcomes[`${step} ${got?.code ?? 'none'}`] =
        (outcomes[`${step} ${got?.code ?? 'none'}`] ?? 0) + 1
      if (got?.code !== Code.OK) break
    }
    heard.push(...host.heard)
    if (link % 3 === 0) host.release()
    if (link % 5 === 0) {
      await sim.command({ do: 'unplug' })
      await env.advance(100)
      await sim.command({ do: 'plug' })
    }
    await env.advance(link % 7 === 0 ? 6000 : 50)
    host = new TestHost(env, path, link)
  }
  await sim.stop()
  return {
    heard,
    outcomes,
    opens,
    path,
    began: world.made.reduce((sum, pump) => sum + pump.began, 0),
  }
}

describe('everything at once', () => {
  it.each([
    ['line', 'low'],
    ['line', 'high'],
    ['report', 'low'],
    ['report', 'high'],
  ] as const)(
    'over %s with %s noise the wand goes on, and all is the same from the same seed',
    async (framing, level) => {
      const minutes = LONG ? 30 : 3
      const a = await soak(framing, level, 11, minutes)
      const b = await soak(framing, level, 11, minutes)
      expect(Buffer.compare(Buffer.from(a.heard), Buffer.from(b.heard))).toBe(0)
      expect(a.outcomes).toEqual(b.outcomes)
      expect(a.outcomes[`CLOSE ${Code.OK}`]).toBeGreaterThan(3)
      expect(a.heard.length).toBeGreaterThan(5000)
      const c = await soak(framing, level, 12, 1)
      expect(
        Buffer.compare(Buffer.from(a.heard.slice(0, c.heard.length)), Buffer.from(c.heard)),
      ).not.toBe(0)
      // However often a request was repeated or doubled, the implant was opened once for it.
      expect(a.began).toBeGreaterThan(3)
      expect(a.began).toBeLessThanOrEqual(a.opens)
      const { toHost, toWand } = a.path.counters
      for (const c of [toHost, toWand]) expect(c.sent + c.added).toBe(c.delivered + c.lost)
    },
    60_000,
  )
})
