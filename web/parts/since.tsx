// Since the last visit: what of the programme is another, as plainly that nothing is, and what the pump
// has logged.
import { useMemo } from 'preact/hooks'
import { number } from '../../src/model/format.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import type { History } from '../history.ts'
import { moment, type Reader } from '../view/reader.ts'
import { changesOf, eventsSince } from '../view/visit.ts'
import { Part } from './facts.tsx'
import { EventList } from './log.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly history: History | undefined
  readonly reader: Reader
}

export function Since({ pump, history, reader }: Props) {
  const { page } = reader.words
  const body = useMemo(
    () => <Body pump={pump} history={history} reader={reader} />,
    [
      pump.pump.id,
      pump.state.stateCounter.value,
      pump.events.total,
      history?.before,
      history?.since,
      reader,
    ],
  )
  return (
    <Part title={page.since} name="since">
      {body}
    </Part>
  )
}

function Body({ pump, history, reader }: Props) {
  const { page } = reader.words
  if (!history || history.since === 'loading') return <p>{page.sinceLoading}</p>
  if (history.since === 'failed') return <p>{page.historyFailed}</p>
  const { before } = history
  if (before === null) return <p>{page.noVisit}</p>
  const changes = changesOf(before, pump, reader)
  const { entries, lost } = eventsSince(before, pump)
  return (
    <>
      <p>{page.sinceWhen(moment(reader, before.at))}</p>
      {changes.length === 0 ? (
        <p class="same">{page.programmeSame}</p>
      ) : (
        <table class="changes">
          <caption>{page.programmeChanged}</caption>
          <thead>
            <tr>
              <td />
              <th scope="col">{page.before}</th>
              <th scope="col">{page.now}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ what, before: old, now }) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td>{old}</td>
                <td>{now}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {entries.length + lost === 0 ? (
        <p>{page.noEvents}</p>
      ) : (
        <details>
          <summary>{page.events(number(entries.length + lost, '1', 0))}</summary>
          <EventList entries={entries} reader={reader} />
          {lost > 0 && <p class="gap">{page.logGap(number(lost, '1', 0))}</p>}
        </details>
      )}
    </>
  )
}
