// Runs of the simulator in virtual time, captured, and captures replayed.
import { systemEnv } from '../../src/base/env.ts'
import type { About } from '../../src/capture/format.ts'
import { captureWriter } from '../../src/capture/writer.ts'
import { Replay, type ReplayHooks } from '../../src/host/replay.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import { type Rig, type RigOptions, rig } from '../bridge/rig.ts'
import { partsOf } from './files.ts'

/** A run of the simulator, captured. */
export async function captured(options: RigOptions, during: (rig: Rig) => Promise<void>) {
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

export async function replayed(bytes: Uint8Array, hooks: ReplayHooks = {}): Promise<BridgeEvent[]> {
  const replay = new Replay(systemEnv())
  const events: BridgeEvent[] = []
  replay.bridge.events$.subscribe((event) => void events.push(event))
  async function* parts() {
    yield* await partsOf(bytes)
  }
  await replay.play(parts(), hooks)
  return events
}

export const readings = (events: readonly BridgeEvent[]) =>
  events.flatMap((event) => (event.kind === 'reading' ? [event] : []))
