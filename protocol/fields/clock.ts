import { block, log, state, time, u16, u32 } from './field.ts'

export const Clock = block(
  'clock',
  'The pump\u2019s own clock. It has no zone and is never rewritten.',
  {
    deviceTime: state(time('Its time when it was asked.')),
    ageMs: state(
      u16('How long before the end of the reading that was, by the wand\u2019s clock.', {
        unit: 'ms',
      }),
    ),
    resets: log(u32('How often the clock has lost its time, ever.')),
  },
)
