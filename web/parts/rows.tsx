// More than one wand: a row each, the worst first. One of them is shown whole below; which, only people
// change.
import type { Reader } from '../../src/words/reader.ts'
import { summaryOf } from '../../src/words/summary.ts'
import { sessionOf, stateOf, type TileOf } from '../view/shown.ts'

interface Props {
  readonly tiles: readonly TileOf[]
  readonly shown: string | undefined
  readonly show: (port: string) => void
  readonly reader: Reader
}

export function Rows({ tiles, shown, show, reader }: Props) {
  const { page } = reader.words
  return (
    <nav class="rows noprint" aria-label={page.wands}>
      <h2>{page.wands}</h2>
      <ol>
        {tiles.map((tile) => (
          <li key={tile.wand.port}>
            <button
              type="button"
              aria-pressed={tile.wand.port === shown}
              onClick={() => show(tile.wand.port)}
            >
              <Row tile={tile} reader={reader} />
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}

function Row({ tile: { wand, pump }, reader }: { readonly tile: TileOf; readonly reader: Reader }) {
  const { page } = reader.words
  const { sentence, steps } = sessionOf(wand, pump, reader)
  if (!pump) {
    return (
      <>
        <strong>{wand.serial ?? wand.port}</strong>
        <span>{page.noReading}</span>
        <span>{steps.length > 0 && sentence}</span>
      </>
    )
  }
  const { volume, alarmCount, alarms, still } = summaryOf(pump, reader)
  const critical = alarms.filter((one) => one.critical)
  const grave = still !== '' || critical.length > 0
  return (
    <>
      <strong>{pump.pump.serial}</strong>
      <span>{stateOf(pump, reader).title}</span>
      <span>{volume}</span>
      <span class="says">
        {steps.length > 0 && <span class="grave">{page.notConfirmed}</span>}
        <span class={grave ? 'grave' : ''}>
          {still !== '' && `${still}. `}
          {page.alarmsLabel}: {alarms.length === 0 ? page.noneReported : alarmCount}
          {critical.length > 0 && `: ${critical.map(({ name }) => name).join(', ')}`}
        </span>
      </span>
    </>
  )
}
