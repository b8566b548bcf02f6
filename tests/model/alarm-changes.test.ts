// Alarms from reading to reading: each begins once and ends once, whatever was written and whoever looked.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AlarmChange,
  type AlarmHistory,
  type AlarmsRead,
  alarmChanges,
  alarmKey,
  changeNoted,
  NO_ALARMS,
  readNoted,
  tellAlarms,
} from '../../src/model/alarm-changes.ts'
import { eventsSince } from '../../src/model/pump-events.ts'
import type { AlarmReading, PumpEventReading } from '../../src/model/reading.ts'

const RING = 64
const CODES = [1, 5] as const
const NAMES = { 1: 'low-reservoir', 5: 'motor-stall' } as const

/** A pump with a ring of events, as the simulator has one. */
class Pump {
  total: number
  events: PumpEventReading[] = []
  alarms: AlarmReading[] = []
  raised = new Set<string>()

  constructor(total: number) {
    this.total = total
  }

  log(code: string, argument: number | null = null): number {
    this.total += 1
    this.events.push({ number: this.total, code, occurredAt: null, detectedAt: null, argument })
    if (this.events.length > RING) this.events.shift()
    return this.total
  }

  raise(code: 1 | 5): void {
    const name = NAMES[code]
    if (this.alarms.some((one) => one.code === name)) return
    const id = String(this.log('alarm-raised', code))
    this.raised.add(id)
    const times = { occurredAt: null, detectedAt: null, readAt: '' }
    this.alarms.push({ id, code: name, class: 'critical', state: 'active', ...times })
  }

  clear(code: 1 | 5): void {
    const name = NAMES[code]
    if (!this.alarms.some((one) => one.code === name)) return
    this.log('alarm-cleared', code)
    this.alarms = this.alarms.filter((one) => one.code !== name)
  }

  latch(): void {
    this.alarms = this.alarms.map((one) => ({ ...one, state: 'latched' }))
  }

  read(): AlarmsRead {
    const { total, events } = this
    return {
      readAt: `read at ${total}`,
      alarms: this.alarms.map((alarm) => ({ ...alarm })),
      events: { total, overwritten: total - events.length, entries: events.map((e) => ({ ...e })) },
    }
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('raise' as const), code: fc.constantFrom(...CODES) }),
  fc.record({ do: fc.constant('clear' as const), code: fc.constantFrom(...CODES) }),
  fc.record({ do: fc.constant('latch' as const) }),
  fc.record({ do: fc.constant('happens' as const), times: fc.integer({ min: 1, max: 50 }) }),
  /** `written`: so many of its changes are recorded before the power goes; then the bridge starts anew. */
  fc.record({ do: fc.constant('read' as const), written: fc.integer({ min: 0, max: 8 }) }),
)

/** As the log gives it back: canonical, so with its fields in the order of their names. */
const throughLog = (alarm: AlarmReading) =>
  Object.fromEntries(Object.entries(alarm).sort(([a], [b]) => (a < b ? -1 : 1))) as AlarmReading

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function play(steps: readonly Step[]) {
  const pump = new Pump(10)
  const log: AlarmChange[] = []
  let history: AlarmHistory = NO_ALARMS
  let seen: number | null = null
  let overwritten = 0
  const record = (changes: readonly AlarmChange[]) => {
    for (const change of changes) {
      log.push(change)
      history = changeNoted(history, { ...change, alarm: throughLog(change.alarm) })
    }
  }
  const early = new Set<string>()
  for (const one of steps) {
    if (one.do === 'raise') pump.raise(one.code)
    else if (one.do === 'clear') pump.clear(one.code)
    else if (one.do === 'latch') pump.latch()
    else if (one.do === 'happens') for (let i = 0; i < one.times; i += 1) pump.log('programmed')
    else {
      const read = pump.read()
      if (seen === null) for (const id of pump.raised) early.add(id)
      overwritten += eventsSince(seen, read.events).overwritten ?? 0
      seen = pump.total
      history = readNoted(history, read)
      record(alarmChanges(history, read).slice(0, one.written))
      // Start-up: what the log lacks of the newest reading is appended.
      record(alarmChanges(history, read))
      expect(alarmChanges(history, read)).toEqual([])
    }
  }
  return { pump, log, early, overwritten, seen, history }
}

