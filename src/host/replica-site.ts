// One site as a replica serves it: nothing of another one is in its reach. Its wands are those of its readings; how
// they are connected is known at the site alone, and so is no part of what is said here.

import { NEVER } from 'rxjs'
import { Access } from '../access/access.ts'
import { TokenStore } from '../access/store.ts'
import type { Env } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import type { BridgeMemory } from '../bridge/bridge.ts'
import type { Site } from '../fleet/serve/site.ts'
import type { HttpSources } from '../http/sources.ts'
import { Knowledge } from '../knowledge/knowledge.ts'
import type { Codings } from '../model/codings.ts'
import type { Source } from '../model/reading.ts'
import { statement } from '../model/statement.ts'
import type { AuditStatus, BridgeStatus, Coded } from '../model/status.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { type BridgeState, nothingKnown, wandAt } from '../status/state.ts'
import { viewBridge } from '../status/view.ts'
import { statusTold } from '../words/told.ts'
import type { Words } from '../words/words.ts'
import { fhirMount } from './fhir-host.ts'
import { memoryOf } from './memory.ts'
import type { PageSettings } from './page-files.ts'
import { readLog } from './read-log.ts'
import { FILES, pagesFor } from './replica-overview.ts'

export interface Served {
  readonly site: Site
  readonly knowledge: Knowledge
  readonly tokens: TokenStore
  readonly sources: HttpSources
  status(): BridgeStatus
}

/** Each look goes over all pumps of a site, and without a record only how the site is heard changes, in ms. */
const LOOK_MS = 5_000

interface Making {
  readonly env: Env
  /** Where its tokens are. */
  readonly dir: string
  readonly source: Source
  readonly words: Words
  readonly page: PageSettings
  readonly site: Site
  readonly auditor: Auditor
  readonly codings: Codings
  /** Since when the broker does not answer, for this site; null = it does, or it is the key. */
  away(): string | null
  /** Since when it does not let in the key of this site; null = it does, or is away itself. */
  keyLost(): string | null
  log(text: string): void
}

export function serve(making: Making): Served {
  const { env, dir, source, words, page, codings, site, auditor, away, keyLost, log } = making
  const { feed } = site
  const knowledge = new Knowledge({ env, disk: null, dir: '', source, feed })
  const tokens = new TokenStore(env, dir, source)
  const memory = memoryOf(knowledge)
  const coded = (): Coded<BridgeStatus> => {
    const now = { mono: env.monotonic(), wall: env.wall() }
    const { pumps, ...rest } = viewBridge(
      wandsIn(memory, knowledge, source),
      auditOf(site, away(), keyLost()),
      memory,
      now,
    )
    return {
      ...rest,
      pumps: pumps.map((pump) => ({ ...pump, link: { ...pump.link, cause: 'elsewhere' } })),
    }
  }
  const status = () => statusTold(words, coded())
  const own = () => new Map([[site.name, served]])
  const lost = {
    get lost() {
      return away()
    },
    lostOf: away,
    keyLostOf: keyLost,
  }
  const sources: HttpSources = {
    ...{ env, version: VERSION, words, feed, knowledge, log },
    status: { status, urgent$: NEVER, lookMs: LOOK_MS },
    access: new Access({ env, tokens, required: true }),
    reads: readLog(auditor, `/sites/${site.name}`),
    counters: () => [],
    mounts: [
      fhirMount(env, { bridge: { status: coded }, feed, knowledge }, page.zone, codings),
      pagesFor({ env, source, page }, own, lost),
    ],
    page: FILES,
  }
  const served: Served = { site, knowledge, tokens, sources, status }
  return served
}

/** The wands that a site's log tells of: through which its pumps were read last, or a session was left open. */
function wandsIn(memory: BridgeMemory, knowledge: Knowledge, source: Source): BridgeState {
  const found = [
    ...memory.pumps().map(({ reading, identity }) => ({
      ...{ port: reading.port ?? '', serial: reading.wand, pump: identity },
    })),
    ...knowledge
      .unclosed()
      .map(({ port, wand }) => ({ port: port ?? '', serial: wand, pump: null })),
  ]
  const state = nothingKnown()
  for (const { port, serial, pump } of found) {
    const told = state.wands.get(port)
    state.wands.set(port, {
      ...wandAt(port, source, 0),
      ...{ cause: 'elsewhere', serial: serial ?? told?.serial ?? null },
      pump: pump ?? told?.pump ?? null,
    })
  }
  return state
}

/** How a site's log stands, as the broker has it. */
function auditOf(site: Site, away: string | null, keyLost: string | null): Coded<AuditStatus> {
  const { log = null, size = 0 } = site.feed.head() ?? {}
  const { lastAt: since } = site
  const silent = site.silent && since !== null
  const head = {
    log,
    position: size > 0 ? size - 1 : null,
    checkpoint: site.vouched?.checkpoint ?? null,
    notices: [
      ...(site.apart === null ? [] : [statement('fleet.apart', { site: site.name })]),
      ...(silent ? [statement('fleet.silent', { site: site.name, since })] : []),
    ],
  }
  if (keyLost !== null)
    return { ...head, state: 'failed', ...statement('fleet.key-lost', { since: keyLost }) }
  if (away !== null)
    return { ...head, state: 'failed', ...statement('fleet.away', { since: away }) }
  return { ...head, state: 'ok', ...statement('audit.recorded') }
}
