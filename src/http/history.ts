// Readings of history in short, and pages of them. Pure, over an iteration of records.
import { type Cursor, cursorText, parseCursor } from '../feed/cursor.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import type { LoggedEvent, Reading } from '../model/api.ts'
import { argumentOf } from '../model/pump-event-rows.ts'

/** What moves, from interrogations and live exchanges alike. */
export async function* readings(records: AsyncIterable<FeedRecord>): AsyncGenerator<Reading> {
  for await (const one of records) {
    const record = one.api()
    if (record?.kind !== 'interrogation' && record?.kind !== 'live') continue
    const { position, readAt, deviceTime, session, source } = record
    const { reportedVolume } = record.kind === 'live' ? record : record.reservoir
    const { rate } = record.kind === 'live' ? record : record.infusion
    const moment = { id: cursorText(one), position, readAt, deviceTime, session, source }
    yield { ...moment, kind: record.kind, reportedVolume, rate }
  }
}

/** What pumps have logged, event by event; behind the one of the cursor. */
export async function* loggedEvents(
  records: AsyncIterable<FeedRecord>,
  order: 'asc' | 'desc',
  after: EventCursor | null,
): AsyncGenerator<LoggedEvent> {
  for await (const one of records) {
    const record = one.api()
    if (record?.kind !== 'pump-events') continue
    const { position, readAt, deviceTime, session, source, overwritten } = record
    const moment = { position, readAt, deviceTime, session, source }
    const entries = [...record.entries.entries()]
    for (const [i, event] of order === 'asc' ? entries : entries.reverse()) {
      const given = after && (order === 'asc' ? i <= after.index : i >= after.index)
      if (position === after?.position && given) continue
      yield {
        ...{ ...moment, ...event, id: `${cursorText(one)}.${i}`, alarm: argumentOf(event).alarm },
        overwritten: i === 0 ? overwritten : 0,
      }
    }
  }
}

/** A place within what was logged at one reading. */
export interface EventCursor extends Cursor {
  readonly index: number
}

export function parseEventCursor(text: string): EventCursor | null {
  const [, place, index] = /^(.+)\.(\d{1,3})$/.exec(text) ?? []
  const cursor = place === undefined ? null : parseCursor(place)
  return cursor && { ...cursor, index: Number(index) }
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Whether there is more behind them. */
  readonly more: boolean
}

/** The first `limit` items; one more is looked for, to know whether there is a next page. */
export async function page<T>(items: AsyncIterable<T>, limit: number): Promise<Page<T>> {
  const taken: T[] = []
  for await (const item of items) {
    if (taken.length === limit) return { items: taken, more: true }
    taken.push(item)
  }
  return { items: taken, more: false }
}

/** The first `limit` items, as they come. */
export async function* first<T>(items: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  let left = limit
  if (left <= 0) return
  for await (const item of items) {
    yield item
    left -= 1
    if (left === 0) return
  }
}
