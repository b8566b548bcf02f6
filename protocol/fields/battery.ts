import { block, code8, reckoned, state, time, u8, u16, u32 } from './field.ts'

export const BATTERY_STATES = { 0: 'ok', 1: 'replacement-due', 2: 'end-of-service' } as const

export const Battery = block('battery', 'The pump\u2019s battery and its service life.', {
  state: state(code8(BATTERY_STATES, 'Replacement due (ERI) comes 90 days before end of service.')),
  voltage: state(u16('Battery voltage.', { unit: 'mV', max: 5000 })),
  remaining: reckoned(u8('Charge left.', { unit: '%', max: 100 })),
  replacementDate: reckoned(time('When the pump expects, or reported, replacement due (ERI).')),
  serviceEndDate: reckoned(time('When the pump expects, or reported, end of service.')),
  infusedTotal: reckoned(
    u32('Volume asked to leave since implantation.', { unit: 'uL', digits: 0 }),
  ),
})
