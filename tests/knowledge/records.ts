// Records of a clinic that never was, from a seed: three pumps, two of them with one serial, two wands, a
// bridge that is killed now and then. Mostly in an order that can be, sometimes in none.
import { draft } from '../../src/audit/format/entry.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { Stored } from '../../src/audit/read/scan.ts'
import { mulberry32, utc, VirtualEnv } from '../../src/base/env.ts'
import { FeedRecord } from '../../src/feed/feed-record.ts'
import { fold } from '../../src/knowledge/fold.ts'
import { type Known, nothingKnown } from '../../src/knowledge/known.ts'
import type { ReadingEvent } from '../../src/model/event.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { rig } from '../bridge/rig.ts'

export const LOG = 'simulator-1-0a1b2c3d'
const BEGAN = Date.UTC(2026, 0, 5, 8)

/** One real interrogation, which the invented ones vary. */
const template = (async () => {
  const r = await rig({ scenario: 'normal-refill' })
  r.bridge.start()
  await r.live()
  await r.stop()
  const reading = r.events.find((e): e is ReadingEvent => e.kind === 'reading')
  return recordOf(reading as ReadingEvent) as NewRecord<'interrogation'>
})()

const PUMPS = [
  { pump: 'P-1', model: 'one' },
  { pump: 'P-1', model: 'two' },
  { pump: 'P-2', model: null },
] as const

export async function randomRecords(seed: number, count: number): Promise<NewRecord[]> {
  const { body, ...head } = await template
  const chance = mulberry32(seed)
  const below = (n: number) => chance() % n
  const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T
  const records: NewRecord[] = []
  const ports = [1, 2].map((n) => ({ port: `/dev/tty${n}`, wand: `W-${n}`, link: n, session: 0 }))
  const totals = new Map<object, number>()
  let clock = BEGAN
  const put = (record: NewRecord) => {
    clock += below(90_000)
    records.push({ ...record, at: utc(clock), mono: clock - BEGAN })
  }
  while (records.length < count) {
    const place = pick(ports)
    const pump = pick(PUMPS)
    const about = { ...pump, ...place, snapshot: below(3) }
    const what = below(20)
    if (what < 3) {
      place.session += 1
      put({ ...about, session: place.session, kind: 'session', body: { event: 'opened' } })
    } else if (what < 6) {
      const total = Math.max(0, (totals.get(pump) ?? 70) + below(90) - (below(12) === 0 ? 60 : 0))
      totals.set(pump, total)
      const events = Array.from({ length: Math.min(total, 64) }, (_, i) => {
        const number = total - Math.min(total, 64) + i + 1
        const raised = number % 7 === 0
        return { number, code: raised ? 1 : 5, occurredAt: number, detectedAt: number, argument: 1 }
      })
      const alarms = events
        .filter(({ number }) => number % 7 === 0 && below(5) === 0)
        .map(({ number: id }) => {
          const state = 1 + below(2)
          return { id, code: 1, class: 1, state, occurredAt: id, detectedAt: id }
        })
      const { blocks } = body as { blocks: Record<string, object> }
      const filledAt = below(8) === 0 ? null : 8e8 + Math.floor(records.length / 40)
      put({
        ...head,
        ...about,
        kind: 'interrogation',
        body: {
          ...body,
          blocks: {
            ...blocks,
            alarms: { alarms },
            events: { total: below(15) === 0 ? null : total, events },
            reservoir: { ...blocks['reservoir'], filledAt, reportedVolume: below(60_000_000) },
          } as never,
        },
      })
    } else if (what < 12) {
      const values = {
        activeAlarms: below(3),
        deviceTime: null,
        rate: 9,
        reportedVolume: below(99),
      }
      const many = 1 + below(6)
      for (let i = 0; i < many; i += 1) put({ ...about, kind: 'live', body: { values } as never })
    } else if (what < 14) {
      const id = String(7 * below(30))
      const alarm = {
        id,
        code: pick(['low-reservoir', 'motor-stall']),
        class: null,
        state: 'active',
      }
      const phase = pick(['start', 'update', 'end'] as const)
      put({ ...about, kind: 'alarm', body: { phase, alarm } })
    } else if (what < 16) {
      const how = pick(['confirmed', 'unconfirmed', 'lost', 'ended-by-wand'])
      put({ ...about, kind: 'session', body: { event: 'ended', how } })
    } else if (what === 16) {
      const sessions = Array.from({ length: below(3) }, () => {
        return { session: below(place.session + 1), why: 'stuck', pump: pick([null, 'P-1', 'P-2']) }
      })
      put({ ...place, kind: 'unclosed', body: { sessions } })
    } else if (what === 17) {
      put({ ...pump, kind: 'worksheet', body: { sheet: 'S', step: 'before', entries: {} } })
    } else if (what === 18) {
      const connected = below(2) === 0
      put({ ...place, kind: 'link', body: { phase: 'x', cause: 'x', why: null, connected } })
    } else {
      const body = { software: 'wandbridge 0', node: 'v20', platform: 'linux' }
      put(below(3) > 0 ? { kind: 'start', body } : { kind: 'stop', body: { why: 'SIGTERM' } })
    }
  }
  return records
}

/** The records as they are read from a log, from position `first` on. */
export function feedRecords(
  records: readonly NewRecord[],
  first = 0,
  log: string = LOG,
): FeedRecord[] {
  const origin = {
    env: new VirtualEnv(),
    source: 'simulator' as const,
    boot: 'boot',
    clock: () => 'unknown' as const,
    nonce: () => 'A'.repeat(24),
  }
  return records.map((record, i) => {
    const position = first + i
    const made = draft(record, origin)
    if ('refused' in made) throw new Error(made.reason)
    const line = made.line(position).trimEnd()
    return new FeedRecord(log, new Stored(position, record.kind, record.at ?? '', line))
  })
}

export function folded(records: readonly FeedRecord[], known: Known = nothingKnown()): Known {
  for (const { record, position } of records) {
    fold(known, record, { position, log: LOG, source: 'simulator' })
  }
  return known
}
