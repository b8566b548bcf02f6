// What pumps log themselves is told once each, whatever is read, lost or unreadable in between.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NO_ALARMS, readNoted } from '../../src/model/alarm-changes.ts'
import { eventsNoted, eventsToTell } from '../../src/model/pump-events.ts'
import type { PumpEventReading } from '../../src/model/reading.ts'

const RING = 64
const event = (number: number): PumpEventReading => ({
  number,
  code: 'stall-began',
  occurredAt: null,
  detectedAt: null,
  argument: null,
})

/** The list of a pump that has logged so many. */
const listOf = (total: number) => {
  const from = Math.max(1, total - RING + 1)
  const entries = Array.from({ length: total - from + 1 }, (_, i) => event(from + i))
  return { total, overwritten: from - 1, entries }
}

it('each once, in order, those overwritten as a number, also when a record was lost and a list was unread', () => {
  const step = fc.record({
    logged: fc.nat({ max: 100 }),
    unread: fc.boolean(),
    lost: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.nat({ max: 200 }), fc.array(step, { maxLength: 20 }), (first, steps) => {
      let total = first
      let history = readNoted(NO_ALARMS, { alarms: [], events: listOf(total), readAt: '' })
      // What was there at the first reading is in that reading: it is no news.
      expect(eventsToTell(history, listOf(total))).toBeNull()
      const told: number[] = []
      let overwritten = 0
      for (const { logged, unread, lost } of [
        ...steps,
        { logged: 1, unread: false, lost: false },
      ]) {
        total += logged
        const events = unread ? { ...listOf(total), total: null, entries: null } : listOf(total)
        history = readNoted(history, { alarms: [], events, readAt: '' })
        const tell = eventsToTell(history, events)
        if (unread) expect(tell).toBeNull()
        if (tell === null || lost) continue
        told.push(...tell.entries.map(({ number }) => number ?? 0))
        overwritten += tell.overwritten
        history = eventsNoted(history, tell)
      }
      expect(told).toEqual([...new Set(told)].sort((a, b) => a - b))
      expect(told.length + overwritten).toBe(total - first)
      expect(told.at(-1)).toBe(total)
    }),
  )
})

it('a pump that counts anew has no news of before', () => {
  const before = readNoted(NO_ALARMS, { alarms: [], events: listOf(50), readAt: '' })
  const anew = readNoted(before, { alarms: [], events: listOf(3), readAt: '' })
  expect(eventsToTell(anew, listOf(3))).toBeNull()
  expect(eventsToTell(anew, listOf(4))?.entries.map(({ number }) => number)).toEqual([4])
})

it('an event without a number is told with none, or it would be told for ever', () => {
  const history = readNoted(NO_ALARMS, { alarms: [], events: listOf(3), readAt: '' })
  const events = { total: 5, overwritten: 0, entries: [{ ...event(4), number: null }, event(5)] }
  const tell = eventsToTell(history, events)
  expect(tell?.entries.map(({ number }) => number)).toEqual([5])
  expect(tell?.overwritten).toBe(1)
})
