// How two readings differ: every field has its row, nothing is said to be the same that is not known to be,
// and what a surface holds of a reading is compared as the reading itself.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ROLES } from '../../protocol/fields/field.ts'
import { compare, type Difference } from '../../src/model/comparison.ts'
import { blocksOf } from '../../src/model/content.ts'
import { BLOCK_FIELDS } from '../../src/model/fields.ts'
import { type KeptBlocks, keptBlocks, keptSchema, valuesOf } from '../../src/model/reading.ts'
import { snapshotArbitrary } from './arbitrary.ts'
import {
  AT,
  FULL,
  nameOf,
  otherThan,
  PLACES,
  type Place,
  readIn,
  SILENT,
  valuesIn,
  withRaw,
} from './full.ts'

const rowName = ({ block, field, part }: Difference) =>
  [block, field, part].filter((one) => one !== null).join('.')
/** A field by which an item is found: another one there is another item. */
const isKey = ({ block, part }: Place) =>
  (block === 'alarms' && part === 'id') || (block === 'events' && part === 'number')

const onePlace = fc.constantFrom(...PLACES).chain((place) => {
  const old = place.part
    ? (FULL[place.block] as never as Record<string, Record<string, never>[]>)[place.field]?.at(
        -1,
      )?.[place.part]
    : (FULL[place.block] as never as Record<string, never>)[place.field]
  return fc.record({ place: fc.constant(place), raw: otherThan(place.declared, old ?? null) })
})

describe('a comparison', () => {
  it('has a row for every field of every block, each with its role', () => {
    const rows = compare(valuesIn(FULL), valuesIn(FULL))
    expect(new Set(rows.map(rowName))).toEqual(new Set(PLACES.map(nameOf)))
    for (const { role, change } of rows) {
      expect(ROLES).toContain(role)
      expect(change).toBe('same')
    }
    expect(BLOCK_FIELDS).toHaveLength(11)
  })

  it('finds any one field that is another, and nothing else', () => {
    fc.assert(
      fc.property(onePlace, ({ place, raw }) => {
        const rows = compare(valuesIn(FULL), valuesIn(withRaw(FULL, place, raw)))
        const found = rows.filter(({ change }) => change !== 'same')
        const { item: _, ...fields } = { item: null, ...place }
        if (isKey(place)) {
          const changes = new Set(found.map(({ change }) => change))
          expect([...changes].sort()).toEqual(['appeared', 'gone'])
          return
        }
        // The same integer says another concentration and another dose in another mass unit.
        const masses =
          fields.part === 'massUnit' ? ['drugs.drugs.concentration', 'drugs.drugs.dose24h'] : []
        expect(found.map(rowName).sort()).toEqual([nameOf(place), ...masses].sort())
        for (const { change, before, after } of found) {
          expect(change).toBe('changed')
          expect([before?.value, before?.unit]).not.toEqual([after?.value, after?.unit])
        }
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 20_000 : 500 },
    )
  })

  it('claims nothing of a field that either side does not say', () => {
    for (const place of PLACES) {
      const silent = valuesIn(withRaw(FULL, place, null))
      for (const [a, b] of [
        [valuesIn(FULL), silent],
        [silent, valuesIn(FULL)],
        [silent, silent],
      ] as const) {
        const rows = compare(a, b).filter((row) => rowName(row) === nameOf(place))
        expect(
          rows.map(({ change }) => change),
          nameOf(place),
        ).toContain('unknown')
      }
    }
    const rows = compare(valuesIn(SILENT), valuesIn(SILENT))
    expect(new Set(rows.map(({ change }) => change))).toEqual(new Set(['unknown']))
  })

  it('claims nothing of a block that was not read, nor of what is in its lists', () => {
    const { alarms: _, ...rest } = valuesIn(FULL)
    for (const rows of [
      compare(rest, valuesIn(FULL)),
      compare(valuesIn(FULL), { ...rest, alarms: null }),
      compare(rest, rest),
    ]) {
      const alarms = rows.filter(({ block }) => block === 'alarms')
      expect(alarms.length).toBeGreaterThan(0)
      expect(new Set(alarms.map(({ change }) => change))).toEqual(new Set(['unknown']))
    }
    const none = { ...valuesIn(FULL), alarms: { alarms: [] } }
    expect(compare(none, none).filter(({ block }) => block === 'alarms')).toMatchObject([
      { change: 'same', item: null },
    ])
  })

  it('gives every item of a list a row, whatever its key, and none twice', () => {
    fc.assert(
      fc.property(snapshotArbitrary, snapshotArbitrary, (a, b) => {
        const rows = compare(valuesIn(a), valuesIn(b))
        const ids = rows.map(({ block, field, item, part }) =>
          JSON.stringify([block, field, item, part]),
        )
        expect(new Set(ids).size).toBe(ids.length)
        for (const [block, field] of [
          ['alarms', 'alarms'],
          ['events', 'events'],
          ['drugs', 'drugs'],
          ['infusion', 'schedule'],
        ] as const) {
          const items = (repr: typeof a) =>
            (repr[block] as never as Record<string, unknown[]>)[field] ?? []
          const of = (side: 'before' | 'after') =>
            new Set(
              rows
                .filter((row) => row.block === block && row.field === field && row[side])
                .map(({ item }) => item),
            ).size
          expect(of('before')).toBe(items(a).length)
          expect(of('after')).toBe(items(b).length)
        }
        for (const { change, before, after } of rows) {
          if (change !== 'same' || before === null) continue
          expect(before.value).not.toBeNull()
          expect(before.value).toBe(after?.value)
        }
      }),
    )
  })
})

describe('a reading as it is kept', () => {
  it('is the same in what a surface holds of it, but for the age of the clock', () => {
    fc.assert(
      fc.property(onePlace, ({ place, raw }) => {
        const changed = withRaw(FULL, place, raw)
        const [a, b] = [FULL, changed].map((repr) => {
          const { who, content } = readIn(repr)
          return blocksOf(who, content, AT)
        })
        const pick = (rows: Difference[]) =>
          rows
            .filter(({ block, field }) => block !== 'clock' && field !== 'ageMs')
            .map(({ before, after, ...row }) => ({ ...row, sides: [before?.value, after?.value] }))
        expect(pick(compare(a ?? {}, b ?? {}))).toEqual(
          pick(compare(valuesIn(FULL), valuesIn(changed))),
        )
      }),
    )
  })

  it('goes into protocol units and back, for anything the wire can carry', () => {
    fc.assert(
      fc.property(snapshotArbitrary, (repr) => {
        const { events: _, ...blocks } = repr
        const kept: KeptBlocks = keptBlocks(valuesIn(repr))
        expect(kept).toEqual(blocks)
        expect(keptSchema.safeParse(kept).data).toEqual(blocks)
        const { events: __, ...values } = valuesIn(repr)
        expect(valuesOf(kept, AT)).toEqual(values)
      }),
    )
  })
})
