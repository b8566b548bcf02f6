// Records of real runs of the simulator, scenario by scenario, as the surfaces get them.
import { scenarioNames } from '../../simulator/scenarios/load.ts'
import { apiRecord } from '../../src/feed/api-record.ts'
import type { ApiRecord, InterrogationRecord, RecordOf } from '../../src/model/record.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { rig } from '../bridge/rig.ts'

export const LOG = 'simulator-1-0a1b2c3d'
export const NAMES = scenarioNames()

const made = new Map<string, Promise<readonly ApiRecord[]>>()

/** Every record of a run of half a minute, the pump living on for days in between. */
export function recordsOf(scenario: string): Promise<readonly ApiRecord[]> {
  const known = made.get(scenario) ?? run(scenario)
  made.set(scenario, known)
  return known
}

async function run(scenario: string): Promise<readonly ApiRecord[]> {
  const r = await rig({ scenario, seed: 7 })
  r.bridge.start()
  await r.live()
  for (const days of [2, 40]) {
    await r.command({ do: 'advance', days })
    await r.command({ do: 'lift' })
    await r.env.advance(8_000)
    await r.command({ do: 'place' })
    await r.env.advance(20_000)
  }
  await r.stop()
  const records: ApiRecord[] = []
  for (const event of r.events) {
    const record = recordOf(event)
    if (!record) continue
    const place = { position: records.length, log: LOG, source: 'simulator' as const }
    const one = apiRecord({ ...record, at: event.receivedAt }, place)
    if (one) records.push(one)
  }
  return records
}

export const interrogations = (records: readonly ApiRecord[]) =>
  records.filter((one): one is InterrogationRecord => one.kind === 'interrogation')
export const alarms = (records: readonly ApiRecord[]) =>
  records.filter((one): one is RecordOf<'alarm'> => one.kind === 'alarm')
