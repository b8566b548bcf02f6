// Freshness end to end: whatever takes a value's ground away, it is stale with the reason within one
// second, and never current again before the pump has identified itself.

import { describe, expect, it } from 'vitest'
import { NO_RECORDER } from '../../src/bridge/gate.ts'
import type { AuditStatus } from '../../src/model/status.ts'
import { said } from '../words/said.ts'
import { type Rig, starter } from './rig.ts'

const start = starter()

/** Nothing of a status is current: not the pump, not one of its values. */
function expectStale(r: Rig, reason: string): void {
  const pump = r.pump()
  expect(pump?.quality).toBe('stale')
  expect(pump?.reason).toBe(reason)
  expect(JSON.stringify(pump)).not.toContain('"quality":"current"')
}

/** Between a loss and the next current value the pump must have identified itself. */
function expectIdentityAfter(r: Rig, since: number): void {
  const later = r.events.slice(since)
  const known = later.findIndex((e) => e.kind === 'recognised' || e.kind === 'session-open')
  expect(known).toBeGreaterThanOrEqual(0)
}

describe('a live pump goes stale within one second', () => {
  it('when the cable is pulled: wand-lost', async () => {
    const r = await start()
    await r.live()
    await r.command({ do: 'unplug' })
    expect(await r.until(() => r.pump()?.quality === 'stale', 1_000)).toBeLessThanOrEqual(1_000)
    expectStale(r, 'wand-lost')
    const seen = r.events.length
    await r.command({ do: 'plug' })
    await r.live()
    expectIdentityAfter(r, seen)
  })

  it('when the cable goes silent: wand-lost', async () => {
    const r = await start()
    await r.live()
    await r.command({ do: 'noise', faults: { drop: 1 } })
    expect(await r.until(() => r.pump()?.quality === 'stale', 1_000)).toBeLessThanOrEqual(1_000)
    expectStale(r, 'wand-lost')
    await r.command({ do: 'noise', level: 'none' })
    await r.live()
  })

  it('when the wand is lifted: implant-lost, and it is recognised again, not read again', async () => {
    const r = await start()
    await r.live()
    const readings = r.events.filter((e) => e.kind === 'reading').length
    await r.command({ do: 'lift' })
    await r.until(() => r.pump()?.quality === 'stale', 1_400)
    expectStale(r, 'implant-lost')
    const seen = r.events.length
    await r.command({ do: 'place' })
    await r.live()
    expectIdentityAfter(r, seen)
    expect(r.events.filter((e) => e.kind === 'reading')).toHaveLength(readings)
  })

  it('when the log fails: audit-failed, and it heals without a restart', async () => {
    let state: AuditStatus['state'] = 'ok'
    const recorder = { ...NO_RECORDER, status: () => ({ ...NO_RECORDER.status(), state }) }
    const r = await start({ recorder })
    await r.live()
    state = 'failed'
    expectStale(r, 'audit-failed')
    state = 'ok'
    expect(r.pump()?.quality).toBe('current')
  })

  it('when the disk hangs: nothing newer is shown, bad news is', async () => {
    let hang = false
    const waiting: (() => void)[] = []
    const recorder = {
      ...NO_RECORDER,
      record: () =>
        hang ? new Promise<boolean>((resolve) => void waiting.push(() => resolve(true))) : null,
    }
    const r = await start({ recorder })
    await r.live()
    hang = true
    const before = r.pump()?.readAt
    await r.env.advance(5_000)
    expect(r.pump()?.readAt).toBe(before)
    await r.command({ do: 'unplug' })
    await r.until(() => r.pump()?.quality === 'stale', 1_000)
    hang = false
    for (const write of waiting.splice(0)) write()
    await r.env.advance(100)
    expectStale(r, 'wand-lost')
  })

  it('when the session has been closed: session-closed', async () => {
    const r = await start({ policy: 'on-placement' })
    await r.until(() => r.pump()?.session.state === 'closed')
    expectStale(r, 'session-closed')
    expect(r.pump()?.session).toMatchObject({ closeConfirmed: true })
    expect(said(r.pump()?.session)).toContain('You may now use the pump’s own programmer')
  })

  it('when this computer sleeps: nothing is live by the time anybody looks', async () => {
    const r = await start()
    await r.live()
    await r.env.suspend(3_600_000)
    expect(r.pump()?.quality).toBe('stale')
    await r.live()
    r.env.setWall(3_600_000)
    expect(r.pump()?.quality).toBe('stale')
    await r.live()
  })
})

describe('another pump', () => {
  it('starts a session of its own and inherits no value', async () => {
    const r = await start({ scenario: 'wrong-pump' })
    await r.live()
    const first = r.pump()
    await r.command({ do: 'present', pump: 1 })
    await r.until(() => r.pump()?.pump.id !== first?.pump.id && r.pump()?.quality === 'current')
    const second = r.pump()
    expect(second?.pump.serial).not.toBe(first?.pump.serial)
    expect(second?.session.id).not.toBe(first?.session.id)
    const old = r.bridge.status().pumps.find((p) => p.pump.id === first?.pump.id)
    expect(old?.quality).toBe('stale')
    expect(old?.reservoir.reportedVolume.value).toBe(first?.reservoir.reportedVolume.value)
  })
})

describe('a field out of its range', () => {
  it('makes that value invalid while an alarm of the same snapshot is shown', async () => {
    const r = await start()
    await r.live()
    await r.command({ do: 'alarm', code: 'motor-stall', on: true })
    await r.command({ do: 'fault', fault: 'out-of-range-volume', on: true })
    await r.until(() => (r.pump()?.alarms?.length ?? 0) > 0)
    const pump = r.pump()
    expect(pump?.reservoir.reportedVolume).toMatchObject({ value: null, quality: 'invalid' })
    expect(pump?.reservoir.capacity.quality).toBe('current')
    expect(pump?.alarms?.map((a) => a.code)).toContain('motor-stall')
  })
})
