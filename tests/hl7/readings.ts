// Interrogations as they are recorded, of a run of the simulator, and logs of them.
import type { NewRecord } from '../../src/audit/format/record.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
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

/** A log of so many interrogations, as they were read; their positions. */
export async function filledLog(stateDir: string, count: number): Promise<number[]> {
  const reading = await recordedReading()
  const env = systemEnv()
  const auditor = new Auditor({ env, stateDir, source: 'simulator', settings: {}, boot: 'fill' })
  const positions: number[] = []
  while (positions.length < count) {
    const some = Array.from({ length: Math.min(100, count - positions.length) }, () =>
      auditor.append(reading),
    )
    for (const receipt of await Promise.all(some)) if (receipt) positions.push(receipt.position)
  }
  await auditor.close('filled')
  return positions
}
