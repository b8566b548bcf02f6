// A pump can always be read: whatever is done to it, every block fits the wire, and nothing it says is
// impossible. Each case here once failed.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emit, parse } from '../../../protocol/codec/struct.ts'
import { BLOCKS, type BlockName } from '../../../protocol/fields/blocks.ts'
import type { Struct } from '../../../protocol/fields/field.ts'
import type { Implant, ImplantCommand } from '../../../simulator/implant/api.ts'
import { FAULT_NAMES } from '../../../simulator/implant/commands.ts'
import { ALARM_NAMES } from '../../../simulator/implant/firmware/journal.ts'
import { createImplant } from '../../../simulator/implant/implant.ts'
import { type ImplantInput, implantSpec } from '../../../simulator/implant/spec.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'
const DAY = 86_400_000
const HOUR = 3_600_000

function pump(input: Partial<ImplantInput> = {}, seed = 1): Implant {
  const plain = { serial: 'SIM-0001', model: 'SIM-20' as const, volume: 20_000_000 }
  const p = createImplant(implantSpec.parse({ ...plain, ...input }), seed)
  p.advanceTo(0)
  return p
}

/** Every block as bytes and back; throws on a value that does not fit its field. */
function read(p: Implant): void {
  for (const [name, { struct }] of Object.entries(BLOCKS)) {
    const repr = p.block(name as BlockName)
    expect(parse(struct as Struct, emit(struct as Struct, repr as never))).toEqual(repr)
  }
}

const volume = fc.integer({ min: 0, max: 50_000_000 })
const rate = fc.oneof(fc.integer({ min: 0, max: 10 }), volume)
const change = fc.record(
  {
    mode: fc.constantFrom('stopped', 'simple-continuous', 'flex', 'minimum-rate'),
    rate,
    schedule: fc.constantFrom([], [{ start: 700, rate: 1 }]),
    singleBolus: fc.record({
      volume: fc.integer({ min: 1, max: 50_000_000 }),
      rate: fc.integer({ min: 1, max: 50_000_000 }),
    }),
    drugs: fc.constant([{ name: 'A', massUnit: 'mg', concentration: 500_000_000 }]),
    bolus: fc.constantFrom(null, { volume: 5_000_000, duration: 1, lockout: 0, maxPerDay: 96 }),
    lowAlarmVolume: volume,
  },
  { requiredKeys: [] },
)
const command: fc.Arbitrary<ImplantCommand> = fc.oneof(
  fc.record({ do: fc.constant('drain' as const), volume }),
  fc.constant({ do: 'drain' as const }),
  fc.record({ do: fc.constant('refill' as const), volume, program: fc.boolean() }),
  fc.record({ do: fc.constant('program' as const), change }),
  fc.constant({ do: 'patient-bolus' as const }),
  fc.record({
    do: fc.constant('alarm' as const),
    code: fc.constantFrom(...ALARM_NAMES),
    on: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('fault' as const),
    fault: fc.constantFrom(...FAULT_NAMES),
    on: fc.boolean(),
  }),
)

describe('every block fits the wire', () => {
  it(
    'after any commands at any times, on old pumps and new ones',
    () => {
      const moment = fc.tuple(fc.oneof(fc.nat(DAY), fc.nat(30 * DAY)), command)
      const clock = fc.constantFrom(
        '2000-01-01T00:00:00',
        '2026-01-05T08:00:00',
        '2033-01-01T00:00:00',
      )
      fc.assert(
        fc.property(
          fc.array(moment, { maxLength: 14 }),
          clock,
          fc.nat(),
          (moments, shown, seed) => {
            const p = pump({ clock: shown }, seed)
            let now = 0
            for (const [ms, what] of moments) {
              now += ms
              p.advanceTo(now)
              p.beginTelemetry()
              p.command(what)
              read(p)
              p.endTelemetry()
            }
          },
        ),
        { numRuns: LONG ? 5_000 : 60 },
      )
    },
    LONG ? 1_800_000 : 20_000,
  )

  it('when the clock is lost between a thing and its being noticed', () => {
    const p = pump({ bolus: { volume: 20_000, duration: 60, lockout: 60, maxPerDay: 3 } })
    p.advanceTo(HOUR)
    const began = p.deviceTime()
    p.command({ do: 'fault', fault: 'stall', on: true })
    p.advanceTo(HOUR + 60_000)
    p.command({ do: 'fault', fault: 'clock-reset', on: true })
    p.advanceTo(4 * HOUR)
    read(p)
    expect(p.block('alarms').alarms[0]?.occurredAt).toBe(began)
  })

  it('when the last patient bolus lies before a loss of the clock', () => {
    const p = pump({ bolus: { volume: 20_000, duration: 60, lockout: 60, maxPerDay: 3 } })
    p.command({ do: 'patient-bolus' })
    const given = p.deviceTime()
    p.advanceTo(HOUR)
    p.command({ do: 'fault', fault: 'clock-reset', on: true })
    read(p)
    expect(p.block('bolus').lastAcceptedAt).toBe(given)
  })

  it('at a rate at which the alarm is centuries away, and a dose too large to say', () => {
    const p = pump({ rate: 1 })
    read(p)
    expect(p.block('reservoir').lowAlarmDate).toBeNull()
    const drugs = [{ name: 'A', massUnit: 'mg' as const, concentration: 500_000_000 }]
    const q = pump({ rate: 50_000_000, drugs })
    read(q)
    expect(q.block('drugs').drugs[0]?.dose24h).toBeNull()
  })
})

