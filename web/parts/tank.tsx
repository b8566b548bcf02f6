// The reservoir drawn: how full it is, and where the pump's own low mark stands. In proportion; what is not
// known is not drawn.
import { FIELDS } from '../../src/model/fields.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { type Reader, shown } from '../../src/words/reader.ts'

const TOP = 6
const HEIGHT = 108
const WIDTH = 44

interface Props {
  readonly reservoir: PumpStatus['reservoir']
  readonly reader: Reader
}

export function Tank({ reservoir, reader }: Props) {
  const { capacity, reportedVolume, lowAlarmVolume } = reservoir
  const text = (name: 'reportedVolume' | 'capacity' | 'lowAlarmVolume') =>
    shown(reader, FIELDS.reservoir[name], reservoir[name])
  const whole = capacity.value
  const heightOf = (value: number | null) =>
    value === null || whole === null || whole <= 0
      ? null
      : HEIGHT * Math.min(1, Math.max(0, value / whole))
  const [full, mark] = [heightOf(reportedVolume.value), heightOf(lowAlarmVolume.value)]
  const bottom = TOP + HEIGHT
  const label = reader.words.page.reservoirDrawing(
    text('reportedVolume'),
    text('capacity'),
    text('lowAlarmVolume'),
  )
  return (
    <svg class="tank" viewBox="0 0 64 120" role="img" aria-label={label}>
      {full !== null && (
        <rect class="fluid" x={4} y={bottom - full} width={WIDTH} height={full} rx={3} />
      )}
      <rect class="wall" x={3} y={TOP - 2} width={WIDTH + 2} height={HEIGHT + 4} rx={8} />
      {mark !== null && (
        <>
          <path class="mark" d={`M4 ${bottom - mark}h${WIDTH}`} />
          <path class="tip" d={`M${WIDTH + 6} ${bottom - mark}l11-7v14z`} />
        </>
      )}
    </svg>
  )
}
