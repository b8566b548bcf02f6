// The HTTP surface of a bridge: it is given what it may know, and nothing else of the bridge.

import { join } from 'node:path'
import { filter, merge } from 'rxjs'
import { Access } from '../access/access.ts'
import { TokenStore } from '../access/store.ts'
import type { TokenWish } from '../access/token.ts'
import type { Env } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import { isLoopback } from '../base/loopback.ts'
import { VERSION } from '../base/version.ts'
import type { Bridge } from '../bridge/bridge.ts'
import type { Feed } from '../feed/feed.ts'
import { ListenError } from '../http/listen-error.ts'
import { type HttpServer, type ListenOptions, listen } from '../http/server.ts'
import type { AuditTiles, Counter } from '../http/sources.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import { type Codings, NO_CODINGS } from '../model/codings.ts'
import { isLoss } from '../model/event.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { statusTold } from '../words/told.ts'
import type { Words } from '../words/words.ts'
import type { Delivery } from './delivery-host.ts'
import { fhirMount } from './fhir-host.ts'
import type { Fleet } from './fleet-host.ts'
import { type PageSettings, pageFiles } from './page-files.ts'
import type { Patients } from './patients-host.ts'
import { readLog } from './read-log.ts'
import { destinationsTold } from './telling.ts'

export interface HttpOptions extends ListenOptions {
  /** False: whoever reaches the port may read. On this computer only. */
  readonly tokens?: boolean
  /** Language and zone of the page; default en-US and UTC. */
  readonly page?: PageSettings
  /** Of the clinic, beside ours, in FHIR. */
  readonly codings?: Codings
  /** For errors nobody expected, and certificates read again. */
  readonly log: Say
}

export interface Http extends Omit<HttpServer, 'close'> {
  /** A token that ends with this process and is written nowhere. */
  lend(wish: TokenWish): string
  close(): Promise<void>
}

export interface HttpRooms {
  readonly bridge: Bridge
  readonly auditor: Auditor
  readonly feed: Feed
  readonly knowledge: Knowledge
  readonly delivery: () => Delivery | null
  readonly fleet: () => Fleet | null
  readonly patients: () => Patients | null
  /** The log as tiles. */
  readonly tree: AuditTiles
  readonly words: Words
  /** What the rooms count by themselves. */
  counters(): readonly Counter[]
}

/** Rejects with ListenError when it cannot listen as it is told. */
export async function startHttp(
  env: Env,
  stateDir: string,
  { bridge, auditor, feed, knowledge, delivery, fleet, patients, tree, words, counters }: HttpRooms,
  options: HttpOptions,
): Promise<Http> {
  if (options.tokens === false && !isLoopback(options.host)) {
    throw new ListenError(
      `Without tokens anybody could read from ${options.host}. Leave \`http.tokens\` as it is, or listen on 127.0.0.1.`,
    )
  }
  const tokens = new TokenStore(env, stateDir, auditor.source)
  await tokens.follow()
  const access = new Access({
    env,
    tokens,
    required: options.tokens ?? true,
    sessions: join(stateDir, 'page-sessions.json'),
  })
  // A reading is followed at once by what it makes live.
  const urgent$ = bridge.changes$.pipe(
    filter(({ event, durable }) => isLoss(event) || (durable && event.kind === 'reading')),
  )
  const page = options.page ?? { locale: 'en-US', zone: 'UTC' }
  const sources = {
    env,
    version: VERSION,
    words,
    status: {
      status: () => statusTold(words, bridge.status()),
      urgent$: merge(urgent$, bridge.audit$),
    },
    feed,
    knowledge,
    audit: tree,
    access,
    reads: readLog(auditor),
    counters,
    destinations: () => destinationsTold(words, delivery(), fleet()),
    patients: () => patients()?.status() ?? null,
    mounts: [fhirMount(env, { bridge, feed, knowledge }, page.zone, options.codings ?? NO_CODINGS)],
    page: pageFiles(page),
    log: options.log,
  }
  try {
    const server = await listen(sources, options)
    return {
      url: server.url,
      openLink: () => server.openLink(),
      lend: (wish) => tokens.lend(wish).text,
      async close() {
        tokens.close()
        await server.close()
      },
    }
  } catch (error) {
    tokens.close()
    throw error
  }
}
