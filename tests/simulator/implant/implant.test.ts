// The pump: exact volumes, independence of the steps in which time moves, and firmware as specified.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emit, parse } from '../../../protocol/codec/struct.ts'
import { BLOCKS, type BlockName } from '../../../protocol/fields/blocks.ts'
import { type Field, judge, type ScalarField } from '../../../protocol/fields/field.ts'
import type { Implant, ImplantCommand } from '../../../simulator/implant/api.ts'
import { createImplant } from '../../../simulator/implant/implant.ts'
import { type ImplantInput, implantSpec } from '../../../simulator/implant/spec.ts'
import { loadScenario, scenarioNames } from '../../../simulator/scenarios/load.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

function pump(input: Partial<ImplantInput> = {}, seed = 1): Implant {
  const plain = { serial: 'SIM-0001', model: 'SIM-20' as const, volume: 20_000_000 }
  return createImplant(implantSpec.parse({ ...plain, ...input }), seed)
}
const exact = { bias: 0, fillBias: 0, drift: 0 }
const shown = (p: Implant) =>
  Object.fromEntries((Object.keys(BLOCKS) as BlockName[]).map((name) => [name, p.block(name)]))
const alarms = (p: Implant) => p.block('alarms').alarms.map((a) => [a.code, a.state])
const events = (p: Implant) => p.block('events').events.map((e) => e.code)

describe('the worked example: 20 mL, 0.25 mL/day, 60 days', () => {
  it.each([
    [25_000, 4_625_000],
    [145_000, 2_825_000],
    [-145_000, 7_175_000],
    [0, 5_000_000],
  ])('at %i ppm: 5 mL reported, %i nL there', (bias, there) => {
    const p = pump({ ...exact, bias })
    p.advanceTo(60 * DAY)
    expect(p.truth()).toEqual({
      reportedVolume: 5_000_000,
      actualVolume: there,
      infused: 15_000_000,
    })
    expect(p.block('reservoir').reportedVolume).toBe(5_000_000)
  })

  it('comes out of the scenario of that name', () => {
    const [spec] = loadScenario('worked-example').pumps
    const p = createImplant(implantSpec.parse(spec), 99)
    p.advanceTo(60 * DAY)
    expect(p.truth()).toMatchObject({ reportedVolume: 5_000_000, actualVolume: 4_625_000 })
  })
})

