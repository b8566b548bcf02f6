// A Bundle as a transaction: everything in it is created on the condition of its own identifier, what it refers to
// is in it or is named by an identifier, and it is the same text whenever it is made.
import type { Bundle, FhirResource } from 'fhir/r4.js'
import { describe, expect, it } from 'vitest'
import { bundleOf, eventsBundle } from '../../src/fhir/bundle.ts'
import { transactionOf } from '../../src/fhir/transaction.ts'
import { hasJudges, needsJudges, validator } from './oracle.ts'
import { interrogations, NAMES, recordsOf } from './readings.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

type Reference = { reference?: string; identifier?: { value?: string }; type?: string }

function referencesIn(value: unknown): Reference[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.values(value).flatMap(referencesIn)
  return 'reference' in value ? [value as Reference, ...inside] : inside
}

async function check(bundle: Bundle<FhirResource>): Promise<Bundle> {
  const made = transactionOf(bundle)
  expect(transactionOf(structuredClone(bundle))).toEqual(made)
  expect(made.identifier).toEqual(bundle.identifier)
  const entries = made.entry ?? []
  expect(entries.length).toBe(bundle.entry?.length)
  const names = new Set(entries.map((one) => one.fullUrl))
  expect(names.size).toBe(entries.length)
  const conditions = new Set(
    entries.map((one) => `${one.request?.url} ${one.request?.ifNoneExist}`),
  )
  expect(conditions.size).toBe(entries.length)
  for (const { resource, request } of entries) {
    const { identifier = [] } = resource as { identifier?: { system?: string; value?: string }[] }
    const [first] = identifier
    const asked = new URLSearchParams(request?.ifNoneExist).get('identifier')
    const value = first?.value?.replace(/[\\,|$]/g, (one) => `\\${one}`)
    expect(asked).toBe(`${first?.system}|${value}`)
    expect(resource?.id).toBeUndefined()
    for (const { reference } of referencesIn(resource)) {
      if (reference !== undefined) expect(names).toContain(reference)
    }
  }
  if (hasJudges) (await validator())(made)
  return made
}

describe('a transaction', { timeout: 60_000 }, () => {
  it('was judged by Medplum', needsJudges)

  it.for(NAMES)('of what was read in %s', async (name) => {
    const records = await recordsOf(name)
    const owner = { system: 'urn:oid:1.2.3', value: 'a|b,c $d' }
    for (const record of interrogations(records).slice(0, LONG ? undefined : 2)) {
      await check(bundleOf(record, 'http://x'))
      const whole = await check(bundleOf({ ...record, owner }, '', { before: 3 }))
      // The volume before was sent with another transaction, if it was.
      expect(JSON.stringify(whole.entry)).toContain(
        `{"type":"Observation","identifier":{"system":"urn:wandbridge:record","value":"${record.log}/3/reported-volume"}}`,
      )
    }
    for (const record of records) {
      if (record.kind === 'pump-events' && record.entries.length > 0) {
        await check(eventsBundle(record, ''))
      }
    }
  })
})
