// Which reading a sheet may take: of its own pump, and of the right moment. Everything else is met with
// a sentence. Pure.
import { age, inZone } from '../../model/format.ts'
import type { Reading } from './entries.ts'
import type { Sheet } from './sheet.ts'
import { type Context, type KnownPump, newest as latest } from './take.ts'

/** How old a reading may be that everything after it is compared with. */
export const RECENT_MS = 15 * 60_000

export type Choice = { readonly reading: Reading } | { readonly sentence: string }

/** `newest` is the newest reading of the sheet's pump; `pumps` everything read, for who came last. */
export function choose(
  sheet: Sheet,
  step: 'before' | 'after',
  newest: Reading | null,
  pumps: readonly KnownPump[],
  { now, clinic: { zone }, words: w }: Context,
): Choice {
  const last = latest(pumps)
  if (last && last.serial !== sheet.serial && (!newest || last.readAt > newest.readAt)) {
    return { sentence: w.swapped(sheet.serial, last.serial) }
  }
  if (!newest) return { sentence: w.noReading }
  const at = inZone(newest.readAt, zone).slice(11, 16)
  const handed = sheet.steps.handover?.at
  if (step === 'after') {
    if (handed !== undefined && newest.readAt <= handed) return { sentence: w.beforeHandover(at) }
    return { reading: newest }
  }
  const ageMs = Date.parse(now) - Date.parse(newest.readAt)
  if (ageMs > RECENT_MS) return { sentence: w.oldReading(at, age(ageMs), age(RECENT_MS)) }
  return { reading: newest }
}
