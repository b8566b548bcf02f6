// A capture told again is what was told when it was made: every event, of every scenario, with its times.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scenarioNames } from '../../simulator/index.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import type { Policy } from '../../src/model/policy.ts'
import type { Rig, RigOptions } from '../bridge/rig.ts'
import { captured, readings, replayed } from './runs.ts'

/** An event but for what says where it is from. */
function told(event: BridgeEvent): unknown {
  return JSON.parse(
    JSON.stringify({ ...event, source: '', order: 0 }, (key, value) =>
      // Of a replayed pump the id is another one, as of every other source.
      key === 'pump' && value?.id ? { ...value, id: '' } : value,
    ),
  )
}

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const POLICIES: readonly Policy[] = LONG
  ? ['on-placement', 'continuous', 'manual']
  : ['on-placement']
const FRAMINGS = LONG ? (['line', 'report'] as const) : (['line'] as const)

async function replaysToTheSame(options: RigOptions, during: (rig: Rig) => Promise<void>) {
  const { bytes, events } = await captured(options, during)
  const again = await replayed(bytes)
  expect(readings(again).map(told)).toEqual(readings(events).map(told))
  // What was noise is told after what the same bytes led to; a request that they led to is seen behind them here.
  const noise = (event: BridgeEvent) => event.kind === 'refused'
  const rest = (event: BridgeEvent) => !noise(event)
  for (const part of [rest, noise]) {
    expect(again.filter(part).map(told)).toEqual(events.filter(part).map(told))
  }
  for (const event of again) expect(event.source).toBe('replay')
  return events
}

describe.each(POLICIES)('read %s', (policy) => {
  describe.each(FRAMINGS)('by %s', (framing) => {
    it.each(scenarioNames())('%s replays to the same events', async (scenario) => {
      await replaysToTheSame({ scenario, policy, framing }, async ({ env, bridge }) => {
        await env.advance(1_000)
        if (policy === 'manual') bridge.interrogate()
        await env.advance(LONG ? 60_000 : 7_000)
      })
    })
  })
})

/** What goes wrong at a desk: simulator commands. */
const TROUBLE = [
  ...[{ do: 'lift' }, { do: 'place' }, { do: 'unplug' }, { do: 'plug' }, { do: 'restart-wand' }],
  ...['none', 'low', 'high'].map((level) => ({ do: 'noise', level })),
  ...[
    { do: 'place', gap: 60 },
    { do: 'fault', what: 'read' },
  ],
] as const

describe('whatever goes wrong', () => {
  it('replays to the same events', async () => {
    const step = fc.record({
      what: fc.constantFrom(...TROUBLE, 'interrogate' as const),
      ms: fc.integer({ min: 10, max: 9_000 }),
    })
    let lost = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Policy>('on-placement', 'continuous', 'manual'),
        fc.constantFrom('line' as const, 'report' as const),
        fc.array(step, { minLength: 3, maxLength: 12 }),
        fc.nat(1_000),
        async (policy, framing, steps, seed) => {
          const during = async ({ env, bridge, simulator }: Rig) => {
            for (const { what, ms } of steps) {
              if (what === 'interrogate') bridge.interrogate()
              else await simulator.command({ wand: 0, ...what })
              await env.advance(ms)
            }
          }
          const events = await replaysToTheSame({ policy, framing, seed }, during)
          lost += events.filter((event) => event.kind === 'link' && !event.connected).length
        },
      ),
      { numRuns: LONG ? 1_000 : 4, endOnFailure: true },
    )
    expect(lost).toBeGreaterThan(0)
  })

  it.each([
    ['slept', (rig: Rig) => rig.env.suspend(5_000)],
    ['whose clock was set', async ({ env }: Rig) => env.setWall(600_000)],
  ])('a computer that %s began anew then, and does again', async (_, happen) => {
    const policy = 'continuous'
    const { bytes, events } = await captured({ policy }, async (rig) => {
      await rig.env.advance(8_000)
      await happen(rig)
      await rig.env.advance(20_000)
    })
    const again = await replayed(bytes)
    const causes = (all: readonly BridgeEvent[]) =>
      all.flatMap((event) => (event.kind === 'link' ? [event.cause] : []))
    expect(causes(again)).toEqual(causes(events))
    expect(causes(again)).toContain(_ === 'slept' ? 'held-up' : 'clock-jumped')
    expect(readings(again).map(told)).toEqual(readings(events).map(told))
  })
})
