// From the answers of the other kind of wand to a body in the units of src/model's blocks, and back to values. What
// it cannot tell is missing, never zero.
import { ALARM_CODES } from '../../../protocol/fields/alarms.ts'
import { BLOCKS } from '../../../protocol/fields/blocks.ts'
import type { Struct } from '../../../protocol/fields/field.ts'
import type { Decoder } from '../../../src/model/decoder.ts'
import type { Json, JsonObject } from '../../../src/model/json.ts'
import { type ReadRepr, snapshotValues } from '../../../src/model/reading.ts'
import { deviceTimeSeconds, deviceTimeText, toValue, type Value } from '../../../src/model/value.ts'
import { type Line, readLine } from './wire.ts'

/** Blocks of which this kind of wand can say something. */
export const CAN_READ = ['identity', 'reservoir', 'infusion', 'drugs', 'alarms', 'clock'] as const

const UNREAD = { unavailable: 'block-missing' } as const
const [NL_PER_ML, NG_PER_MG] = [1_000_000, 1_000_000]
const scaled = (text: string | undefined, by: number) => {
  const n = Number(text)
  return text === undefined || text === '' || !Number.isFinite(n) ? null : Math.round(n * by)
}

/** Every field of a block unavailable, but these. */
function some(struct: Struct, over: object): JsonObject {
  const none = Object.entries(struct.fields).map(([name, field]) => [
    name,
    field.kind === 'list' ? [] : null,
  ])
  return { ...Object.fromEntries(none), ...over } as JsonObject
}

const secondsOf = (text: string | undefined) =>
  text && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)
    ? deviceTimeSeconds(text.replace(' ', 'T'))
    : null

/** The newest answer to each question; null = one of them is damaged. */
function answers(pdus: readonly Uint8Array[]): Map<string, string[]> | null {
  const lines = pdus.map((pdu) => readLine(Buffer.from(pdu).toString('latin1')))
  if (lines.some((line) => line === null)) return null
  return new Map((lines as Line[]).map(({ what, rest }) => [what, rest.split(';')]))
}

export function bodyOf(pdus: readonly Uint8Array[]): ReadRepr | null {
  const said = answers(pdus)
  if (!said) return null
  const at = (what: string, i: number) => said.get(what)?.[i]
  const block = <N extends keyof typeof BLOCKS>(name: N, over: object) =>
    some(BLOCKS[name].struct as Struct, over)
  const [alarm, since] = said.get('ALRM') ?? []
  const rate = scaled(at('RATE', 0), NL_PER_ML)
  const concentration = scaled(at('DRUG', 2), NG_PER_MG)
  const alarms =
    alarm === undefined || alarm === '-' || !(Number(alarm) in ALARM_CODES)
      ? []
      : [
          {
            ...{ id: Number(alarm), code: Number(alarm), class: 2, state: 1 },
            ...{ occurredAt: null, detectedAt: secondsOf(since) },
          },
        ]
  const drug = {
    ...{ name: at('DRUG', 0) ?? null, massUnit: 1, concentration },
    dose24h:
      rate === null || concentration === null
        ? null
        : Math.round((rate / NL_PER_ML) * concentration),
  }
  return {
    identity: block('identity', {
      serial: at('PUMP', 0),
      model: at('PUMP', 1),
      firmware: at('PUMP', 2),
    }),
    reservoir: block('reservoir', {
      reportedVolume: scaled(at('VOL', 0), NL_PER_ML),
      capacity: scaled(at('VOL', 1), NL_PER_ML),
    }),
    infusion: block('infusion', { mode: 1, rate, volume24h: rate }),
    drugs: block('drugs', { drugs: [drug] }),
    alarms: block('alarms', { alarms }),
    clock: block('clock', { deviceTime: secondsOf(at('CLK', 0)) }),
    ...{ catheter: UNREAD, status: UNREAD, bolus: UNREAD, events: UNREAD, battery: UNREAD },
  } as unknown as ReadRepr
}

export const decoder: Decoder = {
  name: 'ascii-decoder/1',
  decode(kind, pdus) {
    const body = bodyOf(pdus)
    if (!body) return 'an answer does not have its checksum'
    const identity = body.identity as { serial: string | null; model: string | null }
    const seconds = (body.clock as { deviceTime: number | null }).deviceTime
    return {
      said: (kind === 'interrogation' ? body : liveOf(body)) as unknown as Json,
      pump: identity.serial,
      model: identity.model,
      deviceTime: seconds === null ? null : deviceTimeText(seconds),
    }
  },
  reading: (body, at) => snapshotValues(body as ReadRepr, at),
  live(body, at) {
    const { reportedVolume, rate, activeAlarms } = body as ReturnType<typeof liveOf>
    const value = (block: 'reservoir' | 'infusion', name: string, raw: number | null) =>
      toValue(
        (BLOCKS[block].struct as Struct).fields[name] as never,
        raw as never,
        at,
      ) as Value<number>
    return {
      reportedVolume: value('reservoir', 'reportedVolume', reportedVolume),
      rate: value('infusion', 'rate', rate),
      activeAlarms,
    }
  },
}

export function liveOf(body: ReadRepr) {
  const { reportedVolume } = body.reservoir as { reportedVolume: number | null }
  const { rate } = body.infusion as { rate: number | null }
  return {
    reportedVolume,
    rate,
    activeAlarms: (body.alarms as { alarms: unknown[] }).alarms.length,
  }
}
