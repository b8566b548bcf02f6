// The same interrogations by the ways on which people and programs watch a bridge: the stream of events, what the page
// makes of it, what the log knows of a pump after a restart, and the terminal. What a terminal says is read back by
// expressions that are written down here by hand.
import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { EMPTY } from 'rxjs'
import { utc, VirtualEnv } from '../../src/base/env.ts'
import { renderPump } from '../../src/cli/render.ts'
import {
  type ClientState,
  fromSnapshot,
  onInterrogation,
  view,
} from '../../src/client/stream-state.ts'
import type { FeedRecord } from '../../src/feed/feed-record.ts'
import { Hub } from '../../src/http/hub.ts'
import type { HttpSources } from '../../src/http/sources.ts'
import { StreamClient } from '../../src/http/stream-client.ts'
import type { SnapshotEvent } from '../../src/model/api.ts'
import type { ReadingEvent } from '../../src/model/event.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import { statement } from '../../src/model/statement.ts'
import type { AuditStatus, Coded, PumpStatus } from '../../src/model/status.ts'
import { learn } from '../../src/status/fold.ts'
import { NO_MEMORY, viewRecalled } from '../../src/status/recalled.ts'
import { nothingKnown, wandAt } from '../../src/status/state.ts'
import { viewBridge } from '../../src/status/view.ts'
import { statusTold } from '../../src/words/told.ts'
import { WORDS } from '../../src/words/words.ts'

const words = WORDS['en-US']
const AUDIT: Coded<AuditStatus> = {
  ...{ log: null, position: null, state: 'ok', checkpoint: null, notices: [] },
  ...statement('audit.recorded'),
}

