import { block, code8, log, state, time, u32 } from './field.ts'

export const PUMP_STATES = {
  0: 'running',
  1: 'stopped',
  2: 'stalled',
  3: 'minimum-rate',
  4: 'end-of-service',
  5: 'valve-closed',
} as const

export const Status = block('status', 'What the pump says it is doing.', {
  state: state(code8(PUMP_STATES, 'As far as the pump knows: a stall is detected late.')),
  stateSince: state(time('When it entered that state, as far as it knows.')),
  stateCounter: log(u32('Counts every change of what the pump would report, its volume aside.')),
  programmedAt: log(time('When it was last programmed.')),
  resets: log(u32('How often the pump has restarted, ever.')),
})
