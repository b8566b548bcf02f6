import { struct, time, u32 } from '../codec/struct.ts'

const volume = (doc: string) => u32(doc, { unit: 'nL', max: 50_000_000, digits: 1 })

export const Reservoir = struct('reservoir', 'The reservoir, as the pump reckons it.', {
  reportedVolume: volume('Volume by dead reckoning: what was filled less what was asked to leave.'),
  capacity: volume('Nominal capacity.'),
  lowAlarmVolume: volume('Reported volume at which the pump raises its low-reservoir alarm.'),
  lowAlarmDate: time('When the pump expects that, at its present programme.'),
  filledAt: time('When the last refill was programmed.'),
  filledVolume: volume('Volume programmed at that refill.'),
})
