// A time of the pump's clock has no zone on any surface: the offset measured at a reading is of that reading.
import { describe, expect, it } from 'vitest'
import { eventRows } from '../../src/cli/audit/report/reading-columns.ts'
import { renderPump } from '../../src/cli/render.ts'
import { dateTime } from '../../src/model/format.ts'
import { deviceTimeText } from '../../src/model/value.ts'
import { readerOf } from '../../src/words/reader.ts'
import { FULL, valuesIn } from '../model/full.ts'
import { statusIn, surfacesOf } from './surfaces.ts'

/** Every second since 2000 that the blocks hold, but the reading's own. */
function timesIn(value: unknown, out = new Set<string>()): Set<string> {
  if (typeof value === 'number' && value > 7e8 && value < 1e9) out.add(deviceTimeText(value))
  else if (typeof value === 'object' && value !== null)
    for (const one of Object.values(value)) timesIn(one, out)
  return out
}

describe('a time of the pump’s clock', () => {
  it('stands without an offset wherever it is shown, but the reading’s own', async () => {
    // The reading is of summer, with an hour between this computer's clock and the pump's.
    const { alarms, events, reservoir, clock } = FULL
    const now = 836_400_000
    const repr = { ...FULL, clock: { ...clock, deviceTime: now, ageMs: 0 } }
    const times = timesIn({ alarms, events, reservoir })
    expect(times.size).toBeGreaterThan(1)
    const report = JSON.stringify(eventRows(valuesIn(repr as never)))
    const surfaces = { ...(await surfacesOf(repr as never)), report }
    for (const [surface, text] of Object.entries(surfaces)) {
      let shown = 0
      for (const time of times) {
        const digits = time.replace(/[-:T]/g, '')
        for (const form of [time, time.replace('T', ' '), digits, dateTime(time)]) {
          for (const part of text.split(form).slice(1)) {
            shown += 1
            expect(part.slice(0, 12), `${form} on ${surface}`).not.toMatch(
              /^(\.\d+)?\s?\(?(Z|UTC|[+-]\d\d:?\d\d)/,
            )
          }
        }
      }
      if (['status', 'record', 'fhir', 'hl7', 'terminal', 'report'].includes(surface))
        expect(shown, surface).toBeGreaterThan(0)
    }
  })

  it('is compared in the terminal with the clinic’s clock, in summer and in winter', async () => {
    const status = await statusIn(FULL)
    const line = (hostTime: string, deviceTime: string) => {
      const clock = { ...status.clock, hostTime, deviceTime }
      return renderPump({ ...status, clock }, readerOf('en-US', 'America/New_York'))
        .join(' ')
        .replace(/\s+/g, ' ')
    }
    for (const [utc, own, late] of [
      ['2026-11-24T19:02:11.000Z', '2026-11-24T14:02:11', '2026-11-24T15:02:11'],
      ['2026-07-24T18:02:11.000Z', '2026-07-24T14:02:11', '2026-07-24T15:02:11'],
    ] as const) {
      expect(line(utc, own)).toContain('clock agrees with this computer’s (America/New_York).')
      expect(line(utc, late)).toContain('1 h ahead of this computer’s (America/New_York).')
      expect(line(utc, own)).not.toContain('UTC')
    }
  })

  it('is said to be the pump’s on the worksheet and its paper, and has no zone beside it', async () => {
    const { terminal, sheet, paper } = await surfacesOf(FULL)
    for (const text of [terminal, sheet, paper])
      expect(text).not.toMatch(/\d\d-[A-Z][a-z]{2}-20\d\d \d\d:\d\d (\(?UTC|[+-]\d\d)/)
    expect(paper).toContain('unless they are the pump’s')
  })
})
