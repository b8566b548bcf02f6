// A row of the table with what a run has measured of it.
import { ASKED, type Asked, type Part } from './asked.ts'
import type { Spread } from './rounds.ts'

/** What a part has measured, by where it stands. */
export type Said = Readonly<Record<string, Spread>>

export interface Row extends Asked {
  /** Not a number = not measured. */
  readonly measured: Spread
}

const NOTHING: Spread = { low: Number.NaN, median: Number.NaN, high: Number.NaN }

/** The rows of a part; of what it does not say they have nothing. */
export const rowsOf = (part: Part, said: Said): readonly Row[] =>
  ASKED[part].map((asked) => ({ ...asked, measured: said[asked.at] ?? NOTHING }))

/** `not measured` is never met; null = stated only. */
export function standing({
  measured: { median },
  must,
}: Row): 'met' | 'NOT MET' | 'NOT MEASURED' | null {
  if (Number.isNaN(median)) return 'NOT MEASURED'
  if (must === null) return null
  return ('least' in must ? median >= must.least : median <= must.most) ? 'met' : 'NOT MET'
}

export function askedText({ must }: Asked): string {
  if (must === null) return 'stated'
  const of = 'least' in must ? must.least : must.most
  return `${'least' in must ? '≥' : '≤'} ${of.toLocaleString('en-US')}`
}