describe('time', () => {
  const command: fc.Arbitrary<ImplantCommand> = fc.constantFrom<ImplantCommand>(
    { do: 'drain', volume: 500_000 },
    { do: 'refill', volume: 3_000_000, program: true },
    { do: 'program', change: { mode: 'stopped' } },
    {
      do: 'program',
      change: {
        mode: 'flex',
        schedule: [
          { start: 60, rate: 100_000 },
          { start: 600, rate: 900_000 },
        ],
      },
    },
    { do: 'program', change: { singleBolus: { volume: 300_000, rate: 5_000_000 } } },
    { do: 'program', change: { mode: 'simple-continuous', rate: 1_234_567 } },
    { do: 'patient-bolus' },
    { do: 'fault', fault: 'stall', on: true },
    { do: 'fault', fault: 'stall', on: false },
    { do: 'fault', fault: 'clock-reset', on: true },
    { do: 'fault', fault: 'low-battery-reset', on: true },
    { do: 'fault', fault: 'valve-closed', on: true },
  )
  const bolus = { volume: 40_000, duration: 600, lockout: 60, maxPerDay: 4 }

  it('gives the same whatever the steps in which it moves', () => {
    const moment = fc.tuple(fc.integer({ min: 1, max: 5 * DAY }), command)
    const cuts = fc.array(fc.integer({ min: 1, max: 30 * DAY }), { maxLength: 20 })
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 8 }), cuts, fc.nat(), (moments, at, seed) => {
        const [whole, cut] = [pump({ bolus }, seed), pump({ bolus }, seed)]
        let now = 0
        for (const [ms, what] of [...moments, [DAY, { do: 'patient-bolus' }] as const]) {
          for (const c of at.filter((t) => t > now && t < now + ms).sort((a, b) => a - b))
            cut.advanceTo(c)
          now += ms
          whole.advanceTo(now)
          cut.advanceTo(now)
          expect(cut.command(what)).toEqual(whole.command(what))
        }
        expect(shown(cut)).toEqual(shown(whole))
        expect(cut.truth()).toEqual(whole.truth())
        expect(cut.stateCounter).toBe(whole.stateCounter)
      }),
      { numRuns: 150 },
    )
  })

  it('moves the state counter with everything reported but volumes and clock', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 2 * DAY }), command), { maxLength: 12 }),
        (moments) => {
          const p = pump({ bolus })
          let now = 0
          const still = () => {
            const {
              reservoir,
              clock: _,
              battery,
              status,
              ...rest
            } = shown(p) as ReturnType<typeof shown> & Record<string, object>
            const { infusedTotal: _i, ...b } = battery as { infusedTotal: number }
            const { reportedVolume: _v, ...r } = reservoir as { reportedVolume: number }
            return JSON.stringify([rest, b, r, status])
          }
          for (const [ms, what] of moments) {
            const before = { counter: p.stateCounter, shown: still() }
            now += ms
            p.advanceTo(now)
            p.command(what)
            if (still() !== before.shown) expect(p.stateCounter).toBeGreaterThan(before.counter)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  it('passes 90 days in well under a second', () => {
    const began = performance.now()
    const p = pump({
      mode: 'flex',
      schedule: [
        { start: 0, rate: 100_000 },
        { start: 720, rate: 300_000 },
      ],
    })
    p.advanceTo(90 * DAY)
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})

describe('blocks', () => {
  it.each(scenarioNames())(
    'are encodable, decode to the same and stay in range over ten days: %s',
    (name) => {
      for (const [i, spec] of loadScenario(name).pumps.entries()) {
        const p = createImplant(spec, i)
        for (let day = 0; day <= 10; day += 1) {
          p.advanceTo(day * DAY + 12_345)
          for (const [block, { struct }] of Object.entries(BLOCKS)) {
            const repr = p.block(block as BlockName)
            expect(parse(struct, emit(struct, repr as never))).toEqual(repr)
            for (const [field, declared] of Object.entries<Field>(struct.fields)) {
              if (declared.kind === 'list' || declared.kind === 'rest') continue
              const raw = (repr as Record<string, number | string | null>)[field] ?? null
              expect(judge(declared as ScalarField, raw), `${block}.${field} = ${raw}`).not.toBe(
                'invalid',
              )
            }
          }
        }
      }
    },
  )
})

describe('infusion', () => {
  it('follows the schedule by its own clock', () => {
    const schedule = [
      { start: 0, rate: 100_000 },
      { start: 720, rate: 300_000 },
    ]
    const p = pump({ ...exact, mode: 'flex', schedule, clock: '2026-01-05T08:00:00' })
    expect(p.block('infusion').rate).toBe(100_000)
    expect(p.block('infusion').volume24h).toBe(200_000)
    p.advanceTo(4 * HOUR)
    expect(p.block('infusion').rate).toBe(300_000)
    p.advanceTo(16 * HOUR)
    expect(p.block('infusion').rate).toBe(100_000)
    p.advanceTo(30 * DAY)
    expect(p.truth().reportedVolume).toBe(20_000_000 - 30 * 200_000)
  })

  it('gives a single bolus and goes back to what it did', () => {
    const p = pump({ ...exact, rate: 240_000 })
    p.command({ do: 'program', change: { singleBolus: { volume: 1_000_000, rate: 24_000_000 } } })
    expect(p.block('infusion')).toMatchObject({ mode: 3, rate: 24_000_000, bolusVolume: 1_000_000 })
    p.advanceTo(HOUR)
    expect(p.truth().infused).toBe(1_000_000)
    p.advanceTo(2 * HOUR)
    expect(p.block('infusion')).toMatchObject({ mode: 1, rate: 240_000, bolusVolume: null })
    expect(p.truth().infused).toBe(1_010_000)
    expect(events(p)).toContain(9)
    expect(events(p)).toContain(10)
  })

  it('grants and denies patient boluses by lockout and daily maximum, and logs both', () => {
    const p = pump({
      ...exact,
      bolus: { volume: 20_000, duration: 600, lockout: 60, maxPerDay: 3 },
    })
    const ask = (hours: number) => {
      p.advanceTo(hours * HOUR)
      return p.command({ do: 'patient-bolus' }).ok
    }
    expect([ask(0), ask(0.5), ask(1.1), ask(2.2), ask(5), ask(23.9), ask(24.1)]).toEqual([
      true,
      false,
      true,
      true,
      false,
      false,
      true,
    ])
    expect(p.block('bolus')).toMatchObject({ acceptedCount: 4, deniedCount: 3, given24h: 3 })
    p.advanceTo(30 * HOUR)
    expect(p.block('bolus').given24h).toBe(1)
    expect(events(p).filter((c) => c === 8)).toHaveLength(3)
  })

  it('does not know what it cannot see', () => {
    for (const fault of ['over-infusion', 'catheter-blocked', 'catheter-dislodged']) {
      const [p, q] = [pump(exact), pump(exact)]
      p.command({ do: 'fault', fault, on: true })
      p.advanceTo(20 * DAY)
      q.advanceTo(20 * DAY)
      expect(p.truth().reportedVolume).toBe(q.truth().reportedVolume)
      expect(alarms(p)).toEqual([])
      const same = p.truth().actualVolume === q.truth().actualVolume
      expect(same).toBe(fault === 'catheter-dislodged')
    }
  })

  it('slows down as it empties and never goes below nothing', () => {
    const p = pump({ ...exact, volume: 2_000_000, rate: 1_000_000 })
    p.advanceTo(1.5 * DAY)
    expect(p.truth().actualVolume).toBeGreaterThan(p.truth().reportedVolume)
    p.advanceTo(100 * DAY)
    expect(p.truth()).toMatchObject({ actualVolume: 0, reportedVolume: 0 })
  })
})

describe('alarms', () => {
  it('raises low and empty reservoir at the reported volumes, to the second', () => {
    const p = pump({ ...exact, volume: 2_250_000, rate: 250_000, lowAlarmVolume: 2_000_000 })
    p.advanceTo(DAY - 1)
    expect(alarms(p)).toEqual([])
    p.advanceTo(DAY)
    expect(alarms(p)).toEqual([[1, 1]])
    p.advanceTo(9 * DAY)
    expect(alarms(p)).toEqual([
      [1, 1],
      [2, 1],
    ])
    p.command({ do: 'refill', volume: 18_000_000, program: true })
    // The critical one stays latched until somebody programs the pump, which the refill just was.
    expect(alarms(p)).toEqual([[2, 2]])
    p.command({ do: 'program', change: { rate: 300_000 } })
    expect(alarms(p)).toEqual([])
  })

  it('detects a stall late and its recovery later, and keeps occurred and detected apart', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const p = pump({ ...exact }, seed)
      p.advanceTo(HOUR)
      p.command({ do: 'fault', fault: 'stall', on: true })
      const began = p.deviceTime()
      const before = p.truth().actualVolume
      p.advanceTo(HOUR + HOUR / 3 - 1)
      expect(alarms(p)).toEqual([])
      p.advanceTo(3 * HOUR + 1)
      expect(alarms(p)).toEqual([[5, 1]])
      expect(p.truth().actualVolume).toBe(before)
      const [alarm] = p.block('alarms').alarms
      expect(alarm?.occurredAt).toBe(began)
      const late = (alarm?.detectedAt ?? 0) - began
      expect(late).toBeGreaterThanOrEqual(1_200)
      expect(late).toBeLessThanOrEqual(7_200)
      p.command({ do: 'fault', fault: 'stall', on: false })
      expect(alarms(p)).toEqual([[5, 1]])
      p.advanceTo(28 * HOUR)
      expect(alarms(p)).toEqual([[5, 2]])
    }
  })

  it('says after 48 h without infusion that this is critical', () => {
    const p = pump({ ...exact, mode: 'stopped' })
    p.advanceTo(2 * DAY - 1)
    expect(alarms(p)).toEqual([])
    p.advanceTo(2 * DAY)
    expect(alarms(p)).toEqual([[6, 1]])
  })

  it('warns 90 days before the end of service and then stops', () => {
    const p = pump({
      ...exact,
      volume: 20_000_000,
      rate: 50_000,
      implanted: '2019-04-05T10:00:00',
      clock: '2026-01-03T08:00:00',
    })
    let due = 0
    let end = 0
    for (let day = 0; day < 500 && !end; day += 1) {
      p.advanceTo(day * DAY)
      const { state } = p.block('battery')
      if (state === 1 && !due) due = day
      if (state === 2) end = day
    }
    expect(end - due).toBeGreaterThanOrEqual(89)
    expect(end - due).toBeLessThanOrEqual(91)
    const { actualVolume } = p.truth()
    p.advanceTo(600 * DAY)
    expect(p.truth().actualVolume).toBe(actualVolume)
    expect(p.block('status').state).toBe(4)
  })

  it('keeps 64 events with absolute numbers', () => {
    const p = pump({ pastEvents: 700 })
    for (let i = 0; i < 100; i += 1) p.command({ do: 'program', change: { rate: 100_000 + i } })
    const { total, events: ring } = p.block('events')
    expect(ring).toHaveLength(64)
    expect(ring.at(-1)?.number).toBe(total)
    expect(ring.map((e) => e.number)).toEqual(
      Array.from({ length: 64 }, (_, i) => (total ?? 0) - 63 + i),
    )
    expect(total).toBe(800)
  })
})

describe('telemetry', () => {
  it('does not leave it while it is stuck', () => {
    const p = pump()
    p.command({ do: 'fault', fault: 'stuck-telemetry', on: true })
    p.beginTelemetry()
    expect(p.endTelemetry()).toBe(false)
    p.command({ do: 'fault', fault: 'stuck-telemetry', on: false })
    expect(p.endTelemetry()).toBe(true)
  })
})

describe('commands', () => {
  it('refuse what cannot be, and say why', () => {
    const p = pump()
    expect(p.command({ do: 'refill', volume: 5_000_000 })).toMatchObject({ ok: false })
    expect(p.command({ do: 'program', change: { rate: -1 } }).message).toContain('rate')
    expect(p.command({ do: 'program', change: { bolus: 7 } })).toMatchObject({ ok: false })
    expect(p.command({ do: 'alarm', code: 'x', on: true }).message).toContain('motor-stall')
    expect(p.command({ do: 'fault', fault: 'x', on: true }).message).toContain('stall')
    expect(p.stateCounter).toBeGreaterThan(0)
  })
})
