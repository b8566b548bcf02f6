import { label, serial, struct, time, u32 } from '../fields/field.ts'
import { EMPTY, message } from './message.ts'

export const Open = message({
  type: 0x10,
  name: 'OPEN',
  doc: 'Opens a telemetry session with the implant in reach and learns which one it is.',
  air: true,
  session: false,
  request: EMPTY,
  reply: struct(
    'OPEN reply',
    'The session is in the header; this is the pump it was opened with.',
    {
      pumpSerial: serial('Serial number of the pump.'),
      pumpModel: label(16, 'Model of the pump.'),
      firmware: label(16, 'Firmware version of the pump.'),
      stateCounter: u32('Counts every change of what the pump would report, its volume aside.'),
      deviceTime: time('The pump\u2019s clock when it answered.'),
    },
  ),
})
