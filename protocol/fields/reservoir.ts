import { block, identity, log, programme, reckoned, time, u32 } from './field.ts'

const volume = (doc: string, digits?: number) =>
  u32(doc, { unit: 'nL', max: 50_000_000, ...(digits !== undefined && { digits }) })

export const Reservoir = block('reservoir', 'The reservoir, as the pump reckons it.', {
  reportedVolume: reckoned(
    volume('Volume by dead reckoning: what was filled less what was asked to leave.', 1),
  ),
  capacity: identity(volume('Nominal capacity.')),
  lowAlarmVolume: programme(
    volume('Reported volume at which the pump raises its low-reservoir alarm.'),
  ),
  lowAlarmDate: reckoned(time('When the pump expects that, at its present programme.')),
  filledAt: log(time('When the last refill was programmed.')),
  filledVolume: programme(volume('Volume programmed at that refill.')),
})
