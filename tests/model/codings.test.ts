// Codings of the clinic are checked before anything starts: a slip of the pen is found by its check digit, and by the
// name of what it is for.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CODED, codingsOf, codingsSchema } from '../../src/model/codings.ts'

const OF = 'MDCX_PUMP_RESERVOIR_VOLUME_REPORTED'
const [LOINC, SNOMED] = ['http://loinc.org', 'http://snomed.info/sct']
const wrong = (...all: object[]) =>
  codingsSchema
    .safeParse(all)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
const one = (of: string, system: string, code: string) => ({ of, system, code, display: 'x' })

describe('codings of the clinic', () => {
  it('stand beside ours by our reference id, with the name of their system in HL7', () => {
    const given = [
      one(OF, LOINC, '8480-6'),
      one(OF, SNOMED, '72607000'),
      { ...one(OF, 'https://clinic.example/codes', 'RV 1'), hl7: '99CLINIC' },
      one('MDCX_EVT_MOTOR_STALL', 'urn:oid:1.2.3', 'STALL'),
    ]
    const codings = codingsOf(codingsSchema.parse(given))
    expect(codings.get(OF)?.map(({ code, hl7 }) => [code, hl7])).toEqual([
      ['8480-6', 'LN'],
      ['72607000', 'SCT'],
      ['RV 1', '99CLINIC'],
    ])
    expect(codings.get('MDCX_EVT_MOTOR_STALL')).toMatchObject([{ code: 'STALL', hl7: 'L' }])
  })

  it('are refused with what is wrong and where', () => {
    expect(wrong(one('reported-volume', LOINC, '8480-6'))).toEqual([
      `0.of: "reported-volume" is no code that is given; ${OF} is`,
    ])
    expect(wrong(one('PUMP_ALARMS', LOINC, '8480-6'))?.[0]).toContain('MDCX_PUMP_ALARMS is')
    expect(wrong(one(OF, LOINC, '8480-5'))).toEqual([
      '0.code: is no code of LOINC: its check digit is wrong',
    ])
    expect(wrong(one(OF, LOINC, '84806'))).toEqual(['0.code: is no code of LOINC'])
    expect(wrong(one(OF, SNOMED, '72607001'))?.[0]).toContain('check digit')
    expect(wrong(one(OF, 'urn:iso:std:iso:11073:10101', '1'))?.[0]).toContain('only verified codes')
    expect(wrong(one(OF, 'urn:wandbridge:codesystem:mdcx', '1'))?.[0]).toContain('only verified')
    expect(wrong(one(OF, 'loinc', '1'))?.[0]).toContain('is no URI')
    expect(wrong({ ...one(OF, LOINC, '8480-6'), display: 'a\u0007b' })?.[0]).toContain('control')
    expect(wrong(one(OF, LOINC, '8480-6'), one(OF, LOINC, '718-7'))?.[0]).toContain('has two codes')
    expect(wrong({ ...one(OF, LOINC, '8480-6'), hl7: 'a|b' })?.[0]).toContain('table 0396')
  })

  it('of SNOMED CT and LOINC are told by any digit that is another, or two that changed places', () => {
    const right = [
      ...['430033006', '72607000'].map((code) => [SNOMED, code]),
      [LOINC, '8480-6'],
      [LOINC, '718-7'],
    ]
    for (const [system = '', code = ''] of right)
      expect(wrong(one(OF, system, code))).toBeUndefined()
    fc.assert(
      fc.property(
        fc.constantFrom(...right),
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        ([system = '', code = ''], at, by) => {
          const i = at % code.length
          fc.pre(code[i] !== '-')
          const other = code.slice(0, i) + String((Number(code[i]) + by) % 10) + code.slice(i + 1)
          expect(wrong(one(OF, system, other))).toBeDefined()
        },
      ),
      { numRuns: 100 },
    )
    expect(wrong(one(OF, SNOMED, '430030306'))).toBeDefined()
  })

  it('can be given for every code that is given', () => {
    const all = [...CODED.keys()].map((of) => one(of, 'urn:oid:1.2.3', of))
    expect(codingsOf(codingsSchema.parse(all)).size).toBe(all.length)
  })
})
