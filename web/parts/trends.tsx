// Reservoir, rate and events over time, drawn, with the table behind.
import { useMemo, useState } from 'preact/hooks'
import { FIELDS } from '../../src/model/fields.ts'
import { count, number, unitText } from '../../src/model/format.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { moment, pumpMoment, type Reader } from '../../src/words/reader.ts'
import { named } from '../../src/words/words.ts'
import type { History } from '../history.ts'
import {
  marksOf,
  type Point,
  type Points,
  RANGES,
  type RangeName,
  seriesOf,
} from '../view/trend.ts'
import { Chart } from './chart.tsx'
import { Part } from './facts.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly history: History | undefined
  readonly reader: Reader
}

/** A drawing is made anew at most so often while readings come, in ms of their own clock. */
const REDRAW_MS = 5_000
const ROWS = 200

export function Trends({ pump, history, reader }: Props) {
  const { page } = reader.words
  const [range, choose] = useState<RangeName>('month')
  const moves = Math.floor(Date.parse(pump.readAt) / REDRAW_MS)
  const body = useMemo(
    () => <Body pump={pump} history={history} reader={reader} range={range} />,
    [history, history?.trend, range, moves, pump.events.total, reader],
  )
  return (
    <Part title={page.trends} name="trends">
      <fieldset class="ranges noprint">
        <legend>{page.range}</legend>
        {(Object.keys(RANGES) as RangeName[]).map((one) => (
          <label key={one}>
            <input
              type="radio"
              name={`range-${pump.pump.id}`}
              checked={range === one}
              onChange={() => {
                if (one === 'all') history?.whole()
                choose(one)
              }}
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
  const { page, event } = reader.words
  if (!history || history.trend === 'loading') return <p>{page.trendsLoading}</p>
  if (history.trend === 'failed') return <p>{page.historyFailed}</p>
  const points = history.points.all()
  const series = seriesOf(points, range)
  const { times, volumes, rates, reset } = series
  if (times.length < 2) return <p>{page.trendNone}</p>
  const marks = marksOf(pump.events.entries ?? [], series).map(({ at, code }, n) => ({
    at,
    letter: String(n + 1),
    text: named(event, code, reader.words.notAvailable),
  }))
  const readings = count(times.length)
  const charts = [
    {
      title: page.trendReservoir(unitText('mL', reader.locale)),
      values: volumes,
      digits: FIELDS.reservoir.reportedVolume.digits,
      unit: 'mL',
      stepped: false,
    },
    {
      title: page.trendRate(unitText('mL/d', reader.locale)),
      values: rates,
      digits: FIELDS.infusion.rate.digits,
      unit: 'mL/d',
      stepped: true,
    },
  ]
  return (
    <>
      <p class="note">
        {page.trendsAxis} {reset && page.trendsReset}
      </p>
      {charts.map(({ title, ...chart }) => (
        <figure key={title}>
          <figcaption>{title}</figcaption>
          <Chart
            {...chart}
            times={times}
            marks={marks}
            label={page.trendDrawing(title, readings)}
          />
        </figure>
      ))}
      {marks.length > 0 && (
        <>
          <h4>{page.trendEvents}</h4>
          <ol class="marks">
            {marks.map(({ at, letter, text }) => (
              <li key={letter}>
                {pumpMoment(reader, new Date(at * 1000).toISOString().slice(0, 19))} {text}
              </li>
            ))}
          </ol>
        </>
      )}
      <Table points={points} all={history.points} reader={reader} />
    </>
  )
}

interface TableProps {
  readonly points: readonly Point[]
  readonly all: Points
  readonly reader: Reader
}

function Table({ points, all, reader }: TableProps) {
  const { page } = reader.words
  const [open, setOpen] = useState(false)
  const { reportedVolume } = FIELDS.reservoir
  const { rate } = FIELDS.infusion
  const cell = (value: number | null, unit: string, digits: number | null) =>
    value === null ? reader.words.notAvailable : number(value, unit, digits)
  const newest = points.slice(-ROWS).reverse()
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{page.table}</summary>
      {open && (
        <>
          <p>{page.tableSome(count(newest.length), count(all.total))}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
          <section class="scrolls" tabIndex={0} aria-label={page.table}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{page.read}</th>
                  <th scope="col">{page.pumpClockAt}</th>
                  <th scope="col">
                    {page.reservoir} ({unitText('mL', reader.locale)})
                  </th>
                  <th scope="col">
                    {page.rate} ({unitText('mL/d', reader.locale)})
                  </th>
                </tr>
              </thead>
              <tbody>
                {newest.map((point) => (
                  <tr key={point.position}>
                    <td>{moment(reader, point.readAt)}</td>
                    <td>{pumpMoment(reader, point.deviceTime)}</td>
                    <td>{cell(point.volume, 'mL', reportedVolume.digits)}</td>
                    <td>{cell(point.rate, 'mL/d', rate.digits)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </details>
  )
}
