import { block, code8, log, programme, time, u8, u16, u32 } from './field.ts'

export const Bolus = block('bolus', 'Patient-activated boluses.', {
  enabled: programme(code8({ 0: 'off', 1: 'on' }, 'Whether the patient may ask for one.')),
  volume: programme(u32('Volume of one bolus.', { unit: 'nL', max: 5_000_000 })),
  duration: programme(u16('How long one takes.', { unit: 's', max: 7200 })),
  lockout: programme(u16('Least time from one bolus to the next.', { unit: 'min', max: 1440 })),
  maxPerDay: programme(u8('Most in 24 h.', { max: 96 })),
  given24h: log(u8('Given in the last 24 h.', { max: 96 })),
  acceptedCount: log(u32('Accepted since the last programming.')),
  deniedCount: log(u32('Denied since the last programming.')),
  lastAcceptedAt: log(time('When the last one was accepted.')),
})
