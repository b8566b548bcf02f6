// The HTTP surface with everything behind it made by hand: a status that stands still, records in
// memory, tokens in a temporary directory. Real sockets, real time.

import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Subject } from 'rxjs'
import { afterEach } from 'vitest'
import { Access } from '../../src/access/access.ts'
import { TokenStore } from '../../src/access/store.ts'
import { SCOPES, type Scope } from '../../src/access/token.ts'
import { systemEnv, utc } from '../../src/base/env.ts'
import { apiRecord } from '../../src/feed/api-record.ts'
import { type Cursor, cursorText } from '../../src/feed/cursor.ts'
import type { FeedItem, LogHead } from '../../src/feed/feed.ts'
import type { FeedRecord } from '../../src/feed/feed-record.ts'
import type { HistoryQuery } from '../../src/feed/passes.ts'
import type { Mount } from '../../src/http/mount.ts'
import { type HttpServer, type ListenOptions, listen } from '../../src/http/server.ts'
import type { AuditTiles, Follow, HttpLimits, HttpSources } from '../../src/http/sources.ts'
import type { VisitView } from '../../src/knowledge/views.ts'
import type { Refill } from '../../src/model/api.ts'
import type { ReadingEvent } from '../../src/model/event.ts'
import { noOwners } from '../../src/model/owner.ts'
import type { Source } from '../../src/model/reading.ts'
import type { CodedRecord, RecordOf } from '../../src/model/record.ts'
import type { AuditStatus, BridgeStatus, PumpStatus } from '../../src/model/status.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { statusTold } from '../../src/words/told.ts'
import { WORDS } from '../../src/words/words.ts'
import { rig } from '../bridge/rig.ts'
import { checkReply } from './contract.ts'

export interface Sample {
  readonly status: BridgeStatus
  readonly pump: PumpStatus
  readonly interrogation: RecordOf<'interrogation'>
}

const LOG = 'simulator-1-00000000'
let known: Promise<Sample> | null = null

/** A pump as it stands in one moment of a real run, and the record of its reading. */
export function sample(): Promise<Sample> {
  known ??= (async () => {
    const run = await rig()
    run.bridge.start()
    await run.live()
    const seen = statusTold(WORDS['en-US'], run.bridge.status())
    const audit = { ...seen.audit, log: LOG, state: 'ok', sentence: 'Recorded.' } as const
    const pumps = seen.pumps.map((one) => ({ ...one, audit }))
    const status = { ...seen, pumps, audit }
    const event = run.events.find((e): e is ReadingEvent => e.kind === 'reading') as ReadingEvent
    const record = recordOf(event)
    await run.stop()
    const [pump] = status.pumps
    if (!pump || !record) throw new Error('the sample has no pump')
    const at = event.receivedAt
    const place = { position: 0, log: LOG, source: 'simulator' } as const
    const interrogation = apiRecord({ ...record, at }, place) as RecordOf<'interrogation'>
    return { status, pump, interrogation }
  })()
  return known
}

/** A feed in memory: what the surfaces need of it. */
export class MemoryRecords implements Follow {
  #log = LOG
  #wake: () => void = () => {}
  #woken = new Promise<void>(() => {})
  source: Source = 'simulator'
  first = 0
  all: CodedRecord[] = []
  size = 0
  reads = 0

  constructor() {
    this.#arm()
  }

  get log(): string {
    return this.#log
  }

  set log(name: string) {
    this.#log = name
    this.#arm()
  }

  #arm(): void {
    this.#wake()
    this.#woken = new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Makes one durable; positions of records the API does not give are left out with `skip`. */
  push(record: CodedRecord, skip = 0): CodedRecord {
    const position = this.size + skip
    const id = cursorText({ log: this.log, position })
    const placed = { ...record, id, position, log: this.log, source: this.source }
    this.size = placed.position + 1
    this.all.push(placed)
    this.#arm()
    return placed
  }

  head(): LogHead | null {
    return this.log === '' ? null : { log: this.log, size: this.size }
  }

  async oldest(): Promise<number> {
    return this.first
  }

