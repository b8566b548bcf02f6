// A capture that was damaged or cut: where is said, and what is whole is read as it was.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ReadingEvent } from '../../src/model/event.ts'
import { partsOf } from './files.ts'
import { captured, readings, replayed } from './runs.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

/** What a reading says, but for who the wand is: its introduction may be what is damaged. */
const said = ({ receivedAt, pump, values, clock, evidence }: ReadingEvent) =>
  JSON.stringify({ receivedAt, serial: pump.serial, values, clock, body: evidence.body })

let whole: Uint8Array
/** Each reading with the bytes of the file in which its session stands. */
let sessions: { readonly said: string; readonly from: number; readonly to: number }[]

beforeAll(async () => {
  const made = await captured({ policy: 'manual', scenario: 'mixture' }, async (rig) => {
    for (let n = 0; n < 5; n += 1) {
      rig.bridge.interrogate()
      await rig.env.advance(8_000)
    }
  })
  whole = made.bytes
  const parts = (await partsOf(whole)).filter((part) => part.kind === 'traffic')
  const placeOf = (mono: number, side: 'from' | 'to') =>
    parts.findLast((part) => (part.traffic[0]?.at.mono ?? 0) <= mono)?.[side] ?? 0
  const opened = (before: number) =>
    made.events.findLast(
      (e) => e.kind === 'link' && e.cause === 'session-asked' && e.mono <= before,
    )
  sessions = readings(made.events).map((event) => ({
    said: said(event),
    from: placeOf(opened(event.mono)?.mono ?? 0, 'from'),
    to: placeOf(event.mono, 'to'),
  }))
  expect(sessions).toHaveLength(5)
})

describe('a damaged capture', () => {
  it('yields every reading whose session is whole, and no other one', async () => {
    const hits = { readings: 0, lost: 0 }
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 900 }), async (at, length) => {
        const from = at % whole.length
        const to = Math.min(whole.length, from + length)
        const bytes = Uint8Array.from(whole)
        for (let i = from; i < to; i += 1) bytes[i] = 255 - (bytes[i] ?? 0)
        const places: { from: number; to: number }[] = []
        const again = readings(await replayed(bytes, { damaged: (part) => places.push(part) }))
        const expected = sessions.filter((one) => one.to <= from || one.from >= to)
        const got = again.map(said)
        hits.readings += got.length
        hits.lost += sessions.length - got.length
        expect(got).toEqual(expect.arrayContaining(expected.map((one) => one.said)))
        for (const one of got) expect(sessions.map((s) => s.said)).toContain(one)
        expect(places.length).toBeGreaterThan(0)
        for (const place of places) {
          expect(place.from).toBeLessThanOrEqual(to)
          expect(place.to).toBeGreaterThanOrEqual(from)
        }
      }),
      { numRuns: LONG ? 2_000 : 12 },
    )
    expect(hits.readings).toBeGreaterThan(0)
  })

  it('that was cut yields every reading that was whole before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (at) => {
        const cut = at % (whole.length + 1)
        const again = readings(await replayed(whole.subarray(0, cut)))
        const expected = sessions.filter((one) => one.to <= cut).map((one) => one.said)
        expect(again.map(said).slice(0, expected.length)).toEqual(expected)
      }),
      { numRuns: LONG ? 1_000 : 8 },
    )
  })
})
