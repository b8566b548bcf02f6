// The pages of a replica as a surface below a prefix of its server: the overview, and each pump. What may be seen is
// decided by whoever gives the sources: nothing else is in reach here.
import type { Overview } from '../../model/fleet.ts'
import type { SurfaceAnswer, SurfaceRequest } from '../../model/surface.ts'
import { type Html, html } from '../../words/html.ts'
import { frame, type Look, PREFIX, RENEWS } from './frame.ts'
import { overviewPage } from './overview.ts'
import { type PumpOfSite, pumpPage } from './pump.ts'

export interface PageSources extends Look {
  overview(): Overview
  /** Null = it is not known here. */
  pump(site: string, id: string): PumpOfSite | null
}

export const pagesOf = (sources: PageSources) => ({
  prefix: PREFIX,
  routes: ['', '/pumps/:site/:id'].map((path) => ({ path, open: false })),
  async answer({ path, query, recorded }: SurfaceRequest): Promise<SurfaceAnswer> {
    const look = { ...sources, renews: query.has(RENEWS) }
    const [, , site, id] = path.split('/')
    if (site === undefined || id === undefined) {
      await recorded(null)
      return page(200, overviewPage(sources.overview(), look))
    }
    const found = sources.pump(site, id)
    await recorded(found && { serial: found.pump.pump.serial })
    return found
      ? page(200, pumpPage(found, look))
      : say(404, sources.reader.words.fleet.unknown, sources)
  },
  failure: ({
    status,
    title,
    detail,
  }: {
    status: number
    title: string
    detail?: string | undefined
  }) =>
    say(status, status === 401 ? sources.reader.words.fleet.signIn : (detail ?? title), sources),
})

const page = (status: number, body: Html): SurfaceAnswer => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: body.text,
})

const say = (status: number, text: string, look: Look): SurfaceAnswer =>
  page(status, frame(look.reader.words.fleet.all, html`<p class="loud">${text}</p>`, look))
