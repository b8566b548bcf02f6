import { code8, struct, time, u8, u16, u32 } from '../codec/struct.ts'

export const BATTERY_STATES = { 0: 'ok', 1: 'replacement-due', 2: 'end-of-service' } as const

export const Battery = struct('battery', 'The pump\u2019s battery and its service life.', {
  state: code8(BATTERY_STATES, 'Replacement due (ERI) comes 90 days before end of service.'),
  voltage: u16('Battery voltage.', { unit: 'mV', max: 5000 }),
  remaining: u8('Charge left.', { unit: '%', max: 100 }),
  replacementDate: time('When the pump expects, or reported, replacement due (ERI).'),
  serviceEndDate: time('When the pump expects, or reported, end of service.'),
  infusedTotal: u32('Volume asked to leave since implantation.', { unit: 'uL', digits: 0 }),
})
