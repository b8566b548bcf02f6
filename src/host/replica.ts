// A replica: what the bridges of a fleet know, read from the broker, for whoever has a token of a site or of
// all. It holds nothing that the broker does not have, so there may be as many as are wanted. Nothing that
// it shows is ever live: it says when each value was read, and which sites are silent. Who reads here is
// recorded here, in a log of its own. What one site shows is replica-site.ts, what all of them show together
// replica-overview.ts.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Access } from '../access/access.ts'
import { TokenStore } from '../access/store.ts'
import type { Env } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import { Sites } from '../fleet/serve/sites.ts'
import type { BrokerConfig } from '../fleet/stream/config.ts'
import { SITE } from '../fleet/stream/names.ts'
import { listenForMany } from '../http/door.ts'
import type { HttpServer } from '../http/server.ts'
import { NO_CODINGS } from '../model/codings.ts'
import type { Overview } from '../model/fleet.ts'
import type { Source } from '../model/reading.ts'
import { Auditor } from '../recorder/auditor.ts'
import type { Words } from '../words/words.ts'
import { Closers } from './closers.ts'
import { Ways } from './fleet-brokers.ts'
import type { HttpOptions } from './http-host.ts'
import type { PageSettings } from './page-files.ts'
import { readLog } from './read-log.ts'
import { countersOf, FILES, overviewOf, pagesFor } from './replica-overview.ts'
import { type Served, serve } from './replica-site.ts'

export interface ReplicaOptions {
  readonly broker: BrokerConfig
  readonly source: Source
  readonly words: Words
  readonly page: PageSettings
  readonly http: Omit<HttpOptions, 'log'>
  log: Say
}

export interface Replica {
  readonly url: string
  /** Sites that are known. */
  readonly sites: readonly string[]
  overview(): Overview
  close(): Promise<void>
}

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
    const ways = await Ways.open(env, config, { name: 'wandbridge replica', log })
    closers.add('the broker', () => ways.close())
    const mark = Buffer.from(env.random(4)).toString('hex')
    const auditor = new Auditor({
      ...{ env, stateDir, source, boot: `replica ${process.pid} ${mark}` },
      settings: { servers: config.servers.join(' '), source },
    })
    closers.add('the audit log', () => auditor.close('stopped'))
    const sites = new Sites({ env, ways: ways.all, source, log })
    closers.add('the sites', () => sites.stop())
    const served = new Map<string, Served>()
    const making: Promise<void>[] = []
    let started = false
    sites.came$.subscribe((site) => {
      const codings = http.codings ?? NO_CODINGS
      const how = { env, source, words, page, codings, log }
      const away = () => sites.lostOf(site.name)
      const keyLost = () => sites.keyLostOf(site.name)
      const dir = dirOf(stateDir, site.name)
      const one = serve({ ...how, dir, site, auditor, away, keyLost })
      served.set(site.name, one)
      closers.add(`site ${site.name}`, async () => {
        one.tokens.close()
        await one.knowledge.stop()
      })
      const begun = Promise.all([one.tokens.follow(), one.knowledge.start()]).then(() => {})
      if (!started) making.push(begun)
      else
        begun.catch(({ message }: Error) =>
          log(`${site.name} is not served: ${message}. Mend that, and start the replica again.`),
        )
    })
    await mkdir(join(stateDir, 'sites'), { recursive: true, mode: 0o700 })
    for (const name of await readdir(join(stateDir, 'sites'))) {
      if (!SITE.test(name)) log(`${name} in ${stateDir}/sites is no name of a site.`)
    }
    await sites.start()
    await Promise.all(making)
    started = true
    ways.follow((way) => sites.add(way))
    const tokens = new TokenStore(env, stateDir, source)
    await tokens.follow()
    closers.add('the tokens', async () => tokens.close())
    const overview = () => overviewOf(env, served, sites)
    const pages = pagesFor({ env, source, page }, () => served, sites)
    const server: HttpServer = await listenForMany(
      {
        env,
        access: new Access({ env, tokens, required: true }),
        reads: readLog(auditor),
        overview,
        mounts: [pages],
        page: FILES,
        notReady: () => (sites.lost === null ? null : 'The broker does not answer.'),
        counters: () => countersOf(served, sites),
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
