// One interrogation as it is recorded, of a run of the simulator.
import type { NewRecord } from '../../src/audit/format/record.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { rig } from '../bridge/rig.ts'

export async function recordedReading(): Promise<NewRecord> {
  const r = await rig({ seed: 3 })
  r.bridge.start()
  await r.live()
  await r.stop()
  const reading = r.events.find((event) => event.kind === 'reading')
  const record = reading && recordOf(reading)
  if (!record) throw new Error('nothing was read')
  const { at: _at, mono: _mono, ...rest } = record
  return rest
}
