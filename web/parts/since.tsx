// Since the last visit: alarms that came and went, what of the programme is another, as plainly that nothing
// is, and what the pump has logged.
import { useMemo } from 'preact/hooks'
import { count } from '../../src/model/format.ts'
import { eventsSince } from '../../src/model/pump-events.ts'
import { logsBefore } from '../../src/model/source.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { cameAndWent } from '../../src/model/visit.ts'
import type { Told } from '../../src/words/comparison.ts'
import { moment, pumpMoment, type Reader } from '../../src/words/reader.ts'
import { alarmName } from '../../src/words/summary.ts'
import type { History } from '../history.ts'
import { changesOf } from '../view/visit.ts'
import { Part } from './facts.tsx'
import { EventList, Gap } from './log.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly history: History | undefined
  readonly reader: Reader
}

export function Since({ pump, history, reader }: Props) {
  const { page } = reader.words
  const body = useMemo(
    () => <Body pump={pump} history={history} reader={reader} />,
    [pump.pump.id, pump.readAt, pump.pump, history?.before, history?.since, reader],
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
  if (before === null) {
    const { log } = pump.audit
    const earlier = log === null ? 0 : logsBefore(log)
    return <p>{earlier === 0 ? page.noVisit : page.noVisitInLog(log ?? '', earlier)}</p>
  }
  const then = { serial: before.pump?.serial ?? pump.pump.serial, ...before.identity }
  const { programme, other, unsaid, same } = changesOf(
    { who: then, content: before },
    { who: pump.pump, content: pump },
    reader,
  )
  const { entries, overwritten: lost } = eventsSince(before.events.total, pump.events)
  const passed = cameAndWent(before, pump)
  return (
    <>
      <p>{page.sinceWhen(moment(reader, before.at))}</p>
      {passed.length > 0 && (
        <div class="passed">
          <h4>{page.cameAndWent}</h4>
          <ul>
            {passed.map((alarm) => (
              <li key={alarm.id}>
                <strong>{alarmName(alarm, reader)}</strong>,{' '}
                {page.raisedAt(pumpMoment(reader, alarm.occurredAt))}
              </li>
            ))}
          </ul>
        </div>
      )}
      {programme.length > 0 ? (
        <Table caption={page.programmeChanged} changes={programme} reader={reader} />
      ) : (
        <p class="same">{same ? page.programmeSame : page.programmeUnknown}</p>
      )}
      {other.length > 0 && <Table caption={page.otherChanged} changes={other} reader={reader} />}
      {unsaid.length > 0 && <p>{page.unsaid(unsaid.map(({ what }) => what).join(', '))}</p>}
      {entries === null ? (
        <p>{page.logUnread}</p>
      ) : entries.length === 0 && lost === 0 ? (
        <p>{page.noEvents}</p>
      ) : (
        <details>
          <summary>
            {lost === null
              ? page.eventsAtLeast(count(entries.length))
              : page.events(count(entries.length + lost))}
          </summary>
          <EventList entries={entries} reader={reader} />
          <Gap lost={lost} none="" reader={reader} />
        </details>
      )}
    </>
  )
}

interface TableProps {
  readonly caption: string
  readonly changes: readonly Told[]
  readonly reader: Reader
}

function Table({ caption, changes, reader: { words } }: TableProps) {
  return (
    <table class="changes">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">{words.page.before}</th>
          <th scope="col">{words.page.now}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ id, what, before, after, change }) => (
          <tr key={id}>
            <th scope="row">
              {what}
              {change !== 'changed' && <small> {words.change[change]}</small>}
            </th>
            <td>{before}</td>
            <td>{after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
