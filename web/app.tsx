// The whole page: what stands in the way first, a row for each wand where there are several, one pump whole,
// and one voice for what changes.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { moment, type Reader } from '../src/words/reader.ts'
import { auditSentence } from '../src/words/told.ts'
import { sentence } from '../src/words/words.ts'
import { dress } from './document.ts'
import type { Shown } from './feed.ts'
import { Doors } from './parts/doors.tsx'
import { Notice } from './parts/notice.tsx'
import { Pump } from './parts/pump.tsx'
import { Rows } from './parts/rows.tsx'
import { announcementOf, tabOf, tilesOf, worstFirst } from './view/shown.ts'

export function App({ shown, reader }: { readonly shown: Shown; readonly reader: Reader }) {
  const { connection, status, historyOf, destinations, contested } = shown
  const { words } = reader
  const { page, source } = words
  const [chosen, choose] = useState<string | null>(null)
  const tiles = status ? worstFirst(tilesOf(status.wands, status.pumps)) : []
  const tile = tiles.find(({ wand }) => wand.port === chosen) ?? tiles[0]
  // The worst is shown first, and stays until somebody asks for another.
  useEffect(() => {
    if (tile && tile.wand.port !== chosen) choose(tile.wand.port)
  })
  const marks = [...new Set(tiles.map(({ wand }) => wand.source))].filter((one) => one !== 'device')
  const audit = status?.audit
  const quiet = audit?.code === 'audit.recorded' && audit.notices.length === 0
  const unwell = audit && audit.state !== 'none' && !quiet
  const away = connection.state !== 'live'
  useEffect(() =>
    dress({
      title: tabOf(connection.state, tile, reader),
      pump: tile?.pump?.pump.serial ?? '',
      mark: marks.map((mark) => source[mark]).join(' '),
      page: page.pageNumber,
      of: page.pageOf,
    }),
  )
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
      <main id="readings" tabIndex={-1}>
        <h1 class="unseen">{page.title}</h1>
        <Obstacles connection={connection} reader={reader} />
        {unwell && (
          <Notice
            title={audit.state === 'failed' ? page.auditFailed : page.audit}
            grave={audit.state === 'failed'}
          >
            <p>{auditSentence(words, audit)}</p>
          </Notice>
        )}
        {status && !tile && (
          <Notice title={page.noWand} obstacle>
            <p>{page.noWandNext}</p>
          </Notice>
        )}
        {tiles.length > 1 && (
          <Rows tiles={tiles} shown={tile?.wand.port} show={choose} reader={reader} />
        )}
        {tile && (
          <Pump
            key={tile.wand.port}
            tile={tile}
            history={tile.pump && historyOf(tile.pump.pump.id)}
            away={away}
            destinations={destinations}
            contested={contested}
            reader={reader}
          />
        )}
        <Foot pump={tile?.pump !== undefined} reader={reader}>
          {status && <p class="printonly">{page.printedAt(moment(reader, status.asOf))}</p>}
        </Foot>
      </main>
      <p class="unseen voice" role="status" aria-live="polite">
        {announcementOf(connection.state, tiles, reader)}
      </p>
    </>
  )
}

function Foot({
  children,
  pump,
  reader,
}: {
  readonly children: ComponentChildren
  readonly pump: boolean
  readonly reader: Reader
}) {
  const { page } = reader.words
  return (
    <footer class="foot">
      <Doors pump={pump} reader={reader} />
      <p>{page.readOnly}</p>
      <p>{page.zone(reader.zone)}</p>
      {children}
      <button type="button" class="noprint" onClick={() => window.print()}>
        {page.print}
      </button>
    </footer>
  )
}

function Obstacles({
  connection,
  reader,
}: {
  readonly connection: Shown['connection']
  readonly reader: Reader
}) {
  const { page } = reader.words
  switch (connection.state) {
    case 'connecting':
      return <Notice title={page.connecting} obstacle />
    case 'silent':
      return (
        <Notice title={page.bridgeSilent} grave>
          <p>{page.why['server-silent']}</p>
        </Notice>
      )
    case 'refused':
      return (
        <Notice title={page.signIn} grave obstacle>
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
