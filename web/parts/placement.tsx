// What is in the way of a reading, or how far it is: the wand's place in words and bars, a real bar while it
// reads, and how to read again.
import type { WandStatus } from '../../src/model/status.ts'
import type { Reader } from '../../src/words/reader.ts'
import { named } from '../../src/words/words.ts'
import { barsOf, obstacleOf } from '../view/shown.ts'

interface Props {
  readonly wand: WandStatus
  /** There is a reading already: what is in the way is no news for the whole screen. */
  readonly read: boolean
  readonly reader: Reader
}

export function Placement({ wand, read, reader }: Props) {
  const { page } = reader.words
  const obstacle = obstacleOf(wand, reader, read)
  const { coupling, contact, session, link } = wand
  return (
    <div class={read ? 'placement' : 'placement obstacle'}>
      {obstacle && (
        <p>
          <strong>{obstacle.title}</strong> {obstacle.next}
        </p>
      )}
      {obstacle?.progress != null && (
        <progress max={100} value={obstacle.progress} aria-label={obstacle.title} />
      )}
      {link.connected && obstacle?.progress == null && (
        <div class="place">
          <Bars coupling={contact.fresh ? coupling.value : null} reader={reader} />
          <p>
            {page.position}:{' '}
            <strong>
              {named(reader.words.position, coupling.position, reader.words.notAvailable)}
            </strong>
          </p>
        </div>
      )}
      {read && link.connected && session.state === 'closed' && !obstacle && (
        <p class="note">{page.readAgain}</p>
      )}
    </div>
  )
}

const WIDTH = 14

function Bars({ coupling, reader }: { readonly coupling: number | null; readonly reader: Reader }) {
  const { page, notAvailable } = reader.words
  const bars = barsOf(coupling)
  const text = bars ? page.bars(bars.n, bars.of) : `${page.position}: ${notAvailable}`
  const of = bars?.of ?? 5
  return (
    <svg class="bars" viewBox={`0 0 ${of * WIDTH} 48`} role="img" aria-label={text}>
      {Array.from({ length: of }, (_, n) => {
        const height = 14 + (n * 32) / (of - 1)
        const full = bars !== null && n < bars.n
        return (
          <rect
            key={n}
            class={full ? 'full' : 'empty'}
            x={n * WIDTH + 2}
            y={47 - height}
            width={WIDTH - 4}
            height={height}
          />
        )
      })}
    </svg>
  )
}
