// The two servers that bench/http.ts compares, each a process of its own: our surface over a status that a simulated
// pump gave, with a token that is in a file as a client's is, and the least of node:http that gives the same bytes
// and the same events.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NEVER } from 'rxjs'
import { Access } from '../../src/access/access.ts'
import { TokenStore } from '../../src/access/store.ts'
import { SCOPES } from '../../src/access/token.ts'
import { systemEnv, utc } from '../../src/base/env.ts'
import { cursorText } from '../../src/feed/cursor.ts'
import type { FeedRecord } from '../../src/feed/feed-record.ts'
import { listen } from '../../src/http/server.ts'
import type { HttpSources } from '../../src/http/sources.ts'
import { noOwners } from '../../src/model/owner.ts'
import type { ApiRecord } from '../../src/model/record.ts'
import type { BridgeStatus, PumpStatus } from '../../src/model/status.ts'
import { statusTold } from '../../src/words/told.ts'
import { WORDS } from '../../src/words/words.ts'

const env = systemEnv()
export const EVENTS_A_SECOND = 10
const LOG = 'simulator-1-00000000'

export type Which = 'ours' | 'bare'
interface Ready {
  readonly port: number
  readonly path: string
  readonly token: string
}

/** A pump's status of about the usual size: what the simulator gives, from its own bridge. */
async function sample(): Promise<{ pump: PumpStatus; status: BridgeStatus }> {
  const { VirtualEnv } = await import('../../src/base/env.ts')
  const { loopBridge } = await import('./loop-bridge.ts')
  const virtual = new VirtualEnv()
  const { bridge } = await loopBridge(virtual)
  bridge.start()
  await virtual.until(() => bridge.status().pumps[0]?.quality === 'current', 60_000)
  const status = statusTold(WORDS['en-US'], bridge.status())
  const [pump] = status.pumps
  if (!pump) throw new Error('the simulator gave no pump')
  return { pump, status }
}

const record = (position: number, at: string): ApiRecord => ({
  kind: 'link',
  id: cursorText({ log: LOG, position }),
  position,
  log: LOG,
  at,
  source: 'simulator',
  pump: null,
  wand: 'SIMW-0001',
  // The moment it was made, for whoever measures.
  port: `bench ${performance.timeOrigin + performance.now()}`.padEnd(300, ' '),
  patient: null,
  owner: null,
  session: 7,
  snapshot: null,
  deviceTime: null,
  phase: 'ready',
  cause: 'bench',
  why: null,
  detail: '',
  connected: true,
})

async function ours(clients: number): Promise<Ready> {
  const { pump, status } = await sample()
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const tokens = new TokenStore(env, dir, 'simulator')
  await tokens.follow()
  const token = await tokens.create({ label: '', scopes: SCOPES, lifeMs: null })
  let size = 0
  let newest: FeedRecord | null = null
  let wake = () => {}
  const sources: HttpSources = {
    env,
    version: '0',
    words: WORDS['en-US'],
    status: { status: () => ({ ...status, asOf: utc(env.wall()) }), urgent$: NEVER },
    feed: {
      head: () => ({ log: LOG, size }),
      oldest: async () => 0,
      async *read() {},
      async *follow(_, { signal }) {
        yield { kind: 'caught-up', cursor: { log: LOG, position: size - 1 } }
        while (!signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          if (newest) yield { kind: 'record', cursor: newest, record: newest }
        }
      },
    },
    knowledge: {
      pump: () => null,
      visits: () => ({ items: [], next: null, since: 0 }),
      owners: noOwners,
      refills: () => ({ items: [], next: null }),
    },
    access: new Access({ env, tokens, required: true }),
    // As in a minute of which the first read is recorded.
    reads: { read: () => true, refused: () => {} },
    counters: () => [],
    log: console.error,
  }
  const most = clients + 100
  const limits = {
    perSecond: 1e9,
    burst: 1e9,
    streams: most,
    streamsPerToken: most,
    connections: most,
  }
  const server = await listen(sources, { host: '127.0.0.1', port: 0, limits })
  onCommand(() => {
    const api = record(size, utc(env.wall()))
    const { kind, position } = api
    newest = { log: LOG, position, kind, pump: null, api: () => api } as unknown as FeedRecord
    size += 1
    wake()
  })
  return {
    port: Number(new URL(server.url).port),
    path: `/api/v1/pumps/${pump.pump.id}`,
    token: token.text,
  }
}

/** The least that does the same: the same headers and bytes, and a loop over open replies. */
async function bare(head: readonly string[]): Promise<Ready> {
  const { pump } = await sample()
  const body = Buffer.from(JSON.stringify(pump))
  const streams = new Set<import('node:http').ServerResponse>()
  const server = createServer((asked, reply) => {
    if (asked.url === '/api/v1/events') {
      reply.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      reply.write('retry: 1000\n\n')
      streams.add(reply)
      reply.on('close', () => streams.delete(reply))
      return
    }
    reply.writeHead(200, [...head, 'content-length', String(body.length)])
    reply.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let position = 0
  onCommand(() => {
    const data = JSON.stringify(record(position, utc(env.wall())))
    const bytes = Buffer.from(`id: ${position}\nevent: link\ndata: ${data}\n\n`)
    position += 1
    for (const reply of streams) reply.write(bytes)
  })
  return { port: (server.address() as AddressInfo).port, path: '/', token: 'none' }
}

/** Commands of the load: `emit` so many events at EVENTS_A_SECOND, `memory`, `cpu`. */
function onCommand(emit: () => void): void {
  process.on('disconnect', () => process.exit())
  process.on('message', ({ ask, events }: Command) => {
    if (ask === 'memory') {
      gc?.()
      process.send?.({ memory: process.memoryUsage().rss })
    }
    if (ask === 'cpu') {
      const { user, system } = process.cpuUsage()
      process.send?.({ cpu: (user + system) / 1_000 })
    }
    if (ask === 'emit') {
      let left = events
      const timer = setInterval(() => {
        emit()
        left -= 1
        if (left > 0) return
        clearInterval(timer)
        process.send?.({ emitted: events })
      }, 1_000 / EVENTS_A_SECOND)
    }
  })
}
declare const gc: (() => void) | undefined

interface Command {
  readonly ask: 'memory' | 'cpu' | 'emit'
  readonly events: number
}

// Whoever measures --------------------------------------------------------------------------------

export interface Running extends Ready {
  ask<T>(what: Command['ask'], events?: number): Promise<T>
  stop(): void
}

/** Starts a server for so many clients; the bare one gives this head beside its own. */
export async function serve(
  which: Which,
  clients: number,
  head: readonly string[] = [],
): Promise<Running> {
  const said = ['--serve', which, String(clients), JSON.stringify(head)]
  const child = fork(fileURLToPath(import.meta.url), said, { execArgv: ['--expose-gc'] })
  const next = <T>() => new Promise<T>((resolve) => child.once('message', (m) => resolve(m as T)))
  const ready = await next<Ready>()
  return {
    ...ready,
    ask<T>(ask: Command['ask'], events = 0) {
      const answer = next<T>()
      child.send({ ask, events } satisfies Command)
      return answer
    },
    stop: () => child.disconnect(),
  }
}

const [, , flag, which, clients, head] = process.argv
if (flag === '--serve') {
  const ready =
    which === 'ours'
      ? await ours(Number(clients))
      : await bare(JSON.parse(head ?? '[]') as string[])
  process.send?.(ready)
}
