import { block, code8, list, programme, state, u16, u32 } from './field.ts'

export const INFUSION_MODES = {
  0: 'stopped',
  1: 'simple-continuous',
  2: 'flex',
  3: 'single-bolus',
  4: 'minimum-rate',
} as const

const rate = (doc: string) => u32(doc, { unit: 'nL/d', max: 50_000_000 })

export const ScheduleStep = block('schedule step', 'From its start until the next step.', {
  start: programme(
    u16('Start, from midnight of the pump\u2019s clock.', { unit: 'min', max: 1439 }),
  ),
  rate: programme(rate('Rate during the step.')),
})

export const Infusion = block('infusion', 'The programme of the pump.', {
  mode: programme(code8(INFUSION_MODES, 'How it infuses.')),
  rate: programme(
    rate('Rate set for this moment. Set, not measured: a stalled pump still reports it.'),
  ),
  volume24h: programme(
    u32('Volume of one day at the present programme, patient boluses aside.', {
      unit: 'nL',
      max: 50_000_000,
    }),
  ),
  bolusVolume: state(
    u32('Single bolus: volume still to be given.', {
      unit: 'nL',
      max: 50_000_000,
    }),
  ),
  bolusRate: programme(rate('Single bolus: rate at which it is given.')),
  schedule: programme(
    list(ScheduleStep, 48, 'The day\u2019s steps in order of start; empty = one constant rate.'),
  ),
})
