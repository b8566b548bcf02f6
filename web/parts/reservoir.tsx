// What the pump reckons its reservoir by. The volume itself and the drawing stand in the strip.
import { FIELDS } from '../../src/model/fields.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { pumpMoment, type Reader, shown } from '../../src/words/reader.ts'
import { Facts, Part } from './facts.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

const fields = FIELDS.reservoir

export function Reservoir({ pump: { reservoir }, reader }: Props) {
  const { page } = reader.words
  const text = (name: 'capacity' | 'lowAlarmVolume' | 'filledVolume') =>
    shown(reader, fields[name], reservoir[name])
  const own = (name: 'lowAlarmDate' | 'filledAt') => pumpMoment(reader, reservoir[name].value)
  const facts = [
    { label: page.capacity, value: text('capacity') },
    { label: page.lowMark, value: text('lowAlarmVolume') },
    { label: page.lowDate, value: own('lowAlarmDate'), note: page.byPumpClock },
    { label: page.lastRefill, value: own('filledAt'), note: page.byPumpClock },
    { label: page.refillVolume, value: text('filledVolume') },
  ]
  return (
    <Part title={page.reservoir} name="tankfacts">
      <Facts facts={facts} />
    </Part>
  )
}
