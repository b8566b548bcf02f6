// What must be seen in three seconds, of one pump: which it is, how its reading stands, what the session
// does, and five figures of one size. It stays in sight while one scrolls. Calm when all is as it should be;
// filled for what is critical and for a pump that gives nothing; always in words.
import type { ComponentChildren } from 'preact'
import { printable } from '../../src/model/printable.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { minute, moment, namesOf, type Reader, unreadLines } from '../../src/words/reader.ts'
import { noAlarmsText, type Summary, summaryOf } from '../../src/words/summary.ts'
import type { History } from '../history.ts'
import { sessionOf, stateOf, type TileOf } from '../view/shown.ts'
import { Figure } from './facts.tsx'
import { Icon } from './icon.tsx'
import { Placement } from './placement.tsx'
import { Tank } from './tank.tsx'

interface Props {
  readonly tile: TileOf
  readonly patient: string | null
  readonly owner: History['owner']
  /** Two patients are said to have this pump. */
  readonly contested: boolean
  /** The bridge is gone: what is known is of an earlier moment. */
  readonly away: boolean
  readonly reader: Reader
}

export function Strip({ tile, patient, owner, contested, away, reader }: Props) {
  const { wand, pump } = tile
  const { page } = reader.words
  const state = pump && stateOf(pump, reader, away)
  const { sentence, steps } = sessionOf(wand, pump, reader)
  return (
    <section class={away ? 'strip away' : 'strip'} aria-label={page.pump}>
      <div class={pump ? 'head' : 'head bare'}>
        <div class="who pump">
          <p class="label">{page.pump}</p>
          <h2>{pump ? namesOf(reader, pump.pump, pump.invalid).serial : page.noReading}</h2>
          {pump && <p>{whichPump(pump, reader)}</p>}
          {pump &&
            unreadLines(pump, reader).map((line) => (
              <p class="loud" key={line}>
                {line}
              </p>
            ))}
          {patient && (
            <p>
              {page.patient} <strong>{patient}</strong>
            </p>
          )}
          {owner && (
            <p class="owner">
              {page.patient} <strong>{printable(owner.who.value)}</strong>
              {owner.who.name !== undefined && ` ${printable(owner.who.name)}`}{' '}
              <small>{page.ownerWhen(printable(owner.who.system), moment(reader, owner.at))}</small>
            </p>
          )}
          {contested && <p class="loud">{page.ownerRefused}</p>}
        </div>
        {state && (
          <div class={`state ${state.kind}`} data-state={state.kind}>
            <Icon name={state.kind} />
            <div>
              <p class="title">
                {state.title}
                {state.more && state.kind === 'lost' && <span>. {state.more}</span>}
              </p>
              {state.more && state.kind !== 'lost' && <p>{state.more}</p>}
              {state.next && <p>{state.next}</p>}
            </div>
          </div>
        )}
        <div class="now">
          <div class={steps.length > 0 ? 'session fault' : 'session'}>
            {steps.length > 0 && <Icon name="alarm" />}
            <p class="sentence">{sentence}</p>
          </div>
          <Placement wand={wand} read={pump !== undefined} reader={reader} />
        </div>
      </div>
      {pump && <Figures pump={pump} reader={reader} />}
    </section>
  )
}

function whichPump({ pump, invalid }: PumpStatus, reader: Reader): string {
  const { page } = reader.words
  const { model, firmware } = namesOf(reader, pump, invalid)
  return [model && `${page.model} ${model}`, firmware && `${page.firmware} ${firmware}`]
    .filter(Boolean)
    .join(', ')
}

function Figures({ pump, reader }: { readonly pump: PumpStatus; readonly reader: Reader }) {
  const { page, notMeasured, notAvailable } = reader.words
  const all = summaryOf(pump, reader)
  const { refill, doses } = all
  return (
    <dl class="figures">
      <Cell name="reservoir" label={page.reservoir}>
        <div class="level">
          <Tank reservoir={pump.reservoir} reader={reader} />
          <div>
            <Figure text={all.volume} />
            <p class="note">{notMeasured}</p>
          </div>
        </div>
      </Cell>
      <Cell name="rate" label={page.rate} filled={all.infusing === 'nothing'}>
        <Figure text={all.rate} />
        {all.still !== '' && <p class="loud">{all.still}</p>}
        <p class="note">{page.rateNote}</p>
        <p class="note says">{all.says}</p>
      </Cell>
      <Cell name={doses.length > 2 ? 'dose many' : 'dose'} label={page.dose24h}>
        {doses.length === 0 && <Figure text={notAvailable} />}
        {doses.map(({ drug, dose }, n) => (
          <div key={`${n} ${drug}`} class="one">
            <p class="drug">{drug}</p>
            <Figure text={dose} />
          </div>
        ))}
      </Cell>
      <Cell name="refill" label={page.refillBefore}>
        <Figure text={refill.day} />
        <p class="left">{refill.left}</p>
        {refill.clock === '' ? (
          <p class="note">{page.byPumpClock}</p>
        ) : (
          <p class="clock">{refill.clock}</p>
        )}
      </Cell>
      <AlarmCell pump={pump} summary={all} reader={reader} />
    </dl>
  )
}

function AlarmCell({
  pump,
  summary: { alarms, alarmCount },
  reader,
}: {
  readonly pump: PumpStatus
  readonly summary: Summary
  readonly reader: Reader
}) {
  const { page, notAvailable } = reader.words
  const critical = alarms.some((one) => one.critical)
  if (alarms.length === 0) {
    return (
      <Cell name="alarmed" label={page.alarmsLabel} filled={pump.alarms === null}>
        <Figure text={pump.alarms === null ? notAvailable : page.noneReported} />
        <p class="note">{noAlarmsText(pump, reader)}</p>
      </Cell>
    )
  }
  return (
    <Cell name="alarmed" label={page.alarmsLabel} filled={critical}>
      <Figure text={alarmCount} />
      <ul class="names">
        {alarms.map(({ id, name, critical: grave }) => (
          <li key={id} class={grave ? 'critical' : ''}>
            {name}
          </li>
        ))}
      </ul>
      <p class="note">{page.readAtShort(minute(reader, pump.readAt))}</p>
    </Cell>
  )
}

interface CellProps {
  readonly name: string
  readonly label: string
  readonly filled?: boolean
  readonly children: ComponentChildren
}

function Cell({ name, label, filled = false, children }: CellProps) {
  return (
    <div class={`cell ${name}${filled ? ' filled' : ''}`}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}
