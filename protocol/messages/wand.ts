import { struct, u8, u32 } from '../fields/field.ts'
import { EMPTY, message } from './message.ts'

export const Wand = message({
  type: 0x03,
  name: 'WAND',
  doc: 'Health of the wand itself and counters of its air link since it started.',
  air: false,
  session: false,
  request: EMPTY,
  reply: struct('WAND reply', 'Health and counters.', {
    battery: u8('Charge of the wand; unavailable = powered by its cable.', {
      unit: '%',
      max: 100,
    }),
    temperature: u8('Temperature inside the wand; below 0 is reported as 0.', {
      unit: 'Cel',
      max: 100,
    }),
    uptimeS: u32('Time since the wand started.', { unit: 's' }),
    airSent: u32('Frames sent to the implant.'),
    airLost: u32('Frames that got no answer.'),
    airCorrupt: u32('Answers refused by their check.'),
    airRetried: u32('Frames sent again.'),
    hostRefused: u32('Lines or reports from the host that were not a request.'),
  }),
})
