// The clinic's codings beside ours, wherever one of our codes stands in a resource: put in at the edge, so that
// whoever makes resources need not know of them. Pure.
import type { Coding } from 'fhir/r4.js'
import { CODED, type Codings } from '../model/codings.ts'
import type { Code } from '../model/nomenclature.ts'
import { codingOf } from './elements.ts'

export interface Coder {
  /** The same with every coding that there is of its codes. */
  coded<R extends object>(resource: R): R
  /** Every coding of a code: ours first. */
  all(code: Code): readonly Coding[]
}

const keyOf = ({ system, code }: Coding) => `${system}|${code}`

export function coderOf(codings: Codings): Coder {
  const extra = (ref: string): Coding[] =>
    (codings.get(ref) ?? []).map(({ system, code, display }) => ({ system, code, display }))
  const byKey = new Map<string, readonly Coding[]>()
  for (const ref of codings.keys()) {
    const code = CODED.get(ref)
    if (code) byKey.set(keyOf(codingOf(code)), extra(ref))
  }
  const walked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walked)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([name, one]) =>
      name === 'coding' && Array.isArray(one)
        ? [name, [...one, ...(one as Coding[]).flatMap((own) => byKey.get(keyOf(own)) ?? [])]]
        : [name, walked(one)],
    )
    return Object.fromEntries(entries)
  }
  return {
    coded: (resource) => (byKey.size === 0 ? resource : (walked(resource) as typeof resource)),
    all: (code) => [codingOf(code), ...extra(code.ref)],
  }
}
