import { block, identity, label, serial, time } from './field.ts'

export const Identity = block('identity', 'Which pump this is.', {
  serial: identity(serial('Serial number of the pump.')),
  model: identity(label(16, 'Model of the pump.')),
  firmware: identity(label(16, 'Firmware version of the pump.')),
  implanted: identity(time('When it was implanted, as entered at the programmer.')),
})
