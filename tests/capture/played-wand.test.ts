// A captured wand, played to a bridge of today: the same readings, by whatever framing and policy they are asked for,
// and never to a bridge that reads anything else than replays.
import { describe, expect, it } from 'vitest'
import { scenarioNames } from '../../simulator/index.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { exchangesOf, framesOf } from '../../src/capture/exchanges.ts'
import { playedWand } from '../../src/capture/played-wand.ts'
import { readCapture } from '../../src/capture/reader.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import type { Policy } from '../../src/model/policy.ts'
import { SOURCES, type Source } from '../../src/model/reading.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import { captured, readings } from './runs.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const SCENARIOS = LONG ? scenarioNames() : ['mixture']

async function playedTo(bytes: Uint8Array, source: Source, policy: Policy, ms: number) {
  const env = new VirtualEnv({ seed: 7, wall: Date.UTC(2027, 5, 1) })
  async function* file() {
    yield bytes
  }
  const wand = playedWand(env, exchangesOf(framesOf(readCapture(file()))))
  const ports = [loopbackSource('played', wand)]
  const bridge = new Bridge({ env, driver: openWand, source, ports, policy })
  const events: BridgeEvent[] = []
  bridge.events$.subscribe((event) => void events.push(event))
  bridge.start()
  await env.advance(ms)
  const stopping = bridge.stop()
  await env.advance(4_000)
  await stopping
  return events
}

const bodies = (events: readonly BridgeEvent[]) =>
  readings(events).map(({ pump, evidence }) => ({ serial: pump.serial, body: evidence.body }))

describe.each(SCENARIOS)('%s, played', (scenario) => {
  it.each(['on-placement', 'continuous'] as Policy[])('is read %s as it was', async (policy) => {
    const then = await captured({ scenario, policy: 'on-placement' }, ({ env }) =>
      env.advance(12_000),
    )
    const now = await playedTo(then.bytes, 'replay', policy, 14_000)
    expect(bodies(now).slice(0, 1)).toEqual(bodies(then.events).slice(0, 1))
    const sources = new Set(now.map((event) => event.source))
    expect([...sources]).toEqual(['replay'])
    const ends = now.flatMap((event) => (event.kind === 'session-end' ? [event.how] : []))
    const endsThen = then.events.flatMap((e) => (e.kind === 'session-end' ? [e.how] : []))
    if (policy === 'on-placement') expect(ends).toEqual(endsThen)
  })
})

describe('a played wand', () => {
  it('of which the capture cannot be read on has ended, and says why', async () => {
    const env = new VirtualEnv({ seed: 7 })
    async function* broken(): AsyncGenerator<never> {
      yield* []
      throw new Error('EIO: i/o error, read')
    }
    const wand = playedWand(env, broken())
    const ports = [loopbackSource('played', wand)]
    const how = { env, driver: openWand, source: 'replay', policy: 'on-placement' } as const
    const bridge = new Bridge({ ...how, ports })
    bridge.start()
    await env.advance(5_000)
    expect(await Promise.race([wand.ended, 'goes on'])).toContain('EIO')
    const stopping = bridge.stop()
    await env.advance(4_000)
    await stopping
  })

  it.each(SOURCES.filter((source) => source !== 'replay'))(
    'is refused by a bridge for %s',
    async (source) => {
      const { bytes } = await captured({}, ({ env }) => env.advance(2_000))
      const events = await playedTo(bytes, source, 'continuous', 2_000)
      const kinds = new Set(events.map((event) => event.kind))
      for (const kind of kinds) expect(['link', 'refused']).toContain(kind)
      const causes = events.flatMap((event) => (event.kind === 'link' ? [event.cause] : []))
      expect(causes).toContain('other-source')
    },
  )
})
