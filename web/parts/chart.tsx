// One drawing over the visits: an image with a name. The pointer picks a reading; the slider below does the
// same for keys, and the table says the same in words.
import { moment, type Reader } from '../../src/words/reader.ts'
import { alarmsBegin, type Placed, type Trend, ticksOf } from '../view/trend.ts'

interface Props {
  readonly trend: Trend
  readonly lines: readonly (readonly Placed[])[]
  readonly read: (point: Placed) => number | null
  readonly text: (value: number) => string
  /** A value holds until the next. */
  readonly stepped?: boolean
  /** What stands at alarms that are others than before. */
  readonly names?: (point: Placed) => string
  /** The pump's own low mark. */
  readonly low?: number | null
  /** Which point is picked. */
  readonly at: number
  readonly pick: (at: number) => void
  readonly label: string
  readonly reader: Reader
}

const W = 1_000
const H = 260
const LEFT = 80
const RIGHT = 24
const TOP = 30
const BOTTOM = 34
const TIMES = 4

export function Chart(props: Props) {
  const {
    trend,
    lines,
    read,
    text,
    stepped = false,
    low = null,
    names,
    at,
    pick,
    label,
    reader,
  } = props
  const { points, refills } = trend
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0]
  const x = (time: number) =>
    LEFT + ((W - LEFT - RIGHT) * (time - first)) / Math.max(1, last - first)
  const values = points.flatMap((point) => read(point) ?? [])
  const most = Math.max(...values, low ?? 0) * 1.1 || 1
  const y = (value: number) => H - BOTTOM - ((H - TOP - BOTTOM) * value) / most
  const path = (line: readonly Placed[]) =>
    line
      .map((point, n) => {
        const [px, py] = [round(x(point.at)), round(y(read(point) ?? 0))]
        if (n === 0) return `M${px} ${py}`
        return stepped ? `H${px}V${py}` : `L${px} ${py}`
      })
      .join('')
  const chosen = points[at]
  const nearest = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    const px = ((event.clientX - box.left) / box.width) * W
    const off = points.map((point) => Math.abs(x(point.at) - px))
    pick(off.indexOf(Math.min(...off)))
  }
  const top = niceTop(most)
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${W} ${H}`}
      role="img"
      aria-label={label}
      onPointerMove={nearest}
      onPointerDown={nearest}
    >
      {[0, top / 2, top].map((value) => (
        <g key={value}>
          <path class="grid" d={`M${LEFT} ${y(value)}H${W - RIGHT}`} />
          <text x={LEFT - 10} y={y(value) + 6} class="end">
            {text(value)}
          </text>
        </g>
      ))}
      {ticksOf(points, TIMES).map((time, n) => (
        <text
          key={time}
          x={x(time)}
          y={H - 8}
          class={n === 0 ? 'start' : n === TIMES - 1 ? 'end' : 'middle'}
        >
          {timeText(time, last - first, reader)}
        </text>
      ))}
      {low !== null && <path class="low" d={`M${LEFT} ${y(low)}H${W - RIGHT}`} />}
      {refills.map(({ at: time, position }) => (
        <g key={position}>
          <path class="refill" d={`M${x(time)} ${TOP}V${H - BOTTOM}`} />
          <text x={x(time)} y={TOP - 10} class="middle">
            {reader.words.page.trendRefill}
          </text>
        </g>
      ))}
      {chosen && <path class="chosen" d={`M${x(chosen.at)} ${TOP}V${H - BOTTOM}`} />}
      {lines.map((line) => (
        <path key={line[0]?.position} class="line" d={path(line)} />
      ))}
      {points.map((point) => {
        const value = read(point)
        if (value === null) return null
        const [px, py] = [x(point.at), y(value)]
        return point.alarms?.length !== 0 ? (
          <path key={point.position} class="alarm" d={`M${px} ${py - 12}l11 19h-22z`} />
        ) : (
          <circle key={point.position} class="dot" cx={px} cy={py} r={points.length > 80 ? 2 : 5} />
        )
      })}
      {names &&
        alarmsBegin(points).map((point) => {
          const value = read(point)
          const px = x(point.at)
          return (
            value !== null && (
              <text
                key={point.position}
                x={px}
                y={Math.max(TOP + 4, y(value) - 20)}
                class={`names ${px > W / 2 ? 'end' : 'start'}`}
              >
                {names(point)}
              </text>
            )
          )
        })}
      {chosen && <circle class="ring" cx={x(chosen.at)} cy={y(read(chosen) ?? 0)} r={11} />}
    </svg>
  )
}

const round = (n: number) => Math.round(n * 10) / 10

/** The highest line of the grid: one, two or five of a power of ten, below the top of the drawing. */
function niceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most))
  return ([5, 2, 1].find((n) => n * power <= most) ?? 1) * power
}

const DAY_MS = 86_400_000

/** The day, or within two days the time of it. */
function timeText(at: number, span: number, reader: Reader): string {
  const [day = '', time = ''] = moment(reader, new Date(at).toISOString()).split(' ')
  return span < 2 * DAY_MS ? time : day
}
