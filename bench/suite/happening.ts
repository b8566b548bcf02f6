// What a bridge records of a simulated wand that is read all the time, to fill long logs with.
import { startSimulator } from '../../simulator/index.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'

/** What a bridge records in four minutes: sessions that are held, read and closed. */
export async function happening(): Promise<NewRecord[]> {
  const virtual = new VirtualEnv({ seed: 1 })
  const simulator = await startSimulator({ env: virtual, seed: 1, wands: 1 })
  const ports = simulator.wands.map((wand) => loopbackSource('loop-0', wand.paths.line))
  const bridge = new Bridge({
    env: virtual,
    driver: openWand,
    source: 'simulator',
    ports,
    policy: 'continuous',
  })
  const records: NewRecord[] = []
  bridge.events$.subscribe((event) => {
    const record = recordOf(event)
    if (record) records.push(record)
  })
  bridge.start()
  await virtual.advance(240_000)
  const stopping = bridge.stop()
  await virtual.advance(5_000)
  await stopping
  await simulator.stop()
  return records
}