describe('a refill', () => {
  it('takes a whole filling after the reservoir was drained as far as it goes', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const p = pump({ volume: 4_500_000, model: 'SIM-20' }, seed)
      expect(p.command({ do: 'drain' }).ok).toBe(true)
      expect(p.command({ do: 'refill', volume: 20_000_000, program: true }).ok).toBe(true)
      const { reportedVolume, actualVolume } = p.truth()
      expect(reportedVolume).toBe(20_000_000)
      expect(Math.abs(actualVolume - 20_000_000)).toBeLessThanOrEqual(1_500_000)
    }
  })

  it('is refused where the last filling is still in', () => {
    const p = pump({ volume: 4_500_000 })
    const before = p.truth()
    const { ok, message } = p.command({ do: 'refill', volume: 20_000_000, program: true })
    expect(ok).toBe(false)
    expect(message).toContain('Drain')
    expect(p.truth()).toEqual(before)
  })
})

describe('a single bolus', () => {
  it('reports what is still to be given, and its change', () => {
    const p = pump({ bias: 0, fillBias: 0, drift: 0 })
    p.command({ do: 'program', change: { singleBolus: { volume: 1_000_000, rate: 24_000_000 } } })
    const counter = p.stateCounter
    p.advanceTo(HOUR / 2)
    expect(p.block('infusion').bolusVolume).toBe(500_000)
    expect(p.stateCounter).toBeGreaterThan(counter)
  })

  it('ends when somebody stops the pump, and the log says how much was given', () => {
    const p = pump({ bias: 0, fillBias: 0, drift: 0 })
    p.command({ do: 'program', change: { singleBolus: { volume: 1_000_000, rate: 24_000_000 } } })
    p.advanceTo(HOUR / 4)
    p.command({ do: 'program', change: { mode: 'stopped' } })
    expect(p.block('infusion')).toMatchObject({ mode: 0, rate: 0, bolusVolume: null })
    expect(p.block('events').events.find((e) => e.code === 10)?.argument).toBe(250_000)
    p.advanceTo(HOUR)
    expect(p.truth().infused).toBe(250_000)
  })
})

describe('a patient', () => {
  it.each([
    ['stopped', { do: 'program', change: { mode: 'stopped' } }],
    ['at minimum rate', { do: 'fault', fault: 'low-battery-reset', on: true }],
  ] as const)('gets nothing from a pump that is %s, and that is logged', (_, first) => {
    const p = pump({ bolus: { volume: 20_000, duration: 60, lockout: 60, maxPerDay: 3 } })
    p.command(first)
    const { ok, message } = p.command({ do: 'patient-bolus' })
    expect(ok).toBe(false)
    expect(message).toContain('Denied')
    expect(p.block('bolus')).toMatchObject({ acceptedCount: 0, deniedCount: 1 })
  })
})

describe('the log', () => {
  it('holds what happened before the scenario began, as far as the ring goes', () => {
    for (const [pastEvents, kept] of [
      [0, 0],
      [12, 12],
      [700, 64],
    ] as const) {
      const p = pump({ pastEvents })
      const { total, events } = p.block('events')
      expect(total).toBe(pastEvents)
      expect(events).toHaveLength(kept)
      expect(events.at(-1)?.number ?? 0).toBe(pastEvents)
      const times = events.map((e) => e.occurredAt ?? 0)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(times.every((t) => t <= p.deviceTime())).toBe(true)
      if (kept > 0) expect(times).toContain(p.block('reservoir').filledAt)
    }
  })
})

describe('after an MRI', () => {
  it('nothing flows until telemetry mode is left, which takes a second close', () => {
    const p = pump({ bias: 0, fillBias: 0, drift: 0 })
    p.command({ do: 'fault', fault: 'mri', on: true })
    const before = p.truth().actualVolume
    p.advanceTo(3 * HOUR)
    expect(p.truth().actualVolume).toBe(before)
    expect(p.block('alarms').alarms.map((a) => a.code)).toContain(5)
    p.beginTelemetry()
    expect(p.endTelemetry()).toBe(false)
    p.advanceTo(4 * HOUR)
    expect(p.truth().actualVolume).toBe(before)
    p.beginTelemetry()
    expect(p.endTelemetry()).toBe(true)
    p.advanceTo(40 * HOUR)
    expect(p.truth().actualVolume).toBeLessThan(before)
    expect(p.block('status').state).toBe(0)
  })

  it('only a pump with a valve can have it shut', () => {
    expect(pump().command({ do: 'fault', fault: 'valve-closed', on: true }).ok).toBe(false)
    const p = pump({ valveGated: true })
    expect(p.command({ do: 'fault', fault: 'valve-closed', on: true }).ok).toBe(true)
    const before = p.truth()
    p.advanceTo(DAY)
    expect(p.truth()).toEqual(before)
    p.command({ do: 'fault', fault: 'valve-closed', on: false })
    p.advanceTo(2 * DAY)
    expect(p.truth().actualVolume).toBeLessThan(before.actualVolume)
  })
})

describe('chance', () => {
  it('has a stream for each purpose: a drain does not move how late a stall is noticed', () => {
    const noticed = (first: readonly ImplantCommand[]) => {
      const p = pump({ drift: 0 })
      for (const what of first) p.command(what)
      p.command({ do: 'fault', fault: 'stall', on: true })
      p.advanceTo(3 * HOUR)
      return p.block('alarms').alarms.find((a) => a.code === 5)?.detectedAt
    }
    expect(noticed([{ do: 'drain' }])).toBe(noticed([]))
  })
})
