// Sessions: opened once, closed with the implant's word, and a fault that everybody sees when not.

import { describe, expect, it } from 'vitest'
import { said } from '../words/said.ts'
import { type Rig, rig, starter } from './rig.ts'

const start = starter()

const count = (r: Rig, kind: string) => r.events.filter((e) => e.kind === kind).length

describe('on-placement', () => {
  it('reads once for each time the wand is put in place', async () => {
    const r = await start({ policy: 'on-placement' })
    await r.until(() => r.wand()?.session.state === 'closed')
    await r.env.advance(60_000)
    expect(count(r, 'session-open')).toBe(1)
    expect(count(r, 'reading')).toBe(1)
    await r.command({ do: 'lift' })
    await r.env.advance(2_000)
    await r.command({ do: 'place' })
    await r.until(() => count(r, 'reading') === 2 && r.wand()?.session.state === 'closed')
    await r.env.advance(30_000)
    expect(count(r, 'session-open')).toBe(2)
  })
})

describe('manual', () => {
  it('reads only when asked', async () => {
    const r = await start({ policy: 'manual' })
    await r.env.advance(30_000)
    expect(count(r, 'session-open')).toBe(0)
    r.bridge.interrogate()
    await r.until(() => r.wand()?.session.state === 'closed')
    expect(count(r, 'reading')).toBe(1)
  })
})

describe('continuous', () => {
  it('holds a session for 120 s at most and follows what moves', async () => {
    const r = await start()
    await r.live()
    await r.env.advance(130_000)
    const opens = r.events.filter((e) => e.kind === 'session-open')
    const ends = r.events.filter((e) => e.kind === 'session-end')
    expect(opens.length).toBeGreaterThan(1)
    expect((ends[0]?.mono ?? Infinity) - (opens[0]?.mono ?? 0)).toBeLessThanOrEqual(125_000)
    expect(count(r, 'live')).toBeGreaterThan(60)
  })

  it('reads again when the pump says that it has changed, and shows nothing as live until then', async () => {
    const r = await start()
    await r.live()
    const before = r.pump()?.infusion.rate.value
    await r.command({ do: 'program', change: { rate: 333_000 } })
    await r.until(() => r.pump()?.reason === 'changed', 3_000)
    await r.live()
    expect(r.pump()?.infusion.rate).toMatchObject({ value: 0.333, quality: 'current' })
    expect(before).not.toBe(0.333)
  })
})

describe('stopping', () => {
  it('closes the session, confirmed, inside three seconds, at any moment', async () => {
    const moments = [0, 700, 1_500, 2_300, 2_600, 3_000, 3_700, 4_500, 6_000, 8_000, 12_000]
    // At the edge of its range the pump takes long to read: most of these fall into an INTERROGATE.
    const cases = ['normal-refill', 'edge-of-range'].flatMap((scenario) =>
      moments.map((moment) => ({ scenario, moment })),
    )
    for (const { scenario, moment } of cases) {
      const r = await rig({ scenario })
      r.bridge.start()
      await r.env.advance(moment)
      const took = await r.stop()
      expect(took).toBeLessThanOrEqual(3_000)
      const opened = count(r, 'session-open')
      const ends = r.events.filter((e) => e.kind === 'session-end')
      expect(ends).toHaveLength(opened)
      for (const end of ends) expect(end).toMatchObject({ how: 'confirmed' })
    }
  })
})

describe('a bridge that was killed', () => {
  it('leaves a session that the wand ends by its lease, which the next one is told and shows', async () => {
    const r = await start()
    await r.live()
    // The cable goes at once and with it every word of the host; the wand is left alone.
    await r.command({ do: 'unplug' })
    await r.env.advance(20_000)
    await r.command({ do: 'plug' })
    await r.until(() => r.wand()?.link.connected === true)
    await r.until(() => r.wand()?.lastSessionEnd !== null)
    expect(r.wand()?.lastSessionEnd).toBe('lease-expired')
  })
})

describe('a stuck session', () => {
  it('is a visible fault until the implant confirms a close', async () => {
    const r = await start({ policy: 'on-placement' })
    await r.command({ do: 'fault', fault: 'stuck-telemetry', on: true })
    await r.until(() => r.wand()?.session.state === 'not-confirmed')
    expect(r.wand()?.session).toMatchObject({ closeConfirmed: false })
    expect(said(r.wand()?.session)).toBe(
      'Session not confirmed closed. Hold the wand in place again.',
    )
    await r.command({ do: 'fault', fault: 'stuck-telemetry', on: false })
    await r.command({ do: 'lift' })
    await r.env.advance(2_000)
    await r.command({ do: 'place' })
    await r.until(() => r.wand()?.session.state === 'closed')
  })
})

describe('a noisy cable', () => {
  it('never opens two sessions for one, and every session it opens is ended', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const r = await rig({ seed, policy: 'manual' })
      r.bridge.start()
      await r.command({ do: 'noise', level: 'high' })
      for (let i = 0; i < 3; i += 1) {
        r.bridge.interrogate()
        await r.env.advance(40_000)
      }
      await r.command({ do: 'noise', level: 'none' })
      await r.env.advance(20_000)
      await r.stop()
      const ids = r.events.filter((e) => e.kind === 'session-open').map((e) => e.session)
      expect(new Set(ids).size).toBe(ids.length)
      expect(count(r, 'session-end')).toBe(ids.length)
    }
  })
})

it('is asked for on the port that is named, and on no other whose name it begins with', async () => {
  const r = await start({ policy: 'manual' })
  await r.until(() => r.wand()?.contact.fresh === true)
  expect(r.bridge.interrogate('loop-01')).toBe(false)
  await r.env.advance(10_000)
  expect(r.pump()).toBeUndefined()
  expect(r.bridge.interrogate('loop-0')).toBe(true)
  await r.until(() => r.pump() !== undefined)
})
