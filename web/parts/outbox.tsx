// Where HL7 messages go, and how far behind each destination is. Nothing of it touches the readings.
import type { DestinationStatus } from '../../src/model/status.ts'
import type { Reader } from '../../src/words/reader.ts'
import { outboxLines } from '../view/outbox.ts'
import { Part } from './facts.tsx'

interface Props {
  readonly destinations: readonly DestinationStatus[]
  readonly reader: Reader
}

export function Outbox({ destinations, reader }: Props) {
  const { page } = reader.words
  if (destinations.length === 0) return null
  return (
    <Part title={page.outbox} name="outbox">
      <dl>
        {destinations.map((one) => (
          <div key={one.name}>
            <dt>{one.name}</dt>
            {outboxLines(one, reader).map((line) => (
              <dd key={line}>{line}</dd>
            ))}
          </div>
        ))}
      </dl>
    </Part>
  )
}
