// Everything that shows a pump, fed by one bridge in virtual time: the status as JSON, the text of the
// terminal, the stream of events as a client takes it, and what the page makes of that.
import type { ServerResponse } from 'node:http'
import { filter } from 'rxjs'
import type { Principal } from '../../../src/access/access.ts'
import type { VirtualEnv } from '../../../src/base/env.ts'
import type { Bridge } from '../../../src/bridge/bridge.ts'
import { liveness, renderPump } from '../../../src/cli/render.ts'
import { Client } from '../../../src/client/index.ts'
import { apiRecord } from '../../../src/feed/api-record.ts'
import { Hub } from '../../../src/http/hub.ts'
import type { HttpSources } from '../../../src/http/sources.ts'
import { StreamClient } from '../../../src/http/stream-client.ts'
import { isLoss } from '../../../src/model/event.ts'
import type { PumpStatus, WandStatus } from '../../../src/model/status.ts'
import { recordOf } from '../../../src/recorder/records.ts'
import { readerOf } from '../../../src/words/reader.ts'
import { statusTold } from '../../../src/words/told.ts'
import { WORDS } from '../../../src/words/words.ts'
import { stateOf, tilesOf } from '../../../web/view/shown.ts'
import { MemoryRecords } from '../../http/world.ts'

const CLINIC = { locale: 'en-US', zone: 'UTC' } as const
const PAGE = readerOf('en-US', 'UTC')
const EVERYTHING = { id: 'test', scopes: [] } as unknown as Principal

export interface Surfaces {
  /** A client of the stream; null before its first snapshot. */
  client(): readonly PumpStatus[] | null
  /** Whether the client still believes the bridge, and the bridge keeps to its own schemas. */
  trouble(): string | null
  close(): void
}

/** The stream over a connection that loses nothing. */
export function streamOf(env: VirtualEnv, bridge: Bridge): Surfaces {
  const records = new MemoryRecords()
  bridge.events$.subscribe((event) => {
    const record = recordOf(event)
    if (!record) return
    const place = { position: records.size, log: records.log, source: 'simulator' } as const
    const made = apiRecord({ ...record, at: event.receivedAt }, place)
    if (made) records.push(made)
  })
  const problems: string[] = []
  const sources = {
    env,
    words: WORDS['en-US'],
    feed: records,
    status: {
      status: () => statusTold(WORDS['en-US'], bridge.status()),
      urgent$: bridge.changes$.pipe(
        filter(({ event, durable }) => isLoss(event) || (durable && event.kind === 'reading')),
      ),
    },
    log: (text: string) => void problems.push(text),
  } as unknown as HttpSources
  const hub = new Hub(sources)
  const client = new Client({
    url: '',
    clock: env,
    fetch: async () => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const response = {
            writableLength: 0,
            write: (bytes: Buffer) => void controller.enqueue(Uint8Array.from(bytes)),
            end: () => controller.close(),
            destroy: () => {},
            once: () => {},
            on: () => {},
            off: () => {},
          } as unknown as ServerResponse
          const wish = { principal: EVERYTHING, kinds: null, pump: null, asked: null }
          void hub.add(new StreamClient(env, response, wish, 1 << 30))
        },
      })
      return new Response(body)
    },
  })
  let state = ''
  client.connection$.subscribe((connection) => {
    if (connection.state === 'distrusted') state = connection.why.code
  })
  return {
    client: () => client.status()?.pumps ?? null,
    trouble: () => state || problems[0] || null,
    close() {
      client.close()
      hub.close()
    },
  }
}

/** What a surface says of one pump, in the same words for all. */
export interface Shown {
  readonly surface: string
  readonly pump: PumpStatus
  readonly live: boolean
  readonly ageMs: number
  /** How many it lists; null = it says that they could not be read. */
  readonly alarms: number | null
}

const fromJson = (surface: string, pump: PumpStatus, whole = false): Shown => ({
  ...{ surface, pump, ageMs: pump.ageMs, alarms: pump.alarms?.length ?? null },
  live: whole ? JSON.stringify(pump).includes('"quality":"current"') : pump.quality === 'current',
})

/** `whole`: every value of it is looked at, not the whole alone. */
export const asJson = (pump: PumpStatus, whole: boolean) => fromJson('status', pump, whole)
export const asStream = (pump: PumpStatus, whole: boolean) => fromJson('stream', pump, whole)

/** The page, by the state its tile shows. */
export function asPage(wands: readonly WandStatus[], pump: PumpStatus): Shown {
  const tile = tilesOf(wands, [pump])[0]
  const shown = stateOf(tile?.pump ?? tile?.others[0] ?? pump, PAGE)
  return { ...fromJson('page', pump), live: shown.kind === 'live' }
}

/** Of each unit in which an age is written: how much may have been rounded off, in ms, and its size. */
const UNITS: Readonly<Record<string, readonly [number, number]>> = {
  s: [1_000, 1_000],
  min: [60_000, 60_000],
  h: [3_600_000, 3_600_000],
  days: [86_400_000, 86_400_000],
}

/** The terminal, by its text alone. */
export function asText(pump: PumpStatus): Shown {
  const text = renderPump(pump, CLINIC).join(' ').replace(/\s+/g, ' ')
  const [, n = '0', unit = 's'] = /([\d.]+) (s|min|h|days) ago/.exec(liveness(pump, CLINIC)) ?? []
  const [rounded, size] = UNITS[unit] ?? [0, 0]
  return {
    ...{ surface: 'terminal', pump, live: /\bLIVE, read/.test(text) },
    alarms: /alarms could not be read/i.test(text)
      ? null
      : (text.match(/, noticed by the pump /g)?.length ?? 0),
    ageMs: Number(n) * size + rounded,
  }
}
