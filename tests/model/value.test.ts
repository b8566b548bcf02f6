// Values: whatever a pump reports becomes a value the schema takes, exact to the last digit.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Drug } from '../../protocol/fields/drugs.ts'
import { codeName, judge } from '../../protocol/fields/field.ts'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import { mapValues } from '../../src/model/map-values.ts'
import {
  alarmReadings,
  alarmSchema,
  alarmsInOrder,
  drugReadings,
  drugSchema,
  filled,
  pumpEventSchema,
  pumpEvents,
  snapshotSchema,
  snapshotValues,
} from '../../src/model/reading.ts'
import { conversion, wirePer } from '../../src/model/units.ts'
import { deviceTimeSeconds, deviceTimeText, toValue, toValues } from '../../src/model/value.ts'
import { readArbitrary, snapshotArbitrary, structArbitrary } from './arbitrary.ts'

const at = { deviceTime: '2026-11-24T14:02:11', receivedAt: '2026-11-24T14:02:12.345Z' }

describe('alarms', () => {
  const classed = fc.array(
    fc.record({
      n: fc.nat(),
      class: fc.constantFrom('critical', 'non-critical', 'log-only', 'unknown(9)', null),
    }),
    { maxLength: 16 },
  )

  it('come critical first, then as the pump has them; one of no known class may be critical', () => {
    fc.assert(
      fc.property(classed, (alarms) => {
        const of = (...classes: (string | null)[]) =>
          alarms.filter((one) => classes.includes(one.class))
        expect(alarmsInOrder(alarms)).toEqual([
          ...of('critical'),
          ...of('unknown(9)', null),
          ...of('non-critical'),
          ...of('log-only'),
        ])
      }),
    )
  })
})

describe('snapshotValues', () => {
  it('gives what its schema takes, for anything the wire can carry', () => {
    fc.assert(
      fc.property(readArbitrary, (repr) => {
        const values = snapshotValues(repr, at)
        expect(snapshotSchema.safeParse(values).error).toBeUndefined()
        for (const a of alarmReadings(values, at.receivedAt) ?? []) {
          expect(alarmSchema.safeParse(a).error).toBeUndefined()
        }
        for (const e of pumpEvents(values).entries ?? [])
          expect(pumpEventSchema.safeParse(e).error).toBeUndefined()
        for (const d of drugReadings(values) ?? [])
          expect(drugSchema.safeParse(d).error).toBeUndefined()
      }),
    )
  })

  it('never lets a bad field hide an alarm', () => {
    fc.assert(
      fc.property(snapshotArbitrary, (repr) => {
        const values = snapshotValues(repr, at)
        const shown = alarmReadings(values, at.receivedAt) ?? []
        const { alarms } = filled(values, at)
        expect(shown).toHaveLength(repr.alarms.alarms.length)
        const codes = repr.alarms.alarms.map(({ code }, i) =>
          code === null ? null : alarms.alarms?.[i]?.code.value,
        )
        expect(shown.map(({ code }) => code).sort()).toEqual(codes.sort())
        for (const { code } of shown) {
          if (code !== null) expect(code).toMatch(/^[a-z0-9-]+$|^unknown\(\d+\)$/)
        }
      }),
    )
  })
})

describe('toValue', () => {
  it('keeps a value out of range as invalid with its raw integer, and its neighbours', () => {
    const repr = {
      reportedVolume: 60_000_000,
      capacity: 20_000_000,
      lowAlarmVolume: null,
      lowAlarmDate: null,
      filledAt: 1,
      filledVolume: 0,
    }
    const values = toValues(Reservoir, repr, at)
    expect(values.reportedVolume).toMatchObject({
      value: null,
      quality: 'invalid',
      raw: 60_000_000,
    })
    expect(values.capacity).toMatchObject({ value: 20, unit: 'mL', quality: 'current' })
    expect(values.lowAlarmVolume).toMatchObject({ value: null, quality: 'unavailable' })
    expect(values.lowAlarmVolume).not.toHaveProperty('raw')
    expect(values.filledVolume.value).toBe(0)
  })

  it('converts to the very decimal the integer stands for, and back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50_000_000 }), (raw) => {
        const { value } = toValue(Reservoir.fields.reportedVolume, raw, at)
        expect(Math.round(Number(value) * wirePer('mL'))).toBe(raw)
        const text = String(raw).padStart(7, '0')
        const expected = Number(`${text.slice(0, -6)}.${text.slice(-6)}`)
        expect(value).toBe(expected)
      }),
    )
  })

  it('is current exactly where the protocol judges ok', () => {
    fc.assert(
      fc.property(structArbitrary(Reservoir), (repr) => {
        const values = toValues(Reservoir, repr, at)
        for (const [name, field] of Object.entries(Reservoir.fields)) {
          const key = name as keyof typeof repr
          const quality = { ok: 'current', invalid: 'invalid', unavailable: 'unavailable' }
          expect(values[key].quality).toBe(quality[judge(field, repr[key])])
        }
      }),
    )
  })

  it('follows the mass unit as programmed and never rescales', () => {
    const drug = (massUnit: number) =>
      toValues(Drug, { name: 'X', massUnit, concentration: 500_000, dose24h: 125_000 }, at)
    expect(drug(1).concentration).toMatchObject({ value: 0.5, unit: 'mg/mL' })
    expect(drug(2).concentration).toMatchObject({ value: 500, unit: 'ug/mL' })
    expect(drug(2).dose24h).toMatchObject({ value: 125, unit: 'ug/d' })
  })

  it('passes an unknown code on by its number', () => {
    const { code } = { code: Drug.fields.massUnit }
    expect(codeName(code, 9)).toBe('unknown(9)')
    expect(toValue(code, 9, at)).toMatchObject({ value: 'unknown(9)', quality: 'current' })
  })
})

describe('deviceTimeText', () => {
  it('is the inverse of deviceTimeSeconds over the whole range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xfffffffe }), (seconds) => {
        const text = deviceTimeText(seconds)
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
        expect(deviceTimeSeconds(text)).toBe(seconds)
      }),
    )
    expect(deviceTimeText(0)).toBe('2000-01-01T00:00:00')
  })
})

describe('mapValues', () => {
  it('reaches every value and changes nothing else', () => {
    fc.assert(
      fc.property(snapshotArbitrary, (repr) => {
        const values = snapshotValues(repr, at)
        expect(mapValues(values, (v) => v)).toEqual(values)
        let count = 0
        mapValues(values, (v) => {
          count += 1
          return v
        })
        expect(count).toBe(JSON.stringify(values).split('"receivedAt"').length - 1)
      }),
    )
  })
})

describe('conversion', () => {
  it('is its own inverse with wirePer for every wire unit', () => {
    for (const unit of ['nL', 'nL/d', 'ng/mL', 'ng/d', '%', 'mV', 's'] as const) {
      for (const mass of ['mg', 'mcg'] as const) {
        const shown = conversion(unit, mass)
        expect(wirePer(shown?.unit ?? '')).toBe(shown?.per)
      }
    }
  })
})
