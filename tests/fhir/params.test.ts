// Dates of searches: one without a zone is of the clinic's clocks, so that whoever asks for a day gets what was
// read on that day there.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { spanOf } from '../../src/fhir/params.ts'
import { inZone } from '../../src/model/format.ts'

const ZONES = [
  'UTC',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Europe/London',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Africa/Cairo',
]
const hours = (text: string, zone: string) => {
  const { lo, hi } = spanOf(text, zone) ?? { lo: 0, hi: 0 }
  return (hi - lo) / 3_600_000
}

it('a day, a month and a year without zone are those of the clinic, in every zone and at every instant', () => {
  const at = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2040, 0) })
  fc.assert(
    fc.property(at, fc.constantFrom(...ZONES), (ms, zone) => {
      const local = inZone(new Date(ms).toISOString(), zone)
      for (const length of [4, 7, 10]) {
        const span = spanOf(local.slice(0, length), zone)
        expect(span && span.lo <= ms && ms < span.hi, `${local} ${zone} ${length}`).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

it('a day on which the clocks change has as many hours as it has there', () => {
  expect(hours('2026-03-29', 'Europe/London')).toBe(23)
  expect(hours('2026-10-25', 'Europe/London')).toBe(25)
  expect(hours('2026-10-25', 'UTC')).toBe(24)
  // Midnight itself is left out there: the day begins at one.
  expect(hours('2018-11-04', 'America/Sao_Paulo')).toBe(23)
})

it('a time with a zone is what it says, whatever the clinic’s is', () => {
  for (const zone of ZONES) {
    expect(spanOf('2026-11-30T10:00:00Z', zone)?.lo).toBe(Date.UTC(2026, 10, 30, 10))
    expect(spanOf('2026-11-30T10:00:00-05:00', zone)?.lo).toBe(Date.UTC(2026, 10, 30, 15))
  }
  expect(spanOf('2026-11-30T10:00', 'Europe/Berlin')?.lo).toBe(Date.UTC(2026, 10, 30, 9))
  for (const text of ['0001', '9999', '0000-01-01'])
    expect(spanOf(text, 'Asia/Kathmandu')).not.toBe(null)
})
