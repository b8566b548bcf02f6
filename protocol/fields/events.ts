import { block, code16, list, log, time, u32 } from './field.ts'

export const EVENT_CODES = {
  1: 'alarm-raised',
  2: 'alarm-cleared',
  3: 'stall-began',
  4: 'stall-recovered',
  5: 'programmed',
  6: 'refill-programmed',
  7: 'patient-bolus-accepted',
  8: 'patient-bolus-denied',
  9: 'single-bolus-began',
  10: 'single-bolus-ended',
  11: 'pump-stopped',
  12: 'pump-started',
  13: 'clock-reset',
  14: 'pump-restarted',
  15: 'telemetry-began',
  16: 'telemetry-ended',
  17: 'replacement-due',
  18: 'end-of-service',
} as const

/** What `argument` holds, by code. */
export const EVENT_ARGUMENTS = {
  1: 'alarm code',
  2: 'alarm code',
  5: 'rate now in nL/d',
  6: 'volume programmed in nL',
  7: 'volume in nL',
  8: 'volume in nL',
  9: 'volume in nL',
  10: 'volume given in nL',
} as const

export const PumpEvent = block('event', 'One entry of the pump\u2019s log.', {
  number: log(u32('Absolute: counts every event the pump ever logged, from 1.')),
  code: log(code16(EVENT_CODES, 'What happened.')),
  occurredAt: log(time('When it happened, as far as the pump knows.')),
  detectedAt: log(time('When the pump noticed and logged it.')),
  argument: log(u32('Depends on the code (below); unavailable where none is listed.')),
})

export const Events = block('events', 'The pump\u2019s event log, a ring of 64 entries.', {
  total: log(u32('Events ever logged. Entries older than the oldest one here were overwritten.')),
  events: log(list(PumpEvent, 64, 'Oldest first.')),
})
