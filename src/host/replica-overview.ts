// What several sites show together, at a replica: the overview, its pages, and the metrics. Which sites they are is
// decided by whoever hands them over.
import { type Env, utc } from '../base/env.ts'
import { PREFIX, STYLE_PATH } from '../fleet/page/frame.ts'
import { STYLE } from '../fleet/page/style.ts'
import { pagesOf } from '../fleet/page/surface.ts'
import type { Sites as FleetSites } from '../fleet/serve/sites.ts'
import type { Mount } from '../http/mount.ts'
import type { PageFile } from '../http/page.ts'
import type { Counter } from '../http/sources.ts'
import { mayBeWith } from '../knowledge/views.ts'
import { type Overview, overviewPump, worstFirst } from '../model/fleet.ts'
import type { Source } from '../model/reading.ts'
import { readerOf } from '../words/reader.ts'
import { sentence } from '../words/words.ts'
import { gauge } from './counters.ts'
import { unclosedTold } from './memory.ts'
import type { PageSettings } from './page-files.ts'
import type { Served } from './replica-site.ts'

type Sites = ReadonlyMap<string, Served>

export function overviewOf(env: Env, served: Sites, away: Away): Overview {
  const brokerLostAt = away.lost
  const asOf = utc(env.wall())
  const all = [...served.values()].map(({ site, knowledge }) => ({
    ...{ site, unclosed: knowledge.unclosed(), pumps: knowledge.pumps() },
  }))
  return {
    ...{ asOf, brokerLostAt },
    sites: all
      .map(({ site, pumps, unclosed }) => {
        const { log = null, size = 0 } = site.feed.head() ?? {}
        const { lastAt, silent, name } = site
        const apart = site.apart !== null
        const keyLostAt = away.keyLostOf(name)
        const counts = { pumps: pumps.length, unclosed: unclosed.length }
        return { site: name, log, records: size, lastAt, silent, apart, keyLostAt, ...counts }
      })
      .sort(
        (a, b) =>
          Number(b.apart) - Number(a.apart) ||
          Number(b.keyLostAt !== null) - Number(a.keyLostAt !== null) ||
          Number(b.silent) - Number(a.silent) ||
          (a.site < b.site ? -1 : 1),
      ),
    pumps: worstFirst(
      all.flatMap(({ site: { name, silent }, pumps, unclosed }) =>
        pumps.map((pump) => {
          const open = unclosed.filter((one) => mayBeWith(one, pump)).length
          return overviewPump({ ...pump, site: name, silent, unclosed: open }, asOf)
        }),
      ),
    ),
  }
}

/** Since when the broker does not answer, for any site, and for one, and why: by its key; null = it does. */
type Away = Pick<FleetSites, 'lost' | 'lostOf' | 'keyLostOf'>

interface Pages {
  readonly env: Env
  readonly source: Source
  readonly page: PageSettings
}

/** The pages of these sites, and of no other. */
export function pagesFor({ env, source, page }: Pages, sites: () => Sites, away: Away): Mount {
  const reader = readerOf(page.locale, page.zone)
  const pages = pagesOf({
    ...{ source, reader },
    overview: () => overviewOf(env, sites(), away),
    pump(name, id) {
      const served = sites().get(name)
      const { pumps = [], audit } = served?.status() ?? {}
      const pump = pumps.find((one) => one.pump.id === id)
      if (!served || !pump || !audit) return null
      const unclosed = served.knowledge
        .unclosed()
        .filter((one) => mayBeWith(one, pump.pump))
        .map((one) => ({ sentence: sentence(reader.words, unclosedTold(one)) }))
      const lost = { brokerLostAt: away.lostOf(name), keyLostAt: away.keyLostOf(name) }
      return { site: name, pump, unclosed, audit, ...lost }
    },
  })
  return { ...pages, scope: 'status' }
}

const INSIDE = `<!doctype html><meta http-equiv="refresh" content="0;url=${PREFIX}"><title>wandbridge</title><a href="${PREFIX}">wandbridge</a>`

/** What anybody may have: it says nothing of any pump. */
export const FILES: readonly PageFile[] = [
  { path: '/', type: 'text/html; charset=utf-8', body: Buffer.from(INSIDE), lasting: false },
  { path: STYLE_PATH, type: 'text/css; charset=utf-8', body: Buffer.from(STYLE), lasting: false },
]

export function countersOf(served: Sites, away: Away): Counter[] {
  const all = [...served.values()]
  const perSite = (name: string, help: string, of: (one: Served) => number): Counter => ({
    ...{ name, help, type: 'gauge' },
    values: all.map((one) => ({ labels: { site: one.site.name }, value: of(one) })),
  })
  return [
    perSite(
      'fleet_records',
      'Records of the site at the broker.',
      (one) => one.site.feed.head()?.size ?? 0,
    ),
    perSite('fleet_behind', 'Records that are not known here yet.', ({ site, knowledge }) =>
      Math.max(0, (site.feed.head()?.size ?? 0) - 1 - knowledge.state.position),
    ),
    perSite('fleet_silent', 'Nothing is heard of the site.', (one) => Number(one.site.silent)),
    perSite('fleet_key_lost', 'The broker does not let in the key of the site.', ({ site }) =>
      Number(away.keyLostOf(site.name) !== null),
    ),
    gauge('fleet_broker_lost', 'The broker answers no key.', Number(away.lost !== null)),
  ]
}
