// The HTTP surface of a bridge: it is given what it may know, and nothing else of the bridge.

import { join } from 'node:path'
import { filter, merge } from 'rxjs'
import { Access } from '../access/access.ts'
import { TokenStore } from '../access/store.ts'
import type { TokenWish } from '../access/token.ts'
import type { Env } from '../base/env.ts'
import { overlookedTotals } from '../base/failures.ts'
import type { Level } from '../base/journal.ts'
import { isLoopback } from '../base/loopback.ts'
import { VERSION } from '../base/version.ts'
import type { Bridge } from '../bridge/bridge.ts'
import type { Feed } from '../feed/feed.ts'

import { ListenError } from '../http/listen-error.ts'
import { type HttpServer, type ListenOptions, listen } from '../http/server.ts'

import type { AuditTiles, Counter, ReadLog } from '../http/sources.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import { type Codings, NO_CODINGS } from '../model/codings.ts'
import { isLoss } from '../model/event.ts'
import { isFork } from '../model/status.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { destinationTold, statusTold } from '../words/told.ts'
import type { Words } from '../words/words.ts'
import type { Delivery } from './delivery-host.ts'
import { fhirMount } from './fhir-host.ts'
import type { Fleet } from './fleet-host.ts'
import { type PageSettings, pageFiles } from './page-files.ts'
import type { Patients } from './patients-host.ts'

export interface HttpOptions extends ListenOptions {
  /** False: whoever reaches the port may read. On this computer only. */
  readonly tokens?: boolean
  /** Language and zone of the page; default en-US and UTC. */
  readonly page?: PageSettings
  /** Of the clinic, beside ours, in FHIR. */
  readonly codings?: Codings
  /** For errors nobody expected, and certificates read again. */
  readonly log: (text: string, level?: Level) => void
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
}

/** Rejects with ListenError when it cannot listen as it is told. */
export async function startHttp(
  env: Env,
  stateDir: string,
  { bridge, auditor, feed, knowledge, delivery, fleet, patients, tree, words }: HttpRooms,
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
    counters: () => [
      ...countersOf(bridge, auditor),
      overlookedCounter(),
      ...(delivery()?.counters() ?? []),
      ...(fleet()?.counters() ?? []),
      ...(patients()?.counters() ?? []),
    ],
    destinations: () => {
      const broker = fleet()?.status()
      return [...(delivery()?.status() ?? []), ...(broker ? [broker] : [])].map((one) =>
        destinationTold(words, one),
      )
    },
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

function readLog(auditor: Auditor): ReadLog {
  return {
    read({ principal: { id, auth }, route, pump }) {
      const actor = { id, role: auth === 'page-link' ? 'page' : 'client', auth }
      return auditor.read({ actor, route, pump })
    },
    refused: () => auditor.refuse(),
  }
}

function witnessGauges(witnesses: Auditor['status']['witnesses']): Counter[] {
  if (!witnesses) return []
  const { of, signed, behind, problems } = witnesses
  const forks = problems.filter(({ problem }) => isFork(problem)).length
  const gauge = (name: string, help: string, value: number): Counter => ({
    ...{ name, help, type: 'gauge', values: [{ value }] },
  })
  return [
    gauge('audit_witnesses', 'Witnesses of the log.', of),
    gauge('audit_witnesses_signed', 'Witnesses that have cosigned the newest checkpoint.', signed),
    gauge('audit_witness_lag', 'Records that not every witness has cosigned.', behind),
    gauge('audit_witness_forks', 'Witnesses that have seen another log of this name.', forks),
  ]
}

function overlookedCounter(): Counter {
  return {
    name: 'failures_overlooked_total',
    help: 'What failed and was done without or tried again, by what it was. No reading is wrong for it.',
    type: 'counter',
    values: [...overlookedTotals()].map(([what, value]) => ({ labels: { what }, value })),
  }
}

/** Ports are numbered as they are configured: a path may name a person's computer. */
function countersOf(bridge: Bridge, auditor: Auditor): Counter[] {
  const links = Object.values(bridge.counters())
  const per = (
    name: string,
    help: string,
    of: (link: (typeof links)[number]) => number,
  ): Counter => ({
    name,
    help,
    type: 'counter',
    values: links.map((link, i) => ({ labels: { port: String(i) }, value: of(link) })),
  })
  const discarded = links.flatMap((link, i) =>
    Object.entries(link.discarded).map(([reason, { frames }]) => ({
      labels: { port: String(i), reason },
      value: frames,
    })),
  )
  const { waiting, dropped } = auditor.state
  return [
    per('link_bytes_in_total', 'Bytes from the wand.', (link) => link.bytesIn),
    per('link_bytes_out_total', 'Bytes to the wand.', (link) => link.bytesOut),
    per(
      'link_frames_total',
      'Frames from the wand that were good.',
      (link) => link.accepted.frames,
    ),
    per('link_retries_total', 'Requests sent again.', (link) => link.retries),
    {
      name: 'link_discarded_total',
      help: 'Frames that were refused, by reason.',
      type: 'counter',
      values: discarded,
    },
    {
      name: 'audit_waiting',
      help: 'Records that wait for the disk.',
      type: 'gauge',
      values: [{ value: waiting }],
    },
    {
      name: 'audit_dropped_total',
      help: 'Records that could not be kept; a gap record says so.',
      type: 'counter',
      values: [{ value: dropped }],
    },
    {
      name: 'audit_upkeep_failures_total',
      help: 'Steps of the care for older segments that could not be done.',
      type: 'counter',
      values: [{ value: auditor.upkeepFailures }],
    },
    ...witnessGauges(auditor.status.witnesses),
  ]
}
