// An event of the pump's own list as clinic standards have it: what it is, and what goes with it. FHIR and HL7 v2
// both follow this, so that they cannot differ. Pure, browser-safe.
import { alarmName, argumentKind } from './fields.ts'
import type { Measured } from './metrics.ts'
import { type Code, type EnumName, MDC, OWN } from './nomenclature.ts'
import type { PumpEventReading } from './reading.ts'
import { wirePer } from './units.ts'

/** The first is the event itself. */
export function eventRows(event: PumpEventReading): readonly [Measured, ...Measured[]] {
  const { number, code, occurredAt, detectedAt } = event
  const of = (
    field: keyof PumpEventReading,
    code: Code,
    kind: Measured['kind'],
    value: Measured['value'],
    { unit = null, values = null }: { unit?: string | null; values?: EnumName | null } = {},
  ): Measured => {
    const invalid = event.invalid?.[field] !== undefined
    const missing = value !== null ? null : invalid ? 'invalid' : 'unavailable'
    return { code, kind, values, value, unit, missing }
  }
  const { alarm, volume, rate } = argumentOf(event)
  return [
    of('code', OWN.event, 'code', code, { values: 'pump-event' }),
    of('number', OWN.eventNumber, 'number', number, { unit: '1' }),
    of('occurredAt', OWN.eventOccurred, 'time', occurredAt),
    of('detectedAt', OWN.eventDetected, 'time', detectedAt),
    ...(alarm === null ? [] : [of('argument', MDC.alarm, 'code', alarm, { values: 'alarm-code' })]),
    ...(volume === null ? [] : [of('argument', OWN.eventVolume, 'number', volume, { unit: 'mL' })]),
    ...(rate === null ? [] : [of('argument', OWN.eventRate, 'number', rate, { unit: 'mL/d' })]),
  ]
}

/** What the number of an event says: each is null where it says something else, or there is none. */
export function argumentOf({ code, argument }: Pick<PumpEventReading, 'code' | 'argument'>): {
  readonly alarm: string | null
  /** In mL. */
  readonly volume: number | null
  /** In mL a day. */
  readonly rate: number | null
  /** As it came, where nobody knows what it says. */
  readonly unknown: number | null
} {
  const nothing = { alarm: null, volume: null, rate: null, unknown: null }
  if (argument === null) return nothing
  switch (argumentKind(code)) {
    case 'alarm code':
      return { ...nothing, alarm: alarmName(argument) }
    case 'mL':
      return { ...nothing, volume: argument / wirePer('mL') }
    case 'mL/d':
      return { ...nothing, rate: argument / wirePer('mL/d') }
    case null:
      return { ...nothing, unknown: argument }
  }
}
