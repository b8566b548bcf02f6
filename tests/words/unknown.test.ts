// What the pump does not say is said nowhere: all-ones of any field reads, on every surface that shows the
// field, like none of the values that the field can have.
import { describe, expect, it } from 'vitest'
import type { ScalarField } from '../../src/model/fields.ts'
import { FULL, nameOf, PLACES, type Place, withRaw } from '../model/full.ts'
import { surfacesOf } from './surfaces.ts'

/** Values that unknown is most easily taken for, and others. */
function values(field: ScalarField): readonly (number | string)[] {
  switch (field.kind) {
    case 'uint':
      return [field.min, field.min + 1, field.max]
    case 'code':
      return Object.keys(field.names).map(Number)
    case 'time':
      return [0, 60 * 12_000_000]
    case 'text':
      return ['A', '0', 'NONE', 'UNKNOWN']
  }
}

/** Whoever may ask for a bolus, or is given one, is shown all of it. */
const ON = {
  ...FULL,
  bolus: { ...FULL.bolus, enabled: 1 },
  infusion: { ...FULL.infusion, mode: 3 },
}

async function notTaken(place: Place): Promise<void> {
  const unknown = await surfacesOf(withRaw(ON, place, null))
  const shown = await Promise.all(
    values(place.declared).map((raw) => surfacesOf(withRaw(ON, place, raw))),
  )
  for (const [name, text] of Object.entries(unknown)) {
    const texts = shown.map((surfaces) => surfaces[name])
    // Where no value of the field changes what is shown, it is not shown.
    if (new Set(texts).size === 1) continue
    for (const [i, other] of texts.entries()) {
      expect(text, `${nameOf(place)} on ${name}: as ${values(place.declared)[i]}`).not.toBe(other)
    }
  }
}

describe('a field that the pump does not say', () => {
  it.each(PLACES.map((place) => [nameOf(place), place] as const))('%s', async (_, place) => {
    await notTaken(place)
  })
})
