// The same in British English: what is not named here reads the same on both sides of the sea.
import { enUS } from './en-US.ts'
import type { Words } from './words.ts'

export const enGB: Words = {
  ...enUS,
  alarmState: { ...enUS.alarmState, latched: 'latched: over, still signalled' },
  page: {
    ...enUS.page,
    readOnly: 'wandbridge reads. It cannot programme a pump.',
    programmeSame: 'The programme is unchanged.',
    programmeChanged: 'Programme changes',
  },
}
