// The same in British English: what is not named here reads the same on both sides of the sea.
import { enUS } from './en-US.ts'
import type { Words } from './words.ts'

export const enGB: Words = {
  ...enUS,
  alarmState: { ...enUS.alarmState, latched: 'latched: over, still signalled' },
  page: {
    ...enUS.page,
    readOnly: 'wandbridge reads. It cannot programme a pump.',
    programme: 'Programme',
    programmeSame: 'The programme is unchanged.',
    programmeUnknown: 'All of the programme that both readings say is unchanged.',
    programmeChanged: 'Programme changes',
    trendDay: (unit: string) => `Programme: 24 h volume (${unit}), set, not measured`,
    refillLot: 'Batch number',
  },
  refill: {
    ...enUS.refill,
    lang: 'en-GB',
    step: { ...enUS.refill.step, handover: 'Programme the pump' },
    lead: {
      ...enUS.refill.lead,
      handover:
        'Now programme the pump with the pump maker’s own programmer. This worksheet cannot do that. Come back when it is done.',
    },
    field: { ...enUS.refill.field, lot: 'Batch number' },
    pumpSaid: {
      ...enUS.refill.pumpSaid,
      programmeChanged: (what: string, before: string, after: string) =>
        enUS.refill.pumpSaid
          .programmeChanged(what, before, after)
          .replace('Program changed', 'Programme changed'),
      programmeUnknown: (what: string, before: string, after: string) =>
        enUS.refill.pumpSaid
          .programmeUnknown(what, before, after)
          .replace('Program that', 'Programme that'),
    },
    steadyOnly: 'It holds only while the programme stays as it is.',
  },
}