describe('alarms from reading to reading', () => {
  it('begin once and end once, also when power fails between a reading and its alarms', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { pump, log, history } = play([...steps, { do: 'read', written: 8 }])
        const of = (phase: string) =>
          log.filter((one) => one.phase === phase).map(({ alarm }) => alarmKey(alarm))
        expect(new Set(of('start')).size).toBe(of('start').length)
        expect(new Set(of('end')).size).toBe(of('end').length)
        expect(new Set([...of('end'), ...pump.alarms.map(alarmKey)])).toEqual(new Set(of('start')))
        expect(history.active.map(alarmKey).sort()).toEqual(pump.alarms.map(alarmKey).sort())
      }),
      { numRuns: 500 },
    )
  })

  it('are all told, but for those that the pump has overwritten, and that is known', () => {
    let all = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { pump, log, early, overwritten } = play([...steps, { do: 'read', written: 8 }])
        const told = new Set(log.map(({ alarm }) => alarm.id))
        const missing = [...pump.raised].filter((id) => !told.has(id) && !early.has(id))
        if (overwritten === 0) {
          all += 1
          expect(missing).toEqual([])
        }
        expect(missing.length).toBeLessThanOrEqual(overwritten)
      }),
      { numRuns: 500 },
    )
    expect(all).toBeGreaterThan(50)
  })

  it('say of an alarm that came and went only what the event list says', () => {
    const pump = new Pump(10)
    const first = tellAlarms(NO_ALARMS, pump.read())
    expect(first.changes).toEqual([])
    pump.raise(5)
    pump.clear(5)
    const { changes } = tellAlarms(first.history, pump.read())
    const alarm = { id: '11', code: 'motor-stall', class: null, state: 'inactive' }
    expect(changes).toMatchObject([
      { phase: 'start', between: true, alarm },
      { phase: 'end', between: true, alarm },
    ])
  })

  it('tell nothing of what was over before the pump was first read', () => {
    const pump = new Pump(10)
    pump.raise(5)
    pump.clear(5)
    expect(tellAlarms(NO_ALARMS, pump.read()).changes).toEqual([])
  })

  it('update an alarm that says something else, not one that came back from the log', () => {
    const pump = new Pump(10)
    pump.raise(1)
    const { history } = tellAlarms(NO_ALARMS, pump.read())
    const stored = { ...history, active: history.active.map(throughLog) }
    expect(tellAlarms(stored, pump.read()).changes).toEqual([])
    pump.latch()
    expect(tellAlarms(stored, pump.read()).changes).toMatchObject([
      { phase: 'update', between: false, alarm: { state: 'latched' } },
    ])
  })

  it('take one number with another code for another alarm, and one listed twice for one', () => {
    const pump = new Pump(10)
    pump.raise(1)
    const { history } = tellAlarms(NO_ALARMS, pump.read())
    const [alarm] = pump.alarms
    pump.alarms = [{ ...(alarm as AlarmReading), code: 'motor-stall' }]
    pump.alarms.push(...pump.alarms)
    expect(tellAlarms(history, pump.read()).changes.map(({ phase }) => phase)).toEqual([
      'start',
      'end',
    ])
  })

  it('begin anew with a pump that counts its events anew', () => {
    const old = new Pump(500)
    const { history } = tellAlarms(NO_ALARMS, old.read())
    const reset = new Pump(0)
    reset.raise(1)
    reset.clear(1)
    const { changes, history: later } = tellAlarms(history, reset.read())
    expect(changes).toEqual([])
    reset.raise(5)
    reset.clear(5)
    expect(tellAlarms(later, reset.read()).changes).toHaveLength(2)
  })
})

describe('events since the reading before', () => {
  it('are those with a higher number, and how many of them are overwritten', () => {
    const pump = new Pump(0)
    for (let i = 0; i < 100; i += 1) pump.log('programmed')
    const { events } = pump.read()
    expect(eventsSince(90, events)).toMatchObject({ overwritten: 0 })
    expect(eventsSince(90, events).entries).toHaveLength(10)
    expect(eventsSince(20, events)).toMatchObject({ overwritten: 16 })
    expect(eventsSince(20, events).entries).toHaveLength(64)
    expect(eventsSince(null, events).overwritten).toBeNull()
    expect(eventsSince(101, events).overwritten).toBeNull()
    expect(eventsSince(5, { ...events, total: null }).overwritten).toBeNull()
  })
})

describe('a list of alarms that could not be read', () => {
  const none = { total: 7, overwritten: 0, entries: [] }
  const stall = (pump: Pump) => {
    pump.raise(5)
    return pump.read()
  }

  it('begins none and ends none, and the next that can be read says what is', () => {
    const pump = new Pump(3)
    const first = stall(pump)
    let told = tellAlarms(NO_ALARMS, first)
    expect(told.changes.map(({ phase }) => phase)).toEqual(['start'])
    told = tellAlarms(told.history, { ...first, alarms: null })
    expect(told.changes).toEqual([])
    told = tellAlarms(told.history, pump.read())
    expect(told.changes).toEqual([])
    pump.clear(5)
    told = tellAlarms(told.history, { ...pump.read(), alarms: null })
    expect(told.changes).toEqual([])
    told = tellAlarms(told.history, pump.read())
    expect(told.changes.map(({ phase }) => phase)).toEqual(['end'])
  })

  it('hides no alarm that came and went meanwhile, also as the first reading', () => {
    const pump = new Pump(3)
    const first = tellAlarms(NO_ALARMS, { ...pump.read(), alarms: null })
    expect(first.changes).toEqual([])
    const raised = stall(pump)
    expect(tellAlarms(first.history, raised).changes.map(({ phase }) => phase)).toEqual(['start'])
    pump.clear(5)
    const later = tellAlarms(first.history, pump.read())
    expect(later.changes.map(({ phase, between }) => [phase, between])).toEqual([
      ['start', true],
      ['end', true],
    ])
  })

  it('lets an alarm begin and end by its list, where the event list could not be read', () => {
    const unread = { total: null, overwritten: null, entries: null }
    const pump = new Pump(3)
    const told = tellAlarms(NO_ALARMS, { ...stall(pump), events: unread })
    expect(told.changes.map(({ phase }) => phase)).toEqual(['start'])
    pump.clear(5)
    const gone = tellAlarms(told.history, { ...pump.read(), events: unread })
    expect(gone.changes.map(({ phase }) => phase)).toEqual(['end'])
    expect(tellAlarms(gone.history, { alarms: [], events: none, readAt: '' }).changes).toEqual([])
  })
})
