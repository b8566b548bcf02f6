// The whole page: what is not to be missed above, a tile a wand, and one voice for changes of state.
import { moment, type Reader } from '../src/words/reader.ts'
import { auditSentence } from '../src/words/told.ts'
import { sentence } from '../src/words/words.ts'
import type { Shown } from './feed.ts'
import { Notice } from './parts/notice.tsx'
import { Outbox } from './parts/outbox.tsx'
import { Tile } from './parts/tile.tsx'
import { announcementOf, tilesOf } from './view/state.ts'

export function App({ shown, reader }: { readonly shown: Shown; readonly reader: Reader }) {
  const { connection, status, historyOf, destinations } = shown
  const { words } = reader
  const { page, source } = words
  const tiles = status ? tilesOf(status.wands, status.pumps) : []
  const marks = [...new Set(tiles.map(({ wand }) => wand.source))].filter((one) => one !== 'device')
  const audit = status?.audit
  const quiet = audit?.code === 'audit.recorded' && audit.notices.length === 0
  const unwell = audit && audit.state !== 'none' && !quiet
  return (
    <>
      <a class="skip" href="#readings">
        {page.skip}
      </a>
      {marks.map((mark) => (
        <aside class="simulator" key={mark}>
          {source[mark]}
        </aside>
      ))}
      <header class="top">
        <h1>{page.title}</h1>
        <p>{page.readOnly}</p>
        <p>{page.zone(reader.zone)}</p>
        <button type="button" class="noprint" onClick={() => window.print()}>
          {page.print}
        </button>
        {status && <p class="printonly">{page.printedAt(moment(reader, status.asOf))}</p>}
      </header>
      <main id="readings" tabIndex={-1}>
        <ConnectionNotice connection={connection} reader={reader} />
        {unwell && (
          <Notice
            title={audit.state === 'failed' ? page.auditFailed : page.audit}
            grave={audit.state === 'failed'}
          >
            <p>{auditSentence(words, audit)}</p>
          </Notice>
        )}
        {status && tiles.length === 0 && (
          <Notice title={page.noWand}>
            <p>{page.noWandNext}</p>
          </Notice>
        )}
        <div class={tiles.length > 1 ? 'tiles several' : 'tiles'}>
          {tiles.map((tile) => (
            <Tile
              key={tile.wand.port}
              tile={tile}
              history={tile.pump && historyOf(tile.pump.pump.id)}
              reader={reader}
            />
          ))}
        </div>
        <Outbox destinations={destinations} reader={reader} />
      </main>
      <p class="voice" role="status" aria-live="polite">
        {announcementOf(connection.state, tiles, reader)}
      </p>
    </>
  )
}

function ConnectionNotice({
  connection,
  reader,
}: {
  connection: Shown['connection']
  reader: Reader
}) {
  const { page } = reader.words
  switch (connection.state) {
    case 'connecting':
      return <Notice title={page.connecting} />
    case 'silent':
      return (
        <Notice title={page.bridgeSilent} grave>
          <p>{page.why['server-silent']}</p>
        </Notice>
      )
    case 'refused':
      return (
        <Notice title={page.signIn} grave>
          <p>{page.signInNext}</p>
          <p>
            <code>wandbridge open</code>
          </p>
        </Notice>
      )
    case 'distrusted':
      return (
        <Notice title={page.distrusted} grave>
          <p>{sentence(reader.words, connection.why)}</p>
          <p>{page.distrustedNext}</p>
        </Notice>
      )
    default:
      return null
  }
}