export interface Streamed {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** What a client of the stream is sent, from the beginning of the log. */
export async function streamed(entries: readonly FeedRecord[]): Promise<Streamed[]> {
  const env = new VirtualEnv({ seed: 1 })
  const log = entries[0]?.log ?? ''
  const ports = new Set(entries.flatMap((one) => one.api()?.port ?? []))
  const wands = new Map([...ports].map((port) => [port, wandAt(port, 'simulator', 0)]))
  const status = () => {
    const now = { mono: env.monotonic(), wall: env.wall() }
    return statusTold(words, viewBridge({ ...nothingKnown(), wands }, AUDIT, NO_MEMORY, now))
  }
  let given: () => void = () => {}
  const all = new Promise<void>((resolve) => {
    given = resolve
  })
  const feed = {
    async *follow() {
      yield { kind: 'caught-up', cursor: { log, position: -1 } }
      for (const record of entries) {
        yield { kind: 'record', cursor: { log, position: record.position }, record }
      }
      given()
      await new Promise(() => {})
    },
  }
  const sources = { env, words, feed, status: { status, urgent$: EMPTY }, log: () => {} }
  const hub = new Hub(sources as unknown as HttpSources)
  const out = new PassThrough({ highWaterMark: 1 << 26 })
  const principal = { id: 'x', scopes: ['status'] }
  const wish = { principal, kinds: null, pump: null, asked: null }
  const client = new StreamClient(env, out as unknown as ServerResponse, wish as never, 1 << 26)
  await hub.add(client)
  await all
  hub.close()
  const text = (out.read() as Buffer).toString('utf8')
  return text
    .split('\n\n')
    .filter((one) => one !== '')
    .map((one) => {
      const [, id = '', event = '', data = ''] =
        /^(?:id: (.*)\n)?event: (.*)\ndata: (.*)$/.exec(one) ?? []
      return { id, event, data: JSON.parse(data) }
    })
}

/** The pump as the page has it after each interrogation. */
export function onPage(all: readonly Streamed[]): PumpStatus[] {
  const [snapshot] = all
  const at = { mono: 0, wall: 0 }
  let state: ClientState = fromSnapshot(snapshot?.data as SnapshotEvent, at)
  return all
    .filter(({ event }) => event === 'interrogation')
    .map(({ data }) => {
      const record = data as InterrogationRecord
      state = onInterrogation(state, record)
      const found = view(state, at, true).pumps.find(({ pump }) => pump.id === record.pump?.id)
      if (!found) throw new Error('the page does not have the pump that it was told of')
      return found
    })
}

/** The pump as a bridge has it that was started again behind this reading. */
export function recalled(reading: InterrogationRecord): Coded<PumpStatus> {
  const { pump, identity } = reading
  if (!pump) throw new Error('a reading of no pump')
  const known = { identity: { ...pump, ...identity }, reading, live: null, closeConfirmed: true }
  return viewRecalled(known, AUDIT, { mono: 0, wall: Date.parse(reading.at) })
}

/** The pump as a bridge has it at the moment in which this reading is durable. */
export function atOnce(event: ReadingEvent): Coded<PumpStatus> | undefined {
  const state = nothingKnown()
  learn(state, event, true)
  const { mono, wall } = { mono: event.mono, wall: Date.parse(event.receivedAt) }
  return viewBridge(state, AUDIT, NO_MEMORY, { mono, wall }).pumps[0]
}

const FIGURE = '([0-9.]+)'
/** Where a terminal has what the API says, and how far its figure may be off, since it is reckoned. */
const ON_SCREEN: Readonly<Record<string, readonly [RegExp, number]>> = {
  'reported-volume': [new RegExp(`Reservoir ${FIGURE} mL, reported by the pump`), 0.05],
  capacity: [new RegExp(`capacity ${FIGURE} mL,`), 0],
  'low-alarm-volume': [new RegExp(`low alarm at ${FIGURE} mL,`), 0],
  'filled-volume': [new RegExp(`filled [^,]* with ${FIGURE} mL `), 0],
  'rate-set': [new RegExp(`Infusion [^,]*, rate ${FIGURE} mL/day,`), 0],
  'volume-per-day': [new RegExp(` ${FIGURE} mL in 24 h`), 0.05],
  'bolus-remaining': [new RegExp(`Single bolus ${FIGURE} mL still to be given`), 0],
  'patient-bolus-volume': [new RegExp(`Patient bolus ${FIGURE} mL each in`), 0],
  'patient-bolus-lockout': [new RegExp(`lockout ${FIGURE} min,`), 0],
  'patient-bolus-denied': [new RegExp(`given, ${FIGURE} denied since`), 0],
}

const SPOKEN: Readonly<Record<string, string>> = {
  'mg/mL': 'mg/mL',
  'ug/mL': 'mcg/mL',
  'mg/d': 'mg/day',
  'ug/d': 'mcg/day',
}

export interface OnScreen {
  readonly text: string
  /** The figure of a value of the API, and how far it may be off; null = it does not stand there. */
  figure(key: string): { readonly value: number; readonly off: number } | null
  /** Of each drug: name, concentration and dose. */
  readonly drugs: readonly (readonly [string, number, number])[]
  readonly serial: string
  /** `HH:MM:SS` of the reading. */
  readonly readAt: string
}

/** What somebody reads in a terminal whose clinic is in UTC. */
export function onScreen(pump: Coded<PumpStatus>): OnScreen {
  const lines = renderPump(pump, { locale: 'en-US', zone: 'UTC' })
  const text = `${lines
    .map((line) => line.trim())
    .join(' ')
    .replace(/\s+/g, ' ')} `
  const units = Object.values(SPOKEN).map((unit) => unit.replace('/', '\\/'))
  const [concentration, dose] = [units.slice(0, 2).join('|'), units.slice(2).join('|')]
  const row = /Drugs (.*?) Patient bolus/.exec(text)?.[1] ?? ''
  const each = new RegExp(
    `(.*?), ${FIGURE} (?:${concentration}), ${FIGURE} (?:${dose})(?: |$)`,
    'g',
  )
  return {
    text,
    figure(key) {
      const [pattern, off] = ON_SCREEN[key] ?? []
      const found = pattern?.exec(text)?.[1]
      return found === undefined || off === undefined ? null : { value: Number(found), off }
    },
    drugs: [...row.matchAll(each)].map(
      ([, name = '', one, other]) => [name, Number(one), Number(other)] as const,
    ),
    serial: /^Pump ([^,]+),/.exec(text)?.[1] ?? '',
    readAt: /Last reading ([\d:]{8}),/.exec(text)?.[1] ?? '',
  }
}

export const SCREEN_KEYS = Object.keys(ON_SCREEN)
export const timeOfDay = (at: string) => utc(Date.parse(at)).slice(11, 19)
