// Records of real runs of the simulator, scenario by scenario, as the surfaces get them.
import { scenarioNames } from '../../simulator/scenarios/load.ts'
import type { AuditRecord, NewRecord } from '../../src/audit/format/record.ts'
import { apiRecord } from '../../src/feed/api-record.ts'
import type { HistoryQuery } from '../../src/feed/passes.ts'
import type { FhirSources } from '../../src/fhir/sources.ts'
import { fold } from '../../src/knowledge/fold.ts'
import { type Known, nothingKnown } from '../../src/knowledge/known.ts'
import { refillsOf } from '../../src/knowledge/views.ts'
import type { BridgeEvent, ReadingEvent } from '../../src/model/event.ts'
import { type Ever, everWith } from '../../src/model/metrics.ts'
import { foldAssignment, foldTold, noOwners } from '../../src/model/owner.ts'
import type { CodedRecord, InterrogationRecord, RecordOf } from '../../src/model/record.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { rig } from '../bridge/rig.ts'
import type { MemoryRecords } from '../http/world.ts'
import { feedRecords } from '../knowledge/records.ts'

export const LOG = 'simulator-1-0a1b2c3d'
export const NAMES = scenarioNames()

interface Run {
  readonly events: readonly BridgeEvent[]
  /** As they are appended to the log. */
  readonly appended: readonly NewRecord[]
  readonly records: readonly CodedRecord[]
  /** What is known after all of them. */
  readonly known: Known
}
const made = new Map<string, Promise<Run>>()

/** Every record of a run of half a minute, the pump living on for days in between. */
export const recordsOf = async (scenario: string) => (await runOf(scenario)).records
export const appendedOf = async (scenario: string) => (await runOf(scenario)).appended
/** The readings as a bridge has them at the moment in which they are made. */
export const eventsOf = async (scenario: string) =>
  (await runOf(scenario)).events.filter((one): one is ReadingEvent => one.kind === 'reading')

function runOf(scenario: string): Promise<Run> {
  const known = made.get(scenario) ?? run(scenario)
  made.set(scenario, known)
  return known
}

async function run(scenario: string): Promise<Run> {
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
  const records: CodedRecord[] = []
  const appended: NewRecord[] = []
  const known = nothingKnown()
  for (const event of r.events) {
    const record = recordOf(event)
    if (!record) continue
    const place = { position: records.length, log: LOG, source: 'simulator' as const }
    const timed = { ...record, at: event.receivedAt }
    const one = apiRecord(timed, place)
    if (!one) continue
    records.push(one)
    appended.push(timed)
    fold(known, timed as unknown as AuditRecord, place)
  }
  return { events: r.events, appended, records, known }
}

/** Records in memory, filled with a run, as the surface is given them. */
export async function sourcesOf(
  records: MemoryRecords,
  scenario: string,
  audited: readonly NewRecord[] = [],
): Promise<Pick<FhirSources, 'feed' | 'knowledge'>> {
  const run = await runOf(scenario)
  for (const record of run.records) records.push(record)
  const entries = feedRecords(audited, 0, records.log)
  const origin = { log: records.log, source: records.source }
  const pumps = () => {
    const newest = new Map<string, InterrogationRecord>()
    const evers = new Map<string, Ever>()
    for (const one of interrogations(records.all)) {
      if (!one.pump) continue
      newest.set(one.pump.id, one)
      evers.set(one.pump.id, everWith(evers.get(one.pump.id) ?? {}, one))
    }
    const told = new Map(records.all.flatMap((one) => (one.pump ? [[one.pump.id, one]] : [])))
    return [...told].map(([id, { pump, source, position, at }]) => {
      const reading = newest.get(id) ?? null
      const serial = pump?.serial ?? ''
      const [last, ever] = [{ position, at }, evers.get(id) ?? {}]
      return { id, serial, model: reading?.identity.model ?? null, source, last, reading, ever }
    })
  }
  return {
    feed: {
      head: () => records.head(),
      oldest: () => records.oldest(),
      async *read(query: HistoryQuery = {}) {
        if (query.kinds) yield* records.read(query)
        else {
          const { after = -1, before = Number.POSITIVE_INFINITY, order } = query
          const found = entries.filter(({ position }) => position > after && position < before)
          yield* order === 'desc' ? found.reverse() : found
        }
      },
    },
    knowledge: {
      pumps,
      pump: (id) => pumps().find((one) => one.id === id) ?? null,
      owners: () => OWNERS,
      contradictedBy: (id, position) =>
        run.known.pumps[id]?.contradicted.find((one) => one.reading === position) ?? null,
      refills: (id) => {
        const pump = run.known.pumps[id]
        return { items: pump ? refillsOf(pump, origin, {}).items : [] }
      },
    },
  }
}

export const SYSTEM = 'urn:oid:1.2.3'
/** Somebody who has a pump that is in no scenario, under an identifier that has become another. */
export const [OLD, NEW] = [
  { system: SYSTEM, value: 'A-1' },
  { system: SYSTEM, value: 'B-2' },
] as const
const OWNERS = noOwners()
const elsewhere = { serial: 'ELSEWHERE', model: null }
foldAssignment(OWNERS, elsewhere, { change: 'begun', owner: { ...OLD, name: 'Doe, Jane' } })
foldTold(OWNERS, {
  ...{ patient: OLD, became: NEW, event: 'A40', control: 'c1' },
  asOf: '2026-01-05T08:00:00.000Z',
})

export const interrogations = (records: readonly CodedRecord[]) =>
  records.filter((one): one is InterrogationRecord => one.kind === 'interrogation')
export const alarms = (records: readonly CodedRecord[]) =>
  records.filter((one): one is RecordOf<'alarm'> => one.kind === 'alarm')
