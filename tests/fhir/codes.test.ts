// Nothing is given away as MDC that was not verified: over every scenario, in both standards.
import type { CodeSystem } from 'fhir/r4.js'
import { describe, expect, it } from 'vitest'
import { bundleOf } from '../../src/fhir/bundle.ts'
import { terminology } from '../../src/fhir/terminology.ts'
import { isSendable, messageOf } from '../../src/hl7/messages.ts'
import {
  ENUMS,
  enumSystem,
  MDC,
  MDC_UNITS,
  OWN_CODES,
  OWN_SYSTEM,
} from '../../src/model/nomenclature.ts'
import { REFERENCES, VERIFIED, VERIFIED_UNITS } from './domain-codes.ts'
import { interrogations, NAMES, recordsOf } from './readings.ts'

const MDC_SYSTEM = 'urn:iso:std:iso:11073:10101'
const OTHERS = [
  'http://unitsofmeasure.org',
  'http://terminology.hl7.org/CodeSystem/data-absent-reason',
  'http://terminology.hl7.org/CodeSystem/observation-category',
  'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  'http://terminology.hl7.org/CodeSystem/v2-0074',
]

interface Coding {
  readonly system: string
  readonly code: string
  readonly display?: string
}

function* codings(value: unknown): Generator<Coding> {
  if (typeof value !== 'object' || value === null) return
  const { system, code } = value as Partial<Coding>
  if (system !== undefined && code !== undefined) yield value as Coding
  for (const one of Object.values(value)) yield* codings(one)
}

describe('every code', () => {
  it.each(NAMES)(
    'of %s in FHIR is verified, or of our own system and known there',
    async (name) => {
      const records = interrogations(await recordsOf(name))
      const own = new Map<string, Set<string>>([[OWN_SYSTEM, new Set(OWN_CODES.map((c) => c.ref))]])
      for (const [key, { names }] of Object.entries(ENUMS)) {
        own.set(enumSystem(key as never), new Set(Object.values(names)))
      }
      let mdc = 0
      for (const { system, code, display } of records.flatMap((one) => [
        ...codings(bundleOf(one, '')),
      ])) {
        if (system === MDC_SYSTEM) {
          mdc += 1
          expect(VERIFIED).toContain(Number(code))
          const reference = REFERENCES[Number(code)]
          if (reference !== undefined) expect(display).toBe(reference)
        } else if (own.has(system)) expect(own.get(system)).toContain(code)
        else expect(OTHERS).toContain(system)
      }
      expect(mdc).toBeGreaterThan(20)
    },
  )

  it.each(NAMES)('of %s in HL7 is verified, or 0 with a name of ours', async (name) => {
    const own = OWN_CODES.map((one) => one.ref)
    const messages = (await recordsOf(name)).filter(isSendable).map((one) => messageOf(one))
    let mdc = 0
    for (const text of messages) {
      for (const [, code = '', ref = ''] of text.matchAll(/[|^]([^|^]*)\^([^|^]*)\^MDC/g)) {
        mdc += 1
        if (code === '0') expect(own).toContain(ref)
        else if (ref.startsWith('MDC_DIM_')) expect(VERIFIED_UNITS).toContain(Number(code))
        else expect(VERIFIED).toContain(Number(code))
      }
    }
    expect(mdc).toBeGreaterThan(20)
  })

  it('that could be given away is, too', () => {
    for (const { mdc } of Object.values(MDC)) expect(VERIFIED).toContain(mdc)
    for (const { mdc } of Object.values(MDC_UNITS)) expect(VERIFIED_UNITS).toContain(mdc)
    for (const { system, code } of codings(terminology('0'))) {
      if (system === MDC_SYSTEM) expect(VERIFIED).toContain(Number(code))
    }
    // Whoever meets a code of ours can look it up.
    const published = terminology('0').find(({ url }) => url === OWN_SYSTEM) as CodeSystem
    expect(published.concept?.map((one) => one.code)).toEqual(OWN_CODES.map((one) => one.ref))
    const set = JSON.stringify(terminology('0'))
    for (const [code, reference] of Object.entries(REFERENCES)) {
      expect(set).toContain(JSON.stringify({ code, display: reference }))
    }
  })
})
