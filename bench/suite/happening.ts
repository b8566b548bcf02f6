// What a bridge records of a simulated wand that is read all the time, to fill long logs with.
import type { NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { loopBridge } from './loop-bridge.ts'

/** What a bridge records in four minutes: sessions that are held, read and closed. */
export async function happening(): Promise<NewRecord[]> {
  const virtual = new VirtualEnv({ seed: 1 })
  const { bridge, simulator } = await loopBridge(virtual)
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
