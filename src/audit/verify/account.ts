// Every log of a state directory, and every log that one of their records names: what became of it. A
// log that was set aside and removed, or is damaged, is told of for as long as a record names it; when
// people have looked at it and a later log says so, it is told of as accepted.
import type { Accepted, Named, Verification } from './verification.ts'

export interface Account {
  readonly log: string
  /** Null = it is not here. */
  readonly verification: Verification | null
  /** What another log says of why it was set aside; null = none does. */
  readonly setAside: Named | null
  readonly accepted: Accepted | null
  /** It is here, intact and refused by no witness, or it was accepted as it is. */
  readonly ok: boolean
}

/** One account for each log that was verified and each that these name, or that `named` names. */
export function accountOf(
  results: readonly Verification[],
  named: readonly string[] = [],
): readonly Account[] {
  const setAside = new Map<string, Named>()
  const accepted = new Map<string, Accepted>()
  for (const result of results) {
    // No log speaks for itself.
    for (const one of result.named) if (one.log !== result.log) setAside.set(one.log, one)
    for (const one of result.accepted) if (one.log !== result.log) accepted.set(one.log, one)
  }
  const here = new Map(results.map((result) => [result.log, result]))
  const all = new Set([...setAside.keys(), ...named, ...here.keys()])
  return [...all].map((log) => {
    const verification = here.get(log) ?? null
    const seen = accepted.get(log) ?? null
    const refused = (verification?.refused.length ?? 0) > 0
    return {
      log,
      verification,
      setAside: setAside.get(log) ?? null,
      accepted: seen,
      ok: (verification?.ok === true && !refused) || seen !== null,
    }
  })
}
