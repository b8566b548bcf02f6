// What of a worksheet step names people or holds their own words: for whoever may read the audit log (`audit`), as the
// log itself is, and for a webhook that is configured to get it. Others get what was drawn off, filled and programmed. Pure.
import type { Signed } from './signed.ts'

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

interface Step {
  readonly signed?: Signed | undefined
  readonly entries?: Readonly<Record<string, unknown>> | undefined
}

export function withoutPeople<T extends Step>({ signed: _, entries, ...step }: T) {
  const facts = Object.entries(entries ?? {}).filter(([name]) => FACTS.includes(name))
  return { ...step, ...(entries && { entries: Object.fromEntries(facts) }) }
}
