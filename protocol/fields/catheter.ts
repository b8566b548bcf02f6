import { block, identity, label, programme, time, u16, u32 } from './field.ts'

export const Catheter = block('catheter', 'The catheter, as entered at the programmer.', {
  model: identity(label(16, 'Model of the catheter.')),
  implanted: identity(time('When it was implanted.')),
  length: programme(u16('Implanted length.', { unit: 'mm', max: 2000 })),
  volume: programme(u32('Volume inside it.', { unit: 'nL', max: 2_000_000 })),
})
