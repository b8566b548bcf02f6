// The pump's own alarms as it reported them, with its own class and its own times. Nothing flashes,
// nothing says that all is well: the page reads the pump, it does not watch it.
import type { AlarmReading } from '../../src/model/reading.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { minute, moment, pumpMoment, type Reader } from '../../src/words/reader.ts'
import { alarmName } from '../../src/words/summary.ts'
import { named } from '../../src/words/words.ts'
import { Facts } from './facts.tsx'
import { Icon } from './icon.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

export function Alarms({ pump, reader }: Props) {
  const { page } = reader.words
  const at = minute(reader, pump.readAt)
  if (pump.alarms === null) {
    return (
      <section class="alarms unread">
        <h3>{page.alarms}</h3>
        <p>
          <strong>{page.alarmsUnread(at)}</strong>
        </p>
      </section>
    )
  }
  return (
    <section class="alarms">
      <h3>{page.alarms}</h3>
      <ul>
        {pump.alarms.map((alarm) => (
          <Alarm key={alarm.id} alarm={alarm} reader={reader} />
        ))}
      </ul>
      <p>{page.alarmsAt(at)}</p>
    </section>
  )
}

function Alarm({ alarm, reader }: { readonly alarm: AlarmReading; readonly reader: Reader }) {
  const { page, alarmState, notAvailable } = reader.words
  const own = (local: string | null) => pumpMoment(reader, local)
  const facts = [
    { label: page.class, value: alarm.class ?? notAvailable },
    { label: page.stateIs, value: named(alarmState, alarm.state, notAvailable) },
    { label: page.began, value: own(alarm.occurredAt), note: page.byPumpClock },
    { label: page.noticed, value: own(alarm.detectedAt), note: page.byPumpClock },
    { label: page.read, value: moment(reader, alarm.readAt) },
  ]
  return (
    <li class={alarm.class === 'critical' ? 'critical' : ''}>
      <Icon name="alarm" />
      <div class="what">
        <h4>{alarmName(alarm, reader)}</h4>
        <Facts facts={facts} />
      </div>
    </li>
  )
}
