// A bridge that starts again knows of a reading what the log says: also that the pump contradicted it.
import { expect, it } from 'vitest'
import { viewRecalled } from '../../src/status/recalled.ts'
import { interrogations, recordsOf } from '../fhir/readings.ts'
import { AUDIT } from './events.ts'

it('a reading that the pump contradicted is shown as such after a restart', async () => {
  const [reading] = interrogations(await recordsOf('mixture'))
  if (!reading?.pump) throw new Error('the scenario has no reading')
  const identity = { ...reading.pump, ...reading.identity }
  const now = { mono: 0, wall: Date.parse(reading.readAt) + 60_000 }
  const view = (contradicted: boolean) => {
    const one = { ...reading, ...(contradicted && { contradicted: true as const }) }
    return viewRecalled({ identity, reading: one, live: null, closeConfirmed: true }, AUDIT, now)
  }
  for (const [contradicted, reason] of [
    [false, 'recorded'],
    [true, 'contradicted'],
  ] as const) {
    const { value } = reading.infusion.rate
    expect(view(contradicted)).toMatchObject({ quality: 'stale', reason, ageMs: 60_000 })
    expect(view(contradicted).infusion.rate).toMatchObject({ value, quality: 'stale', reason })
  }
})
