import { label, serial, struct, time } from '../codec/struct.ts'

export const Identity = struct('identity', 'Which pump this is.', {
  serial: serial('Serial number of the pump.'),
  model: label(16, 'Model of the pump.'),
  firmware: label(16, 'Firmware version of the pump.'),
  implanted: time('When it was implanted, as entered at the programmer.'),
})
