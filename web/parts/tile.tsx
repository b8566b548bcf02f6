// One wand and the pump under it.

import { useMemo } from 'preact/hooks'
import type { PumpStatus } from '../../src/model/status.ts'
import { namesOf, type Reader, unreadLines } from '../../src/words/reader.ts'
import { sentence } from '../../src/words/words.ts'
import type { History } from '../history.ts'
import { sessionOf, stateOf, type TileOf } from '../view/state.ts'
import { Alarms } from './alarms.tsx'
import { Battery, Bolus, Catheter, Clocks, Record } from './details.tsx'
import { Icon } from './icon.tsx'
import { Infusion, Schedule } from './infusion.tsx'
import { Log } from './log.tsx'
import { Reservoir } from './reservoir.tsx'
import { Since } from './since.tsx'
import { Trends } from './trends.tsx'
import { WandHead } from './wand.tsx'

interface Props {
  readonly tile: TileOf
  readonly history: History | undefined
  readonly reader: Reader
}

export function Tile({ tile: { wand, pump, others }, history, reader }: Props) {
  const { page } = reader.words
  const quiet = pump?.alarms?.length === 0 && sessionOf(wand, pump, reader).steps.length === 0
  return (
    <article class="tile">
      <header class="who">
        <div class="pump">
          <p class="label">{page.pump}</p>
          <h2>{pump ? namesOf(reader, pump.pump, pump.invalid).serial : page.noReading}</h2>
          <p>{pump ? whichPump(pump, reader) : page.noReadingNext}</p>
          {history?.patient && (
            <p>
              {page.patient} <strong>{history.patient}</strong>
            </p>
          )}
        </div>
        <WandHead wand={wand} reader={reader} />
      </header>
      {pump && <State pump={pump} reader={reader} />}
      {pump &&
        unreadLines(pump, reader).map((line) => (
          <p key={line} class="gap">
            {line}
          </p>
        ))}
      <div class={quiet ? 'pair' : 'stack'}>
        <Session wand={wand} pump={pump} reader={reader} />
        {pump && <Alarms pump={pump} reader={reader} />}
      </div>
      {others.length > 0 && <Others others={others} pump={pump} reader={reader} />}
      {pump && <Readings pump={pump} history={history} reader={reader} />}
    </article>
  )
}

interface SessionProps {
  readonly wand: TileOf['wand']
  readonly pump: PumpStatus | undefined
  readonly reader: Reader
}

function whichPump({ pump, invalid }: PumpStatus, reader: Reader): string {
  const { page } = reader.words
  const { model, firmware } = namesOf(reader, pump, invalid)
  return [model && `${page.model} ${model}`, firmware && `${page.firmware} ${firmware}`]
    .filter(Boolean)
    .join(', ')
}

function Session({ wand, pump, reader }: SessionProps) {
  const { page } = reader.words
  const { sentence: told, steps } = sessionOf(wand, pump, reader)
  const fault = steps.length > 0
  const failed = wand.readFailure
  return (
    <div class={fault ? 'session fault' : 'session'}>
      {fault && <Icon name="alarm" />}
      <div>
        <p class="sentence">{told}</p>
        {fault && (
          <ol>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        )}
        {failed !== null && <p>{page.readFailed(sentence(reader.words, failed))}</p>}
      </div>
    </div>
  )
}

function State({ pump, reader }: { readonly pump: PumpStatus; readonly reader: Reader }) {
  const { kind, title, more, next } = stateOf(pump, reader)
  return (
    <div class={`state ${kind}`} data-state={kind}>
      <Icon name={kind} />
      <div>
        <p class="title">
          {title}
          {more && kind === 'lost' && <span>. {more}</span>}
        </p>
        {more && kind !== 'lost' && <p>{more}</p>}
        {next && <p>{next}</p>}
      </div>
    </div>
  )
}

function Others({
  others,
  pump,
  reader,
}: {
  readonly others: readonly PumpStatus[]
  readonly pump: PumpStatus | undefined
  readonly reader: Reader
}) {
  const { page } = reader.words
  const before = [...others].sort((a, b) => (a.readAt < b.readAt ? 1 : -1))
  return (
    <section class="others">
      <h3>{pump ? page.otherPump(before[0]?.pump.serial ?? '') : page.others}</h3>
      <ul>
        {before.map((one) => (
          <li key={one.pump.id}>
            <strong>{one.pump.serial}</strong> {stateOf(one, reader).title}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Everything but the state itself: drawn again only when there is another reading, or quality. */
function Readings({
  pump,
  history,
  reader,
}: {
  readonly pump: PumpStatus
  readonly history: History | undefined
  readonly reader: Reader
}) {
  const shown = { pump, reader }
  const parts = useMemo(
    () => (
      <>
        <div class="main">
          <Reservoir {...shown} />
          <Infusion {...shown} />
          <Schedule {...shown} />
        </div>
        <div class="cards">
          <Bolus {...shown} />
          <Battery {...shown} />
          <Clocks {...shown} />
          <Catheter {...shown} />
        </div>
      </>
    ),
    [pump.readAt, pump.pump.id, pump.quality, reader],
  )
  return (
    <>
      {parts}
      <Since {...shown} history={history} />
      <Trends {...shown} history={history} />
      <Log {...shown} />
      <Record {...shown} />
    </>
  )
}
