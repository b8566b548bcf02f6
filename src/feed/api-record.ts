// From a record of the log to the record of the API: the same for one that was just written and for one
// that is read back. Pure. Values are in public units, and history: never current.

import type { AuditRecord, Body, NewRecord } from '../audit/format/record.ts'
import { pumpId } from '../base/pump-id.ts'
import { decoderOf } from '../drivers/decoders.ts'
import { contentOf } from '../model/content.ts'
import type { ClockReading, SessionEnding } from '../model/event.ts'
import { mapValues } from '../model/map-values.ts'
import { readAtOf } from '../model/read-at.ts'
import { type AlarmReading, filled, type PumpEventReading, type Source } from '../model/reading.ts'
import { type CodedRecord, RECORD_KINDS, type RecordKind } from '../model/record.ts'
import type { Value } from '../model/value.ts'
import { cursorText } from './cursor.ts'

/** What both forms of a record have. */
type Common = Pick<
  NewRecord,
  | 'kind'
  | 'body'
  | 'pump'
  | 'model'
  | 'wand'
  | 'port'
  | 'patient'
  | 'owner'
  | 'session'
  | 'snapshot'
  | 'deviceTime'
  | 'decoder'
> & {
  readonly at: string
}

export interface Place {
  readonly position: number
  readonly log: string
  readonly source: Source
}

const isApiKind = (kind: string): kind is RecordKind =>
  (RECORD_KINDS as readonly string[]).includes(kind)

const recorded = (value: Value): Value =>
  value.quality === 'current' ? { ...value, quality: 'stale', reason: 'recorded' } : value

/** Null = it is of a kind that the API does not give, or no decoder of this release reads it. */
export function apiRecord(record: Common | AuditRecord, place: Place): CodedRecord | null {
  const { kind, at, pump } = record
  if (!isApiKind(kind)) return null
  const deviceTime = record.deviceTime ?? null
  const head = {
    id: cursorText(place),
    ...place,
    at,
    pump: pump ? { id: pumpId(place.source, pump, record.model ?? null), serial: pump } : null,
    wand: record.wand ?? null,
    port: record.port ?? null,
    patient: record.patient ?? null,
    owner: record.owner ?? null,
    session: record.session ?? null,
    snapshot: record.snapshot ?? null,
    deviceTime,
  }
  const received = { deviceTime, receivedAt: at }
  switch (kind) {
    case 'interrogation': {
      const { blocks, clock, contradicted } = record.body as Body<'interrogation'>
      const readAt = readAtOf(record)
      const values = decoderOf(record.decoder ?? '')?.reading(blocks, received)
      if (!values) return null
      const content = contentOf(
        mapValues(values, recorded),
        { readAt, receivedAt: at },
        clockOf(clock),
      )
      const { model, firmware } = filled(values, received).identity
      const identity = { model: model.value, firmware: firmware.value }
      return { kind, ...head, identity, readAt, ...(contradicted && { contradicted }), ...content }
    }
    case 'live': {
      const { values } = record.body as Body<'live'>
      const live = decoderOf(record.decoder ?? '')?.live(values, received)
      const readAt = readAtOf(record)
      return live ? { kind, ...head, readAt, ...mapValues(live, recorded) } : null
    }
    case 'alarm': {
      const { phase, alarm } = record.body as Body<'alarm'>
      return { kind, ...head, phase, alarm: alarm as unknown as AlarmReading }
    }
    case 'pump-events': {
      const { upTo, overwritten, events } = record.body as Body<'pump-events'>
      const entries = events as unknown as PumpEventReading[]
      return { kind, ...head, readAt: readAtOf(record), upTo, overwritten, entries }
    }
    case 'session': {
      const { event, how } = record.body as Body<'session'>
      return { kind, ...head, event, how: (how as SessionEnding | undefined) ?? null }
    }
    case 'unclosed':
      return { kind, ...head, ...(record.body as Body<'unclosed'>) }
    case 'link':
      return { kind, ...head, ...(record.body as Body<'link'>) }
    case 'read-failed':
      return { kind, ...head, ...(record.body as Body<'read-failed'>) }
    case 'worksheet':
      return { kind, ...head, ...(record.body as Body<'worksheet'>) }
  }
}

function clockOf(body: Body<'interrogation'>['clock']): ClockReading {
  const { deviceTime, hostTime, offsetMs, uncertaintyMs } = (body ?? {}) as Record<string, unknown>
  return {
    deviceTime: (deviceTime as string | null | undefined) ?? null,
    hostTime: String(hostTime),
    offsetS: typeof offsetMs === 'number' ? offsetMs / 1_000 : null,
    uncertaintyS: typeof uncertaintyMs === 'number' ? uncertaintyMs / 1_000 : null,
  }
}
