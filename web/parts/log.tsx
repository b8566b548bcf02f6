// The pump's event log, newest first, with the gap where it has overwritten older events.
import { useMemo } from 'preact/hooks'
import { count } from '../../src/model/format.ts'
import type { PumpEventReading } from '../../src/model/reading.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { argument } from '../../src/words/comparison.ts'
import { pumpMoment, type Reader } from '../../src/words/reader.ts'
import { named } from '../../src/words/words.ts'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

export function Log({ pump, reader }: Props) {
  const { page } = reader.words
  const { entries, overwritten, total } = pump.events
  const list = useMemo(
    () => <EventList entries={entries} reader={reader} />,
    [pump.pump.id, total, entries?.length, reader],
  )
  return (
    <details class="part log">
      <summary>
        <h3>{page.log}</h3>
      </summary>
      {list}
      {entries !== null && <Gap lost={overwritten} none={page.logWhole} reader={reader} />}
    </details>
  )
}

interface GapProps {
  /** Events that were overwritten; null = the pump does not say how many. */
  readonly lost: number | null
  readonly none: string
  readonly reader: Reader
}

export function Gap({ lost, none, reader: { words } }: GapProps) {
  if (lost === 0) return none === '' ? null : <p>{none}</p>
  return <p class="gap">{lost === null ? words.page.logUnknown : words.page.logGap(count(lost))}</p>
}

export function EventList({
  entries,
  reader,
}: {
  /** Null = they could not be read. */
  readonly entries: readonly PumpEventReading[] | null
  readonly reader: Reader
}) {
  const { page, event, notAvailable } = reader.words
  if (entries === null) return <p>{page.logUnread}</p>
  if (entries.length === 0) return <p>{page.logEmpty}</p>
  return (
    <ol class="events">
      {[...entries].reverse().map((one) => {
        const late = one.detectedAt !== null && one.detectedAt !== one.occurredAt
        return (
          <li key={one.number}>
            <span class="number">
              {page.number} {one.number === null ? notAvailable : count(one.number)}
            </span>
            <span class="when">{pumpMoment(reader, one.occurredAt)}</span>
            <strong>{named(event, one.code, notAvailable)}</strong>
            <span>
              {argument(one.code, one.argument, reader)}
              {late && ` (${page.late(pumpMoment(reader, one.detectedAt))})`}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
