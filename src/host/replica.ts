// A replica: what the bridges of a fleet know, read from the broker, for whoever has a token of a site or of
// all. It holds nothing that the broker does not have, so there may be as many as are wanted. Nothing that
// it shows is ever live: it says when each value was read, and which sites are silent. Who reads here is
// recorded here, in a log of its own.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NEVER } from 'rxjs'
import { Access } from '../access/access.ts'
import { TokenStore } from '../access/store.ts'
import { type Env, utc } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import { type Site, Sites } from '../fleet/serve/sites.ts'
import { openBroker } from '../fleet/stream/broker.ts'
import type { BrokerConfig } from '../fleet/stream/config.ts'
import { SITE } from '../fleet/stream/names.ts'
import { listenForMany } from '../http/door.ts'
import type { HttpServer } from '../http/server.ts'
import type { Counter, HttpSources } from '../http/sources.ts'
import { Knowledge } from '../knowledge/knowledge.ts'
import { type Codings, NO_CODINGS } from '../model/codings.ts'
import { type Overview, overviewPump, worstFirst } from '../model/fleet.ts'
import type { Source } from '../model/reading.ts'
import { statement } from '../model/statement.ts'
import type { AuditStatus, BridgeStatus, Coded } from '../model/status.ts'
import { Auditor } from '../recorder/auditor.ts'
import { nothingKnown } from '../status/state.ts'
import { viewBridge } from '../status/view.ts'
import { statusTold } from '../words/told.ts'
import type { Words } from '../words/words.ts'
import { Closers } from './closers.ts'
import { gauge } from './counters.ts'
import { fhirMount } from './fhir-host.ts'
import type { HttpOptions } from './http-host.ts'
import { memoryOf } from './memory.ts'
import { type PageSettings, pageFiles } from './page-files.ts'
import { readLog } from './read-log.ts'

export interface ReplicaOptions {
  readonly broker: BrokerConfig
  readonly source: Source
  readonly words: Words
  readonly page: PageSettings
  readonly http: Omit<HttpOptions, 'log'>
  log(text: string): void
}

export interface Replica {
  readonly url: string
  /** Sites that are known. */
  readonly sites: readonly string[]
  overview(): Overview
  close(): Promise<void>
}

/** A site as it is served: nothing of another one is in its reach. */
interface Served {
  readonly site: Site
  readonly knowledge: Knowledge
  readonly tokens: TokenStore
  readonly sources: HttpSources
}

/** Each look goes over all pumps of a site, and only a site that falls silent changes by itself. */
const LOOK_MS = 2_000

/** Where the tokens of a site are, as of a bridge's state directory. */
const dirOf = (stateDir: string, site: string) => join(stateDir, 'sites', site)

/** Rejects when the broker cannot be reached, and as the HTTP server does. */
export async function startReplica(
  env: Env,
  stateDir: string,
  { broker: config, source, words, page, http, log }: ReplicaOptions,
): Promise<Replica> {
  const closers = new Closers((name, error) => log(`${name}: ${String(error)}`))
  try {
    const broker = await openBroker(config, 'wandbridge replica')
    closers.add('the broker', () => broker.close())
    const mark = Buffer.from(env.random(4)).toString('hex')
    const auditor = new Auditor({
      ...{ env, stateDir, source, boot: `replica ${process.pid} ${mark}` },
      settings: { servers: config.servers.join(' '), source },
    })
    closers.add('the audit log', () => auditor.close('stopped'))
    const sites = new Sites({ env, broker, source, log })
    closers.add('the sites', () => sites.stop())
    const served = new Map<string, Served>()
    const making: Promise<void>[] = []
    const away = () => sites.lost
    sites.came$.subscribe((site) => {
      const codings = http.codings ?? NO_CODINGS
      const how = { env, stateDir, source, words, page, codings, log }
      const one = serve({ ...how, site, auditor, away })
      served.set(site.name, one)
      closers.add(`site ${site.name}`, async () => {
        one.tokens.close()
        await one.knowledge.stop()
      })
      making.push(Promise.all([one.tokens.follow(), one.knowledge.start()]).then(() => {}))
    })
    await mkdir(join(stateDir, 'sites'), { recursive: true, mode: 0o700 })
    for (const name of await readdir(join(stateDir, 'sites'))) {
      if (!SITE.test(name)) log(`${name} in ${stateDir}/sites is no name of a site.`)
    }
    await sites.start()
    await Promise.all(making)
    const tokens = new TokenStore(env, stateDir, source)
    await tokens.follow()
    closers.add('the tokens', async () => tokens.close())
    const overview = () => overviewOf(env, served)
    const server: HttpServer = await listenForMany(
      {
        env,
        access: new Access({ env, tokens, required: true }),
        reads: readLog(auditor),
        overview,
        notReady: () => (away() === null ? null : 'The broker does not answer.'),
        counters: () => countersOf(served, away()),
        ownerOf: (id) => [...served.values()].find((one) => one.tokens.get(id))?.site.name ?? null,
        surfaceOf: (name) => (served.get(name) as Served).sources,
        log,
      },
      http,
    )
    closers.add('the HTTP server', () => server.close())
    return {
      url: server.url,
      get sites() {
        return [...served.keys()]
      },
      overview,
      close: () => closers.close(),
    }
  } catch (error) {
    await closers.close()
    throw error
  }
}