  async *read(query: HistoryQuery = {}): AsyncGenerator<FeedRecord> {
    this.reads += 1
    const { after, before, kinds, pump, from, to, order, limit = Infinity, gone } = query
    const all = order === 'desc' ? [...this.all].reverse() : [...this.all]
    let left = limit
    for (const record of all) {
      if (gone?.() || left <= 0) return
      if (record.position < this.first) continue
      if (after !== undefined && record.position <= after) continue
      if (before !== undefined && record.position >= before) continue
      if (kinds && !(kinds as readonly string[]).includes(record.kind)) continue
      if (pump !== undefined && record.pump?.id !== pump) continue
      if (from !== undefined && record.at < from) continue
      if (to !== undefined && record.at >= to) continue
      await null
      left -= 1
      yield feedRecord(record)
    }
  }

  async *follow(
    cursor: Cursor | null,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<FeedItem> {
    let at = cursor
    let told = ''
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    while (!signal.aborted) {
      const woken = this.#woken
      const head = this.head()
      if (head) {
        const { log } = head
        at ??= { log, position: head.size - 1 }
        if (at.log !== log) {
          const from = at.position + 1
          at = { log, position: -1 }
          const old = (cursor ?? at).log
          yield { kind: 'replaced', cursor: at, log: old, from, by: log, why: 'other-log' }
        }
        for (const record of [...this.all]) {
          if (record.log !== log || record.position <= at.position) continue
          at = { log, position: record.position }
          yield { kind: 'record', cursor: at, record: feedRecord(record) }
        }
        at = { log, position: Math.max(at.position, head.size - 1) }
        if (told !== cursorText(at)) {
          told = cursorText(at)
          yield { kind: 'caught-up', cursor: at }
        }
      }
      await Promise.race([woken, ended])
    }
  }
}

/** An interrogation in short, as it is known. */
export const visitOf = (record: RecordOf<'interrogation'>): VisitView => {
  const { id, position, readAt, deviceTime, session, source, reservoir, infusion, alarms } = record
  const moment = { id, position, readAt, deviceTime, session, source }
  const { reportedVolume } = reservoir
  const values = {
    ...{ reportedVolume, rate: infusion.rate, volume24h: infusion.volume24h },
    activeAlarms: alarms?.length ?? null,
    alarmCodes: alarms?.map(({ code }) => code) ?? null,
  }
  const events = { before: null, total: null, listed: 0, overwritten: null }
  return { ...moment, ...values, closeConfirmed: true, owner: null, events }
}

/** A refill that this interrogation is the first to tell of. */
export const refillOf = (record: RecordOf<'interrogation'>): Refill => {
  const { id, position, readAt, source, reservoir } = record
  const { filledAt, filledVolume, reportedVolume } = reservoir
  const after = { position, readAt, reportedVolume }
  const told = {
    filledAt: filledAt.value as string,
    filledVolume: filledVolume as Refill['filledVolume'],
  }
  return { id, position, source, ...told, before: null, after, worksheets: [] }
}

const feedRecords = new WeakMap<CodedRecord, FeedRecord>()

/** The same object every time, as the feed gives it. */
function feedRecord(record: CodedRecord): FeedRecord {
  const { log, position, kind, at, pump } = record
  const known = feedRecords.get(record)
  const made =
    known ??
    ({
      log,
      position,
      kind,
      at,
      pump: pump?.id ?? null,
      api: () => record,
    } as unknown as FeedRecord)
  feedRecords.set(record, made)
  return made
}

export type World = Awaited<ReturnType<typeof world>>

interface WorldOptions extends Partial<Omit<ListenOptions, 'limits'>> {
  readonly limits?: Partial<HttpLimits>
  readonly required?: boolean
  /** The log that is written when the server begins; empty = none is open yet. */
  readonly log?: string
  /** The log as tiles. */
  readonly audit?: AuditTiles
  /** Other surfaces below this server. */
  readonly mounts?: (
    parts: Pick<HttpSources, 'env' | 'status'> & { records: MemoryRecords },
  ) => Mount[]
}

const GENEROUS = { perSecond: 1e6, burst: 1e6 }

export async function world({
  limits,
  required = true,
  log = LOG,
  mounts,
  audit,
  ...options
}: WorldOptions = {}) {
  const { status, pump, interrogation } = await sample()
  const env = systemEnv()
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-http-'))
  const tokens = new TokenStore(env, dir, 'simulator')
  await tokens.follow()
  const access = new Access({ env, tokens, required })
  const records = new MemoryRecords()
  records.log = log
  const urgent$ = new Subject<void>()
  /** What is known over restarts; a test may say otherwise. */
  const knowledge = {
    pump: (id: string): { id: string; serial: string } | null =>
      id === pump.pump.id ? { id, serial: pump.pump.serial } : null,
    visits: (_id: string, _query: object): { items: VisitView[]; next: null; since: number } => ({
      items: [],
      next: null,
      since: 0,
    }),
    owners: noOwners,
    refills: (_id: string, _query: object): { items: Refill[]; next: null } => ({
      items: [],
      next: null,
    }),
  }
  const state = {
    status,
    /** What reads are answered with; a promise may hang. */
    recorded: async () => true as boolean,
    reads: [] as string[],
    refused: 0,
    logged: [] as string[],
  }
  const now = { status: () => ({ ...state.status, asOf: utc(env.wall()) }), urgent$ }
  const sources: HttpSources = {
    env,
    version: '0.0.0',
    words: WORDS['en-US'],
    status: now,
    feed: records,
    knowledge,
    access,
    reads: {
      read: ({ principal, route, pump: serial }) => {
        state.reads.push(`${principal.id} ${route} ${serial}`)
        return state.recorded()
      },
      refused: () => {
        state.refused += 1
      },
    },
    counters: () => [],
    ...(audit && { audit }),
    log: (text) => void state.logged.push(text),
    mounts: mounts?.({ env, status: now, records }) ?? [],
  }
  const server: HttpServer = await listen(sources, {
    host: '127.0.0.1',
    port: 0,
    ...options,
    limits: { ...GENEROUS, ...limits },
  })
  const tokenFor = (scopes: readonly Scope[] = SCOPES, more: { source?: Source } = {}) =>
    tokens.lend({ label: 'test', scopes, lifeMs: null, ...more })
  const { text: token } = tokenFor()
  const { port } = new URL(server.url)
  return {
    state,
    env,
    dir,
    tokens,
    access,
    records,
    knowledge,
    server,
    url: server.url,
    host: `127.0.0.1:${port}`,
    port: Number(port),
    token,
    tokenFor,
    pump,
    interrogation,
    /** Changes the status and says that it is urgent. */
    change(make: (status: BridgeStatus) => BridgeStatus, urgent = true): void {
      state.status = make(state.status)
      if (urgent) urgent$.next()
    },
    /** Every reply is held to the OpenAPI document. */
    async get(path: string, headers: Record<string, string> = {}, method = 'GET') {
      const reply = await fetch(`${server.url}${path}`, {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${token}`, ...headers },
      })
      if (method === 'GET') await checkReply(path, reply.clone())
      return reply
    },
    async stop(): Promise<void> {
      tokens.close()
      await server.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Starts one or more worlds a test, and stops them after it. */
export function starter(): (options?: WorldOptions) => Promise<World> {
  const running: World[] = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()))
  })
  return async (options) => {
    const made = await world(options)
    running.push(made)
    return made
  }
}

/** The pump is not live any more. */
export const lost = (status: BridgeStatus): BridgeStatus => ({
  ...status,
  pumps: status.pumps.map((pump) => ({ ...pump, quality: 'stale', reason: 'wand-lost' })),
})

export const withAudit =
  (audit: Partial<AuditStatus>) =>
  (status: BridgeStatus): BridgeStatus => ({ ...status, audit: { ...status.audit, ...audit } })

/** Sends bytes as they are and gives what comes back until the connection ends, or `ms` have passed. */
export function raw(port: number, text: string | Buffer, ms = 3_000): Promise<string> {
  return new Promise((resolve) => {
    let got = ''
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text))
    const end = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(got)
    }
    const timer = setTimeout(end, ms)
    socket.setEncoding('latin1').on('data', (more: string) => {
      got += more
    })
    socket.on('close', end).on('error', end)
  })
}

export async function eventually(done: () => boolean, ms = 2_000): Promise<void> {
  const began = performance.now()
  while (!done()) {
    if (performance.now() - began > ms) throw new Error(`not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
