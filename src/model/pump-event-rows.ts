// An event of the pump's own list as clinic standards have it: what it is, and what goes with it. FHIR and HL7 v2
// both follow this, so that they cannot differ. Pure, browser-safe.
import { alarmName, argumentKind } from './fields.ts'
import type { Measured } from './metrics.ts'
import { type Code, type EnumName, MDC, OWN } from './nomenclature.ts'
import type { PumpEventReading } from './reading.ts'
import { wirePer } from './units.ts'

/** The first is the event itself. */
export function eventRows(event: PumpEventReading): readonly [Measured, ...Measured[]] {
  const { number, code, occurredAt, detectedAt, argument } = event
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
  const alarm = alarmOf(event)
  const amount = argument === null ? null : argumentKind(code)
  const volume = amount === 'mL' && argument !== null ? argument / wirePer('mL') : null
  const rate = amount === 'mL/d' && argument !== null ? argument / wirePer('mL/d') : null
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

/** Which alarm an event raises or clears; null = it is about none, or does not say. */
export function alarmOf({ code, argument }: Pick<PumpEventReading, 'code' | 'argument'>) {
  return argument !== null && argumentKind(code) === 'alarm code' ? alarmName(argument) : null
}
