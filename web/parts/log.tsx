// The pump's event log, newest first, with the gap where it has overwritten older events.
import { useMemo } from 'preact/hooks'
import { ALARM_CODES } from '../../protocol/fields/alarms.ts'
import { EVENT_ARGUMENTS, EVENT_CODES } from '../../protocol/fields/events.ts'
import { number, quantity } from '../../src/model/format.ts'
import type { PumpEventReading } from '../../src/model/reading.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { named } from '../../src/words/words.ts'
import { pumpMoment, type Reader } from '../view/reader.ts'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

export function Log({ pump, reader }: Props) {
  const { page } = reader.words
  const { entries, overwritten, total } = pump.events
  const list = useMemo(
    () => <EventList entries={entries} reader={reader} />,
    [pump.pump.id, total, entries.length, reader],
  )
  return (
    <details class="part log">
      <summary>
        <h3>{page.log}</h3>
      </summary>
      {list}
      <p class={overwritten > 0 ? 'gap' : ''}>
        {overwritten > 0 ? page.logGap(number(overwritten, '1', 0)) : page.logWhole}
      </p>
    </details>
  )
}

export function EventList({
  entries,
  reader,
}: {
  readonly entries: readonly PumpEventReading[]
  readonly reader: Reader
}) {
  const { page, event } = reader.words
  if (entries.length === 0) return <p>{page.logEmpty}</p>
  return (
    <ol class="events">
      {[...entries].reverse().map((one) => {
        const late = one.detectedAt !== null && one.detectedAt !== one.occurredAt
        return (
          <li key={one.number}>
            <span class="number">
              {page.number} {one.number === null ? page.unreadable : number(one.number, '1', 0)}
            </span>
            <span class="when">{pumpMoment(reader, one.occurredAt)}</span>
            <strong>{named(event, one.code, page.unreadable)}</strong>
            <span>
              {argument(one, reader)}
              {late && ` (${page.late(pumpMoment(reader, one.detectedAt))})`}
            </span>
          </li>
        )
      })}
    </ol>
  )
}

/** What the number of an event says, where the protocol tells. */
function argument({ code, argument: value }: PumpEventReading, reader: Reader): string {
  if (value === null) return ''
  const known = Object.entries(EVENT_CODES).find(([, name]) => name === code)?.[0]
  const kind = (EVENT_ARGUMENTS as Readonly<Record<string, string>>)[known ?? '']
  if (kind === undefined) return ''
  if (kind === 'alarm code') {
    const alarm = (ALARM_CODES as Readonly<Record<number, string>>)[value]
    return named(reader.words.alarm, alarm ?? `unknown(${value})`, '')
  }
  const unit = kind.endsWith('nL/d') ? 'mL/d' : 'mL'
  return quantity(value / 1_000_000, unit, 3, reader.locale)
}
