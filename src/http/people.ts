// What of a worksheet step names people or holds their own words is for whoever may read the audit log (`audit`), as
// the log itself is. Who may read history alone gets what was drawn off, filled and programmed. Pure.
import type { Refill } from '../model/api.ts'

type Step = Refill['worksheets'][number]

/** Entries that are figures, drugs and devices; whatever is new is not among them before somebody puts it here. */
const FACTS: readonly string[] = [
  'serial',
  'model',
  'source',
  'drugs',
  'volume',
  'programmed',
  'ordered',
]

export const withoutPeople = (refill: Refill): Refill => ({
  ...refill,
  worksheets: refill.worksheets.map(({ signed: _, entries, ...step }: Step) => ({
    ...step,
    ...(entries && {
      entries: Object.fromEntries(Object.entries(entries).filter(([name]) => FACTS.includes(name))),
    }),
  })),
})
