import { label, struct, time, u16, u32 } from '../codec/struct.ts'

export const Catheter = struct('catheter', 'The catheter, as entered at the programmer.', {
  model: label(16, 'Model of the catheter.'),
  implanted: time('When it was implanted.'),
  length: u16('Implanted length.', { unit: 'mm', max: 2000 }),
  volume: u32('Volume inside it.', { unit: 'nL', max: 2_000_000, digits: 3 }),
})
