import { block, code8, code16, list, state, time, u32 } from './field.ts'

export const ALARM_CODES = {
  1: 'low-reservoir',
  2: 'empty-reservoir',
  3: 'replacement-due',
  4: 'end-of-service',
  5: 'motor-stall',
  6: 'stopped-over-48h',
  7: 'memory-error',
  8: 'critical-memory-error',
  9: 'low-battery-reset',
} as const
export const ALARM_CLASSES = { 0: 'log-only', 1: 'non-critical', 2: 'critical' } as const
export const ALARM_STATES = { 0: 'inactive', 1: 'active', 2: 'latched' } as const

export const Alarm = block('alarm', 'One alarm condition.', {
  id: state(u32('Number of the event that raised it: the same in every later reading.')),
  code: state(code16(ALARM_CODES, 'What it is about.')),
  class: state(code8(ALARM_CLASSES, 'The pump\u2019s own class.')),
  state: state(code8(ALARM_STATES, 'Active now, or ended and still signalled (latched).')),
  occurredAt: state(time('When the condition began, as far as the pump knows.')),
  detectedAt: state(time('When the pump noticed it.')),
})

export const Alarms = block('alarms', 'Alarms that are active or latched.', {
  alarms: state(list(Alarm, 16, 'Oldest first.')),
})
