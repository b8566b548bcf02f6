import { code8, struct, time, u8, u16, u32 } from '../codec/struct.ts'

export const Bolus = struct('bolus', 'Patient-activated boluses.', {
  enabled: code8({ 0: 'off', 1: 'on' }, 'Whether the patient may ask for one.'),
  volume: u32('Volume of one bolus.', { unit: 'nL', max: 5_000_000, digits: 3 }),
  duration: u16('How long one takes.', { unit: 's', max: 7200 }),
  lockout: u16('Least time from one bolus to the next.', { unit: 'min', max: 1440 }),
  maxPerDay: u8('Most in 24 h.', { max: 96 }),
  given24h: u8('Given in the last 24 h.', { max: 96 }),
  acceptedCount: u32('Accepted since the last programming.'),
  deniedCount: u32('Denied since the last programming.'),
  lastAcceptedAt: time('When the last one was accepted.'),
})
