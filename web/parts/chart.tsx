// One drawing over the pump's clock, by uPlot: it is an image with a name; the table says the same in
// words.
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { dateTime, number } from '../../src/model/format.ts'

interface Mark {
  readonly at: number
  readonly letter: string
}

interface Props {
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
  readonly marks: readonly Mark[]
  readonly unit: string
  /** Null = every digit. */
  readonly digits: number | null
  /** A value holds until the next. */
  readonly stepped: boolean
  readonly label: string
}

const INK = '#10151c'
const LINE = '#12395e'
const GRID = '#c3cad3'
const FONT = '16px system-ui, sans-serif'
const HEIGHT = 240

export function Chart({ times, values, marks, unit, digits, stepped, label }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const drawn = useRef(marks)
  drawn.current = marks

  useEffect(() => {
    const element = place.current
    if (!element) return
    const text = (value: number) => number(value, unit, digits)
    const made = new uPlot(
      optionsOf(element.clientWidth, text, stepped, () => drawn.current),
      [[...times], [...values]],
      element,
    )
    plot.current = made
    const watch = new ResizeObserver(() => {
      const width = element.clientWidth
      if (width > 0 && width !== made.width) made.setSize({ width, height: HEIGHT })
    })
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [unit, digits, stepped])

  useEffect(() => {
    plot.current?.setData([[...times], [...values]])
  }, [times, values])

  return <div class="chart" ref={place} role="img" aria-label={label} />
}

function optionsOf(
  width: number,
  text: (value: number) => string,
  stepped: boolean,
  marks: () => readonly Mark[],
): uPlot.Options {
  const paths = stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  const axis = { stroke: INK, font: FONT, grid: { stroke: GRID }, ticks: { stroke: GRID } }
  return {
    width: Math.max(width, 200),
    height: HEIGHT,
    // Half of the last time stands beyond the end of its axis.
    padding: [null, 56, null, null],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        space: 120,
        size: 56,
        values: (_, splits) => once(splits.map(timeText)),
      },
      { ...axis, size: 64, values: (_, splits) => splits.map(text) },
    ],
    series: [
      {},
      { stroke: LINE, width: 3, points: { size: 6, fill: LINE }, ...(paths && { paths }) },
    ],
    hooks: { draw: [(plot) => drawMarks(plot, marks())] },
  }
}

const timeText = (at: number) => dateTime(new Date(at * 1000).toISOString()).replace(' ', '\n')

/** Times that are the same to the minute are written once. */
const once = (texts: readonly string[]) =>
  texts.map((text, i) => (text === texts[i - 1] ? '' : text))

/** A dashed line at each event, with the number it has in the list below. */
function drawMarks({ ctx, bbox, valToPos }: uPlot, marks: readonly Mark[]): void {
  ctx.save()
  ctx.strokeStyle = INK
  ctx.fillStyle = INK
  ctx.lineWidth = devicePixelRatio
  ctx.font = `${14 * devicePixelRatio}px system-ui, sans-serif`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'top'
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
  let free = Number.NEGATIVE_INFINITY
  for (const { at, letter } of marks) {
    const x = valToPos(at, 'x', true)
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    if (x < free) continue
    ctx.fillText(letter, x, bbox.top)
    free = x + 20 * devicePixelRatio
  }
  ctx.restore()
}
