// Which wand, on which port, and how it lies over the pump: in words and bars.
import { quantity } from '../../src/model/format.ts'
import type { WandStatus } from '../../src/model/status.ts'
import { namesOf, type Reader } from '../../src/words/reader.ts'
import { linkSentence, linkText } from '../../src/words/told.ts'
import { named, sentence } from '../../src/words/words.ts'
import { barsOf } from '../view/state.ts'

export function WandHead({ wand, reader }: { readonly wand: WandStatus; readonly reader: Reader }) {
  const { page, position, notAvailable } = reader.words
  const { contact, coupling, link } = wand
  const { progress } = contact
  return (
    <div class="wand">
      <p class="label">{page.wand}</p>
      <p>
        <strong>{namesOf(reader, wand, wand.invalid).serial ?? notAvailable}</strong>, {page.port}{' '}
        <span class="port">{wand.port}</span>
      </p>
      <div class="place">
        <Bars coupling={contact.fresh ? coupling.value : null} reader={reader} />
        <p>
          {page.position}:{' '}
          <strong>
            {link.connected ? named(position, coupling.position, notAvailable) : notAvailable}
          </strong>
        </p>
      </div>
      <p>
        {progress !== null && link.connected
          ? page.working(quantity(progress, '%'))
          : linkOf(wand, reader)}
        &nbsp;
      </p>
    </div>
  )
}

/** What the session says already is not said twice. */
function linkOf({ link, session }: WandStatus, { words }: Reader): string {
  return linkSentence(words, link) === sentence(words, session) ? '' : linkText(words, link)
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
