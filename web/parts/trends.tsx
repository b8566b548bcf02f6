// Reservoir, alarms and what a day is programmed with over the visits, drawn; a reading is picked by pointer or
// keys and said in words; the table has them all, and the refills stand below.
import { useMemo, useState } from 'preact/hooks'
import { FIELDS, type ScalarField } from '../../src/model/fields.ts'
import { count, number, quantity, unitText } from '../../src/model/format.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { moment, pumpMoment, type Reader } from '../../src/words/reader.ts'
import { alarmName } from '../../src/words/summary.ts'
import type { History } from '../history.ts'
import { type Placed, RANGES, type RangeName, type Trend, trendOf } from '../view/trend.ts'
import { Chart } from './chart.tsx'
import { Part } from './facts.tsx'
import { Refills } from './refills.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly history: History | undefined
  readonly reader: Reader
}

const ROWS = 200

export function Trends({ pump, history, reader }: Props) {
  const { page } = reader.words
  const [range, choose] = useState<RangeName>('year')
  const total = history?.points.total
  const body = useMemo(
    () => <Body pump={pump} history={history} reader={reader} range={range} />,
    [history, history?.readings, history?.refills, total, range, reader],
  )
  return (
    <Part title={page.trends} name="trends" id="history">
      <fieldset class="ranges noprint">
        <legend>{page.range}</legend>
        {(Object.keys(RANGES) as RangeName[]).map((one) => (
          <label key={one}>
            <input
              type="radio"
              name={`range-${pump.pump.id}`}
              checked={range === one}
              onChange={() => choose(one)}
            />
            <span>{page.ranges[one]}</span>
          </label>
        ))}
      </fieldset>
      {body}
    </Part>
  )
}

function Body({ pump, history, reader, range }: Props & { readonly range: RangeName }) {
  const { page } = reader.words
  if (!history || history.readings === 'loading') return <p>{page.trendsLoading}</p>
  if (history.readings === 'failed') return <p>{page.historyFailed}</p>
  const trend = trendOf(history.points.all(), history.refills, range)
  return (
    <>
      {trend.points.length < 2 ? (
        <p>{page.trendNone}</p>
      ) : (
        <Drawn key={range} trend={trend} pump={pump} reader={reader} />
      )}
      <Table points={trend.points} total={history.points.total} reader={reader} />
      <Refills refills={history.refills} reader={reader} />
    </>
  )
}

interface DrawnProps {
  readonly trend: Trend
  readonly pump: PumpStatus
  readonly reader: Reader
}

function Drawn({ trend, pump, reader }: DrawnProps) {
  const { page } = reader.words
  const { points, back } = trend
  const [chosen, pick] = useState<number | null>(null)
  const last = points.length - 1
  const at = Math.min(chosen ?? last, last)
  const point = points[at] as Placed
  const text = (value: number | null, unit: string, { digits }: Digits) =>
    value === null ? reader.words.notAvailable : quantity(value, unit, digits, reader.locale)
  const said = page.picked(
    moment(reader, point.readAt),
    text(point.volume, 'mL', VOLUME),
    text(point.day, 'mL', DAY),
    text(point.rate, 'mL/d', RATE),
    alarmsText(point, reader),
  )
  const ends = [points[0], points[last]].map((one) => moment(reader, one?.readAt ?? ''))
  const shared = { trend, at, pick, reader }
  const readings = count(points.length)
  const volume = page.trendReservoir(unitText('mL', reader.locale))
  const day = page.trendDay(unitText('mL', reader.locale))
  return (
    <>
      <p class="note">
        {page.trendsNote(readings, ends[0] ?? '', ends[1] ?? '')} {back && page.trendsBack}
      </p>
      <figure>
        <figcaption>{volume}</figcaption>
        <Chart
          {...shared}
          lines={trend.levels}
          read={({ volume }) => volume}
          text={(value) => number(value, 'mL', VOLUME.digits)}
          low={pump.reservoir.lowAlarmVolume.value}
          names={(one) => alarmsText(one, reader)}
          label={page.trendDrawing(volume, readings)}
        />
      </figure>
      <figure>
        <figcaption>{day}</figcaption>
        <Chart
          {...shared}
          lines={trend.days}
          read={({ day }) => day}
          text={(value) => number(value, 'mL', DAY.digits)}
          stepped
          label={page.trendDrawing(day, readings)}
        />
      </figure>
      <p class="note">{page.trendKey}</p>
      <label class="pick noprint">
        <span>{page.pick}</span>
        <input
          type="range"
          min={0}
          max={last}
          value={at}
          aria-valuetext={said}
          onInput={({ currentTarget }) => pick(Number(currentTarget.value))}
        />
      </label>
      <p class="picked">{said}</p>
    </>
  )
}

type Digits = Pick<ScalarField & { kind: 'uint' }, 'digits'>
const VOLUME = FIELDS.reservoir.reportedVolume
const RATE = FIELDS.infusion.rate
const DAY = FIELDS.infusion.volume24h

/** The alarms of a reading by name, or that they were not read. */
function alarmsText({ alarms }: Placed, reader: Reader): string {
  const { page } = reader.words
  if (alarms === null) return page.tabUnread
  return page.alarmsThen(alarms.map((code) => alarmName({ code }, reader)).join(', '))
}

interface TableProps {
  readonly points: readonly Placed[]
  readonly total: number
  readonly reader: Reader
}

function Table({ points, total, reader }: TableProps) {
  const { page } = reader.words
  const [open, setOpen] = useState(false)
  const cell = (value: number | null, unit: string, { digits }: Digits) =>
    value === null ? reader.words.notAvailable : number(value, unit, digits)
  const newest = points.slice(-ROWS).reverse()
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{page.table}</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section class="scrolls" tabIndex={0} aria-label={page.table}>
          <table>
            <caption>{page.tableSome(count(newest.length), count(total))}</caption>
            <thead>
              <tr>
                <th scope="col">{page.read}</th>
                <th scope="col">{page.pumpClockAt}</th>
                <th scope="col">
                  {page.reservoir} ({unitText('mL', reader.locale)})
                </th>
                <th scope="col">
                  {page.volume24h} ({unitText('mL', reader.locale)})
                </th>
                <th scope="col">
                  {page.rate} ({unitText('mL/d', reader.locale)})
                </th>
                <th scope="col">{page.alarm}</th>
              </tr>
            </thead>
            <tbody>
              {newest.map((point) => (
                <tr key={point.position}>
                  <td>{moment(reader, point.readAt)}</td>
                  <td>{pumpMoment(reader, point.deviceTime)}</td>
                  <td>{cell(point.volume, 'mL', VOLUME)}</td>
                  <td>{cell(point.day, 'mL', DAY)}</td>
                  <td>{cell(point.rate, 'mL/d', RATE)}</td>
                  <td>{alarmsText(point, reader)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  )
}
