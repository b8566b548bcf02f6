// Runs of the simulator, scenario by scenario, whose bridge is killed at random moments: afterwards alarms,
// visits, refills and sessions are those of a bridge that was never killed, and each alarm stands in the
// log as begun once and as ended once.
import { describe, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { mulberry32 } from '../../src/base/env.ts'
import type { FeedRecord } from '../../src/feed/feed-record.ts'
import { type Known, nothingKnown } from '../../src/knowledge/known.ts'
import {
  activeAlarms,
  missingAlarms,
  refillsOf,
  unclosedOf,
  visitsOf,
} from '../../src/knowledge/views.ts'
import { alarmChanges, alarmKey, readNoted } from '../../src/model/alarm-changes.ts'
import type { AlarmReading } from '../../src/model/reading.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { rig } from '../bridge/rig.ts'
import { feedRecords, folded, LOG } from './records.ts'

const ORIGIN = { log: LOG, source: 'simulator' } as const
const SCENARIOS = [
  'low-reservoir-early',
  'stall-late-recovery',
  'eri-to-eos',
  'mri-stuck-session',
  'event-log-overflow',
]
const SEEDS = process.env['WANDBRIDGE_LONG'] === '1' ? 100 : 6
const START: NewRecord = {
  kind: 'start',
  body: { software: 'wandbridge 0', node: 'v20', platform: 'linux' },
}

/** What a bridge has to record, alarms left out: those are told by what the log says already. */
async function happened(scenario: string): Promise<NewRecord[]> {
  const r = await rig({ scenario, seed: 7, policy: 'on-placement' })
  r.bridge.start()
  const place = async () => {
    await r.env.advance(25_000)
    await r.command({ do: 'lift' })
    await r.env.advance(3_000)
  }
  await place()
  for (const [visit, days] of [1, 1, 3, 30, 60].entries()) {
    // One alarm begins and ends while nobody looks; another is seen once.
    await r.command({ do: 'alarm', code: 'memory-error', on: true })
    await r.command({ do: 'advance', days })
    await r.command({ do: 'alarm', code: 'memory-error', on: false })
    await r.command({ do: 'alarm', code: 'low-battery-reset', on: visit % 2 === 0 })
    if (visit % 2 === 1) await r.command({ do: 'program', change: { rate: 400_000 + visit } })
    await r.command({ do: 'fault', fault: 'stuck-telemetry', on: visit >= 3 })
    await r.command({ do: 'place' })
    await place()
  }
  await r.stop()
  return r.events.flatMap((event) => {
    const record = event.kind === 'alarm' ? null : recordOf(event)
    return record ? [{ ...record, at: event.receivedAt }] : []
  })
}

/** The log of a bridge, with everything that is known of it folded record by record. */
class Written {
  readonly records: FeedRecord[] = []
  known: Known = nothingKnown()
  killed = 0

  put(record: NewRecord): void {
    const at = record.at ?? this.records.at(-1)?.at ?? '2026-01-05T08:00:00.000Z'
    const [made] = feedRecords([{ ...record, at, mono: 0 }], this.records.length)
    if (!made) return
    this.records.push(made)
    folded([made], this.known)
  }

  /** The alarm records of the interrogation that was just put. */
  alarms(): NewRecord[] {
    const record = this.records.at(-1)
    const api = record?.api()
    if (api?.kind !== 'interrogation') return []
    const history = this.known.pumps[api.pump?.id ?? '']?.alarms
    if (!history) return []
    const { serial = '' } = api.pump ?? {}
    const model = record?.record.model ?? null
    const { port, wand, session, snapshot, at } = api
    return alarmChanges(readNoted(history, api), api).map(({ phase, alarm }) => ({
      ...{ kind: 'alarm', pump: serial, model, port, wand, session, snapshot, at },
      body: { phase, alarm: { ...alarm } },
    }))
  }

  /** What is kept of the process is lost: its knowledge comes from the snapshot, or from the log. */
  restart(fromSnapshot: boolean): void {
    this.killed += 1
    this.known = fromSnapshot
      ? (JSON.parse(JSON.stringify(this.known)) as Known)
      : folded(this.records)
    this.put(START)
    for (const missing of missingAlarms(this.known, ORIGIN)) this.put(missing)
    expect(missingAlarms(this.known, ORIGIN)).toEqual([])
  }
}

function written(happening: readonly NewRecord[], chance: (n: number) => number) {
  const log = new Written()
  for (const record of happening) {
    log.put(record)
    const alarms = log.alarms()
    // Killed here: so many of the alarms were written.
    const killed = chance(alarms.length > 0 ? 2 : 12) === 0
    for (const alarm of killed ? alarms.slice(0, chance(alarms.length + 1)) : alarms) log.put(alarm)
    if (killed) log.restart(chance(2) === 0)
  }
  return log
}

/** What is known, without the positions: records of restarts stand in between. */
function told({ known }: Written) {
  return {
    unclosed: unclosedOf(known).map(({ pump, session }) => ({ pump, session })),
    pumps: Object.values(known.pumps).map((pump) => ({
      active: activeAlarms(pump).map(({ alarm }) => alarm),
      ended: pump.past.map(({ alarm, between }) => ({ alarm, between })),
      history: pump.alarms,
      visits: visitsOf(pump, ORIGIN, {}).items.map(({ id: _id, position: _, ...visit }) => visit),
      refills: refillsOf(pump, ORIGIN, {}).items.map(({ filledAt }) => filledAt),
    })),
  }
}

function begunAndEnded(records: readonly FeedRecord[]) {
  const keys = { start: [] as string[], update: [] as string[], end: [] as string[] }
  for (const { record } of records) {
    if (record.kind !== 'alarm') continue
    keys[record.body.phase].push(alarmKey(record.body.alarm as unknown as AlarmReading))
  }
  return keys
}

describe('a bridge that is killed at random moments', () => {
  it.each(SCENARIOS)('knows what one knows that never was: %s', async (scenario) => {
    const happening = await happened(scenario)
    const uninterrupted = written(happening, () => 1)
    const expected = told(uninterrupted)
    const { start, end } = begunAndEnded(uninterrupted.records)
    expect(expected.pumps[0]?.visits).toHaveLength(6)
    expect(expected.unclosed).toHaveLength(1)
    expect(expected.pumps[0]?.active.length).toBeGreaterThan(0)
    const ended = expected.pumps[0]?.ended ?? []
    expect(new Set(ended.map(({ between }) => between))).toEqual(new Set([true, false]))
    let killed = 0
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = mulberry32(seed)
      const log = written(happening, (n) => random() % n)
      killed += log.killed
      expect(told(log)).toEqual(expected)
      const keys = begunAndEnded(log.records)
      expect(keys.start.sort()).toEqual(start.sort())
      expect(keys.end.sort()).toEqual(end.sort())
    }
    expect(killed).toBeGreaterThan(40)
    expect(new Set(start).size).toBe(start.length)
    expect(new Set(end).size).toBe(end.length)
  })
})