interface Making extends Omit<ReplicaOptions, 'broker' | 'http'> {
  readonly env: Env
  readonly stateDir: string
  readonly site: Site
  readonly auditor: Auditor
  readonly codings: Codings
  /** Since when the broker does not answer. */
  away(): string | null
}

function serve(making: Making): Served {
  const { env, stateDir, source, words, page, codings, site, auditor, away, log } = making
  const { feed } = site
  const knowledge = new Knowledge({ env, disk: null, dir: '', source, feed })
  const tokens = new TokenStore(env, dirOf(stateDir, site.name), source)
  const memory = memoryOf(knowledge)
  const status = (): Coded<BridgeStatus> => {
    const now = { mono: env.monotonic(), wall: env.wall() }
    return viewBridge(nothingKnown(), auditOf(site, away()), memory, now)
  }
  const sources: HttpSources = {
    ...{ env, version: VERSION, words, feed, knowledge, log },
    status: { status: () => statusTold(words, status()), urgent$: NEVER, lookMs: LOOK_MS },
    access: new Access({ env, tokens, required: true }),
    reads: readLog(auditor, `/sites/${site.name}`),
    counters: () => [],
    mounts: [fhirMount(env, { bridge: { status }, feed, knowledge }, page.zone, codings)],
    page: pageFiles(page),
  }
  return { site, knowledge, tokens, sources }
}

/** How a site's log stands, as the broker has it. */
function auditOf(site: Site, away: string | null): Coded<AuditStatus> {
  const { log = null, size = 0 } = site.feed.head() ?? {}
  const { lastAt: since } = site
  const silent = site.silent && since !== null
  const head = {
    log,
    position: size > 0 ? size - 1 : null,
    checkpoint: site.vouched?.checkpoint ?? null,
    notices: silent ? [statement('fleet.silent', { site: site.name, since })] : [],
  }
  if (away !== null)
    return { ...head, state: 'failed', ...statement('fleet.away', { since: away }) }
  return { ...head, state: 'ok', ...statement('audit.recorded') }
}

function overviewOf(env: Env, served: ReadonlyMap<string, Served>): Overview {
  const asOf = utc(env.wall())
  const all = [...served.values()]
  return {
    asOf,
    sites: all
      .map(({ site, knowledge }) => {
        const { log = null, size = 0 } = site.feed.head() ?? {}
        const { lastAt, silent, name } = site
        return { site: name, log, records: size, lastAt, silent, pumps: knowledge.pumps().length }
      })
      .sort((a, b) => Number(b.silent) - Number(a.silent) || (a.site < b.site ? -1 : 1)),
    pumps: worstFirst(
      all.flatMap(({ site, knowledge }) =>
        knowledge
          .pumps()
          .map((pump) => overviewPump({ ...pump, site: site.name, silent: site.silent }, asOf)),
      ),
    ),
  }
}

function countersOf(served: ReadonlyMap<string, Served>, away: string | null): Counter[] {
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
    gauge('fleet_broker_lost', 'The broker does not answer.', Number(away !== null)),
  ]
}
