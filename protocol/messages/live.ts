import { serial, struct, time, u8, u32 } from '../fields/field.ts'
import { EMPTY, message } from './message.ts'

export const Live = message({
  type: 0x15,
  name: 'LIVE',
  doc: 'A short exchange inside a session: is it the same pump, has anything changed?',
  air: true,
  session: true,
  request: EMPTY,
  reply: struct('LIVE reply', 'What changes from moment to moment.', {
    pumpSerial: serial('Serial number of the pump that answered.'),
    stateCounter: u32('Its state counter; if it moved, the last snapshot is out of date.'),
    deviceTime: time('The pump\u2019s clock when it answered.'),
    reportedVolume: u32('Reservoir volume as the pump reckons it.', {
      unit: 'nL',
      max: 50_000_000,
      digits: 1,
    }),
    rate: u32('Infusion rate now.', { unit: 'nL/d', max: 50_000_000 }),
    activeAlarms: u8('Alarms that are active or latched.', { max: 32 }),
  }),
})
