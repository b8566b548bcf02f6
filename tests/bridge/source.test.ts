// One bridge, one kind of wand: another kind is refused, and a mark that changes midway, at whatever
// moment, shows nothing that came with it and nothing since.

import { describe, expect, it } from 'vitest'
import { interrogateOnce, type Outcome } from '../../src/bridge/interrogate.ts'
import { said } from '../words/said.ts'
import { type Rig, rig, starter } from './rig.ts'

const start = starter()

/** Nothing of a wand and of no pump was told. */
function expectNothingShown(r: Rig): void {
  expect(r.events.filter((e) => e.kind !== 'link' && e.kind !== 'refused')).toEqual([])
  const { wands, pumps } = r.bridge.status()
  expect(pumps).toEqual([])
  for (const wand of wands) {
    expect(wand).toMatchObject({ serial: null, model: null, firmware: null, battery: null })
  }
}

describe('a wand of another kind', () => {
  it.each(['device', 'replay'] as const)('is refused by a bridge for %s', async (source) => {
    const r = await start({ source })
    await r.env.advance(30_000)
    expectNothingShown(r)
    expect(r.events.every((e) => e.source === source)).toBe(true)
    expect(r.wand()?.link.cause).toBe('other-source')
    expect(said(r.wand()?.link.why)).toContain('Start the bridge with --source simulator.')
    expect(r.bridge.counters()['loop-0']?.opens).toBeLessThan(12)
  })

  it.each(['device', 'replay'] as const)(
    'marked %s is refused by one for simulators',
    async (as) => {
      const r = await rig()
      await r.command({ do: 'reply', to: 'HELLO', count: 0, source: as })
      r.bridge.start()
      await r.env.advance(10_000)
      expectNothingShown(r)
      expect(said(r.wand()?.link.why)).toContain(`--source ${as}.`)
      await r.stop()
    },
  )

  it.each([0, 20_000])('ends one reading as failed, asked after %i ms', async (ms) => {
    const r = await start({ source: 'device', policy: 'manual' })
    await r.env.advance(ms)
    let outcome: Outcome | null = null
    void interrogateOnce(r.env, r.bridge, 'loop-0', 30_000).then((came) => {
      outcome = came
    })
    await r.until(() => outcome !== null, 10_000)
    expect(outcome).toMatchObject({ kind: 'failed' })
    expect(JSON.stringify(outcome)).toContain('why.other-source')
  })
})

/** When the mark changes: the n-th reply to what, and whether a session is open by then. */
const MOMENTS = [
  { to: 'PING', nth: 1, session: false },
  { to: 'WAND', nth: 1, session: false },
  { to: 'OPEN', nth: 1, session: false },
  { to: 'INTERROGATE', nth: 1, session: true },
  { to: 'SNAPSHOT', nth: 1, session: true },
  { to: 'BLOCK', nth: 1, session: true },
  { to: 'BLOCK', nth: 4, session: true },
  { to: 'BLOCK', nth: 11, session: true },
  { to: 'LIVE', nth: 1, session: true },
  { to: 'LIVE', nth: 3, session: true },
  { to: 'CLOSE', nth: 1, session: true },
] as const

describe.each(['device', 'replay'] as const)('a mark that changes to %s', (other) => {
  it.each(MOMENTS)('at reply $nth to $to breaks the link', async ({ to, nth, session }) => {
    const r = await rig({ policy: to === 'CLOSE' ? 'on-placement' : 'continuous' })
    await r.command({ do: 'reply', to, nth, count: 0, source: other })
    r.bridge.start()
    const broken = () => r.events.findIndex((e) => e.kind === 'link' && e.cause === 'mark-changed')
    await r.until(() => broken() >= 0, 60_000)
    const before = r.events.slice(0, broken())
    // All that stands in the stream came with the right mark, and says so.
    expect(r.events.every((e) => e.source === 'simulator')).toBe(true)
    expect(before.filter((e) => e.kind === 'live')).toHaveLength(to === 'LIVE' ? nth - 1 : 0)
    const readings = before.filter((e) => e.kind === 'reading')
    expect(readings).toHaveLength(to === 'LIVE' || to === 'CLOSE' ? 1 : 0)
    // Nothing is live, and a session that was open is told as not closed.
    for (const pump of r.bridge.status().pumps) expect(pump.quality).toBe('stale')
    const ended = r.events.filter((e) => e.kind === 'session-end').map((e) => e.how)
    expect(ended).toEqual(session ? ['lost'] : [])
    const unclosed = r.wand()?.unclosed ?? []
    expect(unclosed.length).toBe(session || to === 'OPEN' ? 1 : 0)
    await r.stop()
  })

  it('at a second HELLO breaks the link', async () => {
    const r = await rig()
    await r.command({ do: 'reply', to: 'HELLO', nth: 2, count: 1, source: other })
    r.bridge.start()
    await r.live()
    // Somebody looks how the session ended that the wand has ended by itself.
    await r.command({ do: 'reply', to: 'LIVE', code: 'NO_SESSION' })
    await r.until(
      () => r.events.some((e) => e.kind === 'link' && e.cause === 'mark-changed'),
      10_000,
    )
    expect(r.pump()?.quality).toBe('stale')
    await r.until(() => r.pump()?.quality === 'current', 60_000)
    await r.stop()
  })
})
