// A capture told again is what was told when it was made: every event, of every scenario, with its times.
import { describe, expect, it } from 'vitest'
import { scenarioNames } from '../../simulator/index.ts'
import { systemEnv } from '../../src/base/env.ts'
import type { About } from '../../src/capture/format.ts'
import { captureWriter } from '../../src/capture/writer.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { Replay } from '../../src/host/replay.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import type { Policy } from '../../src/model/policy.ts'
import { type Rig, type RigOptions, rig } from '../bridge/rig.ts'
import { partsOf } from './files.ts'

/** A run of the simulator, captured. */
async function captured(options: RigOptions, during: (rig: Rig) => Promise<void>) {
  const { policy = 'on-placement' } = options
  const bridge: About['bridge'] = { source: 'simulator', policy, liveMs: null }
  const writer = captureWriter({ boot: 'test', bridge, began: { wall: 0, mono: 0 } })
  const chunks: Uint8Array[] = []
  let count = 0
  const live = await rig({
    ...options,
    policy,
    facts(port, fact, at) {
      writer.put(port, fact, at)
      count += 1
      if (count % 50 === 0) chunks.push(writer.take())
    },
  })
  live.bridge.start()
  await during(live)
  await live.stop()
  chunks.push(writer.take())
  return { bytes: Buffer.concat(chunks), events: live.events }
}

async function replayed(bytes: Uint8Array): Promise<BridgeEvent[]> {
  const replay = new Replay(systemEnv(), openWand)
  const events: BridgeEvent[] = []
  replay.bridge.events$.subscribe((event) => void events.push(event))
  async function* parts() {
    yield* await partsOf(bytes)
  }
  await replay.play(parts())
  return events
}

/** An event but for what says where it is from. */
function told(event: BridgeEvent): unknown {
  return JSON.parse(
    JSON.stringify({ ...event, source: '' }, (key, value) =>
      // Of a replayed pump the id is another one, as of every other source.
      key === 'pump' && value?.id ? { ...value, id: '' } : value,
    ),
  )
}
const readings = (events: readonly BridgeEvent[]) => events.filter((e) => e.kind === 'reading')

describe.each(['on-placement', 'continuous'] as Policy[])('read %s', (policy) => {
  it.each(scenarioNames())('%s replays to the same events', async (scenario) => {
    const { bytes, events } = await captured({ scenario, policy }, ({ env }) => env.advance(40_000))
    const again = await replayed(bytes)
    expect(readings(again).map(told)).toEqual(readings(events).map(told))
    expect(again.map(told)).toEqual(events.map(told))
    expect(new Set(again.map((event) => event.source))).toEqual(new Set(['replay']))
  })
})
