// The reservoir as the pump reckons it: a figure to be read from across the room, and a drawing of it
// with the pump's own low mark.
import { FIELDS } from '../../src/model/fields.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import type { Value } from '../../src/model/value.ts'
import { pumpMoment, type Reader, shown } from '../../src/words/reader.ts'
import { Facts, Figure, Part } from './facts.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

const fields = FIELDS.reservoir

export function Reservoir({ pump: { reservoir }, reader }: Props) {
  const { page, notMeasured } = reader.words
  const text = (name: 'reportedVolume' | 'capacity' | 'lowAlarmVolume' | 'filledVolume') =>
    shown(reader, fields[name], reservoir[name])
  const refill = `${text('filledVolume')}, ${pumpMoment(reader, reservoir.filledAt.value)}`
  const facts = [
    { label: page.capacity, value: text('capacity') },
    { label: page.lowMark, value: text('lowAlarmVolume') },
    {
      label: page.lowDate,
      value: pumpMoment(reader, reservoir.lowAlarmDate.value),
      note: page.byPumpClock,
    },
    { label: page.lastRefill, value: refill, note: page.byPumpClock },
  ]
  return (
    <Part title={page.reservoir} name="reservoir">
      <div class="level">
        <Tank
          volume={reservoir.reportedVolume}
          capacity={reservoir.capacity}
          low={reservoir.lowAlarmVolume}
          wholeText={text('capacity')}
          lowText={page.lowTip(text('lowAlarmVolume'))}
          label={page.reservoirDrawing(
            text('reportedVolume'),
            text('capacity'),
            text('lowAlarmVolume'),
          )}
        />
        <div>
          <Figure text={text('reportedVolume')} />
          <p class="note">{notMeasured}</p>
        </div>
      </div>
      <Facts facts={facts} />
    </Part>
  )
}

const TOP = 12
const HEIGHT = 276
const WIDTH = 96

interface TankProps {
  readonly volume: Value<number>
  readonly capacity: Value<number>
  readonly low: Value<number>
  readonly label: string
  readonly wholeText: string
  readonly lowText: string
}

/** Drawn in proportion; what is not known is not drawn. */
function Tank({ volume, capacity, low, label, wholeText, lowText }: TankProps) {
  const whole = capacity.value
  const heightOf = (value: number | null) =>
    value === null || whole === null || whole <= 0
      ? null
      : HEIGHT * Math.min(1, Math.max(0, value / whole))
  const [full, mark] = [heightOf(volume.value), heightOf(low.value)]
  const bottom = TOP + HEIGHT
  return (
    <svg class="tank" viewBox="0 0 240 300" role="img" aria-label={label}>
      {full !== null && (
        <rect class="fluid" x={8} y={bottom - full} width={WIDTH - 4} height={full + 4} rx={8} />
      )}
      <rect class="wall" x={6} y={TOP - 6} width={WIDTH} height={HEIGHT + 12} rx={16} />
      <text x={112} y={TOP + 14}>
        {wholeText}
      </text>
      {mark !== null && (
        <>
          <path class="mark-under" d={`M6 ${bottom - mark}h104`} />
          <path class="mark" d={`M6 ${bottom - mark}h104`} />
          <path class="tip" d={`M110 ${bottom - mark}l22-12v24z`} />
          <text x={138} y={Math.min(bottom, bottom - mark + 8)}>
            {lowText}
          </text>
        </>
      )}
    </svg>
  )
}
