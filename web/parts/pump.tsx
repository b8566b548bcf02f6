// One wand and the pump under it, below the strip: what is wrong with the session, every alarm with what the
// pump says of it, what changed since the last visit, the programme, the trends, the pump's own log.
import { useMemo } from 'preact/hooks'
import type { DestinationStatus, PumpStatus } from '../../src/model/status.ts'
import type { Reader } from '../../src/words/reader.ts'
import { sentence } from '../../src/words/words.ts'
import type { History } from '../history.ts'
import { sessionOf, stateOf, type TileOf } from '../view/shown.ts'
import { Alarms } from './alarms.tsx'
import { Battery, Bolus, Catheter, Clocks, Details } from './details.tsx'
import { Infusion, Schedule } from './infusion.tsx'
import { Log } from './log.tsx'
import { Notice } from './notice.tsx'
import { Reservoir } from './reservoir.tsx'
import { Since } from './since.tsx'
import { Strip } from './strip.tsx'
import { Trends } from './trends.tsx'

interface Props {
  readonly tile: TileOf
  readonly history: History | undefined
  readonly away: boolean
  readonly destinations: readonly DestinationStatus[]
  /** Serials of pumps that are given to two patients. */
  readonly contested: readonly string[]
  readonly reader: Reader
}

export function Pump({ tile, history, away, destinations, contested, reader }: Props) {
  const { wand, pump, others } = tile
  const { page } = reader.words
  const { steps } = sessionOf(wand, pump, reader)
  return (
    <article class="tile">
      <Strip
        tile={tile}
        patient={history?.patient ?? null}
        owner={history?.owner ?? null}
        contested={pump !== undefined && contested.includes(pump.pump.serial)}
        away={away}
        reader={reader}
      />
      {steps.length > 0 && (
        <Notice title={page.sessionSteps} grave>
          <ol>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Notice>
      )}
      {wand.readFailure !== null && (
        <Notice title={page.readFailedTitle}>
          <p>{page.readFailed(sentence(reader.words, wand.readFailure))}</p>
        </Notice>
      )}
      {others.length > 0 && <Others others={others} pump={pump} reader={reader} />}
      {pump && <Readings pump={pump} history={history} reader={reader} />}
      <Details wand={wand} pump={pump} destinations={destinations} reader={reader} />
    </article>
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

/** Drawn again only when there is another reading, or quality. */
function Readings({
  pump,
  history,
  reader,
}: {
  readonly pump: PumpStatus
  readonly history: History | undefined
  readonly reader: Reader
}) {
  const { page } = reader.words
  const given = { pump, reader }
  const drawn = [pump.readAt, pump.pump.id, pump.quality, reader]
  const programme = useMemo(
    () => (
      <section class="programme">
        <h3 class="title">{page.programme}</h3>
        <div class="main">
          <Infusion {...given} />
          <Schedule {...given} />
          <Reservoir {...given} />
          <Bolus {...given} />
        </div>
      </section>
    ),
    drawn,
  )
  const rest = useMemo(
    () => (
      <div class="cards">
        <Battery {...given} />
        <Catheter {...given} />
        <Clocks {...given} />
      </div>
    ),
    drawn,
  )
  return (
    <>
      {pump.alarms?.length !== 0 && <Alarms {...given} />}
      <Since {...given} history={history} />
      {programme}
      <Trends {...given} history={history} />
      <Log {...given} />
      {rest}
    </>
  )
}
